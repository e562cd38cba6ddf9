"""The hashing pool on bad days: whatever files, workers and operators do, the promises hold.

The floor on which the pool stands checks most of them at each effect: one answer to each question, and that of the
right file; one worker to a file and one file to a worker; nothing begun that was not written down; never more workers
than there may be. Here the world is made bad, and what must hold over time is looked at.
"""

from __future__ import annotations

from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from daemoneye.hashing.budget import BURST_S, WINDOW_S, Budget
from daemoneye.hashing.crew import GRACE_S
from daemoneye.hashing.desk import PATIENCE_S
from daemoneye.hashing.effects import Quarantined
from daemoneye.hashing.events import Level, Pressure, SettingsChanged
from daemoneye.hashing.suspects import QUARANTINE_S
from daemoneye.hashing.values import Priority
from daemoneye.model.process import HashStatus
from tests.fakes.hashing_floor import MIB, Floor, Nature, file, limits

SIZES: Final = (0, 1, 4096, 300_000, 3 * MIB, 40 * MIB)
NATURES: Final = st.builds(
    Nature,
    speed=st.sampled_from([1.0 * MIB, 50.0 * MIB, 500.0 * MIB]),
    kills_after=st.sampled_from([None] * 8 + [0, 5000]),
    hangs=st.sampled_from([False] * 9 + [True]),
    outcome=st.sampled_from([HashStatus.HASHED] * 6 + list(HashStatus)[2:9]),
)
RATE: Final = 4 * MIB
TIMEOUT_S: Final = 50.0


class PoolOnBadDays(RuleBasedStateMachine):
    @initialize(natures=st.lists(NATURES, min_size=12, max_size=12), workers=st.integers(1, 3))
    def begin(self, natures: list[Nature], workers: int) -> None:
        self.floor = Floor(limits(workers=workers, bytes_per_second=RATE, file_timeout_s=TIMEOUT_S))
        self.files = [file(number, SIZES[number % len(SIZES)]) for number in range(len(natures))]
        for each, nature in zip(self.files, natures, strict=True):
            self.floor.natures[each.dev, each.ino, each.size, each.mtime_ns, each.ctime_ns] = nature

    @rule(number=st.integers(0, 11), priority=st.sampled_from(Priority), times=st.integers(1, 3))
    def asks(self, number: int, priority: Priority, times: int) -> None:
        for _ in range(times):
            self.floor.ask(self.files[number], priority)

    @rule(number=st.integers(0, 11), barred=st.sampled_from([HashStatus.GONE, HashStatus.PERMISSION]))
    def asks_a_barred_way(self, number: int, barred: HashStatus) -> None:
        self.floor.ways[self.floor.ask(self.files[number])] = barred

    @rule(for_s=st.sampled_from([0.01, 0.3, 2.0, 70.0]))
    def time_passes(self, for_s: float) -> None:
        self.floor.run(for_s)

    @rule(blameless=st.booleans())
    def a_worker_is_killed(self, blameless: bool) -> None:
        for worker in self.floor.busy[:1]:
            self.floor.kill(worker, blameless=blameless)

    @rule(orderly=st.booleans())
    def the_pool_is_restarted(self, orderly: bool) -> None:
        self.floor.restart(orderly=orderly)

    @rule(level=st.sampled_from(Level))
    def the_machine_is_busy(self, level: Level) -> None:
        self.floor.tell(Pressure(level))

    @rule()
    def is_switched_off_and_on(self) -> None:
        self.floor.tell(SettingsChanged(limits(enabled=False)))
        self.floor.tell(SettingsChanged(self.floor.limits))

    def teardown(self) -> None:
        if not hasattr(self, "floor"):
            return
        floor = self.floor
        # long enough for the longest patience after the longest job, had it been begun twice
        floor.run(2 * (PATIENCE_S + TIMEOUT_S + GRACE_S))
        assert floor.asked.keys() == floor.answers.keys()
        assert floor.paper.work == {}
        assert floor.busy == []
        for each in floor.said(Quarantined):
            assert each.until_s - floor.now.wall_s <= QUARANTINE_S
        for occupancy in floor.pool.occupancies:
            assert occupancy.entries <= occupancy.capacity


PoolOnBadDays.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestPoolOnBadDays = PoolOnBadDays.TestCase


@settings(max_examples=100, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 12 * MIB), min_size=1, max_size=60),
    rate=st.sampled_from([100_000, MIB, 20 * MIB, 2**40]),
    workers=st.integers(1, 5),
    speed=st.sampled_from([0.5, 20.0, 2000.0]),
    pauses=st.lists(st.sampled_from([0.0, 0.1, 3.0]), min_size=60, max_size=60),
)
def test_no_ten_seconds_have_more_than_ten_seconds_bytes(
    sizes: list[int], rate: int, workers: int, speed: float, pauses: list[float]
) -> None:
    """Whatever comes when, and however fast the disk is, the budget holds in every stretch of ten seconds."""
    floor = Floor(limits(bytes_per_second=rate, workers=workers, file_timeout_s=1e6))
    for number, (size, pause) in enumerate(zip(sizes, pauses, strict=False)):
        each = file(number, size)
        floor.nature(each).speed = speed * MIB
        floor.ask(each)
        floor.run(pause)
    floor.run(3000)
    assert floor.most_read(WINDOW_S) <= rate * WINDOW_S
    assert floor.most_read(1.0) <= rate * (1 + BURST_S)
    assert floor.asked.keys() == floor.answers.keys()


@given(
    st.lists(
        st.tuples(st.floats(0, 3), st.integers(0, 5000), st.floats(0, 1), st.sampled_from([1000, 4000, 20_000])),
        max_size=60,
    )
)
def test_a_bucket_is_never_more_than_full(steps: list[tuple[float, int, float, int]]) -> None:
    """Lending, handing in and changes of the rate in any order: what can be lent at once is a burst at most."""
    budget, now_s, lent = Budget(1000, 0.0), 0.0, [0]
    for after_s, amount, part, rate in steps:
        now_s += after_s
        budget.set_rate(rate, now_s)
        if budget.lend(amount, now_s):
            lent.append(amount)
        if part < 0.5:
            given_back = lent.pop() if len(lent) > 1 else 0
            budget.settle(given_back, int(given_back * part))
        at_once = 0
        while at_once < 10_000 and budget.lend(1, now_s):
            at_once += 1
        budget.settle(at_once, at_once)
        assert at_once + sum(lent) <= max(rate * BURST_S, sum(lent)) + 1


@given(st.lists(st.tuples(st.integers(0, 30), st.sampled_from(Priority), st.floats(0, 50)), max_size=80))
def test_there_are_never_more_questions_than_there_is_room_for(asked: list[tuple[int, Priority, float]]) -> None:
    """Somebody is turned away by name, and it is counted; never one that would be served before all who stay."""
    floor = Floor(room=20)
    floor.starts_fail = True
    turns = {}
    for number, priority, pause in asked:
        floor.now_s += pause / 10
        turns[floor.ask(file(number), priority)] = floor.now_s + priority * 60
        waiting = floor.pool.occupancies[1]
        assert waiting.entries <= waiting.capacity == 20
        assert waiting.entries + waiting.evictions == len(turns)
        assert set(map(floor.status, floor.answers)) <= {HashStatus.BUDGET}
        first = min(turns, key=lambda tag: turns[tag])
        alone = len({each.ino for each in floor.asked.values()}) == 1
        assert alone or first not in floor.answers


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(Priority), st.floats(0, 20)), min_size=5, max_size=60))
def test_nobody_starves(arrivals: list[tuple[Priority, float]]) -> None:
    """However the urgent ones come, who came more than three minutes earlier is served first."""
    floor = Floor(limits(workers=1, bytes_per_second=MIB))
    came = {}
    for number, (priority, pause) in enumerate(arrivals):
        came[floor.ask(file(number, 8 * MIB), priority)] = floor.now_s
        floor.run(pause)
    floor.run(1000)
    order = [tag for tag in floor.answers if floor.status(tag) is HashStatus.HASHED]
    for place, tag in enumerate(order):
        assert all(came[later] <= came[tag] + 180 + 20 for later in order[:place])
