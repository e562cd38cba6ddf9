"""What hashing says of files, taken in: checked first, because who reads files of strangers may say anything."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from daemoneye.errors import HostileInput
from daemoneye.integrity.fuzzy import FuzzyDigest
from daemoneye.lifecycle.digests import Digest
from daemoneye.model.alert import Content
from daemoneye.model.process import FileIdentity, HashStatus

if TYPE_CHECKING:
    from daemoneye.lifecycle.digests import Digests
    from daemoneye.messages.hashing import Digested, FileDigest

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_STATUSES: Final = frozenset(int(each) for each in HashStatus)
_WITH_CONTENT: Final = frozenset({HashStatus.HASHED, HashStatus.CACHED})


def take_in(message: Digested, digests: Digests) -> int:
    """Return how many of these no hasher of ours would say."""
    strange = 0
    for each in message.files:
        try:
            digest = _digest(each)
        except HostileInput:
            strange += 1
        else:
            digests.learn(_file(each), digest)
    return strange


def _digest(said: FileDigest) -> Digest:
    if said.status not in _STATUSES:
        raise HostileInput("no such status")
    status = HashStatus(said.status)
    if (status in _WITH_CONTENT) != bool(said.sha256):
        raise HostileInput("a digest and a status that contradict each other")
    return Digest(status, _content(said) if said.sha256 else None, said.ssdeep_missing)


def _content(said: FileDigest) -> Content:
    if not _SHA256.fullmatch(said.sha256):
        raise HostileInput("no SHA-256")
    return Content(sha256=said.sha256, ssdeep=str(FuzzyDigest.parse(said.ssdeep)) if said.ssdeep else None)


def _file(said: FileDigest) -> FileIdentity:
    return FileIdentity(dev=said.dev, ino=said.ino, size=said.size, mtime_ns=said.mtime_ns, ctime_ns=said.ctime_ns)
