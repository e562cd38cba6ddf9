"""What a name promises about its value: `db-password`, `X-Api-Key`, `spring.datasource.password`, `PGPASSWORD`.

A name is split into words. The last word that means a secret decides, unless a word after it says that the value is
only about the secret (`password-file`), or one before it that there is none (`no-password`).
"""

# ruff: noqa: SIM905 - word lists read better as prose
from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from daemoneye.sanitize.rules.names import ABOUT, ABSENT, COUNTED, FAMILIES, PLAIN_KEYS, SECRET_KEYS, SWITCHES
from daemoneye.sanitize.rules.row import Family, Meaning

LONGEST_NAME: Final = 120  # characters; the longest flag of kube-apiserver has 59
_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_FAMILY: Final = {word: family for family in FAMILIES for word in family.words.split()}
# written together: PGPASSWORD, storepass, bindpw, authtoken
_ENDINGS: Final = (
    ("password", "password passwd passphrase passcode passwort pwd".split()),
    ("secret", ("secret",)),
    ("token", ("token", "jwt")),
    ("apikey", "apikey secretkey accesskey privatekey authkey sharedkey masterkey encryptionkey licensekey".split()),
    ("credential", ("credentials", "creds")),
    ("pass", ("pass", "pw")),
    ("cookie", ("cookie",)),
)
_NOT_TOGETHER: Final = frozenset(
    "compass bypass trespass surpass encompass overpass underpass multipass lastpass keepass onepass twopass lowpass "
    "highpass bandpass singlepass firstpass proxypass fastcgipass subpass renderpass rpass oldpwd askpass "
    "getpass".split()
)
# written apart: pass-word, pass-phrase, conn-string
_COMPOUNDS: Final = {
    ("pass", "word"): "password",
    ("pass", "wd"): "password",
    ("pass", "phrase"): "password",
    ("pass", "code"): "password",
    ("seed", "phrase"): "password",
    ("recovery", "phrase"): "password",
    ("key", "phrase"): "password",
    ("recovery", "code"): "password",
    ("backup", "code"): "password",
    ("unlock", "code"): "password",
    ("access", "code"): "password",
    ("otp", "code"): "password",
    ("basic", "auth"): "credential",
    ("user", "pass"): "credential",
    ("user", "pwd"): "credential",
    ("pre", "shared"): "psk",
    ("auth", "config"): "auth",  # of docker: a document in base64
    ("honeycomb", "team"): "apikey",
    ("art", "api"): "apikey",  # X-JFrog-Art-Api
}
_BY_NAME: Final = {family.name: family for family in FAMILIES}
_PLAIN_PAIRS: Final = frozenset(
    [
        (head, "pass")
        for head in "after before low high band all two multi first second last one single by render proxy "
        "fastcgi".split()
    ]
    # Kubernetes and qemu name the object that holds the secret
    + [(head, "secret") for head in "tls ingress password registry docker".split()]
)


def meaning_of(name: str) -> Meaning:
    """Say what kind of value the name announces. Leading dashes do not matter."""
    return _meaning(name[-LONGEST_NAME:])


@lru_cache(maxsize=4096)  # names repeat; a hostile process can fill it, not grow it
def _meaning(name: str) -> Meaning:
    words = [word.lower() for word in _WORDS.findall(name)]
    for last in range(len(words) - 1, -1, -1):
        family = _family_at(words, last)
        if family is None:
            continue
        tail = [word for word in words[last + 1 :] if not word.isdigit()]
        if tail and not family.anywhere:
            continue
        return _within(family, words[:last], tail, words[last])
    return Meaning.PLAIN


def _family_at(words: list[str], at: int) -> Family | None:
    word = words[at]
    compound = _COMPOUNDS.get((words[at - 1], word)) if at else None
    if compound:
        return _BY_NAME[compound]
    return _FAMILY.get(word) or _written_together(word)


def _written_together(word: str) -> Family | None:
    if word in _NOT_TOGETHER:
        return None
    for family, endings in _ENDINGS:
        if any(word.endswith(ending) and len(word) > len(ending) for ending in endings):
            return _BY_NAME[family]
    return None


def _within(family: Family, lead: list[str], tail: list[str], word: str) -> Meaning:
    if not ABOUT.isdisjoint(tail) or (lead and _is_absent(lead, word)):
        return Meaning.PLAIN
    if family.meaning is Meaning.KEY:
        return _key(lead)
    if (lead and (lead[-1], word) in _PLAIN_PAIRS) or (lead in (["key"], ["encrypt", "key"]) and word == "secret"):
        return Meaning.PLAIN
    if family.meaning is Meaning.SECRET and not SWITCHES.isdisjoint(lead):
        return Meaning.SWITCHED
    return family.meaning


def _is_absent(lead: list[str], word: str) -> bool:
    if word == "tokens" and not COUNTED.isdisjoint(lead):
        return True
    if word.startswith("token") and lead[-1] in COUNTED:
        return True
    return lead[-1] in ABSENT or (lead[0] in ABSENT and "reply" not in lead)  # the account is called no-reply


def _key(lead: list[str]) -> Meaning:
    if lead and lead[-1] in SECRET_KEYS:
        return Meaning.SECRET
    return Meaning.PLAIN if lead and lead[-1] in PLAIN_KEYS else Meaning.KEY
