"""Which files are being opened: nothing is lost, and a collector that hangs is not flooded."""

from __future__ import annotations

import pytest

from daemoneye.actors.openings import AT_ONCE, PATIENCE_S, Openings
from daemoneye.messages.hashing import OpenFile, Question
from daemoneye.model.process import FileIdentity


def question(pid: int) -> Question:
    return Question(
        number=1,
        file=FileIdentity(dev=8, ino=pid + 1000, size=1, mtime_ns=0, ctime_ns=0),
        pid=pid,
        start_ticks=pid * 10,
        there=pid % 2 == 0,
        priority=1,
        mount_namespace=None,
    )


@pytest.fixture
def openings() -> Openings:
    made = Openings(100)
    for pid in range(1, AT_ONCE + 3):
        made.want(f"hasher_{pid}.1", pid, question(pid))
    made.arrived()
    return made


def test_an_order_names_a_process_and_its_file() -> None:
    """And a number that nobody had before."""
    openings = Openings(100)
    openings.arrived()
    openings.want("hasher_1.1", 7, question(2))
    assert list(openings.to_say(0.0)) == [OpenFile(number=101, pid=2, start_ticks=20, there=True, dev=8, ino=1002)]
    came = openings.came(101)
    assert came
    assert (came.worker, came.job) == ("hasher_1.1", 7)
    assert openings.came(101) is None
    assert len(openings) == 0


def test_nothing_is_said_to_somebody_who_is_not_there() -> None:
    """It waits."""
    openings = Openings(0)
    openings.want("hasher_1.1", 1, question(1))
    assert list(openings.to_say(0.0)) == []
    assert openings.overdue(10 * PATIENCE_S) == []
    openings.arrived()
    assert len(list(openings.to_say(0.0))) == 1


def test_a_few_are_asked_for_at_a_time(openings: Openings) -> None:
    """One more for each answer."""
    first = list(openings.to_say(0.0))
    assert len(first) == AT_ONCE
    assert list(openings.to_say(0.0)) == []
    assert openings.came(first[3].number)
    assert [each.pid for each in openings.to_say(0.0)] == [AT_ONCE + 1]


def test_a_restarted_collector_is_asked_again_in_the_same_order(openings: Openings) -> None:
    """By the same numbers, and without those for which nobody waits any more."""
    first = list(openings.to_say(0.0))
    openings.came(first[0].number)
    openings.forget(f"hasher_{first[1].pid}.1")
    openings.arrived()
    again = list(openings.to_say(1.0))
    assert again[: AT_ONCE - 2] == first[2:]
    assert [each.pid for each in again[AT_ONCE - 2 :]] == [AT_ONCE + 1, AT_ONCE + 2]


def test_what_is_not_answered_is_given_up_once(openings: Openings) -> None:
    """What is on its way still counts, so that no more is said to somebody who does not read."""
    first = list(openings.to_say(0.0))
    assert openings.overdue(PATIENCE_S - 0.1) == []
    assert [each.number for each in openings.overdue(PATIENCE_S)] == [each.number for each in first]
    assert openings.overdue(2 * PATIENCE_S) == []
    assert list(openings.to_say(2 * PATIENCE_S)) == []
    assert openings.came(first[0].number) is None
    assert len(list(openings.to_say(2 * PATIENCE_S))) == 1


def test_who_is_dead_waits_for_nothing(openings: Openings) -> None:
    """Neither for what was said nor for what was not."""
    first = list(openings.to_say(0.0))
    for pid in (first[0].pid, AT_ONCE + 1):
        openings.forget(f"hasher_{pid}.1")
    assert openings.came(first[0].number) is None
    assert [each.pid for each in openings.to_say(0.0)] == [AT_ONCE + 2]
    openings.came(first[1].number)
    assert list(openings.to_say(0.0)) == []
