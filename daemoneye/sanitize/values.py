"""Whether a value keeps the promise of its name: a file, a variable, a yes or no are no secrets."""

# ruff: noqa: SIM905 - word lists read better as prose
from __future__ import annotations

import re
from typing import Final

from daemoneye.sanitize.rules.row import Meaning
from daemoneye.sanitize.rules.values import ENDINGS, ROOTS, SAYINGS

MASK: Final = "[REDACTED]"
MASKED: Final = re.compile(r"\[REDACTED(?::[0-9a-f]{8})?\]")
# where the secret is named, templated or already gone
_REFERENCE: Final = re.compile(
    MASKED.pattern + r"|\$\{[^{}]*\}|\$\([^()]*\)|\$\$?(?:[A-Za-z_]+\d*|[A-Z_][A-Z0-9_]*|[\d@*#?!$-])?|`[^`]*`|%\w+%"
    r"|%[sd](?:\\n)?|@\w+@"
    r"|\$?\{\{.*\}\}|\{\w*\}|<[^<>]*>|[*•.…]+|[xX]{3,}|[\W_]{1,2}|[\"']{2}|#\{[^{}]*\}",
    re.DOTALL,
)
_ELSEWHERE: Final = re.compile(
    r"(?:env|file|fd|op|vault|arn|ssm|awssm|gcpsm|secretref|exec|cmd|keyring|keychain|projects|sops|kv|"
    r"ref\+\w+|doppler|bws)(?::(?!//\w+:[^/@]+@)|/)|(?:id|src|source|type|name|env|file)=|ref:|@[\w.~-]*[/.][\w./-]+$|@-$|fileb?://|\.[a-z]\w*(?:\.\w+)+$"
)
_PATTERN: Final = re.compile(r"[()]?(?:\.[*+]|\[\^|\\[SwWsd(]|\.\{)|\[[\w-]+\][*+]|//?[gpiIem]*$")
_PATH: Final = re.compile(r"(?:~[\w-]*|\.{1,2}|[A-Za-z]:)?[/\\]|~/|file:")
_ROOTED: Final = re.compile(r"/(?:" + "|".join(ROOTS.split()) + r")(?:/|$)")
_FILE: Final = re.compile(
    r"[\w./~@%+-]*[\w-]\.(?:" + "|".join(ENDINGS.split()) + r")(?::\w+)?|id_(?:rsa|dsa|ecdsa|ed25519)[\w.-]*"
    r"|/(?:[\w@+~-][\w.@+~-]*+/){2,}[\w@+~-]+\.[a-z]\w{0,7}"
)
_TAG: Final = re.compile(r"[\^~]?(?:latest|stable|edge|v?\d+(?:\.\d+)+(?:-[\w.]+)?|v\d+|r[wo]|z|Z)$")
_DURATION: Final = re.compile(r"\d+(?:\.\d+)?(?:ns|us|ms|s|m|h|d|w|y|k|K|M|G|Ki|Mi|Gi|KB|MB|GB|%)?(?:\d+[ms])*")
_TYPED: Final = re.compile(r"(?=.*[A-Za-z])(?=.*[\d!@#$%^&*])[^\s=/:,()\[\]-][^\s=/:,()\[\]]{5,63}")
_RUN: Final = re.compile(r"[A-Za-z0-9]{12,}")
_PHRASE: Final = re.compile(r"[a-z]{3,8}(?: [a-z]{3,8}){11,23}")  # of a wallet: 12 to 24 words
_PAIRED: Final = re.compile(r"[^:\s]*:(?!//)")
# what follows the colon is no group: it has something that group names do not have
_USER: Final = re.compile(r"([\w.@\\-]{1,64}:)(?=.*[^a-z0-9_-]|\d++[a-z]|(?=.*[a-z])(?:[^\d]*\d){4})[^/\s:][^\s:]+")
_DIGESTS: Final = frozenset("md5 sha1 sha224 sha256 sha384 sha512 http https pkcs11 ssh file".split())
_SCHEME: Final = re.compile(
    r"(?i)\s*+(?:(?:bearer|basic|token|digest|negotiate|ntlm|apikey|api-key|geniekey|splunk|ssws|jwt|oauth|hawk|aws4-hmac-sha256|"
    r"sharedkey|sharedkeylite|key|bot|discogs|zoho-oauthtoken|x-api-key|private|signature)(?:\s++|%20|\+)(?:token=)?)?+"
)


def is_reference(value: str) -> bool:
    """Say whether the value stands for a secret that is not here."""
    return _REFERENCE.fullmatch(value) is not None or _all_masked(value)


def _all_masked(value: str) -> bool:
    return "[REDACTED" in value and not MASKED.sub("", value).strip(" ,;&")


def points_elsewhere(value: str) -> bool:
    """Say whether the value is the address of a secret, in the ways that whole families of programs share."""
    return value.startswith(("env:", "file:", "fileb:", "@/", "@./")) or value.endswith((".txt", ".lst", ".list"))


def secret_within(meaning: Meaning, value: str) -> tuple[int, int] | None:
    """Return which part of the value of a name with this meaning is secret, if any."""
    if not value or is_reference(value) or _PATTERN.match(value):
        return None
    match meaning:
        case Meaning.PLAIN:
            return None
        case Meaning.HEADER:
            return _rest(value, _after_scheme(value))
        case Meaning.DIGITS:
            return _rest(value, 0) if value.isdigit() and len(value) >= 4 else None  # the shortest PINs in use
    if value.lower() in SAYINGS or _ELSEWHERE.match(value):
        return None
    return _judged(meaning, value)


def _judged(meaning: Meaning, value: str) -> tuple[int, int] | None:  # noqa: PLR0911 - one for each meaning
    match meaning:
        case Meaning.SECRET | Meaning.SWITCHED:
            return None if _names_file(value) else _rest(value, 5 if value.startswith("pass:") else 0)
        case Meaning.KEY:
            return _rest(value, 0) if looks_random(value) and not _is_file(value) else None
        case Meaning.JAR:
            return None if _is_file(value) else _rest(value, 0)
        case Meaning.USER:
            user = _USER.fullmatch(value)
            return _rest(value, user.end(1)) if user else None
        case Meaning.UNSURE:
            pair = _PAIRED.match(value)
            if pair and pair.end() > 1 and not _is_file(value) and value[: pair.end() - 1] not in _DIGESTS:
                return _rest(value, pair.end())
            return _rest(value, 0) if _is_random_text(value) else None
        case _:
            return _of_pair(value)


def _of_pair(value: str) -> tuple[int, int] | None:
    if _is_file(value) or "://" in value:
        return None
    pair = _PAIRED.match(value)
    return _rest(value, pair.end() if pair else 0)


def _rest(value: str, start: int) -> tuple[int, int] | None:
    return None if start >= len(value) or is_reference(value[start:]) else (start, len(value))


def _after_scheme(value: str) -> int:
    scheme = _SCHEME.match(value)
    return scheme.end() if scheme else 0


def _is_file(value: str) -> bool:
    return _PATH.match(value) is not None or _FILE.fullmatch(value) is not None


def _names_file(value: str) -> bool:
    """A password may look a little like a path: only what clearly is one is spared."""
    return bool(_ROOTED.match(value) or _FILE.fullmatch(value) or value.startswith(("./", "../", "~/", "file:")))


def _is_random_text(value: str) -> bool:
    return (looks_random(value) and not _is_file(value)) or _PHRASE.fullmatch(value) is not None


def is_tag_or_path(value: str) -> bool:
    """Tell `secret:latest` and `token:/token:ro`, an image and a mount, from `token:abc`."""
    return value.startswith(("/", "\\", "~")) or _TAG.match(value) is not None


def is_quantity(value: str) -> bool:
    """Tell `tokens=512` and `token=30s` from a token."""
    return _DURATION.fullmatch(value) is not None


def looks_typed(value: str) -> bool:
    """Say whether it reads like a password: letters mixed with digits or signs, and no option, path or assignment."""
    return _TYPED.fullmatch(value) is not None and not _is_file(value) and not _TAG.match(value)


def looks_random(value: str) -> bool:
    """Say whether a person would not have typed this: a long run of letters and digits, mixed."""
    for run in _RUN.findall(value):
        digits = sum(map(str.isdigit, run))
        if 2 <= digits < len(run) and (len(run) >= 16 or digits >= 3):
            return True
    return False
