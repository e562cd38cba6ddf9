"""What can be trusted: a path, and digests that are some. Nothing else may get into the store."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from daemoneye.errors import HostileInput
from daemoneye.integrity.fuzzy import FuzzyDigest
from daemoneye.integrity.territory import HOST, is_container
from daemoneye.model.trust import LONGEST_PATH
from daemoneye.sanitize.hostile import decodable, printable

if TYPE_CHECKING:
    from daemoneye.model.trust import Trust

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_LONGEST_NAMESPACE: Final = 256  # bytes; the ids of containers have 64 and 32 digits, of pods a few more
_SHOWN: Final = 80  # bytes of what is wrong


class Flaw(NamedTuple):
    found: str
    expected: str


def flaw(trust: Trust) -> Flaw | None:
    if not trust.path.startswith("/") or len(trust.path.encode(errors="replace")) > LONGEST_PATH:
        return Flaw(f"path {_shown(trust.path)}", f"expected an absolute path of at most {LONGEST_PATH} bytes")
    if trust.path != decodable(trust.path) or "\0" in trust.path:
        return Flaw(f"path {_shown(trust.path)}", "expected a name that a file can have")
    if not _is_namespace(trust.namespace):
        return Flaw(f"namespace {_shown(trust.namespace)}", "expected none, or container: and its id")
    return _flaw_of_digests(trust)


def _flaw_of_digests(trust: Trust) -> Flaw | None:
    if trust.sha256 is None:
        alone = trust.ssdeep is not None
        return Flaw("ssdeep without sha256", "expected both, or what was last seen there") if alone else None
    if not _SHA256.fullmatch(trust.sha256):
        return Flaw(f"sha256 {_shown(trust.sha256)}", "expected 64 hex digits in small letters")
    return _flaw_of_ssdeep(trust.ssdeep) if trust.ssdeep is not None else None


def _flaw_of_ssdeep(text: str) -> Flaw | None:
    try:
        whole = str(FuzzyDigest.parse(text)) == text
    except HostileInput as error:
        return Flaw(f"ssdeep {_shown(text)}", f"expected BLOCKSIZE:STRING:STRING: {error}")
    return None if whole else Flaw(f"ssdeep {_shown(text)}", "expected BLOCKSIZE:STRING:STRING and no more")


def _is_namespace(text: str) -> bool:
    return text == HOST or (is_container(text) and text.isprintable() and len(text.encode()) <= _LONGEST_NAMESPACE)


def _shown(text: str) -> str:
    return f"'{printable(text, _SHOWN)}'"
