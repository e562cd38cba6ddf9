"""The children of one supervisor: what each event does to them, one method for each reaction of the table.

A child that falls (died unasked, was killed because it hung, could not be started) is reported, and if its spec wants
it back, it and those who are tied to it come back: the tied ones are sent away first, last one first, and then all have
their turn in order. A child that is sent away has a fate and is not counted, however it ends; only what was not planned
counts. A temporary child that has to go with others does not come back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemoneye.supervisor.child import KILL_TIMEOUT_S, Child
from daemoneye.supervisor.effects import AskHeartbeat, AskToStop, Context, Effect, Kill, Report
from daemoneye.supervisor.events import ChildDied, Heartbeat, News, Request, StartFailed, Timer
from daemoneye.supervisor.liveness import Rhythm
from daemoneye.supervisor.order import next_to_start, next_to_stop, tied
from daemoneye.supervisor.restarts import Backoff, RestartWindow
from daemoneye.supervisor.specs import Manner, Restart
from daemoneye.supervisor.transitions import REACTIONS, ImpossibleEventError, Reaction, State

if TYPE_CHECKING:
    from collections.abc import Callable

    from daemoneye.supervisor.specs import SupervisorSpec


class Family:
    def __init__(self, spec: SupervisorSpec, random: Callable[[], float]) -> None:
        self.rhythm = Rhythm.of(spec)
        self.children = tuple(Child(each, self.rhythm) for each in spec.children)
        self.now_s = float("-inf")
        self.effects: list[Effect] = []
        self.overwhelmed_by: Child | None = None  # whose restart would be one too many
        self._spec = spec
        self._window = RestartWindow(spec.intensity, spec.period_s)
        self._backoff = Backoff(spec.intensity, spec.period_s, random)
        self._methods: dict[Reaction, Callable[[Child], None]] = {
            Reaction.STRAY: self._stray,
            Reaction.READY: self._ready,
            Reaction.SLOW: self._slow,
            Reaction.PULSE: self._pulse,
            Reaction.REMIND: self._remind,
            Reaction.PRESS: self._press,
            Reaction.RESTART: self._restart,
            Reaction.PAUSE: self._pause,
            Reaction.PARK: self._park,
            Reaction.HOLD: self._hold,
            Reaction.RECALL: self._recall,
            Reaction.QUEUE: self._queue,
        }

    def react(self, child: Child, event: News | Request | Timer) -> None:
        kind = event if isinstance(event, Timer) else type(event)
        reaction = REACTIONS[child.state, kind]
        match reaction, event:
            case Reaction.LATE | Reaction.MOOT, _:
                pass
            case Reaction.BEAT, Heartbeat() as beat:
                child.pulse.hear(beat.work_done, idle=beat.idle, now_s=self.now_s)
            case Reaction.FELL, ChildDied() | StartFailed() as end:
                self._fell(child, end.manner, end.reason)
            case Reaction.GONE, ChildDied() | StartFailed() as end:
                self._gone(child, end.manner, end.reason)
            case Reaction.NEVER, _:
                raise ImpossibleEventError(f"{child.spec.name}: {kind} while {child.state}: no such thing")
            case _:
                self._methods[reaction](child)

    def take_turns(self, *, ordered: bool) -> None:
        """Let go whose turn it is to go, and come whose turn it is to come."""
        leaver = next_to_stop(self.children)
        if leaver:
            self.effects.append(leaver.ask_to_stop(self.now_s))
        for child in next_to_start(self.children, ordered=ordered):
            self.effects.append(child.start(self.now_s))

    def send_all_away(self) -> None:
        for child in self.children:
            if child.alive:
                child.fate = State.STOPPED
            elif child.state is not State.FAILED:
                child.down(State.STOPPED)

    def kill_all(self) -> None:
        for child in reversed(self.children):
            if child.alive and not child.killed:
                self.effects.append(child.kill(self.now_s))

    def forgive(self) -> None:
        for child in self.children:
            child.forgive(self.now_s)

    def report(self, context: Context, reason: str, child: Child) -> None:
        self.effects.append(Report(self._spec.name, context, reason, child.offender))

    def _ready(self, child: Child) -> None:
        child.run(self.now_s)
        self.report(Context.PROGRESS, "ready", child)

    def _slow(self, child: Child) -> None:
        self._replace(child, Context.START_ERROR, f"not ready within {child.spec.start_timeout_s:g} s")

    def _pulse(self, child: Child) -> None:
        reason = child.pulse.hung(self.now_s)
        if reason:
            self._replace(child, Context.CHILD_HUNG, reason)
            return
        child.pulse.ask(self.now_s)
        self.effects.append(AskHeartbeat(*child.offender))

    def _replace(self, child: Child, context: Context, reason: str) -> None:
        """Whatever hangs does not listen: it is killed, and falls when it is dead."""
        self.report(context, reason, child)
        self.effects.append(child.kill(self.now_s))
        child.hung = reason

    def _fell(self, child: Child, manner: Manner, reason: str) -> None:
        if child.leaving:
            self._gone(child, manner, reason)
            return
        never_ready = child.state is State.STARTING and manner is Manner.ABNORMAL
        self.report(Context.START_ERROR if never_ready else Context.CHILD_TERMINATED, reason, child)
        if not child.spec.restart.wanted_after(manner):
            child.down(State.FAILED if manner is Manner.ABNORMAL else State.STOPPED)
        elif self._window.exceeded_by(self.now_s):
            child.down(State.FAILED)
            self.overwhelmed_by = child
        else:
            self._revive(child)

    def _revive(self, child: Child) -> None:
        failures = child.count_failure(self.now_s, quiet_s=self._backoff.longest_s)
        delay_s = self._backoff.delay_s(failures)
        child.down(State.BACKING_OFF if delay_s else State.WAITING, self.now_s + delay_s if delay_s else None)
        self._take_along(child)

    def _take_along(self, head: Child) -> None:
        for other in tied(self._spec.strategy, self.children, head):
            temporary = other.spec.restart is Restart.TEMPORARY
            if other.alive:
                other.fate = other.fate or (State.STOPPED if temporary else State.WAITING)
            elif other.state in {State.BACKING_OFF, State.STOPPED} and not temporary:
                other.down(State.WAITING)

    def _gone(self, child: Child, manner: Manner, reason: str) -> None:
        if child.fate is None:
            self._fell(child, Manner.ABNORMAL, child.hung or reason)
            return
        if manner is Manner.ABNORMAL and not child.killed:
            self.report(Context.SHUTDOWN_ERROR, reason, child)
        child.down(child.fate)

    def _press(self, child: Child) -> None:
        if child.killed:
            # a process that was killed runs no further instruction of its own: its place may be given away
            self.report(Context.SHUTDOWN_ERROR, f"killed, and not dead after {KILL_TIMEOUT_S:g} s: given up", child)
            self._gone(child, Manner.ABNORMAL, "killed")
        else:
            self.report(Context.SHUTDOWN_ERROR, f"did not stop within {child.spec.shutdown_s:g} s: killed", child)
            self.effects.append(child.kill(self.now_s))

    def _remind(self, child: Child) -> None:
        self.effects.append((Kill if child.killed else AskToStop)(*child.offender))

    def _stray(self, child: Child) -> None:
        self.effects.append(Kill(*child.offender))

    def _restart(self, child: Child) -> None:
        child.failures = 0
        if child.alive:
            child.fate = State.WAITING
        else:
            child.down(State.WAITING)
        self._take_along(child)

    def _pause(self, child: Child) -> None:
        child.fate = State.PAUSED
        self.effects.append(child.ask_to_stop(self.now_s))

    def _park(self, child: Child) -> None:
        child.fate = State.PAUSED

    def _hold(self, child: Child) -> None:
        child.down(State.PAUSED)

    def _recall(self, child: Child) -> None:
        if child.fate is State.PAUSED:
            self._restart(child)

    def _queue(self, child: Child) -> None:
        child.down(State.WAITING)
