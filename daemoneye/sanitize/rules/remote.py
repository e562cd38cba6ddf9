"""Programs that talk to other hosts: HTTP, files, desktops, mail."""

from __future__ import annotations

from typing import Final

from daemoneye.sanitize.rules.row import Program

REMOTE: Final = (
    Program(
        names="sshpass",
        flags="-p",
        switches="ve",
        catch="sshpass -p «hunter2» ssh -p 22 host",
        spare="sshpass -e ssh -p 22 host",
    ),
    Program(
        names="curl curlie",
        flags="-u: -U: --user: --proxy-user: -E: --cert: --proxy-cert: --oauth2-bearer --pass --key-pass "
        "--proxy-pass --tlspassword --proxy-tlspassword --ftp-account -b~",
        switches="sSkLvifgGINaOJRZ#0123461nMjlpqB",
        catch="curl -sSu app:«hunter2» --proxy-user p:«hunter3» https://h.example",
        spare="curl -u app -K cfg -b cookies.txt -c jar.txt -H 'Accept: x' -o /tmp/x https://h.example",
    ),
    Program(
        names="wget aria2c axel lftp wput",
        flags="--http-passwd --ftp-password --ftp-passwd --http-password --proxy-password --rpc-secret",
        catch="wget --http-user=app --http-password=«hunter2» https://h.example",
        spare="wget -p -k -P /tmp https://h.example",
    ),
    Program(
        names="http https xh xhs httpie",
        flags="-a: --auth:",
        catch="http -a app:«hunter2» https://h.example X-Api-Key:«abc123»",
        spare="http -p h https://h.example Accept:text/html",
    ),
    Program(
        names="check_http check_https check_curl hey",
        flags="-a: --authorization: -b:",
        catch="check_http -H h -a app:«hunter2»",
        spare="check_http -H h -p 443 -A 'Mozilla/5.0 (X11; rv:9)'",
    ),
    Program(
        names="ab nikto",
        flags="-A: -P: -id:",
        catch="ab -n 9 -A app:«hunter2» http://h.example/",
        spare="ab -n 9 -c 3 http://h.example/",
    ),
    Program(
        names="lftp ftp ncftp tnftp open",
        flags="-u,",
        catch="lftp -u app,«hunter2» h.example",
        spare="lftp -u app -p 21 h.example",
    ),
    Program(
        names="ncftp ncftpput ncftpget ncftpls ftp-upload wput pptpsetup openfortivpn psexec psexec64 paexec "
        "rdesktop medusa hydra evil-winrm crackmapexec cme netexec nxc smbmap enum4linux enum4linux-ng "
        "bloodhound-python bloodyad ldapdomaindump certipy certipy-ad kerbrute check_mysql check_pgsql check_mssql "
        "check_ftp check_imap altool ldeep manspider donpapi coercer lsassy check_mysql_query "
        "check_mysql_health check_oracle_health",
        flags="-p",
        catch="rdesktop -u app -p «hunter2» host",
        spare="hydra -l app -P /usr/share/words -s 22 host",
    ),
    Program(
        names="smbclient rpcclient smbcacls smbget smbcquotas smbtree net winexe wmic nmblookup smbspool samba-tool "
        "pth-winexe pth-smbclient pth-net pth-rpcclient smbtar",
        flags="-U% --user% --password",
        switches="NLgkEqV",
        catch="smbclient //h/s -U 'CORP\\app%«hunter2»' -c ls",
        spare="smbclient //h/s -U app -p 445 -N",
    ),
    Program(
        names="samba-tool",
        pattern="... user create|add|setpassword _ X!",
        catch="samba-tool user create app «hunter2»",
        spare="samba-tool user list",
    ),
    Program(
        names="net",
        pattern="user _ X!",
        switches="/",
        catch="net user app «hunter2» /add",
        spare="net user app /active:yes",
    ),
    Program(
        names="net",
        pattern="use _ _ X!",
        switches="/",
        catch="net use Z: //h/s /user:app «hunter2»",
        spare="net use Z: //h/s /persistent:yes",
    ),
    Program(
        names="net",
        pattern="use _ X!",
        switches="/",
        catch="net use //h/s «hunter2» /user:app",
        spare="net use //h/s /user:app",
    ),
    Program(
        names="schtasks",
        flags="/rp.",
        catch="schtasks /create /ru app /rp «hunter2»",
        spare="schtasks /query /fo list",
    ),
    Program(
        names="rasdial",
        pattern="_ _ X!",
        switches="/",
        catch="rasdial office app «hunter2»",
        spare="rasdial office app",
    ),
    Program(
        names="xfreerdp xfreerdp3 wfreerdp sdl-freerdp wlfreerdp freerdp-shadow-cli freerdp rdesktop mstsc remmina "
        "sfreerdp",
        flags="/p: /gp: /pth: /password: -p",
        catch="xfreerdp /v:host /u:app /p:«hunter2»",
        spare="xfreerdp /v:host /u:app /port:3389 +clipboard",
    ),
    Program(
        names="plink pscp psftp putty kitty klink winscp winscp.com",
        flags="-pw.",
        catch="plink -pw «hunter2» app@host",
        spare="plink -P 22 -i k.ppk app@host",
    ),
    Program(
        names="x11vnc",
        flags="-passwd. -viewpasswd.",
        catch="x11vnc -passwd «hunter2» -display :0",
        spare="x11vnc -rfbauth /etc/vnc -rfbport 5900",
    ),
    Program(
        names="vncviewer xtigervncviewer xvncviewer vncdo vncdotool vinagre",
        flags="-p. -password",
        catch="vncdo -s h -p «hunter2» type x",
        spare="vncviewer -passwd /home/a/.vnc/passwd h:1",
    ),
    Program(
        names="swaks sendemail sendEmail ssmtp s-nail mailx sipp",
        flags="-ap -xp --auth-password",
        catch="sendemail -s h -xu app -xp «hunter2»",
        spare="sendemail -s h -f a@h.example -t b@h.example -o tls=yes",
    ),
    Program(
        names="mount mount.cifs mount.smb3 sshfs curlftpfs mount.davfs fusermount mount_smbfs udevil s3fs rclone",
        flags="user=% username=%",
        catch="mount -t cifs -o user=app%«hunter2» //h/s /mnt",
        spare="mount -t cifs -o credentials=/etc/c,uid=1000 //h/s /mnt",
    ),
    Program(
        names="jenkins-cli jenkins-cli.jar jcli",
        flags="-auth:",
        catch="java -jar jenkins-cli.jar -s http://h.example -auth app:«11abc»",
        spare="java -jar jenkins-cli.jar -s http://h.example help",
    ),
    Program(
        names="vncpasswd tigervncpasswd x11vnc",
        pattern="... -storepasswd X",
        flags="-storepasswd.",
        catch="x11vnc -storepasswd «hunter2» /etc/vnc",
        spare="x11vnc -display :0",
    ),
    Program(
        names="http https xh xhs httpie",
        flags="-a. --auth",
        after="bearer|--auth-type=bearer",
        catch="https -A bearer -a «abc123» h.example/me",
        spare="https -A digest -a app h.example/me",
    ),
    Program(
        names="smbclient",
        pattern="//*|\\\\* X!",
        takes="-U -c -D -I -p -W -n -d -O -s -t -T -A -m -R -l -b -M -L --user --command --directory --port "
        "--workgroup",
        catch="smbclient //h/s «hunter2» -U app",
        spare="smbclient //h/s -U app -c ls",
    ),
    Program(
        names="youtube-dl yt-dlp youtube-dlc gallery-dl you-get",
        flags="-p --password --video-password --ap-password -2. --twofactor",
        catch="yt-dlp -u app -p «hunter2» https://h.example/1",
        spare="yt-dlp -P /srv/v -o %(title)s.%(ext)s https://h.example/1",
    ),
    Program(
        names="knife tabcmd",
        flags="-P. -p. --ssh-password --password",
        catch="tabcmd login -s https://h.example -u app -p «hunter2»",
        spare="knife ssh name:* uptime -x root",
    ),
    Program(
        names="sc",
        pattern="... password= X",
        catch="sc config svc obj= app password= «hunter2»",
        spare="sc config svc start= auto",
    ),
    Program(
        names="transmission-remote",
        flags="-n: --auth:",
        catch="transmission-remote h -n app:«hunter2» -l",
        spare="transmission-remote h -l",
    ),
    Program(
        names="transmission-daemon",
        flags="-v --password",
        catch="transmission-daemon -u app -v «hunter2»",
        spare="transmission-daemon -f -g /etc/t",
    ),
    Program(
        names="supervisorctl",
        flags="-p --password",
        catch="supervisorctl -u app -p «hunter2» status",
        spare="supervisorctl -c /etc/s.conf status",
    ),
)
