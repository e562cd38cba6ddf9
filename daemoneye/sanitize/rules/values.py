"""Values that are no secrets although their names are."""

# ruff: noqa: SIM905 - word lists read better as prose
from __future__ import annotations

from typing import Final

# said to a flag that could carry a secret, each of these says something else
SAYINGS: Final = frozenset(
    "true false yes no on off none null nil undefined default auto prompt ask stdin env file enabled disabled "
    "required optional always never interactive keyring keychain manual - 0 1 y n t f unset empty any all "
    "argon2 argon2i argon2id bcrypt scrypt pbkdf2 yescrypt sha1 sha256 sha512 md5 scram-sha-256 md4 plain cleartext "
    "basic bearer digest oauth oauth2 oidc saml saml2 ldap pam kerberos ntlm negotiate hidden masked redacted".split()
)
# first directories of paths that name a file with a secret in it
ROOTS: Final = (
    "etc run var home opt usr tmp root mnt srv dev proc sys app data secret secrets config conf vault Users "
    "workspace lib "
    "bin sbin media build certs keys credentials credential private ssl tls work project projects repo src kubernetes "
    "workspaces code nix snap boot storage volumes volume mount bitnami service services"
)
# endings of files that hold keys and passwords
ENDINGS: Final = (
    "pem key crt cer cert json yaml yml txt pub p12 pfx jks keystore asc gpg der ppk conf cfg ini env toml kdbx "
    "kubeconfig "
    "rlib rmeta so dylib dll ts tsx jsx vue py rb go rs java php jar html css log md "
    "pgpass netrc pass passwd secret token creds age bin csv xml properties p8 keytab ccache jwk jwks list lst db "
    "sqlite"
)
# flags of one dash that are words, not a letter with its value
WHOLE_WORDS: Final = frozenset(
    "-port -path -password -passwd -pass -passphrase -protocol -proto -pretty -print -precision -proxy -profile "
    "-project -pid -user -username -url -uri -host -hostname -help -key -version -verbose -config -output "
    "-timeout -token -type -cert -ca -all -auth -config-file -context -count -format -file -force -name "
    "-namespace -no -quiet -silent -target".split()
)
# said alone, without a dash, they still announce what follows, if that looks like a secret
KEYWORDS: Final = frozenset(
    "password passwd passphrase apikey api_key api-key access_token auth_token client_secret secret_key "
    "consul_token".split()
)
# `tokens:purge`, `credentials:edit`, `token:string`: what runners of tasks are told to do, and types that generators
# know
VERBS: Final = frozenset(
    "edit show list add create new make generate gen rotate refresh purge clear prune reset migrate seed install "
    "init setup check "
    "verify validate test build deploy sync pull push update upgrade delete remove revoke encrypt decrypt export "
    "import "
    "diff read write get fetch cleanup clean dump load watch lint scan audit start stop run help string text integer "
    "bigint boolean uniq index digest references belongs_to".split()
)
# `password: changed`, `token: expired`: what sentences say about a secret
STATES: Final = frozenset(
    "ok okay changed refresh refreshed expired invalid wrong missing failed failure error denied incorrect "
    "accepted rejected valid fix fixed bugfix reset updated removed added new old same see here unknown found not "
    "set empty rotate rotated explained yes no true false none required optional mismatch refused revoked leaked "
    "exposed must should cannot is was".split()
)
