"""Which packages may own a path, in eight bytes per file: a hundred thousand files cost less than a megabyte.

Each number is a keyed hash of a path, and behind it the number of a package. So an answer is only a guess that is worth
checking, with one package to read instead of all.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_PACKAGE_BITS: Final = 18  # Debian has 70,000 packages in all
MOST_PACKAGES: Final = 1 << _PACKAGE_BITS
_HASH_MASK: Final = (1 << 64 - _PACKAGE_BITS) - 1
_SHELVES: Final = 64  # sorted one by one: a sort makes objects of its numbers, which take five times the room


class Owners:
    def __init__(self, packages: Iterable[tuple[str, Iterable[bytes]]]) -> None:
        self._names: list[str] = []
        shelves = [array("Q") for _ in range(_SHELVES)]
        for number, (name, paths) in enumerate(packages):
            self._names.append(name)
            for path in paths:
                begin = _start(path)
                shelves[_shelf(begin)].append(begin | number)
        self._shelves = [array("Q", sorted(shelf)) for shelf in shelves]

    def candidates(self, path: bytes) -> list[str]:
        begin = _start(path)
        shelf = self._shelves[_shelf(begin)]
        place, found = bisect_left(shelf, begin), []
        while place < len(shelf) and shelf[place] >> _PACKAGE_BITS == begin >> _PACKAGE_BITS:
            found.append(self._names[shelf[place] - begin])
            place += 1
        return found

    def __len__(self) -> int:
        return sum(map(len, self._shelves))


def _start(path: bytes) -> int:
    # Python's hash of bytes is keyed anew in every process, so that nobody can name files to make them collide
    return (hash(path) & _HASH_MASK) << _PACKAGE_BITS


def _shelf(begin: int) -> int:
    return (begin >> _PACKAGE_BITS) % _SHELVES
