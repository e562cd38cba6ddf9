"""Is it alive, and does it get on?

A timer that always answers proves that the timer works. So a heartbeat carries a counter of work done and says whether
there is work at all, and only *progress* keeps a child in its place. A heartbeat proves progress when

- the child is idle: it has nothing to get on with; or
- its counter is higher than at the last heartbeat that claimed pending work; or
- the last heartbeat was idle: the work is new, and had no time to move. Becoming ready counts as idle.

A child that proves none for its patience, ``interval x missed`` seconds, is hung: it was stopped, it is deadlocked, or
it answers and turns in circles. For this bound to hold from the moment of the hang, and for each question to have its
time to be answered, questions are asked a little more often than the interval: ``missed + 1`` times per patience. One
question is outstanding at most; a stopped process must not fill its sender's mailbox.

A verdict also needs a supervisor that was there. Who wakes up late finds everyone silent, because the answers are still
in the mailbox: then all get one more beat.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from daemoneye.supervisor.specs import SupervisorSpec


class Rhythm(NamedTuple):
    beat_s: float  # from one question to the next, and the time each has to be answered
    patience_s: float

    @classmethod
    def of(cls, spec: SupervisorSpec) -> Rhythm:
        patience_s = spec.heartbeat_interval_s * spec.missed_heartbeats
        return cls(patience_s / (spec.missed_heartbeats + 1), patience_s)

    @property
    def lateness_s(self) -> float:
        """A supervisor that comes this late was away. The rest of the beat is still enough for an answer."""
        return self.beat_s / 4


class Pulse:
    """Of one generation, from the moment it is ready."""

    def __init__(self, rhythm: Rhythm, now_s: float) -> None:
        self._rhythm = rhythm
        self._progress_s = self.heard_s = now_s
        self._ask_at_s = now_s + rhythm.beat_s
        self._asked_s: float | None = None  # while a question is outstanding
        self._busy_at: int | None = None  # the counter, if the last heartbeat claimed pending work

    def ask(self, now_s: float) -> None:
        self._asked_s = now_s
        self._ask_at_s = now_s + self._rhythm.beat_s

    def hear(self, work_done: int, *, idle: bool, now_s: float) -> None:
        if self._asked_s is None:
            return  # nobody asked: an answer that comes twice proves nothing new
        self._asked_s = None
        self.heard_s = now_s
        if idle or self._busy_at is None or work_done > self._busy_at:
            self._progress_s = now_s
        self._busy_at = None if idle else work_done

    def hung(self, now_s: float) -> str | None:
        """Why this child cannot be left in its place, if so."""
        if now_s < self._verdict_at_s:
            return None
        if self._asked_s is not None:
            return f"no heartbeat for {now_s - self.heard_s:.3g} s"
        return f"busy without progress for {now_s - self._progress_s:.3g} s"

    def forgive(self, now_s: float) -> None:
        """Nothing is held against it before another beat has passed."""
        self._progress_s = max(self._progress_s, now_s + self._rhythm.beat_s - self._rhythm.patience_s)

    @property
    def due_s(self) -> float:
        """When there is something to ask or to decide."""
        return self._verdict_at_s if self._asked_s is not None else min(self._ask_at_s, self._verdict_at_s)

    @property
    def _verdict_at_s(self) -> float:
        verdict_at_s = self._progress_s + self._rhythm.patience_s
        # a question that was asked late has its time all the same
        return verdict_at_s if self._asked_s is None else max(verdict_at_s, self._asked_s + self._rhythm.beat_s)
