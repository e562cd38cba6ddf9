"""What main refused: counted always, told once in a while, so that nobody can fill a log with being denied."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

# A line a minute and kind is what a person can still read.
WINDOW_S: Final = 60.0


class Refusals:
    def __init__(self, log: Callable[..., None], clock: Callable[[], float]) -> None:
        self._log = log
        self._clock = clock
        self._counts: Counter[str] = Counter()
        self._told_s: dict[str, float] = {}

    def add(self, kind: str, reason: str) -> None:
        self._counts[kind] += 1
        now_s = self._clock()
        if now_s - self._told_s.get(kind, -WINDOW_S) >= WINDOW_S:
            self._told_s[kind] = now_s
            self._log("refused", kind=kind, reason=reason, count=self._counts[kind])
