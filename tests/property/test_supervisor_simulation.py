"""Months of bad days, in seconds: whatever children do and however it interleaves, the promises hold."""

from __future__ import annotations

from collections import deque
from random import Random
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemoneye.supervisor.effects import (
    AskHeartbeat,
    AskToStop,
    Context,
    Effect,
    Escalate,
    Kill,
    Report,
    Start,
    Stopped,
)
from daemoneye.supervisor.events import PauseRequested, Request, RestartRequested, ResumeRequested, StopRequested
from daemoneye.supervisor.specs import ChildSpec, Manner, Restart, Strategy
from tests.fakes.supervised import Habits, World, spec

if TYPE_CHECKING:
    from daemoneye.supervisor.specs import SupervisorSpec

DAY_S: Final = 86_400.0
DAYS: Final = 60
# As many failed starts in a row as are tolerated, each as slow as it may be, take little more than the period.
OUTAGE_S: Final = 90.0
NAMES: Final = ("journal", "integrity", "hashing", "collector", "gateway", "forwarder")


class Watcher:
    """Looks at every order as it is given, and knows the promises."""

    def __init__(self, world: World, tree: SupervisorSpec, *, operated: bool = False) -> None:
        self.world = world
        self.tree = tree
        self.names = [each.name for each in tree.children]
        self.operated = operated
        self.restarts: deque[float] = deque()
        self.restarted = 0
        self.longest_outage_s = 0.0
        self.ending = False
        self.over = False
        self._down_since: dict[str, float] = {}
        self._generation = dict.fromkeys(self.names, 0)
        world.keep_log = False
        world.on_effect = self.see

    def see(self, effect: Effect) -> None:
        assert not self.over or isinstance(effect, Kill)
        if not (self.ending or self.operated):
            assert all(self.world.now_s - each < OUTAGE_S for each in self._down_since.values())
        match effect:
            case Start(name, generation):
                self._starts(name, generation)
            case AskToStop(name):
                self._asked(name)
            case AskHeartbeat(name, generation):
                # an escalation in the same breath may already have sent it away
                assert self.world.status(name)[1:3] in {("running", generation), ("stopping", generation)}
                assert self.world.living[name, generation].questions == 0
            case Report():
                self._reported(effect)
            case Escalate():
                self.ending = True
            case Stopped():
                self.over = True

    def _starts(self, name: str, generation: int) -> None:
        assert not self.ending
        assert len(self.restarts) <= self.tree.intensity
        assert generation == self._generation[name] + 1
        self._generation[name] = generation
        left = [process for (living, _), process in self.world.living.items() if living == name]
        assert all(each.habits.immortal for each in left)
        if self.tree.strategy is not Strategy.ONE_FOR_ONE:
            before = self.names[: self.names.index(name)]
            assert not {self.world.states[each] for each in before} & {"waiting", "starting", "stopping", "backing_off"}

    def _asked(self, name: str) -> None:
        self._down_since.setdefault(name, self.world.now_s)
        after = set(self.names[self.names.index(name) + 1 :])
        if not self.operated:  # a pause concerns one child alone, and does not wait for its turn
            living = {life[0] for life, process in self.world.living.items() if not process.habits.immortal}
            assert not living & after

    def _reported(self, report: Report) -> None:
        now_s, name = self.world.now_s, report.offender.name
        if report.context is Context.PROGRESS:
            outage_s = now_s - self._down_since.pop(name, now_s)
            self.longest_outage_s = max(self.longest_outage_s, outage_s)
        elif report.context in {Context.CHILD_TERMINATED, Context.CHILD_HUNG, Context.START_ERROR}:
            self._down_since.setdefault(name, now_s)
        fell = report.context is Context.CHILD_TERMINATED or "fork" in report.reason
        if fell and all(each.restart is Restart.PERMANENT for each in self.tree.children):
            self._restarted(now_s)

    def _restarted(self, now_s: float) -> None:
        self.restarted += 1
        self.restarts.append(now_s)
        while now_s - self.restarts[0] > self.tree.period_s:
            self.restarts.popleft()


def bad_days(random: Random) -> Habits:
    """Dies every few hours; one life in ten hangs, one in twenty turns in circles or does not stop."""

    def lifespan() -> tuple[float, Manner]:
        return random.expovariate(1 / (6 * 3600)), random.choice(list(Manner))

    habits = Habits(ready_s=random.uniform(0.01, 0.5), lifespan=lifespan)
    habits.frozen = random.random() < 0.1
    habits.never_ready = random.random() < 0.02
    habits.deaf = random.random() < 0.05
    habits.busy = random.random() < 0.5
    habits.working = random.random() < 0.95
    habits.immortal = random.random() < 0.01
    return habits


class BadWorld(World):
    """Every life has habits of its own, and now and then a storm breaks out."""

    def __init__(self, tree: SupervisorSpec, random: Random) -> None:
        super().__init__(tree, random=random.random)
        self.chance = random

    def _start(self, name: str, generation: int) -> None:
        self.habits[name] = bad_days(self.chance)
        self.habits[name].start_fails = self.chance.random() < 0.02
        super()._start(name, generation)

    def storm(self, name: str) -> None:
        """A child that cannot live for a while: it is killed as soon as it is up."""
        for _ in range(self.chance.randint(1, 8)):
            if self.status(name).state == "running":
                self.dies(name)
            self.run(self.chance.uniform(0, 3))

    def live(self, watcher: Watcher, for_s: float) -> None:
        """To the end of the time, or of the tree."""
        self.begin()
        while not watcher.over and self.now_s < for_s:
            self.run(self.chance.expovariate(1 / DAY_S))
            self.storm(self.chance.choice(NAMES))
        if not watcher.over:
            self.tell(StopRequested())
            self.run(len(NAMES) * 10)  # the shutdown timeout and the time for the kill, one after the other


@pytest.mark.parametrize("strategy", Strategy)
def test_two_months_of_bad_days(strategy: Strategy) -> None:
    """A permanent child is up or back soon, or the tree has escalated; never a storm; last one in, first one out."""
    random = Random(strategy)  # noqa: S311 - reproducible, not secret
    # a question every half an hour: at three seconds it would be fourteen million questions, and prove no more
    tree = spec(*NAMES, strategy=strategy, heartbeat_interval_s=1800, missed_heartbeats=2)
    trees, restarts, longest_s, left_s = 0, 0, 0.0, DAYS * DAY_S
    while left_s > 0:
        world = BadWorld(tree, random)
        watcher = Watcher(world, tree)
        world.live(watcher, left_s)
        assert watcher.over
        assert set(world.states.values()) <= {"stopped", "failed"}
        assert all(process.habits.immortal for process in world.living.values())
        trees, restarts, longest_s = trees + 1, restarts + watcher.restarted, max(longest_s, watcher.longest_outage_s)
        left_s -= world.now_s
    assert trees > 1  # there were storms
    assert restarts > 1000
    assert longest_s < OUTAGE_S


HABITS: Final[dict[str, dict[str, Any]]] = {
    "freeze": {"frozen": True},
    "stick": {"busy": True, "working": False},
    "deaf": {"deaf": True},
    "immortal": {"immortal": True},
    "slow": {"never_ready": True},
    "unforkable": {"start_fails": True},
}
REQUESTS: Final[dict[str, type[Request]]] = {
    "restart": RestartRequested,
    "pause": PauseRequested,
    "resume": ResumeRequested,
}
WAITS: Final = st.sampled_from([0.0, 0.003, 0.02, 0.5, 4.0, 11.0])
ACTIONS: Final = st.sampled_from(["die", "nap", *HABITS, *REQUESTS])
SCRIPTS: Final = st.lists(st.tuples(WAITS, ACTIONS, st.sampled_from("abcd")), max_size=40)


def act(world: World, action: str, name: str) -> None:
    if action in HABITS:
        world.change(name, **HABITS[action])
    elif action in REQUESTS:
        world.tell(REQUESTS[action](name))
    elif action == "nap":
        world.away(20)
    elif (name, world.status(name).generation) in world.living:
        world.dies(name)


@settings(max_examples=250, deadline=None)
@given(
    strategy=st.sampled_from(Strategy),
    restarts=st.tuples(*[st.sampled_from(Restart)] * 4),
    intensity=st.sampled_from([0, 2, 1000]),
    script=SCRIPTS,
    random=st.floats(0, 1, exclude_max=True),
    stops=st.booleans(),
)
def test_whatever_interleaves_it_comes_to_rest(
    strategy: Strategy,
    restarts: tuple[Restart, ...],
    intensity: int,
    script: list[tuple[float, str, str]],
    random: float,
    stops: bool,
) -> None:
    """When the trouble is over, the tree is as it should be or has stopped: it never waits for what will not come."""
    children = [ChildSpec(name=name, restart=restart) for name, restart in zip("abcd", restarts, strict=True)]
    tree = spec(*children, strategy=strategy, intensity=intensity)
    world = World(tree, random=lambda: random)
    watcher = Watcher(world, tree, operated=True)
    world.begin(0)
    for wait_s, action, name in script:
        act(world.run(wait_s), action, name)
    for name in "abcd":
        world.habits[name] = Habits()
        world.befall(name, start_fails=False, never_ready=False, deaf=False)
    if stops:
        watcher.ending = True
        world.tell(StopRequested())
    world.run(200)  # the longest way to rest: hang, kill and give up in turn, each as slow as it may be
    ends = {"running", "paused", "stopped", "failed"}
    assert set(world.states.values()) <= ({"stopped", "failed"} if watcher.ending else ends)
    assert watcher.over == watcher.ending
    if not watcher.ending:
        for child in tree.children:
            assert child.restart is not Restart.PERMANENT or world.states[child.name] in {"running", "paused"}
