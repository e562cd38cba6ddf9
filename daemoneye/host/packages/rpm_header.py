"""The header of an rpm package, as its database holds it: a table of tags and the data they point into.

Nothing is believed: every place is checked against the length of what is there before anything is made of it, and
what makes no sense is a ``HeaderError``. Only what is asked for is taken apart.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_T = TypeVar("_T")
_LENGTHS: Final = struct.Struct(">II")
_ENTRY: Final = struct.Struct(">IIII")  # tag, type, place, count
_MOST_ENTRIES: Final = 0xFFFF  # rpm's own limit
# A header of so many takes 19 MB with nothing else in it, and 46 MB to take apart (measured).
_MOST_FILES: Final = 200_000
_INTEGERS: Final = {1: ("B", 1), 2: ("B", 1), 3: ("H", 2), 4: ("I", 4)}  # char, int8, int16, int32
_STRINGS: Final = frozenset({6, 8, 9})  # one, an array, translations
_WORD: Final = re.compile(rb"[!-~]{1,255}")  # rpm builds no package whose name or version is anything else


class Tag(IntEnum):
    """Those of rpmtag.h that a verdict needs."""

    NAME = 1000
    VERSION = 1001
    RELEASE = 1002
    EPOCH = 1003
    OLDFILENAMES = 1027
    FILESTATES = 1029
    FILEDIGESTS = 1035
    FILEFLAGS = 1037
    FILEVERIFYFLAGS = 1045
    DIRINDEXES = 1116
    BASENAMES = 1117
    DIRNAMES = 1118
    FILEDIGESTALGO = 5011


_WANTED: Final = frozenset(Tag)
_MD5: Final = 1  # what it was before packages said
_ANYTHING: Final = 0xFFFFFFFF


class HeaderError(Exception):
    """It contradicts itself."""


@dataclass(frozen=True, slots=True)
class File:
    digest: str  # "": it has none
    algorithm: int
    flags: int
    state: int
    verified: int  # what of it the package wants to be verified


class Header:
    def __init__(self, blob: bytes) -> None:
        if len(blob) < _LENGTHS.size:
            raise HeaderError
        count, length = _LENGTHS.unpack_from(blob)
        begin = _LENGTHS.size + count * _ENTRY.size
        if count > _MOST_ENTRIES or begin + length != len(blob):
            raise HeaderError
        self._data = memoryview(blob)[begin:]
        # what was added by the installation stands last, and counts
        entries = _ENTRY.iter_unpack(memoryview(blob)[_LENGTHS.size : begin])
        self._entries = {tag: (kind, place, number) for tag, kind, place, number in entries if tag in _WANTED}

    @property
    def name(self) -> str:
        return self._word(Tag.NAME)

    @property
    def version(self) -> str:
        epoch = self._integers(Tag.EPOCH)
        return f"{f'{epoch[0]}:' if epoch else ''}{self._word(Tag.VERSION)}-{self._word(Tag.RELEASE)}"

    def paths(self) -> Iterator[bytes]:
        names, directories = self._strings(Tag.BASENAMES), self._strings(Tag.DIRNAMES)
        where = self._integers(Tag.DIRINDEXES)
        if len(names) != len(where) or (where and max(where) >= len(directories)):
            raise HeaderError
        if not names and Tag.OLDFILENAMES in self._entries:
            raise HeaderError  # the way of the last century, which no database has kept
        return (directories[index] + name for index, name in zip(where, names, strict=True))

    def file(self, path: bytes, usual: Callable[[bytes], bytes]) -> File | None:
        """Look a file up, by the name that ``usual`` makes of the one it has here."""
        found = next((number for number, each in enumerate(self.paths()) if usual(each) == path), None)
        if found is None:
            return None
        digests = self._strings(Tag.FILEDIGESTS)
        return File(
            digest=_nth(digests, found, b"").decode("ascii", "replace").lower(),
            algorithm=_nth(self._integers(Tag.FILEDIGESTALGO), 0, _MD5),
            flags=_nth(self._integers(Tag.FILEFLAGS), found, 0),
            state=_nth(self._integers(Tag.FILESTATES), found, 0),
            verified=_nth(self._integers(Tag.FILEVERIFYFLAGS), found, _ANYTHING),
        )

    def _word(self, tag: Tag) -> str:
        strings = self._strings(tag)
        if len(strings) != 1 or not _WORD.fullmatch(strings[0]):
            raise HeaderError
        return strings[0].decode("ascii")

    def _integers(self, tag: Tag) -> tuple[int, ...]:
        kind, place, count = self._entries.get(tag, (1, 0, 0))
        shape, width = _INTEGERS.get(kind, ("", 0))
        if not shape or count > _MOST_FILES or place + count * width > len(self._data):
            raise HeaderError
        found: tuple[int, ...] = struct.unpack_from(f">{count}{shape}", self._data, place)
        return found

    def _strings(self, tag: Tag) -> list[bytes]:
        kind, place, count = self._entries.get(tag, (8, 0, 0))
        if kind not in _STRINGS or count > _MOST_FILES or place > len(self._data):
            raise HeaderError
        # the rest behind the last one is not taken apart
        found = bytes(self._data[place:]).split(b"\0", count)
        if len(found) <= count:
            raise HeaderError
        return found[:count]


def _nth(found: Sequence[_T], number: int, missing: _T) -> _T:
    if found and number >= len(found):
        raise HeaderError
    return found[number] if found else missing
