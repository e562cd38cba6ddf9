from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from daemoneye.host import deadline
from daemoneye.host.deadline import Round, Rounds

if TYPE_CHECKING:
    from collections.abc import Iterator

# the least that a loaded machine keeps apart from a visit that takes no time at all
TIMEOUT_S = 0.1


class Visits:
    """Visits that hang, for some items, until the test is over."""

    def __init__(self) -> None:
        self.hang_always: set[int] = set()
        self.hang_unless_cautious: set[int] = set()
        self.release = threading.Event()
        self.made: list[tuple[int, bool]] = []

    def __call__(self, item: int, cautious: bool) -> str:
        self.made.append((item, cautious))
        if item in self.hang_always or (item in self.hang_unless_cautious and not cautious):
            self.release.wait()
        return f"{item} cautiously" if cautious else str(item)


@pytest.fixture
def visits() -> Iterator[Visits]:
    visits = Visits()
    yield visits
    visits.release.set()


def test_every_item_is_visited_in_order(visits: Visits) -> None:
    """In the usual case there is one visit per item and nothing else."""
    round_ = Rounds(visits, TIMEOUT_S).run([3, 1, 2])
    assert round_.results == {3: "3", 1: "1", 2: "2"}
    assert round_.timeouts == frozenset()
    assert visits.made == [(3, False), (1, False), (2, False)]


def test_nothing_to_visit_is_fine(visits: Visits) -> None:
    """An empty round starts no thread."""
    before = threading.active_count()
    assert Rounds(visits, TIMEOUT_S).run([]) == ({}, frozenset())
    assert threading.active_count() == before


def test_one_that_hangs_does_not_hold_up_the_others(visits: Visits) -> None:
    """What hangs is visited once more, cautiously; the rest is visited as ever."""
    visits.hang_unless_cautious = {2}
    round_ = Rounds(visits, TIMEOUT_S).run([1, 2, 3])
    assert round_.results == {1: "1", 2: "2 cautiously", 3: "3"}
    assert round_.timeouts == frozenset()


def test_one_that_hangs_altogether_is_said_to(visits: Visits) -> None:
    """What hangs even then is named, and not visited while it hangs."""
    visits.hang_always = {2}
    rounds = Rounds(visits, TIMEOUT_S)
    without = Round({1: "1", 3: "3"}, frozenset({2}))
    assert rounds.run([1, 2, 3]) == without
    visits.made.clear()
    assert rounds.run([1, 2, 3]) == without
    assert visits.made == [(1, False), (3, False)]


def test_while_it_hangs_it_is_visited_cautiously(visits: Visits) -> None:
    """A later round does not run into the same trap, and so costs no deadline."""
    visits.hang_unless_cautious = {2}
    rounds = Rounds(visits, TIMEOUT_S)
    rounds.run([1, 2])
    visits.made.clear()
    assert rounds.run([1, 2]).results[2] == "2 cautiously"
    assert visits.made == [(1, False), (2, True)]


def test_once_it_no_longer_hangs_it_is_visited_as_ever(visits: Visits) -> None:
    """A filesystem that comes back is used again, and what the old thread brings is dropped."""
    visits.hang_unless_cautious = {2}
    rounds = Rounds(visits, TIMEOUT_S)
    rounds.run([1, 2])
    visits.hang_unless_cautious.clear()
    visits.release.set()
    for thread in threading.enumerate():
        if thread.name == "visits":
            thread.join(5)
    assert rounds.run([1, 2]).results == {1: "1", 2: "2"}


def test_many_that_hang_cost_a_bounded_number_of_threads(visits: Visits, monkeypatch: pytest.MonkeyPatch) -> None:
    """After so many the rest is visited cautiously; after more it is named as not visited. The round always ends."""
    monkeypatch.setattr(deadline, "_CAUTIOUS_FROM", 4)
    monkeypatch.setattr(deadline, "_GIVE_UP_AT", 8)
    visits.hang_unless_cautious = set(range(100))
    rounds = Rounds(visits, TIMEOUT_S)
    assert set(rounds.run(range(100)).results.values()) == {f"{item} cautiously" for item in range(100)}
    visits.hang_always = set(range(50, 100))
    round_ = rounds.run(range(100))
    assert len(rounds._left_behind) == 8
    assert round_.timeouts == set(range(100)) - round_.results.keys() >= {50, 99}
    assert len(round_.results) >= 4


@pytest.mark.parametrize("always", [False, True], ids=["caution helps", "caution does not help"])
def test_fewer_than_the_limit_leave_the_others_as_they_are(
    visits: Visits, always: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often we look, what does not hang is visited without caution; what hangs is waited for once."""
    assert deadline._GIVE_UP_AT >= 2 * deadline._CAUTIOUS_FROM
    monkeypatch.setattr(deadline, "_CAUTIOUS_FROM", 4)
    monkeypatch.setattr(deadline, "_GIVE_UP_AT", 8)
    hanging, fine = range(3), range(100, 140)
    visits.hang_unless_cautious = set(hanging)
    visits.hang_always = set(hanging) if always else set()
    rounds = Rounds(visits, TIMEOUT_S)
    for _ in range(3):
        round_ = rounds.run([*hanging, *fine])
        assert {item: round_.results[item] for item in fine} == {item: str(item) for item in fine}
        assert round_.timeouts == (set(hanging) if always else set())
    assert len(rounds._left_behind) == 3 * (1 + always)


def test_a_bug_in_a_visit_is_not_swallowed() -> None:
    """An error nobody expected reaches the caller, although it happened in another thread."""

    def visit(_item: int, _cautious: bool) -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Rounds(visit, TIMEOUT_S).run([1])


def test_a_round_that_waits_within_its_deadline_gets_on(visits: Visits) -> None:
    """Whoever watches from outside is told so while one visit hangs, because that ends by itself."""
    told: list[int] = []
    visits.hang_unless_cautious = {2}
    assert Rounds(visits, TIMEOUT_S, lambda: told.append(threading.get_ident())).run([1, 2, 3]).timeouts == frozenset()
    assert len(told) >= 3
    assert set(told) == {threading.get_ident()}


def test_a_short_round_has_nothing_to_tell(visits: Visits) -> None:
    """What is over at once needs no sign of life."""
    told: list[None] = []
    Rounds(visits, 60.0, lambda: told.append(None)).run([1])
    assert told == []
