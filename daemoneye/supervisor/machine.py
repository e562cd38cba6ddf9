"""The supervisor: events in, effects out.

``handle`` is everything there is. It takes what happened and the time, and gives what is to be done; it never waits,
never looks at a clock, and is done before the next event comes. After each event the same three questions: whose turn
is it to go, whose to come, and when must somebody look again?

Time is a number of seconds that only grows. Randomness is a function that gives numbers from 0 up to 1.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final, assert_never

from daemoneye.supervisor.effects import Context, Effect, Escalate, Kill, Stopped, WakeMeAt
from daemoneye.supervisor.events import (
    ChildDied,
    ChildStarted,
    Event,
    Heartbeat,
    News,
    PauseRequested,
    Request,
    RestartRequested,
    ResumeRequested,
    StartFailed,
    StartRequested,
    StopRequested,
    Tick,
    Timer,
)
from daemoneye.supervisor.family import Family
from daemoneye.supervisor.specs import Strategy, SupervisorSpec
from daemoneye.supervisor.transitions import ImpossibleEventError, State, TreeState

if TYPE_CHECKING:
    from collections.abc import Callable

    from daemoneye.supervisor.child import Child, ChildStatus


class Phase(Enum):
    NEW = "new"
    STARTING = "starting"
    UP = "up"
    STOPPING = "stopping"
    OVER = "over"


_ENDING: Final = frozenset({Phase.STOPPING, Phase.OVER})
# A transient or temporary child that has done its work is missed by nobody.
_GOOD: Final = frozenset({State.RUNNING, State.STOPPED})


class Supervisor:
    def __init__(self, spec: SupervisorSpec, *, random: Callable[[], float]) -> None:
        self._spec = spec
        self._family = Family(spec, random)
        self._by_name = {each.spec.name: each for each in self._family.children}
        self._phase = Phase.NEW
        self._stop_asked = False
        self._alarm_s: float | None = None  # the Tick that is expected

    def handle(self, event: Event, now_s: float) -> tuple[Effect, ...]:
        family = self._family
        family.now_s = max(family.now_s, now_s)
        match event:
            case StartRequested():
                self._begin()
            case StopRequested():
                self._stop_requested()
            case Tick():
                self._tick(event)
            case ChildStarted() | ChildDied() | StartFailed() | Heartbeat():
                self._news(self._named(event), event)
            case RestartRequested() | PauseRequested() | ResumeRequested():
                self._request(self._named(event), event)
            case _:
                assert_never(event)
        self._go_on()
        effects = tuple(family.effects)
        family.effects.clear()
        return effects

    def _named(self, event: News | Request) -> Child:
        child = self._by_name.get(event.name)
        if child is None:
            raise ImpossibleEventError(f"{event.name}: {event}: one of {', '.join(self._by_name)}")
        return child

    def _begin(self) -> None:
        if self._phase is Phase.NEW:
            self._phase = Phase.STARTING

    def _stop_requested(self) -> None:
        if self._phase not in _ENDING:
            self._stop()
        elif self._stop_asked:
            self._family.kill_all()
        self._stop_asked = True

    def _stop(self) -> None:
        self._phase = Phase.STOPPING
        self._family.send_all_away()

    def _tick(self, tick: Tick) -> None:
        family = self._family
        if self._alarm_s is not None and family.now_s - self._alarm_s > family.rhythm.lateness_s:
            family.forgive()
        if tick.at_s == self._alarm_s:
            self._alarm_s = None
        for child in family.children:
            if child.wake_s is not None and child.wake_s <= family.now_s:
                family.react(child, Timer.DUE)

    def _news(self, child: Child, news: News) -> None:
        if news.generation == child.generation:
            self._family.react(child, news)
        elif isinstance(news, ChildStarted):
            # of another generation nothing may live
            self._family.effects.append(Kill(news.name, news.generation))
        elif news.generation > child.generation and not isinstance(news, Heartbeat):
            raise ImpossibleEventError(f"{news.name}: {news}: at most generation {child.generation}")

    def _request(self, child: Child, request: Request) -> None:
        if self._phase not in _ENDING:
            self._family.react(child, request)

    def _go_on(self) -> None:
        if self._phase in {Phase.NEW, Phase.OVER}:
            return
        children, overwhelmed_by = self._family.children, self._family.overwhelmed_by
        if overwhelmed_by and self._phase is not Phase.STOPPING:
            self._escalate(overwhelmed_by)
        self._family.take_turns(ordered=self._ordered)
        if self._phase is Phase.STARTING and all(each.settled for each in children):
            self._phase = Phase.UP
        if self._phase is Phase.STOPPING and not any(each.alive for each in children):
            self._phase = Phase.OVER
            self._family.effects.append(Stopped())
        self._set_alarm()

    @property
    def _ordered(self) -> bool:
        return self._phase is Phase.STARTING or self._spec.strategy is not Strategy.ONE_FOR_ONE

    def _escalate(self, child: Child) -> None:
        reason = f"{child.spec.name}: more than {self._spec.intensity} unplanned restarts in {self._spec.period_s:g} s"
        self._family.report(Context.SHUTDOWN, reason, child)
        self._family.effects.append(Escalate(reason))
        self._stop()

    def _set_alarm(self) -> None:
        dues = [each.wake_s for each in self._family.children if each.wake_s is not None]
        if not dues:
            return
        # never in the past: an alarm that rings late means that we were away
        due_s = max(min(dues), self._family.now_s)
        if self._alarm_s is None or due_s < self._alarm_s:
            self._alarm_s = due_s
            self._family.effects.append(WakeMeAt(due_s))

    @property
    def state(self) -> TreeState:
        if self._phase in _ENDING:
            return TreeState.STOPPING
        if self._phase is not Phase.UP:
            return TreeState.STARTING
        good = all(each.state in _GOOD for each in self._family.children)
        return TreeState.RUNNING if good else TreeState.DEGRADED

    @property
    def children(self) -> tuple[ChildStatus, ...]:
        return tuple(each.status for each in self._family.children)
