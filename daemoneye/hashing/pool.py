"""The hashing pool: events in, effects out.

``handle`` is everything there is. It takes what happened and the time, and gives what is to be done; it never waits and
never looks at a clock. Whoever asks is never held up either: an answer that is not known comes later, with the question
it belongs to.

Questions and answers are the desk's, workers and bytes the crew's; what the end of a job means stands in ``endings``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from daemoneye.hashing.crew import Crew
from daemoneye.hashing.desk import QUESTIONS, Desk
from daemoneye.hashing.effects import Journal, WakeMeAt
from daemoneye.hashing.endings import Endings
from daemoneye.hashing.events import (
    Done,
    Event,
    MoreWanted,
    OfAWorker,
    Opened,
    Pressure,
    Restored,
    SettingsChanged,
    StopRequested,
    Tick,
    Wanted,
    WorkerAsked,
    WorkerDied,
    WorkerFailed,
    WorkerReady,
    WorkerStopped,
)
from daemoneye.hashing.suspects import Suspects
from daemoneye.hashing.throttle import Throttle
from daemoneye.hashing.values import Answer, Now, key_of
from daemoneye.model.process import HashStatus

if TYPE_CHECKING:
    from collections import Counter

    from daemoneye.hashing.effects import Effect
    from daemoneye.hashing.values import Limits
    from daemoneye.lifecycle.bounded import Occupancy


class Pool:
    def __init__(self, limits: Limits, now: Now, *, room: int = QUESTIONS) -> None:
        self._now = now
        self._effects: list[Effect] = []
        self._limits = limits
        self._desk = Desk(limits, self._effects, room)
        self._crew = Crew(limits, now.s)
        self._suspects = Suspects()
        self._endings = Endings(self._desk, self._crew, self._suspects, self._effects)
        self._throttle = Throttle()
        self._alarm_s: float | None = None  # the Tick that is expected
        self._over = False

    def handle(self, event: Event, now: Now) -> tuple[Effect, ...]:
        if self._over:
            return ()
        self._now = Now(max(now.s, self._now.s), now.wall_ns)
        if isinstance(event, Wanted) and (result := self._desk.at_once(event, self._now.s)):
            if not self._desk.shortfall.is_untold:
                return (result,)  # and nothing else has changed
            self._effects.append(result)
        else:
            self._happened(event)
        if not self._over:
            self._go_on()
        effects = tuple(self._effects)
        self._effects.clear()
        return effects

    def _happened(self, event: Event) -> None:
        match event:
            case Wanted():
                self._wanted(event)
            case Restored():
                self._endings.restored(event, self._now)
            case SettingsChanged(limits):
                self._set_limits(limits)
            case Pressure(level):
                if self._throttle.feel(level, self._now.s):
                    self._set_rate()
            case StopRequested():
                self._over = True
                self._endings.farewell()
            case Tick(at_s):
                self._alarm_s = None if at_s == self._alarm_s else self._alarm_s
            case _:
                self._of_a_worker(event)

    def _of_a_worker(self, event: OfAWorker) -> None:
        match event:
            case WorkerReady(worker):
                self._crew.roster.ready(worker, self._now.s)
            case WorkerFailed():
                self._crew.roster.failed(self._now.s)
            case WorkerAsked():
                self._crew.roster.call_in()
            case Opened(worker, job):
                self._effects += self._crew.opened(worker, job, self._now)
            case MoreWanted(worker, job, left):
                self._crew.more(worker, job, left, self._now.s)
            case Done():
                self._endings.done(event, self._now)
            case WorkerStopped(worker):
                self._endings.stopped(worker, self._now)
            case WorkerDied():
                self._endings.died(event, self._now)
            case _:
                assert_never(event)

    def _wanted(self, wanted: Wanted) -> None:
        key, wall_s = key_of(wanted.file), self._now.wall_s
        held = self._suspects.quarantined(key, wall_s)
        if held and not self._desk.has(wanted.tag):
            self._desk.refuse(wanted, Answer(HashStatus.QUARANTINED, held.reason), self._now.s)
            return
        if self._suspects.is_served(key, wall_s):
            self._effects.append(Journal(suspect=self._suspects.clear(wanted.file)))
        self._desk.take(wanted, self._now.s)

    def _set_limits(self, limits: Limits) -> None:
        self._limits = self._desk.limits = limits
        self._crew.set_limits(limits)
        self._set_rate()
        if not limits.enabled:
            self._desk.send_all_away(self._now.s)

    def _set_rate(self) -> None:
        self._crew.budget.set_rate(self._limits.bytes_per_second * self._throttle.share, self._now.s)

    def _go_on(self) -> None:
        now = self._now
        for hand in self._crew.overdue(now.s):
            self._endings.overdue(hand, now)
        self._desk.expire(now.s)
        self._effects += self._crew.turn(self._desk.waiting, now)
        if told := self._desk.shortfall.turn(now.s):
            self._effects.append(told)
        self._set_alarm()

    def _set_alarm(self) -> None:
        desk = self._desk
        dues = [each for each in (desk.wake_s, desk.shortfall.wake_s) if each is not None]
        dues += self._crew.wake_s(len(desk.waiting))
        due_s = max(min(dues, default=float("inf")), self._now.s)
        if due_s < (self._alarm_s if self._alarm_s is not None else float("inf")):
            self._alarm_s = due_s
            self._effects.append(WakeMeAt(due_s))

    @property
    def share(self) -> float:
        """Of the budget that the machine's own work leaves us."""
        return self._throttle.share

    @property
    def waiting(self) -> int:
        """Files that are to be hashed, or are being."""
        return self._desk.open_files

    @property
    def bytes_read(self) -> int:
        return self._crew.bytes_read

    @property
    def short_of(self) -> tuple[tuple[str, int], ...]:
        """Files whose digests are due and cannot be had at the moment, by reason."""
        return self._desk.shortfall.present

    @property
    def quarantined(self) -> int:
        """Files that are left alone at the moment."""
        return self._suspects.count(self._now.wall_s)

    @property
    def answered(self) -> Counter[HashStatus]:
        return self._desk.answered.copy()

    @property
    def occupancies(self) -> tuple[Occupancy, ...]:
        return (*self._desk.occupancies, self._suspects.occupancy)
