"""Slower when others wait for the disk or the processors, and back to full speed by and by.

Halving gets out of the way at once, restoring in small steps finds the speed that the machine can bear: what keeps
networks from collapsing. The kernel's average is over ten seconds, so it takes as long until a step shows.
"""

from __future__ import annotations

from typing import Final

from daemoneye.hashing.events import Level

# Percent of time in which some task waited ("some avg10"). Hashing itself may well be what others wait for on the disk,
# so that threshold is low; on the processors somebody always waits, and every second moment is a loaded machine.
IO_PRESSED: Final = 20.0
CPU_PRESSED: Final = 50.0
_CALM: Final = 0.5  # of these: between the two nothing changes, or the speed would swing
_STEP_S: Final = 10.0
_RESTORED: Final = 1 / 8  # of full speed at each step: from the slowest it takes more than a minute
SLOWEST: Final = 1 / 8  # an alarm must not wait for the machine to be idle


def level_of(*, cpu: float | None, io: float | None) -> Level:
    """A kernel that does not tell has nobody waiting."""
    strain = max((cpu or 0.0) / CPU_PRESSED, (io or 0.0) / IO_PRESSED)
    if strain > 1:
        return Level.PRESSED
    return Level.CALM if strain < _CALM else Level.BUSY


class Throttle:
    def __init__(self) -> None:
        self.share = 1.0
        self._changed_s = float("-inf")

    def feel(self, level: Level, now_s: float) -> bool:
        """Tell whether the share has changed."""
        if level is Level.BUSY or now_s - self._changed_s < _STEP_S:
            return False
        before = self.share
        self.share = max(SLOWEST, before / 2) if level is Level.PRESSED else min(1.0, before + _RESTORED)
        if self.share == before:
            return False
        self._changed_s = now_s
        return True
