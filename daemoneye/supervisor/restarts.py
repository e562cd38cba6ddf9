"""How often is too often, and how long to wait before the next time.

Two mechanisms that must not cancel each other out. The window counts the restarts of all children together and gives up
when there were too many. Backoff makes each child wait longer each time it dies soon after it came up; were it to wait
too long, the window would never fill, and a child that cannot live would be revived for ever. So the longest wait
follows from the window: all the waits of a crash loop together take at most half the period.

The first restart does not wait at all: most deaths are accidents, and who was killed should be back at once. The waits
after it are *fully* jittered, anything from nothing to the ceiling, and the ceiling is applied first: jitter that is
added and then cut off brings everyone back in step exactly when the ceiling is reached.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

# systemd's RestartSec. Doubling from here, the fifth restart in a row still begins within a second.
FIRST_CEILING_S: Final = 0.1
# Where pebble and others stop doubling: somebody is waiting for the child.
LAST_CEILING_S: Final = 30.0
# From here on doubling cannot matter (0.1 s doubled ten times is beyond the last ceiling), only overflow.
_DOUBLINGS: Final = 10


class RestartWindow:
    """Remembers one restart more than is allowed, and nothing else."""

    def __init__(self, intensity: int, period_s: float) -> None:
        self._period_s = period_s
        self._times: deque[float] = deque(maxlen=intensity + 1)

    def exceeded_by(self, now_s: float) -> bool:
        """Count one more; is it one too many?"""
        self._times.append(now_s)
        return len(self._times) == self._times.maxlen and now_s - self._times[0] <= self._period_s


class Backoff:
    def __init__(self, intensity: int, period_s: float, random: Callable[[], float]) -> None:
        self.longest_s = min(LAST_CEILING_S, period_s / (2 * max(1, intensity)))
        self._random = random

    def delay_s(self, failures: int) -> float:
        """How long to wait after so many failures in a row."""
        if failures < 2:
            return 0.0
        ceiling_s = FIRST_CEILING_S * 2.0 ** min(failures - 2, _DOUBLINGS)
        return min(ceiling_s, self.longest_s) * self._random()
