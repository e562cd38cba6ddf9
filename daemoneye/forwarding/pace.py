"""When to connect again, and how fast to catch up: so that a thousand hosts that lost one receiver do not drown it.

A receiver that stops is lost by everybody in the same instant. Whoever was connected first waits a random while; after
that the waits double, each *fully* jittered, and the jitter is drawn after the ceiling is applied. What has piled up
goes out in slices of random length, never faster than so many a second; what happens now is not slowed down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from daemoneye.supervisor.restarts import LAST_CEILING_S, Backoff

if TYPE_CHECKING:
    from collections.abc import Callable

# A receiver takes some 100 connections with TLS a second for each core: a thousand hosts are spread over half of that.
SPREAD_S: Final = 5.0
# Short enough that nobody sees it, long enough that ten thousand hosts do not wake up for one record each.
_SLICE_S: Final = 0.1


def backoff(random: Callable[[], float]) -> Backoff:
    """As the supervisor has it, up to half a minute."""
    return Backoff(intensity=1, period_s=2 * LAST_CEILING_S, random=random)


class Reconnecting:
    def __init__(self, random: Callable[[], float], spread_s: float = SPREAD_S) -> None:
        self._random = random
        self._spread_s = spread_s
        self._backoff = backoff(random)
        self._failures = 0
        self._proven = False
        self.at_s = 0.0  # the first attempt is made at once

    def proved(self) -> None:
        """It took a record. Accepting a connection proves nothing: who does no more is not called every moment."""
        self._failures, self._proven = 0, True

    def lost(self, now_s: float) -> None:
        """There is no connection: not any more, or still not."""
        if self._proven:
            self._proven = False
            self.at_s = now_s + self._spread_s * self._random()
        else:
            self._failures += 1
            self.at_s = now_s + self._backoff.delay_s(self._failures + 1)


class Pace:
    def __init__(self, per_second: int, random: Callable[[], float]) -> None:
        self._each = max(1, round(per_second * _SLICE_S))
        self._random = random
        self._left = self._each
        self.next_s = 0.0  # when another slice begins

    def take(self, now_s: float) -> bool:
        """Whether one more may go now."""
        if now_s >= self.next_s:
            self._left = self._each
            self.next_s = now_s + _SLICE_S * (0.5 + self._random())
        if not self._left:
            return False
        self._left -= 1
        return True
