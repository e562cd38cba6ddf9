"""The supervisor against a small model: what it does step by step ends where OTP's rules say in one sentence."""

from __future__ import annotations

from typing import Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from daemoneye.supervisor.effects import Offender, Report
from daemoneye.supervisor.events import (
    ChildDied,
    ChildStarted,
    Heartbeat,
    PauseRequested,
    RestartRequested,
    ResumeRequested,
    StartFailed,
    StopRequested,
)
from daemoneye.supervisor.specs import ChildSpec, Manner, Restart, Strategy
from tests.fakes.supervised import World, spec

NAMES: Final = ("a", "b", "c", "d")
INTENSITY, PERIOD_S = 3, 60.0
SETTLED_S = 0.5  # four children stop and start within a tenth of it


class Model:
    """A world in which everything asked for has happened at once."""

    def __init__(self, strategy: Strategy, restarts: tuple[Restart, ...]) -> None:
        self.strategy = strategy
        self.restart = dict(zip(NAMES, restarts, strict=True))
        self.state = dict.fromkeys(NAMES, "running")
        self.generation = dict.fromkeys(NAMES, 1)
        self.unplanned: list[float] = []
        self.escalated = False
        self.over = False

    def dies(self, name: str, manner: Manner, now_s: float) -> None:
        kind = self.restart[name]
        if kind is Restart.TEMPORARY or (kind is Restart.TRANSIENT and manner is not Manner.ABNORMAL):
            self.state[name] = "failed" if manner is Manner.ABNORMAL else "stopped"
            return
        self.unplanned = [each for each in self.unplanned if now_s - each <= PERIOD_S] + [now_s]
        if len(self.unplanned) > INTENSITY:
            self.state[name] = "failed"
            self.escalated = True
            self.stop()
        else:
            self.restarted(name)

    def restarted(self, head: str) -> None:
        self.state[head] = "running"
        self.generation[head] += 1
        first = {Strategy.ONE_FOR_ONE: len(NAMES), Strategy.REST_FOR_ONE: NAMES.index(head), Strategy.ONE_FOR_ALL: 0}
        for other in NAMES[first[self.strategy] :]:
            if other != head:
                self.taken_along(other)

    def taken_along(self, name: str) -> None:
        if self.restart[name] is Restart.TEMPORARY:
            self.state[name] = {"running": "stopped"}.get(self.state[name], self.state[name])
        elif self.state[name] in {"running", "stopped"}:
            self.state[name] = "running"
            self.generation[name] += 1

    def stop(self) -> None:
        self.over = True
        self.state = {name: "failed" if state == "failed" else "stopped" for name, state in self.state.items()}


class SupervisorAgainstModel(RuleBasedStateMachine):
    @initialize(strategy=st.sampled_from(Strategy), restarts=st.tuples(*[st.sampled_from(Restart)] * len(NAMES)))
    def begin(self, strategy: Strategy, restarts: tuple[Restart, ...]) -> None:
        self.model = Model(strategy, restarts)
        children = [ChildSpec(name=name, restart=restart) for name, restart in self.model.restart.items()]
        tree = spec(*children, strategy=strategy, intensity=INTENSITY, period_s=PERIOD_S)
        self.world = World(tree, random=lambda: 0.0).begin()

    @rule(name=st.sampled_from(NAMES), manner=st.sampled_from(Manner))
    def dies(self, name: str, manner: Manner) -> None:
        if self.model.state[name] == "running":
            self.model.dies(name, manner, self.world.now_s)
            self.world.dies(name, manner).run(SETTLED_S)

    @precondition(lambda self: not self.model.over)
    @rule(name=st.sampled_from(NAMES))
    def hangs(self, name: str) -> None:
        if self.model.state[name] == "running":
            life = Offender(name, self.model.generation[name])
            self.world.befall(name, frozen=True).run(9 + SETTLED_S)
            ends = (at_s for at_s, each in self.world.log if isinstance(each, Report) and each.offender == life)
            self.model.dies(name, Manner.ABNORMAL, max(ends))

    @rule(name=st.sampled_from(NAMES))
    def restart(self, name: str) -> None:
        self.world.tell(RestartRequested(name))
        if not self.model.over:
            self.model.restarted(name)
        self.world.run(SETTLED_S)

    @rule(name=st.sampled_from(NAMES))
    def pause(self, name: str) -> None:
        self.world.tell(PauseRequested(name))
        if not self.model.over:
            self.model.state[name] = "paused"
        self.world.run(SETTLED_S)

    @rule(name=st.sampled_from(NAMES))
    def resume(self, name: str) -> None:
        self.world.tell(ResumeRequested(name))
        if not self.model.over and self.model.state[name] == "paused":
            self.model.restarted(name)
        self.world.run(SETTLED_S)

    @rule(name=st.sampled_from(NAMES), age=st.integers(1, 3), kind=st.integers(0, 3))
    def late_news(self, name: str, age: int, kind: int) -> None:
        generation = self.model.generation[name] - age
        news = (
            ChildDied(name, generation, Manner.ABNORMAL, "late"),
            ChildStarted(name, generation),
            StartFailed(name, generation, "late"),
            Heartbeat(name, generation, 99, idle=True),
        )
        self.world.tell(news[kind])
        self.world.run(SETTLED_S)

    @rule(for_s=st.sampled_from([1.0, 10.0, 59.0, 70.0]))
    def time_passes(self, for_s: float) -> None:
        self.world.run(for_s)

    @precondition(lambda self: self.world.now_s > 30)
    @rule()
    def stop(self) -> None:
        self.world.tell(StopRequested())
        self.model.stop()
        self.world.run(SETTLED_S)

    @invariant()
    def agree(self) -> None:
        assert self.world.states == self.model.state
        assert self.world.generations == list(self.model.generation.values())
        assert {name for name, _ in self.world.living} == {n for n, s in self.model.state.items() if s == "running"}
        assert (self.world.escalated, self.world.stopped) == (self.model.escalated, self.model.over)
        assert self.world.twins() == []


SupervisorAgainstModel.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestSupervisorAgainstModel = SupervisorAgainstModel.TestCase
