"""Digests of contents that have not changed since.

The key has the change time, which no call can set back, so who writes to a file or replaces it is not found here. It
can be outwitted by who may set the clock or write to the disk below the filesystem; such a one is root already.

A clock that stamps files has steps. A file written to in the same step in which it was read looks as it did before, so
only what had not been touched for two seconds when the reading began is kept (git calls the others *racily clean*).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from daemoneye.hashing.values import key_of
from daemoneye.lifecycle.bounded import Occupancy

if TYPE_CHECKING:
    from daemoneye.hashing.values import Key, Known
    from daemoneye.model.process import FileIdentity

CAPACITY: Final = 10_000  # files; what our users know, and more than any host runs in a day
_RACY_NS: Final = 2_000_000_000  # the coarsest steps there are: FAT's


def is_cacheable(file: FileIdentity, began_wall_ns: int) -> bool:
    return file.ctime_ns <= began_wall_ns - _RACY_NS


class DigestCache:
    """Forgets what was used longest ago."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._entries: dict[Key, tuple[FileIdentity, Known]] = {}
        self._evictions = 0

    def get(self, key: Key) -> Known | None:
        entry = self._entries.pop(key, None)
        if entry is None:
            return None
        self._entries[key] = entry
        return entry[1]

    def put(self, file: FileIdentity, known: Known) -> FileIdentity | None:
        """Return the one that had to go."""
        key, gone = key_of(file), None
        if not self._entries.pop(key, None) and len(self._entries) >= self._capacity:
            gone, _ = self._entries.pop(next(iter(self._entries)))
            self._evictions += 1
        self._entries[key] = (file, known)
        return gone

    @property
    def occupancy(self) -> Occupancy:
        return Occupancy("hash_cache", len(self._entries), self._capacity, self._evictions)
