"""A shell for the supervisor's core, with processes made of paper and a clock that is turned by hand.

It does what the real shell will do: carries out orders, brings news, rings the timers. What the processes do is set per
name and holds from the next life on; what happens to a living one is a method.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, Any

from daemoneye.supervisor.effects import (
    AskHeartbeat,
    AskToStop,
    Effect,
    Escalate,
    Kill,
    Report,
    Start,
    Stopped,
    WakeMeAt,
)
from daemoneye.supervisor.events import ChildDied, ChildStarted, Event, Heartbeat, StartFailed, StartRequested, Tick
from daemoneye.supervisor.machine import Supervisor
from daemoneye.supervisor.specs import ChildSpec, Manner, SupervisorSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from daemoneye.supervisor.child import ChildStatus


def spec(*children: str | ChildSpec, **fields: Any) -> SupervisorSpec:
    """The defaults of the settings, written out: a test can do sums with them."""
    numbers = {"intensity": 5, "period_s": 60.0, "heartbeat_interval_s": 3.0, "missed_heartbeats": 3}
    specs = tuple(each if isinstance(each, ChildSpec) else ChildSpec(name=each) for each in children)
    return SupervisorSpec(**({"name": "tree", "children": specs} | numbers | fields))


@dataclass
class Habits:
    """How processes of one name behave."""

    ready_s: float = 0.01  # from the order to readiness
    stop_s: float = 0.01  # from being asked to the end
    kill_s: float = 0.005
    answer_s: float = 0.001
    never_ready: bool = False
    start_fails: bool = False  # the fork does not succeed
    deaf: bool = False  # does not stop when asked
    immortal: bool = False  # stuck in the kernel: does not even die
    busy: bool = False  # claims pending work
    working: bool = True  # and gets on with it
    frozen: bool = False  # does not answer at all
    lifespan: Callable[[], tuple[float, Manner] | None] = lambda: None  # after it became ready


@dataclass
class Process:
    habits: Habits
    work_done: int = 0
    questions: int = 0  # not answered yet


Life = tuple[str, int]


class World:
    def __init__(self, given: SupervisorSpec, *, random: Callable[[], float] = lambda: 1.0, **habits: Habits) -> None:
        self.supervisor = Supervisor(given, random=random)
        self.now_s = 0.0
        self.habits = {each.name: habits.get(each.name, Habits()) for each in given.children}
        self.living: dict[Life, Process] = {}
        self.log: list[tuple[float, Effect]] = []
        self.keep_log = True
        self.handled = 0
        self.on_effect: Callable[[Effect], None] = lambda _: None
        self._agenda: list[tuple[float, int, Event]] = []
        self._order = count()

    # -- what a test does

    def begin(self, run_s: float = 1.0) -> World:
        self.tell(StartRequested())
        return self.run(run_s)

    def run(self, for_s: float) -> World:
        end_s = self.now_s + for_s
        while self._agenda and self._agenda[0][0] <= end_s:
            at_s, _, event = heappop(self._agenda)
            self.now_s = max(self.now_s, at_s)
            self._bring(event)
        self.now_s = end_s
        return self

    def tell(self, event: Event) -> tuple[Effect, ...]:
        effects = self.supervisor.handle(event, self.now_s)
        self.handled += 1
        for effect in effects:
            if self.keep_log:
                self.log.append((self.now_s, effect))
            self.on_effect(effect)
            self._carry_out(effect)
        return effects

    def dies(self, name: str, manner: Manner = Manner.ABNORMAL, reason: str = "signal 11") -> World:
        life = name, self.status(name).generation
        del self.living[life]
        self.tell(ChildDied(*life, manner, reason))
        return self

    def change(self, name: str, **habits: Any) -> World:
        """From now on, the living one included."""
        self.habits[name] = replace(self.habits[name], **habits)
        return self.befall(name, **habits)

    def befall(self, name: str, **habits: Any) -> World:
        """It happens to the living one only; the next is healthy again."""
        for (living, _), process in self.living.items():
            if living == name:
                process.habits = replace(process.habits, **habits)
        return self

    def away(self, for_s: float) -> World:
        """The supervisor does not run; everything that comes meanwhile waits, timers before messages."""
        self.now_s += for_s
        self._agenda = [(max(at_s, self.now_s), order, event) for at_s, order, event in self._agenda]
        self._agenda.sort(key=lambda each: (each[0], not isinstance(each[2], Tick), each[1]))
        self._agenda = [(at_s, next(self._order), event) for at_s, _, event in self._agenda]
        return self

    # -- what a test looks at

    def status(self, name: str) -> ChildStatus:
        return next(each for each in self.supervisor.children if each.name == name)

    @property
    def states(self) -> dict[str, str]:
        return {each.name: each.state.value for each in self.supervisor.children}

    @property
    def generations(self) -> list[int]:
        return [each.generation for each in self.supervisor.children]

    def said(self, *kinds: type[Effect]) -> list[Effect]:
        return [effect for _, effect in self.log if isinstance(effect, kinds)]

    def orders(self) -> list[str]:
        """What was ordered, in few words: ``start a1``, ``stop a1``, ``kill a1``."""
        words = {Start: "start", AskToStop: "stop", Kill: "kill"}
        return [
            f"{words[type(each)]} {each.name}{each.generation}"
            for _, each in self.log
            if isinstance(each, Start | AskToStop | Kill)
        ]

    def reports(self) -> list[str]:
        return [
            f"{each.context} {each.offender.name}{each.offender.generation}: {each.reason}"
            for _, each in self.log
            if isinstance(each, Report)
        ]

    @property
    def escalated(self) -> bool:
        return bool(self.said(Escalate))

    @property
    def stopped(self) -> bool:
        return bool(self.said(Stopped))

    def at(self, effect: Effect) -> float:
        """When it was first ordered."""
        return next(at_s for at_s, each in self.log if each == effect)

    def forget(self) -> World:
        self.log.clear()
        return self

    def twins(self) -> list[str]:
        """Names of which more than one process lives."""
        return [name for name, number in Counter(name for name, _ in self.living).items() if number > 1]

    # -- the machine

    def _later(self, after_s: float, event: Event) -> None:
        heappush(self._agenda, (self.now_s + after_s, next(self._order), event))

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case Start(name, generation):
                self._start(name, generation)
            case AskToStop(name, generation):
                process = self.living.get((name, generation))
                if process and not (process.habits.deaf or process.habits.frozen):
                    self._later(process.habits.stop_s, ChildDied(name, generation, Manner.SHUTDOWN, "asked to"))
            case Kill(name, generation):
                process = self.living.get((name, generation))
                if process and not process.habits.immortal:
                    self._later(process.habits.kill_s, ChildDied(name, generation, Manner.ABNORMAL, "signal 9"))
            case AskHeartbeat(name, generation):
                self._answer(name, generation)
            case WakeMeAt(at_s):
                heappush(self._agenda, (at_s, next(self._order), Tick(at_s)))

    def _start(self, name: str, generation: int) -> None:
        habits = self.habits[name]
        if habits.start_fails:
            self._later(0.001, StartFailed(name, generation, "fork: out of memory"))
            return
        self.living[name, generation] = Process(habits)
        if not habits.never_ready:
            self._later(habits.ready_s, ChildStarted(name, generation))

    def _answer(self, name: str, generation: int) -> None:
        process = self.living.get((name, generation))
        if process is None:
            return
        process.questions += 1
        if not process.habits.frozen:
            busy = process.habits.busy
            process.work_done += busy and process.habits.working
            self._later(process.habits.answer_s, Heartbeat(name, generation, process.work_done, not busy))

    def _bring(self, event: Event) -> None:
        match event:
            case ChildDied(name, generation):
                if self.living.pop((name, generation), None) is None:
                    return  # it died before, of something else
            case ChildStarted(name, generation):
                process = self.living.get((name, generation))
                if process is None:
                    return
                self._plan_the_end(name, generation, process)
            case Heartbeat(name, generation):
                if (name, generation) not in self.living:
                    return
                self.living[name, generation].questions -= 1
        self.tell(event)

    def _plan_the_end(self, name: str, generation: int, process: Process) -> None:
        end = process.habits.lifespan()
        if end:
            self._later(end[0], ChildDied(name, generation, end[1], "by itself"))
