"""Archives, keys, certificates, documents, accounts and secret stores on this host."""

from __future__ import annotations

from typing import Final

from daemoneye.sanitize.rules.row import Program

FILES: Final = (
    Program(
        names="openssl libressl",
        flags="-passin^ -passout^ -pass^ -password^ -passwd^ -k. -K. -hmac. -srppass. -psk.",
        catch="openssl rsa -passin pass:«hunter2» -in k.pem",
        spare="openssl rsa -passin file:/etc/pw -in k.pem -passout env:PW",
    ),
    Program(
        names="openssl libressl",
        pattern="passwd X",
        takes="-salt -in",
        catch="openssl passwd -6 «hunter2»",
        spare="openssl passwd -stdin",
    ),
    Program(
        names="apksigner",
        flags="--ks-pass^ --key-pass^",
        catch="apksigner sign --ks a.jks --ks-pass pass:«hunter2» a.apk",
        spare="apksigner sign --ks a.jks --ks-pass env:PW a.apk",
    ),
    Program(
        names="zip unzip zipcloak funzip zipsplit zipinfo",
        flags="-P",
        switches="rqejumoxTvDXyl9876543210fFAnd",
        catch="zip -rP «hunter2» a.zip dir",
        spare="zip -r a.zip dir",
    ),
    Program(
        names="7z 7za 7zr 7zz p7zip rar unrar",
        flags="-p* -hp*",
        catch="7z a -p«hunter2» a.7z dir",
        spare="7z a -mhe=on -t7z a.7z dir -p",
    ),
    Program(
        names="fcrackzip bsdtar pdfcrack mutool veracrypt truecrypt steghide stegseek outguess aescrypt aescrypt3 "
        "img2pdf scrypt caddy opkssh easy-rsa hdiutil",
        flags="-p --passphrase --plaintext",
        catch="veracrypt -t -p «hunter2» vol /mnt",
        spare="veracrypt -t -d vol",
    ),
    Program(
        names="steghide outguess mcrypt ccrypt ccencrypt ccdecrypt des bcrypt-tool",
        flags="-k -K -p",
        catch="mcrypt -k «hunter2» a.txt",
        spare="mcrypt a.txt",
    ),
    Program(
        names="gpg gpg2 gpgsm gpg-preset-passphrase",
        flags="--passphrase -P",
        catch="gpg --batch --passphrase «hunter2» -d a.gpg",
        spare="gpg --passphrase-fd 0 --passphrase-file /etc/pw --pinentry-mode loopback --keyserver h -k",
    ),
    Program(
        names="ssh-keygen puttygen",
        flags="-N -P",
        catch="ssh-keygen -t ed25519 -N «hunter2» -f k",
        spare="ssh-keygen -t ed25519 -f k -q",
    ),
    Program(
        names="keytool jarsigner keytool-importkeypair",
        flags="-storepass. -keypass. -srcstorepass. -deststorepass. -destkeypass. -srckeypass. -new. -tsapass.",
        catch="keytool -list -keystore a.jks -storepass «hunter2» -srckeypass «hunter3»",
        spare="keytool -list -keystore a.jks -alias x -storepass:file /etc/pw",
    ),
    Program(
        names="signtool signtool.exe osslsigncode jsign pvk2pfx signcode sn certutil certutil.exe pk12util cmsutil",
        flags="/p. -p. -pass. /p: -W. -w. -K.",
        catch="signtool sign /f c.pfx /p «hunter2» a.exe",
        spare="signtool verify /pa a.exe",
    ),
    Program(
        names="pdftk",
        pattern="... input_pw|owner_pw|user_pw X",
        catch="pdftk a.pdf input_pw «hunter2» output b.pdf",
        spare="pdftk a.pdf cat output b.pdf",
    ),
    Program(
        names="qpdf",
        flags="--password --encrypt.",
        pattern="... X 40|128|256",
        catch="qpdf a.pdf --encrypt «hunter2» «hunter3» 256 -- b.pdf",
        spare="qpdf --decrypt a.pdf b.pdf",
    ),
    Program(
        names="pdftotext pdftoppm pdfinfo pdfimages pdftocairo pdfseparate pdftohtml",
        flags="-opw. -upw.",
        catch="pdftotext -upw «hunter2» a.pdf",
        spare="pdftotext -layout a.pdf",
    ),
    Program(
        names="useradd usermod adduser groupadd groupmod newusers",
        flags="-p",
        switches="mrMNULo",
        catch="useradd -m -p «$6$abc$def» app",
        spare="useradd -m -s /bin/sh -u 1000 app",
    ),
    Program(
        names="mkpasswd cryptpw grub-crypt",
        pattern="X",
        takes="-m -S -R -P --method --salt --rounds",
        catch="mkpasswd -m sha-512 «hunter2»",
        spare="mkpasswd -m help -s",
    ),
    Program(
        names="oathtool totp",
        pattern="X",
        takes="-w -s -d -c -S -N --digits --counter --now --time-step-size --start-time --window",
        catch="oathtool --totp -b «JBSWY3DPEHPK3PXP»",
        spare="oathtool --totp -b -",
    ),
    Program(
        names="chpasswd newusers",
        stdin="?:X",
        catch="sh -c \"echo 'app:«hunter2»' | sudo chpasswd\"",
        spare="sh -c 'cat list | chpasswd'",
    ),
    Program(
        names="passwd smbpasswd cryptsetup kinit su vncpasswd wpa_passphrase ansible-vault mkpasswd adcli realm "
        "ldappasswd pdbedit",
        stdin="X",
        catch="sh -c 'echo «hunter2» | passwd --stdin app'",
        spare="sh -c 'echo done | logger; passwd -l app'",
    ),
    Program(
        names="sudo",
        after="-S --stdin",
        stdin="X",
        catch="sh -c 'echo «hunter2» | sudo -S -k id'",
        spare="sh -c 'echo text | sudo tee /etc/motd'",
    ),
    Program(
        names="docker podman helm skopeo buildah nerdctl oras crane gh glab vault gpg gpg2 argocd az npm "
        "openconnect veracrypt htpasswd cargo oc flyctl wrangler borg restic crictl regctl",
        after="--password-stdin --with-token --stdin --passphrase-fd --passwd-on-stdin -i --apikey-stdin",
        stdin="X",
        catch="sh -c 'printf %s «hunter2» | docker login -u app --password-stdin r.example'",
        spare="sh -c 'echo FROM x | docker build -'",
    ),
    Program(
        names="keyctl",
        pattern="add|padd _ _ X",
        catch="keyctl add user name «hunter2» @u",
        spare="keyctl show @u",
    ),
    Program(
        names="bw",
        pattern="unlock X",
        takes="--passwordenv --passwordfile",
        catch="bw unlock «hunter2» --raw",
        spare="bw unlock --passwordenv PW",
    ),
    Program(
        names="bw lpass",
        pattern="login _ X",
        catch="bw login a@h.example «hunter2»",
        spare="bw login a@h.example",
    ),
    Program(
        names="rclone",
        pattern="obscure|reveal X",
        catch="rclone obscure «hunter2»",
        spare="rclone obscure -",
    ),
    Program(
        names="rclone",
        keywords=True,
        catch="rclone config create r sftp user app pass «hunter2»",
        spare="rclone copy a r:b",
    ),
    Program(
        names="security",
        flags="-p -w. -P",
        switches="A",
        after="unlock-keychain|create-keychain|add-generic-password|add-internet-password|import|set-key-partition-list|export",
        catch="security unlock-keychain -p «hunter2» login.keychain",
        spare="security find-generic-password -a app -w",
    ),
    Program(
        names="zenity kdialog yad dialog whiptail systemd-ask-password ssh-askpass pinentry qarma",
        prompts="--password --passwordbox --insecure --newpassword",
        catch="dialog --backtitle x 'token=«hunter2abc»'",
        spare="kdialog --password 'Enter your password'",
    ),
    Program(
        names="saslpasswd2 grub-mkpasswd-pbkdf2 gs ghostscript",
        flags="-sPDFPassword -sOwnerPassword -sUserPassword",
        catch="gs -sPDFPassword=«hunter2» a.pdf",
        spare="gs -sDEVICE=pdfwrite a.pdf",
    ),
    Program(
        names="git",
        keywords=True,
        after="config",
        takes="-C -c --git-dir --work-tree",
        catch="git config --global github.token «abc123»",
        spare="git config --global user.name app",
    ),
    Program(
        names="ffmpeg ffplay",
        flags="-decryption_key. -encryption_key. -cenc_decryption_key.",
        catch="ffmpeg -decryption_key «0123abcd» -i a.mp4 b.mp4",
        spare="ffmpeg -pass 2 -i a.mp4 b.mp4",
    ),
    Program(
        names="dnssec-keygen nsupdate dig host knsupdate kdig",
        flags="-y",
        catch="nsupdate -y «hmac-sha256:name:c2VjcmV0»",
        spare="dig -k /etc/k.key a.example",
    ),
    Program(
        names="restic borg rclone mutt msmtp mbsync isync offlineimap",
        flags="--password-command! --passcommand! --passwordeval!",
        catch="restic -r /srv/r --password-command 'echo «hunter2»' backup /home",
        spare="restic -r /srv/r --password-command 'pass show restic' backup /home",
    ),
    Program(
        names="gpg gpg2 duplicity pacman-key deja-dup rpmsign dpkg-sig debsign reprepro",
        harmless="--encrypt-key --hidden-encrypt-key --sign-key --lsign-key --encrypt-sign-key "
        "--export-secret-keys --export-secret-subkeys --export-secret-key --delete-secret-keys --delete-secret-key "
        "--delete-secret-and-public-key --list-secret-keys --local-user --default-key",
        catch="duplicity --encrypt-key 119221E286B7CBE2 --ftp-password «hunter2» /home file:///b",
        spare="gpg --export-secret-keys 119221E286B7CBE2",
    ),
    Program(
        names="bitcoin-cli litecoin-cli dogecoin-cli dash-cli zcash-cli bitcoin-wallet",
        pattern="... walletpassphrase|importprivkey|encryptwallet|sethdseed X",
        catch="bitcoin-cli walletpassphrase «hunter2» 60",
        spare="bitcoin-cli getbalance main 60",
    ),
    Program(
        names="electrum",
        pattern="restore X",
        takes="-w -D --wallet --dir",
        catch="electrum restore '«wagon harbor ladder walnut»' -w /w/a",
        spare="electrum history -w /w/a",
    ),
    Program(
        names="set",
        keywords=True,
        after="-x --export",
        catch="fish -c 'set -gx API_TOKEN «abc123»'",
        spare="bash -c 'set -- password file'",
    ),
    Program(
        names="setenv setx",
        keywords=True,
        catch="csh -c 'setenv DB_PASSWORD «hunter2»; ./app'",
        spare="csh -c 'setenv EDITOR vi'",
    ),
    Program(
        names="virsh",
        harmless="--secret",
        flags="--base64",
        pattern="secret-set-value _ X",
        takes="--secret --file",
        catch="virsh secret-set-value 0123-abcd «aHVudGVyMg==»",
        spare="virsh secret-set-value --secret 0123-abcd --file /etc/k",
    ),
)
