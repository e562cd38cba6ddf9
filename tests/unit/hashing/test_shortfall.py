"""What is due and missing is told when it begins and when it is over."""

from __future__ import annotations

import pytest

from daemoneye.hashing.effects import Degraded, Recovered
from daemoneye.hashing.shortfall import CAPACITY, FORGOTTEN_S, QUIET_S, Shortfall
from daemoneye.hashing.values import Priority
from daemoneye.model.process import HashStatus
from tests.fakes.hashing_floor import Floor, file, limits


def test_a_shortage_has_one_beginning_and_one_end() -> None:
    """However many files lack digests and however often they are asked for, it is told twice, with counts."""
    floor = Floor()
    for number in range(5):
        floor.nature(file(number)).outcome = HashStatus.CHANGED_WHILE_READ
    floor.nature(file(7)).kills_after = 0
    for _ in range(3):
        for number in range(8):
            floor.ask(file(number))
        floor.run(20)
    assert floor.said(Degraded) == [Degraded((("changed_while_read", 1),))]
    for number in range(8):
        floor.nature(file(number, version=1))
        floor.ask(file(number, version=1))
    floor.run(QUIET_S - 1)
    assert floor.said(Recovered) == []
    floor.run(2)
    assert floor.said(Recovered) == [Recovered((("changed_while_read", 5), ("quarantined", 1)))]


def test_fuzzy_digests_are_due_if_they_are_wanted() -> None:
    """What is switched off is no shortage; ssdeep that was due and could not be had is one, be it from the cache."""
    floor = Floor(limits(ssdeep=False))
    floor.ask(file(1))
    floor.run()
    assert floor.said(Degraded) == []
    floor = Floor()
    floor.nature(file(1)).no_ssdeep = "too large for the format"
    floor.ask(file(1))
    floor.run()
    floor.ask(file(1))
    assert floor.said(Degraded) == [Degraded((("no_ssdeep", 1),))]
    after = floor.restart().forget()
    after.ask(file(1))
    assert after.said(Degraded) == [Degraded((("no_ssdeep", 1),))]


@pytest.mark.parametrize(
    "status", [HashStatus.TOO_LARGE, HashStatus.NOT_REGULAR, HashStatus.REMOTE_FILESYSTEM, HashStatus.GONE]
)
def test_what_is_not_due_is_no_shortage(status: HashStatus) -> None:
    """What the settings or its nature exclude, and what is gone, is missed by nobody."""
    floor = Floor()
    floor.nature(file(1)).outcome = status
    floor.ask(file(1))
    floor.run()
    assert floor.said(Degraded) == []


def test_what_nobody_asks_for_any_more_is_no_shortage() -> None:
    """A shortage ends when those who had it are gone."""
    floor = Floor()
    floor.nature(file(1)).outcome = HashStatus.PERMISSION
    floor.ask(file(1), Priority.BACKGROUND)
    floor.run(FORGOTTEN_S + QUIET_S + 2)
    assert len(floor.said(Degraded)) == len(floor.said(Recovered)) == 1


def test_a_shortage_that_comes_back_at_once_has_not_been_over() -> None:
    """What comes and goes within moments is one shortage."""
    shortfall = Shortfall()
    shortfall.note((8, 1), "timeout", 0.0)
    assert shortfall.turn(0.0) == Degraded((("timeout", 1),))
    shortfall.note((8, 1), None, 10.0)
    shortfall.note((8, 2), "budget", 20.0)
    assert shortfall.turn(10 + QUIET_S) is None
    shortfall.note((8, 2), None, 60.0)
    shortfall.note((8, 3), None, 70.0)
    assert shortfall.wake_s == 60 + QUIET_S
    assert shortfall.turn(60 + QUIET_S) == Recovered((("budget", 1), ("timeout", 1)))
    assert not shortfall.turn(500.0)
    assert not shortfall.wake_s


def test_the_same_lack_is_counted_once() -> None:
    """A file that is asked for at every scan counts once for each reason."""
    shortfall = Shortfall()
    for second, reason in enumerate(("timeout", "timeout", "budget", "timeout")):
        shortfall.note((8, 1), reason, float(second))
    assert shortfall.turn(5.0) == Degraded((("budget", 1), ("timeout", 2)))


def test_what_is_beyond_the_room_is_counted_only() -> None:
    """A shortage of everything takes no more memory than it may."""
    shortfall = Shortfall()
    for number in range(CAPACITY + 5):
        shortfall.note((8, number), "budget", 0.0)
    assert shortfall.occupancy.entries == CAPACITY
    assert shortfall.turn(0.0) == Degraded((("budget", CAPACITY + 5),))
