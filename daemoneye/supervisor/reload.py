"""New settings for living children: all of them take them, or all of them keep the old ones.

The children are asked one after another, in the order of the tree, and each acknowledges. When the last has, the
candidate is in force. One refusal, or one silence that lasts too long, and those who have the candidate, or may have
it, get the old settings again, last one first; who does not take them back is restarted, and begins with them.

A child that dies meanwhile has neither applied nor refused: the reload goes on. Whoever begins meanwhile begins with
the candidate, and if that is taken back, is told so like the others. Children that cannot take a change while they
live are not asked, but restarted once the candidate is in force.

Settings are numbers here; what they stand for is the shell's to know. Numbers only grow: those of rejected candidates
are not used again. One reload goes on at a time, one more may wait; a later one takes its place, and each request is
answered exactly once, by ``InForce``, ``RolledBack`` or ``Superseded``.

Acknowledgements may be late or come twice. One that nobody waits for changes nothing. One of the old settings that
comes twice may be taken for the answer to what is on its way still; the child will read that, and if it refuses, say
so: who refuses what is in force is restarted, whenever it says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias, assert_never

from daemoneye.supervisor.effects import WakeMeAt
from daemoneye.supervisor.events import Tick
from daemoneye.supervisor.transitions import ImpossibleEventError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

# What OTP's gen_server gives a call. A child looks up from its work once in a beat, which is less than half of it.
APPLY_TIMEOUT_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Requested:
    """These are valid, and wanted."""

    config: int


@dataclass(frozen=True, slots=True)
class Applied:
    child: str
    config: int


@dataclass(frozen=True, slots=True)
class Refused:
    """What the child had before, it has still."""

    child: str
    config: int
    reason: str


@dataclass(frozen=True, slots=True)
class Began:
    """A life, with the settings that ``begins_with`` names at that moment."""

    child: str
    config: int


@dataclass(frozen=True, slots=True)
class Gone:
    child: str


Event: TypeAlias = Requested | Applied | Refused | Began | Gone | Tick


@dataclass(frozen=True, slots=True)
class Apply:
    child: str
    config: int


@dataclass(frozen=True, slots=True)
class RestartChild:
    """Nothing is expected of this life any more."""

    child: str


@dataclass(frozen=True, slots=True)
class InForce:
    config: int


@dataclass(frozen=True, slots=True)
class RolledBack:
    config: int
    reason: str


@dataclass(frozen=True, slots=True)
class Superseded:
    """By a later request, before its turn came."""

    config: int


Effect: TypeAlias = Apply | RestartChild | InForce | RolledBack | Superseded | WakeMeAt


class Reload:
    def __init__(
        self, children: Iterable[str], in_force: int, restarts: Callable[[int, int], Collection[str]] = lambda *_: ()
    ) -> None:
        self.in_force = in_force
        self._order = tuple(children)
        self._restarts = restarts  # from these settings to those: who has to be restarted for it
        self._has: dict[str, int] = {}  # the living, and what each has; from the moment it is asked, the candidate
        self._going: int | None = None
        self._asked: str | None = None
        self._verdict: str | None = None  # why the candidate is being taken back
        self._waiting: int | None = None
        self._newest = in_force
        self._due_s: float | None = None
        self._now_s = float("-inf")
        self._effects: list[Effect] = []

    @property
    def begins_with(self) -> int:
        """What a life that begins now is to be given."""
        return self.in_force if self._going is None or self._verdict is not None else self._going

    @property
    def idle(self) -> bool:
        return self._going is None

    def handle(self, event: Event, now_s: float) -> tuple[Effect, ...]:
        self._now_s = max(self._now_s, now_s)
        match event:
            case Requested(config):
                self._requested(config)
            case Began(child, config):
                self._began(child, config)
            case Gone(child):
                self._gone(child)
            case Applied(child, config):
                self._applied(child, config)
            case Refused(child, config, reason):
                self._refused(child, config, reason)
            case Tick(at_s):
                self._tick(at_s)
            case _:
                assert_never(event)
        self._go_on()
        effects = tuple(self._effects)
        self._effects.clear()
        return effects

    def _requested(self, config: int) -> None:
        if config <= self._newest:
            raise ImpossibleEventError(f"settings {config}: numbers only grow, and {self._newest} was there")
        if self._waiting is not None:
            self._effects.append(Superseded(self._waiting))
        self._newest = self._waiting = config

    def _began(self, child: str, config: int) -> None:
        if child not in self._order or config != self.begins_with:
            raise ImpossibleEventError(f"{child} began with settings {config}: {self._order}, with {self.begins_with}")
        self._gone(child)
        self._has[child] = config

    def _gone(self, child: str) -> None:
        self._has.pop(child, None)
        if self._asked == child:
            self._asked = None

    def _applied(self, child: str, config: int) -> None:
        if config != self.begins_with:
            return
        if self._asked == child:
            self._asked = None
        elif self._verdict is not None and child in self._has:
            self._has[child] = config

    def _refused(self, child: str, config: int, reason: str) -> None:
        if child == self._asked and config == self._going:
            self._has[child] = self.in_force
            self._take_back(f"{child}: {reason}")
        elif child in self._has and config == self.in_force:
            self._restart(child)

    def _tick(self, at_s: float) -> None:
        if at_s != self._due_s:
            return
        if self._asked is not None:
            self._take_back(f"{self._asked}: no answer within {APPLY_TIMEOUT_S:g} s")
        elif self._verdict is not None:
            for child in self._behind():
                self._restart(child)

    def _go_on(self) -> None:
        if self._going is None:
            self._going, self._waiting = self._waiting, None
        if self._going is None:
            return
        if self._verdict is not None:
            self._finish_rollback(self._going, self._verdict)
        elif self._asked is None:
            self._ask_next(self._going)

    def _ask_next(self, candidate: int) -> None:
        spared = self._restarts(self.in_force, candidate)
        child = next((each for each in self._behind() if each not in spared), None)
        if child is None:
            self._put_in_force(candidate)
        else:
            self._asked = child
            self._has[child] = candidate
            self._effects.append(Apply(child, candidate))
            self._wake_me()

    def _put_in_force(self, candidate: int) -> None:
        self.in_force = candidate
        self._effects.append(InForce(candidate))
        for child in self._behind():
            self._restart(child)
        self._end()

    def _take_back(self, reason: str) -> None:
        self._asked, self._verdict = None, reason
        for child in reversed(self._behind()):
            self._effects.append(Apply(child, self.in_force))
        self._wake_me()

    def _finish_rollback(self, config: int, reason: str) -> None:
        if not self._behind():
            self._effects.append(RolledBack(config, reason))
            self._end()

    def _end(self) -> None:
        self._going = self._verdict = None
        self._go_on()

    def _behind(self) -> list[str]:
        """Who lives with other settings than one should."""
        return [each for each in self._order if self._has.get(each, self.begins_with) != self.begins_with]

    def _restart(self, child: str) -> None:
        self._gone(child)
        self._effects.append(RestartChild(child))

    def _wake_me(self) -> None:
        self._due_s = self._now_s + APPLY_TIMEOUT_S
        self._effects.append(WakeMeAt(self._due_s))
