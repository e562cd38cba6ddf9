"""What ssdeep writes down: the FNV hash of each piece, for many positions at once.

Of FNV only the low six bits reach the digest, and for those a byte ``c`` makes ``h`` into ``19 h XOR c (mod 64)``. As
``19 h = h + 2 h + 16 h``, bit ``k`` of the next state is ``h[k] XOR f(k) XOR c[k]``, where ``f(k)`` depends on lower
bits only. So, lowest bit first, each of the six is known everywhere by one running XOR. In ``h + 2 h`` the lower bits
contribute, carries and all::

    g(1) = h[0]        g(k) = (h[k-1] XOR h[k-2]) AND NOT g(k-1)

A running XOR along bits packed into words would be slow. So the stretch is cut into lanes of STEPS bytes; a word holds
one step of 64 lanes, and a step is one XOR of rows. What enters a lane is what left the one before: that is a running
XOR too, of one bit a lane, and Python's long integers do it in a few shifts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Bits = NDArray[np.uint64]
    Plane = NDArray[np.uint64]  # one bit of every position: a row for each step, 64 lanes to a word
    Planes = NDArray[np.uint64]  # one such plane for each run
    Places = NDArray[np.intp]

INITIAL: Final = 0x27  # the low six bits of ssdeep's FNV offset, 0x28021967
BITS: Final = 6  # of the state: a character of the digest
STEPS: Final = 64  # bytes in a lane; between 16 and 64 the speed is the same
GRAIN: Final = STEPS * 64  # positions must fill whole words
_ONE: Final = np.uint64(1)


class Start(NamedTuple):
    """One run to be made over a stretch."""

    state: int
    cuts: Places  # after each of these the state starts anew
    aside: int  # one more position whose state is wanted


class Pieces(NamedTuple):
    """What became of it."""

    ends: bytes  # the state at each cut
    aside: int
    state: int  # after the last byte


class Stretch:
    """Some bytes, split into planes once, for any number of runs over them."""

    def __init__(self, data: Bytes, size: int) -> None:
        """Take the first ``size`` bytes; the data itself goes on to a multiple of GRAIN, with whatever."""
        self._last = size - 1
        steps = data.reshape(-1, STEPS).T.copy()
        self._planes = [_packed(steps & np.uint8(1 << bit)) for bit in range(BITS)]

    def run(self, starts: Sequence[Start]) -> list[Pieces]:
        """Make all these runs at the same time."""
        cuts = _spots([start.cuts for start in starts])
        asked = _spots([np.array([start.aside, self._last]) for start in starts])
        ends, seen = np.zeros(cuts.bits.size, np.uint8), np.zeros(asked.bits.size, np.uint8)
        opening, preceding = np.diff(cuts.runs, prepend=-1) != 0, np.arange(ends.size) - 1
        lower: list[Planes] = []  # the bits already known, as they were before each byte
        carry = np.zeros(0, np.uint64)
        for bit, plane in enumerate(self._planes):
            flips = np.repeat(plane[np.newaxis], len(starts), axis=0)
            if lower:
                upper, carry = _upper(lower, carry)
                flips ^= upper
            entering = [start.state >> bit & 1 for start in starts]
            state = _Running(flips, entering)
            if ends.size:
                fresh = np.uint64(INITIAL >> bit & 1)
                natural = state.at(cuts)  # as if nothing had been cut: what differs from a fresh start is to be flipped
                restarts = natural ^ np.where(opening, fresh, natural[preceding])
                ends |= (restarts ^ fresh).astype(np.uint8) << np.uint8(bit)
                np.bitwise_xor.at(flips, (cuts.runs, cuts.steps, cuts.words), restarts << cuts.bits)
                state = _Running(flips, entering)
            seen |= state.at(asked).astype(np.uint8) << np.uint8(bit)
            lower.append(state.before())
        texts = np.split(ends, np.searchsorted(cuts.runs, np.arange(1, len(starts))))
        return [Pieces(text.tobytes(), int(seen[2 * n]), int(seen[2 * n + 1])) for n, text in enumerate(texts)]


class Spots(NamedTuple):
    """Where in the planes some positions are."""

    runs: Places
    steps: Places
    words: Places
    bits: Bits


class _Running:
    """The running XOR of the flips: one bit of the state after each byte."""

    def __init__(self, flips: Planes, entering: Sequence[int]) -> None:
        self._within = np.bitwise_xor.accumulate(flips, axis=1)
        lanes = [_along_lanes(totals, bit) for totals, bit in zip(self._within[:, -1], entering, strict=True)]
        self._entering = np.frombuffer(b"".join(lanes), "<u8").reshape(len(lanes), -1)

    def at(self, spots: Spots) -> Bits:
        state: Bits = self._within[spots.runs, spots.steps, spots.words] ^ self._entering[spots.runs, spots.words]
        return (state >> spots.bits) & _ONE

    def before(self) -> Planes:
        """Return the bit as it was before each byte."""
        earlier = np.empty_like(self._within)
        earlier[:, 0] = self._entering
        np.bitwise_xor(self._within[:, :-1], self._entering[:, np.newaxis], out=earlier[:, 1:])
        return earlier


def _packed(plane: Bytes) -> Plane:
    return np.packbits(plane, bitorder="little").view("<u8").reshape(STEPS, -1)


def _spots(places: list[Places]) -> Spots:
    runs = np.repeat(np.arange(len(places)), [each.size for each in places])
    lanes, steps = np.divmod(np.concatenate(places), STEPS)
    return Spots(runs, steps, lanes >> 6, (lanes & 63).astype(np.uint64))


def _along_lanes(totals: Bits, entering: int) -> bytes:
    """Return the bit that enters each lane, from what each lane does to it."""
    lanes, shift = totals.size * 64, 1
    bits = int.from_bytes(totals.tobytes(), "little") << 1 | entering
    while shift < lanes:
        bits ^= bits << shift
        shift <<= 1
    return (bits & ((1 << lanes) - 1)).to_bytes(lanes // 8, "little")


def _upper(lower: list[Planes], carry: Planes) -> tuple[Planes, Planes]:
    """Return what the lower bits contribute to the next one, and the carry that takes along."""
    if len(lower) == 1:
        return lower[0], lower[0]
    differ = lower[-1] ^ lower[-2]
    following = differ ^ (differ & carry)
    if len(lower) == 4:
        return following ^ lower[0], following
    if len(lower) == 5:  # by now 16 h has a carry of its own
        return following ^ lower[1] ^ ((lower[4] ^ carry) & lower[0]), following
    return following, following
