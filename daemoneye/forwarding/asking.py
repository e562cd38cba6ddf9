"""When to ask the journal: at once for what is known to be there, otherwise now and then; one question at a time."""

from __future__ import annotations

from math import inf
from typing import Final

from daemoneye.forwarding.delivery import Appetite

# How long an alert may lie in the journal before it is looked for. A look costs the journal a millisecond or two.
POLL_S: Final = 0.5
# While there is no room for more: only to know how far behind we are.
SLOW_POLL_S: Final = 10.0


class Asking:
    def __init__(self) -> None:
        self._open = False
        self._appetite = Appetite.FOR_NEWS
        self._asked_s = self._answered_s = -inf
        self._refused = False

    def due(self, now_s: float, appetite: Appetite) -> bool:
        self._appetite = appetite
        return now_s >= self.next_s

    @property
    def next_s(self) -> float:
        if self._open:
            return inf
        if self._appetite is Appetite.NONE:
            return self._asked_s + SLOW_POLL_S
        if self._appetite is Appetite.FOR_NEWS or self._refused:
            return self._answered_s + POLL_S
        return -inf

    def asked(self, now_s: float) -> None:
        self._open = True
        self._asked_s = now_s

    def answered(self, now_s: float, *, refused: bool) -> None:
        self._open, self._refused = False, refused
        self._answered_s = now_s

    def restart(self) -> None:
        """What was answered was of another journal than the one there is."""
        self._answered_s = -inf
