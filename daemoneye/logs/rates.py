"""How often one thing may be said. A child in a crash loop must not fill a disk, nor hide what else happens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

# One every three seconds, all day, is what a person can still follow and 29,000 lines for a log store.
LINES: Final = 20
PERIOD_S: Final = 60.0
# There are some dozens of names, all of them literals in this program; this bounds a mistake.
NAMES: Final = 256


@dataclass(slots=True)
class _Window:
    began_s: float
    lines: int = 0
    left_out: int = 0

    def over(self, now_s: float) -> bool:
        return now_s - self.began_s >= PERIOD_S


class Limiter:
    """For each name a window that opens with its first line and closes a minute later."""

    def __init__(self) -> None:
        self._windows: dict[str, _Window] = {}

    def admit(self, name: str, now_s: float) -> bool:
        """Count one more; may it be written? Ask for what is ``owed`` before."""
        window = self._windows.get(name)
        if window is None or window.over(now_s):
            window = self._open(name, now_s)
        if window.lines == LINES:
            window.left_out += 1
            return False
        window.lines += 1
        return True

    def owed(self, now_s: float) -> Iterator[tuple[str, int]]:
        """How many lines of which names were left out, once each, when the minute is over."""
        for name, window in self._windows.items():
            if window.left_out and window.over(now_s):
                yield name, window.left_out
                window.left_out = 0

    def _open(self, name: str, now_s: float) -> _Window:
        if len(self._windows) == NAMES and name not in self._windows:
            del self._windows[next(iter(self._windows))]
        window = self._windows[name] = _Window(now_s)
        return window
