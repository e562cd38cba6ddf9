"""Reloads against children made of paper, who answer late, twice, wrongly or not at all, and die when they like."""

from __future__ import annotations

from collections import deque
from typing import Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from daemoneye.supervisor.effects import WakeMeAt
from daemoneye.supervisor.events import Tick
from daemoneye.supervisor.reload import (
    APPLY_TIMEOUT_S,
    Applied,
    Apply,
    Began,
    Effect,
    Event,
    Gone,
    InForce,
    Refused,
    Reload,
    Requested,
    RestartChild,
    RolledBack,
    Superseded,
)

NAMES: Final = ("a", "b", "c")
names = st.sampled_from(NAMES)


class Life:
    """A process: what it has, and what it has been sent and not read yet."""

    def __init__(self, config: int) -> None:
        self.has = config
        self.inbox: deque[int] = deque()
        self.deaf = False
        self.unwilling = False  # has refused to go back
        self.sent_away = False


class ReloadAgainstWorld(RuleBasedStateMachine):
    @initialize(restarts=st.frozensets(names))
    def begin(self, restarts: frozenset[str]) -> None:
        self.restarts = restarts
        self.core = Reload(NAMES, in_force=1, restarts=lambda old, new: restarts if (old + new) % 2 else ())
        self.now_s = 0.0
        self.alarms: list[float] = []
        self.living: dict[str, Life] = {}
        self.answers: deque[Event] = deque()
        self.sent: list[Event] = []  # answers of lives that are not over: any may come again
        self.newest = 1
        self.outcomes: dict[int, list[Effect]] = {}
        self.in_force = 1
        for name in NAMES:
            self.starts(name)

    @rule(name=names)
    def starts(self, name: str) -> None:
        if name not in self.living:
            config = self.core.begins_with
            self.living[name] = Life(config)
            self.tell(Began(name, config))

    @rule(name=names)
    def dies(self, name: str) -> None:
        if self.living.pop(name, None):
            self.answers = deque(each for each in self.answers if not of(each, name))
            self.sent = [each for each in self.sent if not of(each, name)]
            self.tell(Gone(name))

    @rule(name=names)
    def dies_untold_and_is_back(self, name: str) -> None:
        self.answers = deque(each for each in self.answers if not of(each, name))
        self.sent = [each for each in self.sent if not of(each, name)]
        self.living.pop(name, None)
        self.starts(name)

    @rule()
    def request(self) -> None:
        self.newest += 1
        self.outcomes[self.newest] = []
        self.tell(Requested(self.newest))

    @rule(name=names, willing=st.booleans())
    def reads(self, name: str, willing: bool) -> None:
        life = self.living.get(name)
        if life and life.inbox and not life.deaf:
            config = life.inbox.popleft()
            life.unwilling |= config == self.in_force and not willing
            if willing:
                life.has = config
            answer: Event = Applied(name, config) if willing else Refused(name, config, "no")
            self.answers.append(answer)
            self.sent.append(answer)

    @rule(name=names)
    def goes_deaf(self, name: str) -> None:
        if name in self.living:
            self.living[name].deaf = True

    @rule()
    def an_answer_arrives(self) -> None:
        if self.answers:
            self.tell(self.answers.popleft())

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def an_answer_comes_again(self, data: st.DataObject) -> None:
        self.tell(data.draw(st.sampled_from(self.sent)))

    @rule(for_s=st.sampled_from([0.1, 1.0, 6.0]))
    def time_passes(self, for_s: float) -> None:
        self.now_s += for_s
        due = [at_s for at_s in self.alarms if at_s <= self.now_s]
        self.alarms = [at_s for at_s in self.alarms if at_s > self.now_s]
        for at_s in due:
            self.tell(Tick(at_s))

    def tell(self, event: Event) -> None:
        for effect in self.core.handle(event, self.now_s):
            match effect:
                case Apply(child, config):
                    self.living[child].inbox.append(config)
                case RestartChild(child):
                    life = self.living[child]
                    unheard = life.inbox or any(of(each, child) for each in self.answers)
                    assert child in self.restarts or life.unwilling or unheard
                    life.sent_away = True
                case WakeMeAt(at_s):
                    self.alarms.append(at_s)
                case InForce(config):
                    assert config > self.in_force
                    self.in_force = config
                    self.outcomes[config].append(effect)
                case RolledBack(config) | Superseded(config):
                    self.outcomes[config].append(effect)

    @invariant()
    def one_answer_at_most(self) -> None:
        assert all(len(each) <= 1 for each in self.outcomes.values())
        assert self.core.in_force == self.in_force

    @invariant()
    def nobody_is_asked_twice_for_a_candidate(self) -> None:
        for life in self.living.values():
            candidates = [each for each in life.inbox if each > self.in_force]
            assert len(set(candidates)) == len(candidates)

    def teardown(self) -> None:
        """From here on everybody who is not deaf reads, agrees and answers, and who is sent away comes back."""
        if not hasattr(self, "core"):
            return
        for _ in range(20):
            for name, life in [*self.living.items()]:
                while life.inbox and not life.deaf:
                    self.reads(name, willing=True)
                if life.sent_away:
                    self.dies(name)
                    self.starts(name)
            while self.answers:
                self.an_answer_arrives()
            self.time_passes(APPLY_TIMEOUT_S)
        assert self.core.idle
        assert {name: life.has for name, life in self.living.items()} == dict.fromkeys(self.living, self.in_force)
        assert all(len(each) == 1 for each in self.outcomes.values())
        self.request()
        assert self.core.begins_with == self.newest


def of(event: Event, name: str) -> bool:
    return isinstance(event, (Applied, Refused)) and event.child == name


ReloadAgainstWorld.TestCase.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
TestReloadAgainstWorld = ReloadAgainstWorld.TestCase
