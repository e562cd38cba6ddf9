"""The decisions of the main process: events in, effects out. Pure; time comes in as a number of seconds.

    new ──> starting ──> up ──> stopping ──> over
              ^  │ lost   │ lost      up: the supervisor has connected and is asked for beats
              │  v        v
            backing_off <─┘           the first new tree starts at once, later ones wait

A tree is everything below main. It is *lost* when the runner or the supervisor is gone and was not told to go, when the
supervisor stops answering, and when it does not appear in time. What is left of it is killed and a new tree started,
until that happens more often than ``intensity`` in ``period_s``: then main leaves with a failure, and the init system
decides.

An ordered stop is the supervisor's work. Main passes the request on, waits for ``stopped``, sends the runner home and
leaves. It waits as long as all the children may take together; for one who does not even answer, as long as its
patience lasts.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final, assert_never

from daemoneye.broker import effects, events, words
from daemoneye.broker.herald import Herald, microseconds
from daemoneye.broker.life import Life
from daemoneye.errors import Exit
from daemoneye.supervisor.child import KILL_TIMEOUT_S
from daemoneye.supervisor.restarts import Backoff, RestartWindow

if TYPE_CHECKING:
    from collections.abc import Callable

    from daemoneye.broker.terms import Terms

# After `stopped` the runner has only Thespian's admin and logger to end. That takes milliseconds, or the ten seconds
# for which Thespian waits for somebody who is not there; nobody has to wait for those.
RUNNER_TIMEOUT_S: Final = 5.0


class Phase(Enum):
    NEW = "new"
    STARTING = "starting"
    UP = "up"
    BACKING_OFF = "backing_off"
    STOPPING = "stopping"
    OVER = "over"


_WITHOUT_TREE: Final = frozenset({Phase.NEW, Phase.BACKING_OFF})
_WITH_RUNNER: Final = frozenset({Phase.STARTING, Phase.UP})


class Keeper:
    def __init__(self, terms: Terms, *, random: Callable[[], float]) -> None:
        self._terms, self._rhythm = terms, terms.rhythm
        self._window = RestartWindow(terms.intensity, terms.period_s)
        self._backoff = Backoff(terms.intensity, terms.period_s, random)
        self._herald = Herald()
        self._now_s = float("-inf")
        self._effects: list[effects.Effect] = []
        self._alarm_s: float | None = None  # the tick that is expected
        self._phase = Phase.NEW
        self._tree = 0
        self._lost_in_a_row = 0
        self._stop_signals = 0
        self._exit_code = Exit.OK
        self._life = Life(self._rhythm)

    def handle(self, event: events.Event, now_s: float) -> tuple[effects.Effect, ...]:
        self._now_s = max(self._now_s, now_s)
        if self._phase is not Phase.OVER:
            self._react(event)
            self._set_alarm()
        decided = tuple(self._effects)
        self._effects.clear()
        return decided

    def _react(self, event: events.Event) -> None:
        match event:
            case events.Begun():
                self._start()
            case events.ControlConnected():
                self._connected()
            case events.Tick():
                self._tick()
            case events.RunnerGone() | events.SupervisorGone():
                self._gone(event)
            case events.StopSignal() | events.HangupSignal() | events.ReopenSignal():
                self._signal(event)
            case _:
                if self._life.supervised:  # who has said that all is over has said the last
                    self._said(event)

    # a tree comes, and goes

    def _start(self) -> None:
        self._tree += 1
        self._life = Life(self._rhythm)
        self._phase, self._life.due_s = Phase.STARTING, self._now_s + self._terms.start_timeout_s
        self._log("tree_starting", tree=self._tree)
        self._effects.append(effects.StartTree(self._tree))

    def _connected(self) -> None:
        if self._phase in _WITHOUT_TREE or self._life.connected_s is not None:
            return
        self._life.connected(self._now_s)
        if self._phase is Phase.STARTING:
            self._phase, self._life.due_s = Phase.UP, None
        else:
            self._life.due_s = self._now_s + self._terms.stop_timeout_s
            self._effects += [effects.TellSupervisor(words.Stop())] * min(self._stop_signals, 2)

    def _gone(self, loss: events.Loss) -> None:
        if isinstance(loss, events.RunnerGone):
            self._life.runner_gone = True
        if self._phase is not Phase.STOPPING:
            self._lost(loss.reason)
        elif self._life.connected_s is None:
            self._leave(self._exit_code)  # told to stop before there was anything to stop
        elif self._life.children_gone:
            self._leave_if_all_are_gone()
        elif isinstance(loss, events.SupervisorGone):
            self._lost(loss.reason)

    def _lost(self, reason: str) -> None:
        if self._phase in _WITHOUT_TREE:
            return
        self._log("tree_lost", tree=self._tree, reason=reason)
        if self._phase is Phase.STOPPING:
            self._leave(Exit.INTERNAL)
        elif self._window.exceeded_by(self._now_s):
            why = f"more than {self._terms.intensity} trees lost in {self._terms.period_s:g} s"
            self._log("gave_up", tree=self._tree, reason=why)
            self._notify(self._herald.stopping(why))
            self._leave(Exit.INTERNAL)
        else:
            self._replace(reason)

    def _replace(self, reason: str) -> None:
        self._notify(self._herald.lost(reason))
        self._effects.append(effects.KillTree())
        proven = self._life.up_s(self._now_s) >= self._backoff.longest_s
        self._lost_in_a_row = 1 if proven else self._lost_in_a_row + 1
        delay_s = self._backoff.delay_s(self._lost_in_a_row)
        self._life = Life(self._rhythm)
        if delay_s:
            self._phase, self._life.due_s = Phase.BACKING_OFF, self._now_s + delay_s
        else:
            self._start()

    # time

    def _tick(self) -> None:
        alarm_s, self._alarm_s = self._alarm_s, None
        if alarm_s is not None and self._now_s - alarm_s > self._rhythm.lateness_s:
            self._life.forgive(self._now_s)
        hung = self._life.hung(self._now_s)
        if self._life.due_s is not None and self._life.due_s <= self._now_s:
            self._time_is_up()
        elif hung:
            self._lost(f"supervisor: {hung}")
        elif self._life.asks(self._now_s):
            self._effects.append(effects.TellSupervisor(words.AskBeat()))

    def _time_is_up(self) -> None:
        if self._phase is Phase.BACKING_OFF:
            self._start()
        elif self._life.children_gone:
            self._log("runner_killed", reason=f"not gone after {RUNNER_TIMEOUT_S:g} s")
            self._leave(self._exit_code)
        elif self._life.connected_s is not None:
            self._lost(f"not stopped within {self._terms.stop_timeout_s:g} s")
        elif self._phase is Phase.STOPPING:
            self._leave(self._exit_code)
        else:
            self._lost(f"no supervisor within {self._terms.start_timeout_s:g} s")

    def _set_alarm(self) -> None:
        if self._phase is Phase.OVER or self._life.wake_s is None:
            return
        alarm_s = max(self._life.wake_s, self._now_s)  # never in the past: a late alarm means that we were away
        if alarm_s != self._alarm_s:
            self._alarm_s = alarm_s
            self._effects.append(effects.WakeMeAt(alarm_s))

    # what the supervisor says

    def _said(self, word: words.SupervisorWord) -> None:
        match word:
            case words.BeatAnswered():
                self._beat(word)
            case words.StateSaid():
                self._notify(self._herald.state(word.state, word.text))
            case words.ReloadAsked():
                self._reload()
            case words.Reloading():
                self._notify(self._herald.reloading(self._now_s))
            case words.Reloaded():
                self._notify(self._herald.reloaded())
            case words.Escalated():
                self._escalated()
            case words.Stopped():
                self._stopped()
            case _:
                assert_never(word)

    def _beat(self, beat: words.BeatAnswered) -> None:
        if self._life.hears(self._now_s) and beat.moving:
            self._notify(("WATCHDOG=1", *self._extension))
        self._notify(self._herald.state(beat.state, beat.text))

    @property
    def _extension(self) -> tuple[str, ...]:
        """Who stops and gets on may take its time, up to the end that we have set."""
        if self._phase is not Phase.STOPPING or self._life.due_s is None:
            return ()
        left_s = min(self._rhythm.patience_s, self._life.due_s - self._now_s) + KILL_TIMEOUT_S
        return (f"EXTEND_TIMEOUT_USEC={microseconds(left_s)}",)

    def _reload(self) -> None:
        if self._phase in _WITH_RUNNER:  # a tree that is not there yet will read the settings when it starts
            self._effects.append(effects.TellRunner(words.Reload()))

    def _escalated(self) -> None:
        self._exit_code = Exit.INTERNAL
        if self._phase is Phase.UP:
            self._stopping("escalated")

    def _stopped(self) -> None:
        if self._phase is not Phase.STOPPING:
            self._lost("supervisor: stopped without being asked")
            return
        self._life.children_are_gone()
        self._life.due_s = self._now_s + RUNNER_TIMEOUT_S
        self._notify(self._extension)
        self._effects.append(effects.TellRunner(words.Stop()))
        self._leave_if_all_are_gone()

    # the end

    def _signal(self, signal: events.Signal) -> None:
        match signal:
            case events.StopSignal():
                self._stop_signals += 1
                self._log("stop_asked", signal=signal.name)
                self._stop(signal.name)
            case events.HangupSignal():
                self._reload()
            case events.ReopenSignal():
                if self._life.supervised:
                    self._effects.append(effects.TellSupervisor(words.Reopen()))
            case _:
                assert_never(signal)

    def _stop(self, reason: str) -> None:
        if self._phase in _WITHOUT_TREE:
            self._notify(self._herald.stopping(reason))
            self._leave(Exit.OK)
            return
        if self._life.supervised:
            self._effects.append(effects.TellSupervisor(words.Stop()))
        elif self._stop_signals > 1:
            self._leave(self._exit_code)  # nobody is left, or not there yet, who could hurry
        if self._phase in _WITH_RUNNER:
            self._stopping(reason)

    def _stopping(self, reason: str) -> None:
        self._phase = Phase.STOPPING
        self._notify(self._herald.stopping(reason))
        self._log("stopping", reason=reason)
        if self._life.connected_s is not None:
            self._life.due_s = self._now_s + self._terms.stop_timeout_s

    def _leave_if_all_are_gone(self) -> None:
        if self._life.runner_gone:
            self._leave(self._exit_code)

    def _leave(self, exit_code: Exit) -> None:
        """Whatever is left, the admin and the logger at least, goes with us."""
        self._phase = Phase.OVER
        self._log("left", exit_code=int(exit_code))
        self._effects += [effects.KillTree(), effects.Leave(exit_code)]

    def _notify(self, assignments: tuple[str, ...]) -> None:
        if assignments:
            self._effects.append(effects.Notify(assignments))

    def _log(self, event: str, **fields: object) -> None:
        self._effects.append(effects.Log(event, tuple(fields.items())))
