"""Where ssdeep cuts: the rolling hash of a whole stretch of bytes at once.

ssdeep slides a window of seven bytes over the input and cuts where ``(value + 1) % block_size == 0``. Block sizes are
``3 * 2**level``, so a cut of one level is a cut of every level below, and a position needs to be looked at once: its
level is the number of times two divides ``(value + 1) / 3``.

The value is a sum of three, each of the last seven bytes ``b[0]`` (the newest) to ``b[6]``::

    sum(b[age])  +  sum((7 - age) * b[age])  +  xor(b[age] << 5 * age)      (mod 2**32)

so it needs no history. From level 8 up the low eight bits of the value must all be set, and those can be had in the
arithmetic of bytes, several times as fast: one position in 256 is left for the whole arithmetic. Input made to pass
that look, and small files, whose block sizes are small, take the whole arithmetic everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Words = NDArray[np.uint32]
    Places = NDArray[np.intp]

    AnyWidth = TypeVar("AnyWidth", np.uint8, np.uint32)

WINDOW: Final = 7  # bytes, of the format
BEFORE: Final = WINDOW - 1  # bytes before the first position that its value depends on; zeros where the input begins
QUICK: Final = 8  # the level from which the low byte of a value is all ones
_NEWEST_FIRST: Final = range(BEFORE, -1, -1)
_REGION: Final = 1 << 18  # positions searched at a time: what is left over of them is looked at together
_TILE: Final = 1 << 15  # bytes at a time, where bytes will do: they stay in a first-level cache
_WIDE_TILE: Final = 1 << 14  # positions at a time, where each takes four bytes
_CROWDED: Final = 16  # one in so many left over: gathering seven bytes for each costs as much as taking all
_MOST: Final = 63  # pieces that a string has room for
LEVELS: Final = 31  # those of which a 32-bit value can be a multiple
_THIRD: Final = np.uint32(0xAAAAAAAB)  # the inverse of 3 modulo 2**32: times a multiple of 3 it is the exact quotient
_MOST_THIRDS: Final = np.uint32((2**32 - 1) // 3)  # what is no multiple of 3 comes out above this


class Cuts(NamedTuple):
    """Positions, in order, and the highest level each is a cut of; where they crowd, those that can matter."""

    places: Places
    levels: Bytes
    counts: Places  # how many there were of each level


def cuts(data: Bytes, floor: int) -> Cuts:
    """Return what is cut at ``floor`` or above; ``data`` begins with BEFORE older bytes."""
    found = [_thinned(each, start) for start, region in _tiles(data, _REGION) for each in _search(region, floor)] or [
        _thinned((np.zeros(0, np.intp), np.zeros(0, np.uint8)), 0)
    ]
    places, levels, counts = zip(*found, strict=True)
    return Cuts(np.concatenate(places), np.concatenate(levels), np.sum(counts, axis=0))


def last_value(data: Bytes) -> int:
    """Return the rolling value after the last byte."""
    return int(_values(list(data[: -WINDOW - 1 : -1, np.newaxis].astype(np.uint32)))[0])


def _tiles(data: Bytes, positions: int) -> Iterator[tuple[int, Bytes]]:
    for start in range(0, data.size - BEFORE, positions):
        yield start, data[start : start + BEFORE + positions]


def _search(region: Bytes, floor: int) -> Iterator[tuple[Places, Bytes]]:
    if floor >= QUICK:
        near = np.concatenate([_low_byte_full(tile) + start for start, tile in _tiles(region, _TILE)])
        if near.size * _CROWDED <= region.size:
            values = _values([region[near + place].astype(np.uint32) for place in _NEWEST_FIRST])
            chosen, levels = _real(values, floor)
            yield near[chosen], levels
            return
    for start, tile in _tiles(region, _WIDE_TILE):
        wide, size = tile.astype(np.uint32), tile.size - BEFORE
        chosen, levels = _real(_values([wide[place:][:size] for place in _NEWEST_FIRST]), floor)
        yield chosen + start, levels


def _low_byte_full(tile: Bytes) -> Places:
    """Return the positions whose value ends in eight ones."""
    size = tile.size - BEFORE
    total = tile[BEFORE - 1 :][:size] * np.uint8(1 << 5)  # of the shifted bytes only two reach the low byte
    total ^= tile[BEFORE:]
    _add_weighted(total, [tile[place:][:size] for place in _NEWEST_FIRST])
    return np.flatnonzero(total == np.uint8(255))


def _values(ages: Sequence[Words]) -> Words:
    """Return the values of positions whose bytes are given in seven rows, the newest first."""
    total = ages[-1].copy()
    for row in reversed(ages[:-1]):
        total <<= np.uint32(5)
        total ^= row
    _add_weighted(total, ages)
    return total


def _add_weighted(total: NDArray[AnyWidth], ages: Sequence[NDArray[AnyWidth]]) -> None:
    """Add eight times the newest bytes, seven times those before them, and so on."""
    weighted = np.zeros_like(total)
    for row in ages:
        weighted += row
        total += weighted
    total += weighted


def _real(values: Words, floor: int) -> tuple[Places, Bytes]:
    """Return which values are cuts at ``floor`` or above, and of which level."""
    thirds = (values + np.uint32(1)) * _THIRD
    # a value of 2**32 - 1 gives 0, which wraps here: ssdeep takes it for no cut, 2**32 being no multiple of 3
    chosen = np.flatnonzero(thirds - np.uint32(1) < _MOST_THIRDS)
    thirds = thirds[chosen]
    levels = np.bitwise_count((thirds & -thirds) - np.uint32(1))
    high = levels >= floor
    return chosen[high], levels[high]


def _thinned(found: tuple[Places, Bytes], start: int) -> Cuts:
    """Of each level the first that fill a string are kept, and the last: input may be cut at every byte."""
    places, levels = found
    counts = np.bincount(levels, minlength=LEVELS)
    if places.size > _MOST * LEVELS:
        each = [np.flatnonzero(levels == level) for level in np.flatnonzero(counts)]
        kept = np.unique(np.concatenate([np.append(of_level[:_MOST], of_level[-1:]) for of_level in each]))
        places, levels = places[kept], levels[kept]
    return Cuts(places + start, levels, counts)
