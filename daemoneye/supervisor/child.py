"""One name and its lives.

A life is a generation; its number is given when the start is ordered and never again. ``fate`` is what becomes of a
child that is being sent away, once it is down. A child without a fate is meant to live, and its death is an accident:
so it is with one that is killed because it hangs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from daemoneye.supervisor.effects import AskToStop, Kill, Offender, Start
from daemoneye.supervisor.liveness import Pulse
from daemoneye.supervisor.transitions import State

if TYPE_CHECKING:
    from daemoneye.supervisor.liveness import Rhythm
    from daemoneye.supervisor.specs import ChildSpec

# A killed process is gone in milliseconds, unless the kernel cannot let go of it (a dead disk, a dead file server).
# Then waiting longer does not help either.
KILL_TIMEOUT_S: Final = 5.0

_ALIVE: Final = frozenset({State.STARTING, State.RUNNING, State.STOPPING})
# Where nothing is on its way any more, and those after it may have their turn.
_SETTLED: Final = frozenset({State.RUNNING, State.PAUSED, State.STOPPED, State.FAILED})


class ChildStatus(NamedTuple):
    name: str
    state: State
    generation: int
    restarts: int  # for whatever reason
    running_since_s: float | None
    heard_s: float | None  # the last heartbeat


class Child:
    state: State
    due_s: float | None  # when the patience with this state ends
    fate: State | None
    running_since_s: float | None
    hung: str | None  # why it was killed, if it was for that
    killed: bool

    def __init__(self, spec: ChildSpec, rhythm: Rhythm) -> None:
        self.spec = spec
        self.generation = 0
        self.failures = 0  # in a row
        self.pulse = Pulse(rhythm, 0.0)  # a new one for each life
        self._rhythm = rhythm
        self.down(State.WAITING)

    def down(self, state: State, due_s: float | None = None) -> None:
        """A life is over, and what was about it is forgotten."""
        self.state, self.due_s = state, due_s
        self.fate = self.running_since_s = self.hung = None
        self.killed = False

    def start(self, now_s: float) -> Start:
        self.generation += 1
        self.state, self.due_s = State.STARTING, now_s + self.spec.start_timeout_s
        return Start(*self.offender)

    def run(self, now_s: float) -> None:
        self.state, self.due_s = State.RUNNING, None
        self.pulse, self.running_since_s = Pulse(self._rhythm, now_s), now_s

    def ask_to_stop(self, now_s: float) -> AskToStop | Kill:
        if self.spec.shutdown_s == 0:
            return self.kill(now_s)
        self.state, self.due_s = State.STOPPING, now_s + self.spec.shutdown_s
        return AskToStop(*self.offender)

    def kill(self, now_s: float) -> Kill:
        self.state, self.due_s = State.STOPPING, now_s + KILL_TIMEOUT_S
        self.killed = True
        return Kill(*self.offender)

    def count_failure(self, now_s: float, quiet_s: float) -> int:
        """How many in a row; who ran for some time first has a clean sheet."""
        if self.running_since_s is not None and now_s - self.running_since_s >= quiet_s:
            self.failures = 0
        self.failures += 1
        return self.failures

    def forgive(self, now_s: float) -> None:
        """Its supervisor was away: whatever runs out now, it has another beat."""
        if self.state is State.RUNNING:
            self.pulse.forgive(now_s)
        elif self.alive and self.due_s is not None:
            self.due_s = max(self.due_s, now_s + self._rhythm.beat_s)

    @property
    def offender(self) -> Offender:
        return Offender(self.spec.name, self.generation)

    @property
    def alive(self) -> bool:
        return self.state in _ALIVE

    @property
    def leaving(self) -> bool:
        return self.fate is not None

    @property
    def settled(self) -> bool:
        return self.state in _SETTLED

    @property
    def wake_s(self) -> float | None:
        return self.pulse.due_s if self.state is State.RUNNING else self.due_s

    @property
    def status(self) -> ChildStatus:
        heard_s = self.pulse.heard_s if self.state is State.RUNNING else None
        restarts = max(0, self.generation - 1)
        return ChildStatus(self.spec.name, self.state, self.generation, restarts, self.running_since_s, heard_s)
