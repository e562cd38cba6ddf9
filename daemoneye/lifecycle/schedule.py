"""When to look: at a fixed rhythm that neither drifts nor piles up."""

from __future__ import annotations


class Schedule:
    """Looks fall due every ``interval_s`` from the beginning on, whenever they really begin and however long they take.

    One that is over after the next was due leaves that one out: two looks in a row without a pause would make a slow
    machine slower.
    """

    def __init__(self, interval_s: float, now_s: float) -> None:
        self.interval_s = interval_s
        self._due_s = now_s

    def delay_s(self, now_s: float) -> float:
        """How long to wait for the look that is due next."""
        return max(0.0, self._due_s - now_s)

    def over(self, now_s: float) -> int:
        """The look that was due is over; return how many were left out meanwhile."""
        passed = max(0, int((now_s - self._due_s) // self.interval_s))
        self._due_s += (passed + 1) * self.interval_s
        return passed
