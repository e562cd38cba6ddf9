"""The engine: what is asked for, and what keeps asking from becoming a load."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from daemoneye.lifecycle.tracker import Tracker
from daemoneye.lifecycle.triggers import TriggerEngine
from daemoneye.model.process import ProcessRecord
from daemoneye.model.trigger import Analysis, Condition, Drop, NameMatches, Priority, Trigger, TriggerRequest
from tests.fakes.snapshots import facts, file, process, snapshot

ANYONE = NameMatches(globs=("*",))


def rule(
    name: str = "any", *, condition: Condition = ANYONE, priority: Priority = Priority.NORMAL, per_file: bool = False
) -> Trigger:
    analysis = Analysis.BINARY_HASH if per_file else Analysis.BEHAVIOUR
    return Trigger(name=name, condition=condition, priority=priority, analyses=(analysis,))


def engine(*rules: Trigger, **limits: Any) -> TriggerEngine:
    return TriggerEngine(rules or (rule(),), **limits)


def record(n: int, name: str = "prog") -> ProcessRecord:
    return ProcessRecord(pid=n, name=name, entity_id=f"e{n}", executable_file=file(n))


def drops(of: TriggerEngine) -> dict[Drop, int]:
    return {reason: count for reason, count in of.dropped.items() if count}


def names(requests: tuple[TriggerRequest, ...]) -> list[str]:
    return [request.name for request in requests]


BY_PRIORITY = tuple(
    rule(each.name, condition=NameMatches(globs=(f"{each.name}*",)), priority=each) for each in Priority
)


def test_a_rule_that_holds_asks() -> None:
    """A request says which rule wants which analysis of which process."""
    watch = Trigger(
        name="netcat", condition=NameMatches(globs=("nc",)), priority=Priority.HIGH, analyses=(Analysis.NETWORK,)
    )
    tracker = Tracker()
    tracker.observe(snapshot())
    seen = facts("nc", executable_file=file(5))
    (event,) = tracker.observe(snapshot(process(7, "nc", seen=seen))).events
    asked = engine(watch, rule("other", condition=NameMatches(globs=("zz",)))).consider(event, 0)
    assert asked == (
        TriggerRequest(
            request_id=1,
            rule="netcat",
            analysis=Analysis.NETWORK,
            priority=Priority.HIGH,
            pid=7,
            entity_id=event.entity_id,
            name="nc",
            executable_path="/usr/bin/nc",
            executable_file=file(5),
        ),
    )


def test_an_exit_asks_for_nothing() -> None:
    """There is no closer look at what is gone."""
    tracker = Tracker()
    tracker.observe(snapshot(process(7)))
    (event,) = tracker.observe(snapshot()).events
    assert engine().consider(event, 0) == ()


def test_two_rules_with_one_name_are_refused() -> None:
    """Counting by rule needs a name for each."""
    with pytest.raises(ValueError, match="a name is used twice"):
        engine(rule("a"), rule("a"))


def test_the_same_question_is_asked_once_in_a_window() -> None:
    """Within five minutes one rule asks once about one process; after that it may again."""
    watched = engine()
    assert len(watched.consider(record(1), 0)) == 1
    assert watched.consider(record(1), 299.9) == ()
    assert drops(watched) == {Drop.DEDUPLICATED: 1}
    assert len(watched.consider(record(1), 300)) == 1


def test_a_file_is_looked_at_once_whoever_runs_it() -> None:
    """Hashing is asked for once per file, watching once per process; without a file, the process has to do."""
    one, two = (replace(record(n), executable_file=file(9)) for n in (1, 2))
    assert [len(engine(rule(per_file=True)).consider(one, 0)) for _ in range(1)] == [1]
    by_file, by_process = engine(rule(per_file=True)), engine(rule())
    assert [len(by_file.consider(each, 0)) for each in (one, two)] == [1, 0]
    assert [len(by_process.consider(each, 0)) for each in (one, two)] == [1, 1]
    unknown = [replace(each, executable_file=None) for each in (one, two)]
    assert [len(by_file.consider(each, 0)) for each in unknown] == [1, 1]


def test_two_rules_are_two_questions() -> None:
    """One rule does not silence another."""
    assert len(engine(rule("a"), rule("b")).consider(record(1), 0)) == 2


def test_a_hundred_a_minute_and_no_more() -> None:
    """The rate is held in any sixty seconds, not per calendar minute."""
    watched = engine()
    asked = [len(watched.consider(record(n), n * 0.5)) for n in range(130)]
    assert (sum(asked[:120]), asked[119], asked[120]) == (100, 0, 1)
    assert drops(watched)[Drop.RATE_CAPPED] == 20


def test_what_the_rate_refused_may_be_asked_later() -> None:
    """A question that was not let in has not been asked: the window does not hold it back."""
    watched = engine(per_minute=1)
    watched.consider(record(1), 0)
    assert watched.consider(record(2), 1) == ()
    assert len(watched.consider(record(2), 60)) == 1


def test_the_most_urgent_leaves_first_and_then_the_oldest() -> None:
    """Whoever carries out requests gets them in the order of their importance, then of their age."""
    watched = engine(*BY_PRIORITY)
    for n, name in enumerate(["LOW1", "HIGH1", "NORMAL1", "CRITICAL1", "HIGH2", "LOW2"]):
        watched.consider(record(n, name), n)
    assert names(watched.take(3, 9)) == ["CRITICAL1", "HIGH1", "HIGH2"]
    assert names(watched.take(9, 9)) == ["NORMAL1", "LOW1", "LOW2"]
    assert watched.take(9, 9) == ()


def filled(*queue: str, capacity: int = 5) -> TriggerEngine:
    """An engine in which these wait; names begin with their priority."""
    watched = engine(*BY_PRIORITY, max_pending=capacity)
    for n, name in enumerate(queue):
        assert len(watched.consider(record(n, name), 0)) == 1
    return watched


def test_a_full_queue_gives_up_the_oldest_of_the_least_urgent() -> None:
    """What matters more, or as much and is newer, finds room."""
    watched = filled("NORMAL1", "LOW1", "LOW2", "NORMAL2", "HIGH1")
    assert len(watched.consider(record(50, "NORMAL3"), 1)) == 1
    assert len(watched.consider(record(51, "CRITICAL1"), 1)) == 1
    assert len(watched.consider(record(52, "NORMAL4"), 1)) == 1
    assert drops(watched) == {Drop.QUEUE_FULL: 3}
    assert names(watched.take(9, 2)) == ["CRITICAL1", "HIGH1", "NORMAL2", "NORMAL3", "NORMAL4"]


def test_what_had_to_make_way_may_ask_again() -> None:
    """A question that was never answered is not a duplicate."""
    watched = filled("NORMAL1", "NORMAL2", capacity=2)
    watched.consider(record(50, "HIGH1"), 1)
    assert len(watched.consider(record(0, "NORMAL1"), 2)) == 1
    assert drops(watched) == {Drop.QUEUE_FULL: 2}


def test_the_less_urgent_does_not_displace() -> None:
    """A full queue of what matters stays as it is."""
    watched = filled("HIGH1", "CRITICAL1", capacity=2)
    assert watched.consider(record(50, "NORMAL1"), 1) == ()
    assert drops(watched) == {Drop.QUEUE_FULL: 1}
    assert names(watched.take(9, 2)) == ["CRITICAL1", "HIGH1"]


def test_low_priority_waits_for_better_times() -> None:
    """From four fifths on, low priority is refused, and nothing else."""
    watched = filled("NORMAL1", "NORMAL2", "NORMAL3", "LOW1")
    assert watched.consider(record(50, "LOW2"), 1) == ()
    assert drops(watched) == {Drop.BACKPRESSURE: 1}
    assert len(watched.consider(record(51, "NORMAL4"), 1)) == 1


def test_what_is_being_done_takes_room_until_it_is_done() -> None:
    """Taking requests does not make room for more than can be carried out; finishing them does."""
    watched = filled("NORMAL1", "NORMAL2", capacity=2)
    first, second = watched.take(2, 1)
    assert watched.consider(record(50, "HIGH1"), 1) == ()
    assert watched.complete(first.request_id)
    assert not watched.complete(first.request_id)
    assert len(watched.consider(record(50, "HIGH1"), 1)) == 1
    assert watched.occupancies[0][:3] == ("pending requests", 2, 2)
    assert watched.complete(second.request_id)


def test_what_was_taken_and_never_done_is_let_go() -> None:
    """A worker that died does not hold its requests for ever, and they may be asked again."""
    watched = filled("NORMAL1")
    (taken,) = watched.take(1, 10)
    assert watched.consider(record(0, "NORMAL1"), 39.9) == ()
    assert len(watched.consider(record(0, "NORMAL1"), 40)) == 1
    assert drops(watched) == {Drop.DEDUPLICATED: 1, Drop.TIMED_OUT: 1}
    assert not watched.complete(taken.request_id)


def test_a_clock_that_goes_back_does_no_harm() -> None:
    """Time stands still meanwhile: nothing is asked too early, and nothing is blocked for longer than its time."""
    watched = engine(per_minute=2)
    watched.consider(record(1), 1000)
    assert watched.consider(record(1), 10) == ()
    assert len(watched.consider(record(2), 10)) == 1
    assert watched.consider(record(3), 69) == ()
    assert len(watched.consider(record(3), 70)) == 1
    assert len(watched.consider(record(1), 310)) == 1


def test_every_rule_learns_from_everything_it_sees() -> None:
    """The refusal of one rule does not keep another from seeing the process."""
    watched = engine(rule("a"), rule("b"), per_minute=1)
    assert [request.rule for request in watched.consider(record(1), 0)] == ["a"]
    assert [request.rule for request in watched.consider(record(1), 60)] == ["b"]
