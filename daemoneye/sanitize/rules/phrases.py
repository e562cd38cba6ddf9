"""Secrets that can be told by the fixed phrase they stand in: a statement, a call, an address, a line of a file."""

from __future__ import annotations

from typing import Final

from daemoneye.sanitize.rules.row import Shape

PHRASES: Final = (
    Shape(
        name="sql",
        pattern=r"(?i)\b(?:identified\s{1,3}(?:with\s{1,3}[\w']{1,40}\s{1,3})?(?:by|as)(?:\s{1,3}password)?|(?<!\w)password|"
        r"old_password|replace)(?:\s{1,3}\(?|\(|\s{0,3}=\s{0,3}N)\s{0,3}[\"']([^\"']+)[\"']",
        hints="identified IDENTIFIED Identified password PASSWORD Password",
        catch="mysql -e \"CREATE USER a IDENTIFIED BY '«hunter2»'; SET PASSWORD FOR b = PASSWORD('«hunter3»')\"",
        spare='psql -c "select password from accounts"',
    ),
    Shape(
        name="netrc",
        pattern=r"(?i)\blogin\s{1,3}\S{1,100}\s{1,3}password\s{1,3}([^\s\"']+)",
        hints="login LOGIN",
        catch="app 'machine h login u password «hunter2»'",
        spare="app 'the login form asks for a password twice'",
    ),
    Shape(
        name="oracle",
        pattern=r"(?i)jdbc:oracle:\w{1,20}:[^/\s@:]{1,128}/([^@\s]{1,256})@",
        hints="jdbc:oracle",
        catch="app jdbc:oracle:thin:scott/«tiger»@//db:1521/x",
        spare="app jdbc:oracle:thin:@//db:1521/x",
    ),
    Shape(
        name="go-dsn",
        pattern=r"(?<![\w/])[\w.%+-]{1,64}:([^\s@\"']{1,256})@(?:tcp|tcp6|unix|udp|cloudsql)?\(",
        hints="@tcp @unix @udp @cloudsql @(",
        catch="app 'app:«hunter2»@tcp(db:3306)/shop'",
        spare="app 'app@tcp(db:3306)/shop'",
    ),
    Shape(
        name="bare-authority",
        pattern=r"^(?!(?:mailto|npm|sftp|sips?|xmpp|acct|link|file|workspace|git|docker|oci|urn|data|tel|sms|portal|patch|jsr|ssh|rsync)"
        r":)[\w.+-]{1,64}:([^\s@:/\"'$\[]{3,})@(?:localhost|\d{1,3}(?:\.\d{1,3}){3}|[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}|[\w.-]+(?=:\d))"
        r"(?:[:/][\w./:?=&%-]*)?$",
        hints="@",
        catch="app admin:«hunter2»@db.example.com:5432/x",
        spare="app npm:pkg@1.2.3 git@github.com:a/b.git user@host:/path alias:react@18.2.0 img:1@sha256:abc",
    ),
    Shape(
        name="qemu-secret",
        pattern=r"\bsecret,(?:[\w-]{1,30}=[^,]{0,80},){0,9}data=([^,]+)",
        hints=",data=",
        catch="qemu-img info --object secret,id=s0,data=«hunter2» a",
        spare="qemu-img info --object secret,id=s0,file=/etc/k a",
    ),
    Shape(
        name="url-token",
        pattern=r"(?i)/(?:v\d/)?(?:token|apikey|api_key|secret|auth-token|access_token)/((?=[\w-]*\d)[\w-]{16,})",
        hints="/token/ /apikey/ /api_key/ /secret/ /auth-token/ /access_token/",
        catch="curl https://h.example/token/«3f9ac81bd02e4f5576aa»/x",
        spare="curl https://h.example/token/refresh",
    ),
    Shape(
        name="neo4j",
        pattern=r"NEO4J_AUTH=[\w.-]{1,64}/(\S+)",
        hints="NEO4J_AUTH",
        catch="docker run -e NEO4J_AUTH=neo4j/«hunter2» neo4j:5",
        spare="docker run -e NEO4J_AUTH=none neo4j:5",
    ),
    Shape(
        name="cvs",
        pattern=r":(?:pserver|sspi|gserver):[^:@\s]{1,64}:([^@\s]{1,256})@",
        hints=":pserver: :sspi: :gserver:",
        catch="cvs -d :pserver:app:«hunter2»@h.example:/cvs co a",
        spare="cvs -d :pserver:app@h.example:/cvs co a",
    ),
    Shape(
        name="stream-key",
        pattern=r"rtmps?://[^/\s]{1,256}/(?:[\w-]{1,64}/){1,3}((?=[\w?=&-]*\d)[\w?=&-]{16,})",
        hints="rtmp:// rtmps://",
        catch="ffmpeg -i a.mp4 -f flv rtmp://h.example/live2/«ms4p-upgc-yr24-1z2z-65au»",
        spare="ffmpeg -i rtmp://h.example/live/camera1 a.mp4",
    ),
    Shape(
        name="secure-string",
        pattern=r"(?i)ConvertTo-SecureString\s{1,3}(?:-AsPlainText\s{1,3}|-Force\s{1,3}|-String\s{1,3}){0,3}(?:\"([^\"]+)\"|"
        r"'([^']+)'|([^-\s\"'$(][^\s\"')]*))",
        hints="SecureString securestring",
        catch="pwsh -Command \"ConvertTo-SecureString '«P@ss word»' -AsPlainText -Force\"",
        spare="pwsh -Command 'Read-Host -AsSecureString; ConvertTo-SecureString $p -AsPlainText -Force'",
    ),
    Shape(
        name="login-call",
        pattern=r"(?i)(?:auth|login|basicauth|createuser|digestauth)(?:=?\(|=\[)\s{0,3}[\"'][^\"'\n]{1,64}[\"']\s{0,3},\s{0,3}[\"']([^\"'\n]+)[\"']",
        hints="auth( Auth( login( auth=( auth=[ createUser(",
        catch="mongosh --eval \"db.auth('app', '«hunter2»')\"",
        spare="python -c \"assert s.login('app', password)\"",
    ),
    Shape(
        name="expect",
        pattern=r"(?i)ass(?:word|phrase|code)[^\n\"';]{0,20}[\"']?[\s;{}]{1,20}(?:exp_)?send\s{1,3}(?:--\s{1,3})?[\"']?([^\"'\\\s;]+)",
        hints="assword assphrase asscode",
        catch='expect -c \'spawn su -; expect "assword:"; send "«hunter2»\\r"\'',
        spare='expect -c \'expect "password:"; send "$pw\\r"; send "ls\\r"\'',
    ),
    Shape(
        name="pgpass",
        pattern=r"(?<![\w.-])[\w.*-]{1,128}:(?:\d{4,5}|\*):[\w.*-]{1,64}:[\w.*-]{1,64}:([^\s\"']+)",
        hints="pgpass PGPASS",
        catch="bash -c 'echo \"db1:5432:*:app:«hunter2»\" > ~/.pgpass'",
        spare="bash -c 'cp /etc/pgpass ~/.pgpass; chmod 600 ~/.pgpass'",
    ),
    Shape(
        name="dsn-letters",
        pattern=r"(?:^|[\s,])[hu]=[^,\s]{1,128},(?:[A-Za-z]=[^,\s]{0,128},){0,9}p=([^,\s]+)",
        hints=",p=",
        catch="pt-table-sync h=db1,u=app,p=«hunter2»",
        spare="app w=2,h=3,x=1 -p x",
    ),
    Shape(
        name="sas",
        pattern=r"[?&;]sig=([\w%+/=.~-]{10,})",
        hints="&sig= ?sig= ;sig=",
        catch="azcopy copy 'https://a.blob.core.windows.net/c?sv=2022-11-02&sig=«abc%2Fdef%3D»' /tmp",
        spare="app 'https://h.example/?q=1&sig=$SIG'",
    ),
    Shape(
        name="vault-dev",
        pattern=r"(?i)dev[-_]root[-_]token[-_]id=([^\s\"']+)",
        hints="dev-root-token-id= DEV_ROOT_TOKEN_ID=",
        catch="docker run -e VAULT_DEV_ROOT_TOKEN_ID=«root123» hashicorp/vault",
        spare="docker run -e VAULT_DEV_ROOT_TOKEN_ID=$ID hashicorp/vault",
    ),
    Shape(
        name="connect-call",
        pattern=r"(?i)(?:connect|mysqli|pdo|getconnection|create_superuser|create_user)\(\s{0,3}(?:[\"'][^\"'\n]{0,256}[\"']\s{0,3},\s{0,3}){2}"
        r"[\"']([^\"'\n]+)[\"']",
        hints="onnect( mysqli( PDO( getConnection( create_superuser( create_user(",
        catch='php -r \'mysqli_connect("h", "app", "«hunter2»", "shop");\'',
        spare='php -r \'mysqli_connect("h", "app", $pw, "shop");\'',
    ),
)
