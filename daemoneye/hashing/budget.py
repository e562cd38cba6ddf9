"""How many bytes may be read: a token bucket for all workers together, filled slower when the machine is pressed.

Bytes are *lent* before they are read, in slices, and what was lent and not read comes back. Charging afterwards would
let every worker read a file at the speed of the disk before anybody counts; giving each worker a rate of its own would
waste that of those who have nothing to read. Who asks for more hands in what is left: who waits has nothing on loan.

What is in the bucket and what is lent are never more than a burst, so what is read in any stretch of time is at most a
burst and what flowed in meanwhile. The bucket is filled a little below the rate, by so much that in ``WINDOW_S`` the
burst is made up for: in any ten seconds no more is read than ten seconds' worth, exactly.
"""

from __future__ import annotations

from typing import Final

WINDOW_S: Final = 10.0
# of the rate in one go; a quarter of a second's reading does not make a disk queue anybody notices
BURST_S: Final = 0.25
# of a burst goes to any worker at once: the rest fills up while they read
_SLICES: Final = 4
_SMALLEST_SLICE: Final = 4096  # bytes; less than a page is not read any faster
_LARGEST_SLICE: Final = 64 << 20  # a quarter of a second of both digests: a message in that time costs nothing
# A timer that rings a hair early, for all times are rounded, must not be set again for the same moment.
_ROUNDING_S: Final = 1e-6


class Budget:
    def __init__(self, bytes_per_second: float, now_s: float) -> None:
        self._rate = bytes_per_second
        self._lent = 0
        self._level = self._burst
        self._now_s = now_s

    def set_rate(self, bytes_per_second: float, now_s: float) -> None:
        self._refill(now_s)
        self._rate = bytes_per_second
        self._refill(now_s)

    def slice(self, workers: int) -> int:
        """How much one worker gets at a time."""
        fair = int(self._burst) // (_SLICES * workers)
        return min(max(fair, min(int(self._burst), _SMALLEST_SLICE)), _LARGEST_SLICE)

    def lend(self, amount: int, now_s: float) -> bool:
        """More than a burst is lent when nothing else is, and owed afterwards."""
        self._refill(now_s)
        if self._level + self._fill * _ROUNDING_S < min(amount, self._burst):
            return False
        self._level -= amount
        self._lent += amount
        return True

    def settle(self, lent: int, left: int) -> None:
        """Of what was lent so much was not read; if that is less than nothing, more was, and is owed."""
        self._lent -= lent
        self._level += left

    def ready_s(self, amount: int) -> float | None:
        """When so much can be lent; ``None`` if somebody has to read first, or give back."""
        wanted = min(amount, self._burst)
        if wanted > self._burst - self._lent:
            return None
        return self._now_s + max(0.0, wanted - self._level) / self._fill

    @property
    def _burst(self) -> float:
        return self._rate * BURST_S

    @property
    def _fill(self) -> float:
        return self._rate * (1 - BURST_S / WINDOW_S)

    def _refill(self, now_s: float) -> None:
        self._level = min(self._level + (now_s - self._now_s) * self._fill, self._burst - self._lent)
        self._now_s = now_s
