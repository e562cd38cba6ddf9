"""A main process made of paper: a keeper, what it ordered, and a clock that is turned by hand."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, TypeVar

from daemoneye.broker.effects import Effect, Leave, Log, Notify, StartTree, TellSupervisor, WakeMeAt
from daemoneye.broker.events import Begun, ControlConnected, Event, Tick
from daemoneye.broker.keeper import Keeper
from daemoneye.broker.terms import Terms
from daemoneye.broker.words import AskBeat, BeatAnswered, Stop
from daemoneye.supervisor.transitions import TreeState

if TYPE_CHECKING:
    from collections.abc import Callable

E = TypeVar("E", bound=Effect)

# The defaults of the settings, written out: a test can do sums with them. A beat is 2.25 s, the patience 9 s.
TERMS = Terms(
    intensity=5,
    period_s=60.0,
    heartbeat_interval_s=3.0,
    missed_heartbeats=3,
    start_timeout_s=10.0,
    stop_timeout_s=40.0,
    watchdog_s=None,
)


class Kept:
    """The supervisor answers each question at once, unless it is told otherwise."""

    def __init__(self, terms: Terms = TERMS, *, random: Callable[[], float] = lambda: 1.0) -> None:
        self.keeper = Keeper(terms, random=random)
        self.now_s = 1000.0
        self.did: list[tuple[float, Effect]] = []
        self.alarm_s: float | None = None
        self.rung = 0  # at the same instant
        self.answers = True
        self.moving = True
        self._coming: deque[Event] = deque()
        self.tell(Begun())

    def tell(self, *events: Event) -> Kept:
        self._coming.extend(events)
        while self._coming:
            for effect in self.keeper.handle(self._coming.popleft(), self.now_s):
                self.did.append((self.now_s, effect))
                self._carry_out(effect)
        return self

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case WakeMeAt(at_s):
                self.alarm_s = at_s
            case TellSupervisor(AskBeat()) if self.answers:
                self._coming.append(BeatAnswered(TreeState.RUNNING, self.moving, "all well"))
            case Leave():
                self.alarm_s = None
            case _:
                pass

    def up(self) -> Kept:
        return self.tell(ControlConnected())

    def run(self, seconds: float) -> Kept:
        end_s = self.now_s + seconds
        while self.alarm_s is not None and self.alarm_s <= end_s:
            at_s, self.now_s, self.alarm_s = self.now_s, max(self.now_s, self.alarm_s), None
            self.rung = 0 if self.now_s > at_s else self.rung + 1
            assert self.rung < 10, "it turns in circles"
            self.tell(Tick())
        self.now_s = end_s
        return self

    def sleep(self, seconds: float) -> Kept:
        """Main itself is away; then its alarm rings, late."""
        self.now_s += seconds
        return self.run(0)

    def forget(self) -> Kept:
        self.did.clear()
        return self

    def all(self, kind: type[E]) -> list[E]:
        return [effect for _, effect in self.did if isinstance(effect, kind)]

    def at(self, wanted: Effect) -> float:
        return next(at_s for at_s, effect in self.did if effect == wanted)

    @property
    def notified(self) -> list[str]:
        return [line for each in self.all(Notify) for line in each.assignments]

    def logged(self, event: str) -> list[dict[str, object]]:
        return [dict(each.fields) for each in self.all(Log) if each.event == event]

    @property
    def reasons(self) -> list[object]:
        return [each["reason"] for each in self.logged("tree_lost")]

    @property
    def trees(self) -> list[int]:
        return [each.number for each in self.all(StartTree)]

    @property
    def stops(self) -> int:
        return self.all(TellSupervisor).count(TellSupervisor(Stop()))

    @property
    def exit_code(self) -> int | None:
        left = self.all(Leave)
        assert len(left) <= 1
        return left[0].exit_code if left else None
