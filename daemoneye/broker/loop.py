"""Main's loop: it waits, brings what happened to the keeper, and does what the keeper says.

No threads, and no call that waits for anybody, but for one: while a tree is being killed there is nothing else to do.
"""

from __future__ import annotations

import contextlib
import signal
from collections import deque
from dataclasses import dataclass
from random import SystemRandom
from typing import TYPE_CHECKING, Final, Protocol, assert_never

from daemoneye.broker import effects, events
from daemoneye.broker.callers import Callers
from daemoneye.broker.door import Door
from daemoneye.broker.extinction import become_subreaper, extinguish, reap
from daemoneye.broker.forking import fork
from daemoneye.broker.keeper import Keeper
from daemoneye.broker.leases import Leases
from daemoneye.broker.refusals import Refusals
from daemoneye.broker.runner import Runner
from daemoneye.broker.signals import Signals
from daemoneye.broker.terms import Terms
from daemoneye.broker.watcher import Watcher
from daemoneye.supervisor.child import KILL_TIMEOUT_S

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from daemoneye.broker.words import MainWord, StartRequest

_EVENTS: Final[dict[int, events.Signal]] = {
    signal.SIGTERM: events.StopSignal("SIGTERM"),
    signal.SIGINT: events.StopSignal("SIGINT"),
    signal.SIGHUP: events.HangupSignal(),
    signal.SIGUSR1: events.ReopenSignal(),
}


class InitSystem(Protocol):
    @property
    def watchdog_s(self) -> float | None: ...

    def notify(self, *assignments: str) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Brokered:
    listening: socket.socket  # SEQPACKET; nobody but the requester should be able to reach it
    requester_uid: int
    roles: frozenset[str]  # that may be asked for
    start_runner: Callable[[socket.socket, int], None]  # in the runner's process, with the number of the tree
    reread: Callable[[], bytes]  # what the runner is to understand when it is told to reload; here it is only carried
    begin: Callable[[StartRequest, int], None]  # in a role's; the number is where its last words go
    after_fork: Callable[[], None]  # in each new process, before its life begins
    intensity: int
    period_s: float
    heartbeat_interval_s: float
    missed_heartbeats: int
    start_timeout_s: float
    stop_timeout_s: float
    notifier: InitSystem
    log: Callable[..., None]  # an event's name, and its fields by keyword
    clock: Callable[[], float]  # CLOCK_MONOTONIC: the init system compares with it

    @property
    def terms(self) -> Terms:
        return Terms(
            intensity=self.intensity,
            period_s=self.period_s,
            heartbeat_interval_s=self.heartbeat_interval_s,
            missed_heartbeats=self.missed_heartbeats,
            start_timeout_s=self.start_timeout_s,
            stop_timeout_s=self.stop_timeout_s,
            watchdog_s=self.notifier.watchdog_s,
        )


def keep(brokered: Brokered) -> int:
    """Keep a tree alive until somebody wants it to end, or it cannot be kept; gives the exit code."""
    become_subreaper()
    loop = _Loop(brokered)
    try:
        return loop.run()
    finally:
        loop.close()


class _Loop:
    def __init__(self, brokered: Brokered) -> None:
        self._given = brokered
        self._keeper = Keeper(brokered.terms, random=SystemRandom().random)
        self._events: deque[events.Event] = deque()
        self._alarm_s: float | None = None
        self._exit_code: int | None = None
        self._watcher = Watcher()
        self._signals = Signals()
        self._refusals = Refusals(brokered.log, brokered.clock)
        self._leases = Leases(self._watcher, self._fork, brokered.begin)
        self._callers = Callers(
            Door(brokered.listening, brokered.requester_uid),
            self._leases,
            self._watcher,
            roles=brokered.roles,
            refusals=self._refusals,
            clock=brokered.clock,
            happened=self._events.append,
        )
        self._runner = Runner(
            self._watcher,
            self._fork,
            brokered.start_runner,
            reread=brokered.reread,
            named=self._callers.expect,
            refusals=self._refusals,
            happened=self._events.append,
        )

    def run(self) -> int:
        self._watcher.watch(self._signals, self._on_signals)
        self._events.append(events.Begun())
        self._settle()
        while self._exit_code is None:
            self._turn()
        return self._exit_code

    def close(self) -> None:
        self._runner.drop()
        self._callers.drop()
        self._signals.close()

    def _turn(self) -> None:
        for act in self._watcher.ready(self._patience_s):
            with contextlib.suppress(BlockingIOError):  # woken for nothing
                act()
            self._settle()
        now_s = self._given.clock()
        if self._callers.pause_ends_s is not None and self._callers.pause_ends_s <= now_s:
            self._callers.open()
        if self._alarm_s is not None and self._alarm_s <= now_s:
            self._alarm_s = None
            self._events.append(events.Tick())
            self._settle()

    @property
    def _patience_s(self) -> float | None:
        times = [each for each in (self._alarm_s, self._callers.pause_ends_s) if each is not None]
        return max(0.0, min(times) - self._given.clock()) if times else None

    def _settle(self) -> None:
        while self._events:
            for effect in self._keeper.handle(self._events.popleft(), self._given.clock()):
                self._carry_out(effect)

    def _carry_out(self, effect: effects.Effect) -> None:
        match effect:
            case effects.StartTree(number):
                self._runner.start(number)
            case effects.KillTree():
                self._kill_tree()
            case effects.TellSupervisor(word):
                self._unheard_unless(word, heard=self._callers.tell(word))
            case effects.TellRunner(word):
                self._unheard_unless(word, heard=self._runner.tell(word))
            case effects.Notify(assignments):
                self._given.notifier.notify(*assignments)
            case effects.WakeMeAt(at_s):
                self._alarm_s = at_s
            case effects.Log(event, fields):
                self._given.log(event, **dict(fields))
            case effects.Leave(exit_code):
                self._exit_code = exit_code
            case _:
                assert_never(effect)

    def _unheard_unless(self, word: MainWord, *, heard: bool) -> None:
        if not heard:
            self._given.log("unheard", word=type(word).__name__)

    def _kill_tree(self) -> None:
        known = [*self._leases.pids, *([self._runner.pid] if self._runner.pid else [])]
        self._runner.drop()
        self._callers.drop()
        left = extinguish(known, KILL_TIMEOUT_S)
        if left:  # stuck in the kernel: killed, and not one more instruction will run
            self._given.log("not_dead", pids=sorted(left))

    def _on_signals(self) -> None:
        for number in self._signals.read():
            if number in _EVENTS:
                self._events.append(_EVENTS[number])
        with contextlib.suppress(ChildProcessError):
            for pid, status in reap():
                self._leases.reaped(pid, status)
                self._runner.reaped(pid, status)

    def _fork(self, live: Callable[[], None], say: Callable[[str], None]) -> int:
        def be() -> None:
            self._given.after_fork()
            live()

        return fork(self._signals, self._leave_behind, be, say)

    def _leave_behind(self) -> None:
        self._runner.drop()
        self._callers.leave_behind()
        self._given.notifier.close()
