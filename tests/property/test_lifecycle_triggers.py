"""Whatever is thrown at the engine, its limits hold and its books balance."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from daemoneye.lifecycle.triggers import TriggerEngine
from daemoneye.model.process import ProcessRecord
from daemoneye.model.trigger import Analysis, Drop, NameMatches, Priority, Trigger

PER_MINUTE, CAPACITY, WINDOW_S = 10, 6, 90.0
RULES = tuple(
    Trigger(name=each.name, condition=NameMatches(globs=(each.name,)), priority=each, analyses=(Analysis.BEHAVIOUR,))
    for each in Priority
)
CONSIDER = st.tuples(st.just("consider"), st.sampled_from(list(Priority)), st.integers(1, 8))
TAKE = st.tuples(st.just("take"), st.integers(0, 4), st.booleans())
STEPS = st.lists(st.tuples(st.floats(-5, 40), CONSIDER | TAKE), max_size=80)


@given(STEPS)
@settings(max_examples=150, deadline=None)
def test_the_limits_hold_and_the_books_balance(steps: list[tuple[float, tuple[str, int, int]]]) -> None:
    """Never more requests than a minute allows or the queue holds; each is waiting, done, or counted as dropped."""
    engine = TriggerEngine(RULES, dedup_window_s=WINDOW_S, per_minute=PER_MINUTE, max_pending=CAPACITY)
    now = elapsed = 0.0
    asked: list[float] = []
    wanted = done = 0
    for step, (what, first, second) in steps:
        now += step
        elapsed += max(0.0, step)  # what a clock that only goes forward would show
        if what == "consider":
            record = ProcessRecord(pid=second, entity_id=str(second), name=Priority(first).name)
            wanted += 1
            asked += [elapsed for _ in engine.consider(record, now)]
        else:
            taken = engine.take(first, now)
            assert [each.priority for each in taken] == sorted((each.priority for each in taken), reverse=True)
            done += sum(engine.complete(each.request_id) for each in taken if second)
        assert engine.occupancies[0].entries <= CAPACITY
        assert sum(elapsed - at < 60 - 1e-6 for at in asked) <= PER_MINUTE
    dropped = Counter(engine.dropped)
    refused = wanted - len(asked)
    displaced = engine.occupancies[0].evictions
    waiting = engine.occupancies[0].entries
    assert len(asked) == waiting + done + displaced + dropped[Drop.TIMED_OUT]
    assert sum(dropped.values()) == refused + displaced + dropped[Drop.TIMED_OUT]
