"""Words in the names of flags, variables, fields and headers."""

# ruff: noqa: SIM905 - word lists read better as prose
from __future__ import annotations

from typing import Final

from daemoneye.sanitize.rules.row import Family, Meaning

FAMILIES: Final = (
    Family(
        name="password",
        meaning=Meaning.SECRET,
        anywhere=True,
        words="password passwords passwd passwds passwrd passphrase passphrases passcode passwort kennwort pwd "
        "wachtwoord",
        catch="app --db-password=«hunter2» --new_password «hunter2» -Dspring.datasource.password=«hunter2»",
        spare="app --password-file /run/x --no-password --password-policy strict --password-stdin --password=$PASSWORD",
    ),
    Family(
        name="pass",
        meaning=Meaning.SECRET,
        words="pass pw passw requirepass masterauth userpasswd",
        catch="app --pass «hunter2» -rootpw «hunter2» KEYSTORE_PASS=«hunter2» SSHPASS=«hunter2»",
        spare="ffmpeg -pass 1 --pass-through a --compass north --passive x --bypass y",
    ),
    Family(
        name="secret",
        meaning=Meaning.SECRET,
        anywhere=True,
        words="secret secrets clientsecret appsecret apisecret sharedsecret",
        catch="app --client-secret «hunter2» /secret:«hunter2» CLIENT_SECRET_PROD=«hunter2»",
        spare="docker build --secret id=npm,src=/run/npm --secret-name db --set auth.existingSecret=db .",
    ),
    Family(
        name="token",
        meaning=Meaning.SECRET,
        anywhere=True,
        words="token tokens authtoken accesstoken apitoken jwt bearer",
        catch="app --token «t0psecret» -auth-token=«t0psecret» VAULT_TOKEN=«t0psecret»",
        spare="llm --max-tokens 512 --tokenizer bpe --token-endpoint https://idp.example/t --token-ttl 5m "
        "--eos-token x",
    ),
    Family(
        name="apikey",
        meaning=Meaning.SECRET,
        anywhere=True,
        words="apikey apikeys secretkey accesskey authkey privkey sharedkey masterkey encryptionkey licensekey "
        "activationkey",
        catch="app --apikey «3f9ac» --authkey=«3f9ac»",
        spare="app --apikey-file /run/key",
    ),
    Family(
        name="credential",
        meaning=Meaning.PAIR,
        anywhere=True,
        words="credential credentials creds cred userpass usrpwd",
        catch="skopeo copy --src-creds app:«hunter2» --credentials «hunter2» a b",
        spare="app --credentials /etc/app.json --creds app.creds --credential-helper x",
    ),
    Family(
        name="psk",
        meaning=Meaning.SECRET,
        words="psk otp totp mnemonic mnemonics community connstr setcookie sas",
        catch="app --psk «hunter2» -setcookie «hunter2» --community «publ1c»",
        spare="app --psk-identity x --community-edition yes",
    ),
    Family(
        name="pin",
        meaning=Meaning.DIGITS,
        words="pin pincode userpin sopin",
        catch="pkcs11-tool --login --pin «123456» --so-pin=«87654321»",
        spare="app --pin true --pinned 4 --pin=no",
    ),
    Family(
        name="auth",
        meaning=Meaning.UNSURE,
        words="auth authentication signature sig salt phrase nonce login license licence seed",
        catch="app --auth app:«hunter2» --sig «9f86d081884c7d659a2feaa0c55ad015»",
        spare="app --auth basic --signature detached --auth-mode x --salt none",
    ),
    Family(
        name="user",
        meaning=Meaning.USER,
        words="user username usr account",
        catch="app --user admin:«S3cret!»",
        spare="app --user 1000:1000 --user=www-data:www-data --username app",
    ),
    Family(
        name="authorization",
        meaning=Meaning.HEADER,
        words="authorization",
        catch="curl -H 'Authorization: Bearer «abc123»' -H 'Proxy-Authorization: Basic «YTpi»' -H 'authorization: "
        "«xyz»' h",
        spare="kube-apiserver --authorization-mode=Node,RBAC --anonymous-auth=false",
    ),
    Family(
        name="cookie",
        meaning=Meaning.JAR,
        words="cookie cookies",
        catch="curl -H 'Cookie: «sid=8f2; theme=dark»' --cookie «sid=8f2» h",
        spare="yt-dlp --cookies cookies.txt --cookies-from-browser firefox --cookie-jar jar",
    ),
    Family(
        name="key",
        meaning=Meaning.KEY,
        anywhere=True,
        words="key keys",
        catch="app --api-key «abc» X-Api-Key:«abc» --key «3f9ac81bd02e4f5576aa» --encryption_key=«abc»",
        spare="app --key /etc/k.pem --key=server.key --sort-key name --key-id 7 --keyboard-layout us --public-key abc",
    ),
)

# Before `key`: whose key is always the secret itself, and whose never is.
SECRET_KEYS: Final = frozenset(
    "api access secret encryption encrypt decryption decrypt master shared account storage auth license licence "
    "session service subscription admin write ingest ingestion hmac aes jwt crypto cipher cookie csrf deploy "
    "consumer app application integration stream wep wpa preshared sas function functions bot signin token enc "
    "vault user registration enrollment join bootstrap activation product serial wallet recovery instrumentation "
    "setup apm datadog dd newrelic sendgrid stripe openai anthropic mailgun algolia gossip passphrase".split()
)
PLAIN_KEYS: Final = frozenset(
    "public pub primary sort foreign cache partition shard routing object map index unique composite range group "
    "registry idempotency lookup row config property field label annotation host trusted known gpg hot any press "
    "send default arrow enter return modifier bind join_key merge cluster clustering distribution dist table "
    "column message record topic metric tag dedup deduplication s3 bucket file shift ctrl alt meta verification "
    "verify fetch recv sign lsign import export delete edit list search translation i18n locale".split()
)

# After a secret word: the value is about the secret, or says where it is.
ABOUT: Final = frozenset(
    "file files filename path paths dir dirs directory folder url uri urls uris endpoint endpoints host hosts "
    "hostname server address addr port name names id ids identifier user users username type types kind ttl "
    "timeout expiry expiration expires expire expired lifetime age days duration period interval length len size "
    "count counts limit limits max min policy policies algorithm algo alg algorithms method methods mode format "
    "encoding store stores ring map board layout prompt fd env var variable stdin stdout command cmd program "
    "helper provider providers source src ref refs reference manager version versions class classes role roles "
    "scope scopes audience issuer domain realm region zone regex pattern patterns rule rules check checks checker "
    "validation validator validate required require requirement requirements enabled enable disabled disable "
    "allowed rotation rotate history strength complexity hint label labels description title message field fields "
    "column columns param parameter parameters separator delimiter prefix suffix index position offset bucket "
    "buckets cache budget usage rate request requests requested revocation introspection generation generator "
    "template group groups engine backend storage volume volumes mount namespace namespaces annotation "
    "annotations profile profiles agent socket sock database table list show cert certificate ca crt fingerprint "
    "thumbprint checksum digest kid bits case less retry retries attempts tries delay level output screen dialog "
    "header headers page form view link script hook plugin plugins module handler interface protocol authentication "
    "authenticator authorization webhook binding driver operator controller sync syncer csi on in from by at with "
    "via through thru parallel embedding embeddings vocab chunk window buffer reader writer parser filter feature "
    "features import export warn warning reset change keystore truststore resolver repository repo arn tool tools "
    "support supported usages review reviewer autofill leak detection quality stats status state mounts args fds "
    "sdk only first last bypass entropy iterations rounds cost location home slot ops encryption".split()
)

# Before a secret word, at its beginning or right before it: a pointer or an absence. The value is never the secret.
ABSENT: Final = frozenset(
    "no not without skip disable disabled existing pull list revoke delete remove forget missing missed drop random "
    "generate gen rotate expire validate".split()
)
# Before `token`: a place in a list or in a model. Before `tokens`, wherever it stands: a number of them.
COUNTED: Final = frozenset(
    "max min num n nb total next page pad eos bos unk stop special mask sep cls starting continuation continue "
    "per image "
    "count avg mean end start begin decoder additional completion draft ctx input output prompt context".split()
)
# Before a secret word: alone it is a switch, with `=` it may still carry one.
SWITCHES: Final = frozenset(
    "ask prompt show print hide use with enable require requires allow force save remember check reveal redact is "
    "has should include exclude ignore interactive auto view obfuscate log dump display".split()
)
