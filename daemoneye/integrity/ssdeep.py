"""The ssdeep digest of a stream, in one pass and fixed memory, byte for byte what the C program says.

The digest is written for a block size that only the end of the input decides: the largest that is not too large for the
length and cuts it at least 32 times. So every block size that may still win is kept going, as libfuzzy does: a level is
dropped once a higher one, itself not too large for what has been seen, has its 32 cuts.

Input is gathered into windows. A window is searched for cuts as a whole before anything is hashed, so levels that do
not survive it cost nothing, and what fits in one window, as most programs do, is hashed for the two levels of its
digest only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from daemoneye.integrity import rolling
from daemoneye.integrity.piecewise import GRAIN, INITIAL, Pieces, Start, Stretch

if TYPE_CHECKING:
    from numpy.typing import NDArray

SMALLEST: Final = 3  # bytes: the block size of level 0
LENGTH: Final = 64  # characters of the first string, and what the first guess at a block size aims at
ENOUGH: Final = LENGTH // 2  # cuts that make a block size good enough
TOP: Final = rolling.LEVELS - 1
LARGEST: Final = (SMALLEST << TOP) * LENGTH
NOTICE: Final = ""
LIMITATION: Final = "ssdeep has no digest for more than 192 GiB"
ALPHABET: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
WINDOW: Final = 1 << 22  # bytes: most programs are smaller, and nothing is touched that is not filled
_TILE: Final = 1 << 18  # bytes hashed at a time: 15 planes of 32 KiB stay in a second-level cache


def guess(size: int) -> int:
    """Return the highest level whose block size is not too large for so many bytes."""
    level = 0
    while (SMALLEST << level) * LENGTH < size:
        level += 1
    return level


class _Track:
    """One string in the making: the pieces of one level, as many as it may have."""

    __slots__ = ("_ends", "_limit", "_skipped", "level", "state")

    def __init__(self, level: int, limit: int) -> None:
        self.level = level
        self.state = INITIAL
        self._limit = limit
        self._ends = b""
        self._skipped: int | None = None

    def start(self, places: NDArray[np.intp]) -> Start:
        """Return the run that is to be made: which cuts still end a piece, and the last one that no longer does."""
        room = self._limit - len(self._ends)
        return Start(self.state, places[:room], int(places[-1]) if places.size > room else -1)

    def take(self, pieces: Pieces, aside: int) -> None:
        self._ends += pieces.ends
        self.state = pieces.state
        if aside >= 0:
            self._skipped = pieces.aside

    def text(self, last_value: int) -> str:
        """Spell it; what is left over counts unless the input ends where its rolling value is zero."""
        rest = self.state if last_value else self._skipped
        states = self._ends if rest is None else self._ends + bytes([rest])
        return "".join(chr(ALPHABET[state]) for state in states)


class Engine:
    """Takes bytes, gives the digest of all of them, once."""

    def __init__(self, expected_size: int | None = None) -> None:
        """Knowing the size spares the block sizes that are too large for it; then it has to be right."""
        self._expected = expected_size
        self._buffer = np.empty(rolling.BEFORE + WINDOW + GRAIN, np.uint8)
        self._buffer[: rolling.BEFORE] = 0
        self._filled = self._size = self._floor = 0
        self._cuts_of = np.zeros(TOP + 1, np.int64)
        top = TOP if expected_size is None else min(TOP, guess(expected_size))
        self._firsts = [_Track(level, LENGTH - 1) for level in range(top + 1)]
        self._seconds = [_Track(level + 1, ENOUGH - 1) for level in range(top + 1)]

    def update(self, data: bytes | bytearray | memoryview) -> None:
        rest = np.frombuffer(data, np.uint8)
        while rest.size:
            if self._filled == WINDOW:  # and this is not the end
                self._advance(self._search())
                self._buffer[: rolling.BEFORE] = self._buffer[WINDOW : WINDOW + rolling.BEFORE]
                self._filled = 0
            taken = rest[: WINDOW - self._filled]
            begin = rolling.BEFORE + self._filled
            self._buffer[begin : begin + taken.size] = taken
            self._filled += taken.size
            rest = rest[taken.size :]

    def digest(self) -> str:
        """End the input. The caller has seen to it that it was not longer than LARGEST, and as long as expected."""
        found = self._search()
        level = guess(self._size)
        while level and self._cuts_of[level] < ENOUGH:
            level -= 1
        chosen = level - self._floor
        self._firsts, self._seconds = self._firsts[chosen : chosen + 1], self._seconds[chosen : chosen + 1]
        self._advance(found)
        value = rolling.last_value(self._buffer[: rolling.BEFORE + self._filled]) if self._filled else 0
        return f"{SMALLEST << level}:{self._firsts[0].text(value)}:{self._seconds[0].text(value)}"

    def _search(self) -> rolling.Cuts:
        """Find the cuts of the window, and drop the levels that they decide against."""
        self._size += self._filled
        highest = guess(self._expected or self._size)
        data = self._buffer[: rolling.BEFORE + self._filled]
        found = self._cut(data, highest)
        self._cuts_of += found.counts[::-1].cumsum()[::-1]  # a cut of a level is one of all below it
        winners = np.flatnonzero(self._cuts_of[self._floor : highest + 1] >= ENOUGH)
        if winners.size:
            dropped = int(winners[-1])
            self._floor += dropped
            del self._firsts[:dropped], self._seconds[:dropped]
        return found

    def _cut(self, data: NDArray[np.uint8], highest: int) -> rolling.Cuts:
        if self._floor < rolling.QUICK <= highest:  # perhaps the lower levels are not needed: that is quicker to see
            found = rolling.cuts(data, rolling.QUICK)
            if self._cuts_of[rolling.QUICK] + found.counts.sum() >= ENOUGH:
                return found
        return rolling.cuts(data, self._floor)

    def _advance(self, found: rolling.Cuts) -> None:
        """Hash the window for every level still in the running."""
        tracks = [*self._firsts, *self._seconds]
        cuts = {level: found.places[found.levels >= level] for level in {track.level for track in tracks}}
        for start in range(0, self._filled, _TILE):
            end = min(start + _TILE, self._filled)
            begin, size = rolling.BEFORE + start, end - start
            stretch = Stretch(self._buffer[begin : begin + size + -size % GRAIN], size)
            here = {level: _between(places, start, end) for level, places in cuts.items()}
            _run(tracks, stretch, here)


def _between(places: NDArray[np.intp], start: int, end: int) -> NDArray[np.intp]:
    first, last = np.searchsorted(places, (start, end))
    return places[first:last] - start


def _run(tracks: list[_Track], stretch: Stretch, cuts: dict[int, NDArray[np.intp]]) -> None:
    """Levels that no cut has told apart yet are hashed as one."""
    starts = [track.start(cuts[track.level]) for track in tracks]
    keys = [(start.state, start.cuts.tobytes(), start.aside) for start in starts]
    different = dict(zip(keys, starts, strict=True))
    done = dict(zip(different, stretch.run(list(different.values())), strict=True))
    for track, key, start in zip(tracks, keys, starts, strict=True):
        track.take(done[key], start.aside)
