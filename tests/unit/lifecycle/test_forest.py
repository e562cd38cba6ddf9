"""Who was started by whom is drawn once, completely, whatever the kernel says about parents."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from daemoneye.lifecycle.forest import DEEPEST, forest
from tests.fakes.snapshots import process, snapshot


def drawn(*processes: object, roots: tuple[int, ...] = ()) -> list[tuple[int, int]]:
    scan = snapshot(*processes)  # type: ignore[arg-type]
    return [(branch.key.pid, branch.depth) for branch in forest(scan.processes, roots)]


def test_children_stand_below_their_parent_by_pid() -> None:
    """The order does not depend on the order in which processes were found."""
    assert drawn(
        process(9, ppid=1, start=9),
        process(1, ppid=0, start=1),
        process(3, ppid=1, start=3),
        process(4, ppid=3, start=4),
    ) == [(1, 0), (3, 1), (4, 2), (9, 1)]


def test_a_parent_that_started_later_is_not_one() -> None:
    """A pid that was used again does not adopt the children of the one before."""
    assert drawn(process(5, ppid=0, start=500), process(7, ppid=5, start=100)) == [(5, 0), (7, 0)]


def test_a_circle_of_parents_is_broken() -> None:
    """Contradictory input is drawn flat instead of for ever, or not at all."""
    assert drawn(process(5, ppid=5, start=1)) == [(5, 0)]
    assert drawn(process(5, ppid=6, start=1), process(6, ppid=5, start=1)) == [(5, 0), (6, 1)]


def test_a_chosen_root_shows_only_what_hangs_below_it() -> None:
    """An operator looks at one service."""
    family = (process(1, ppid=0, start=1), process(3, ppid=1, start=3), process(4, ppid=3, start=4))
    assert drawn(*family, roots=(3,)) == [(3, 0), (4, 1)]
    assert drawn(*family, roots=(77,)) == []


def test_the_last_sibling_is_marked() -> None:
    """The drawing ends its branches where they end."""
    scan = snapshot(process(1, ppid=0, start=1), process(3, ppid=1, start=3), process(4, ppid=1, start=4))
    assert [branch.last for branch in forest(scan.processes)] == [(), (False,), (True,)]


def test_a_chain_of_thousands_is_drawn_in_bounded_lines() -> None:
    """Depth costs neither the stack nor the square of itself."""
    scan = snapshot(*(process(pid, ppid=pid - 1, start=pid) for pid in range(1, 5001)))
    branches = list(forest(scan.processes))
    assert [branch.depth for branch in branches] == list(range(5000))
    assert max(len(branch.last) for branch in branches) == DEEPEST


@given(st.lists(st.tuples(st.integers(1, 12), st.integers(0, 12), st.integers(0, 4)), unique_by=lambda each: each[0]))
def test_every_process_is_drawn_exactly_once(family: list[tuple[int, int, int]]) -> None:
    """Cycles, orphans and reused pids lose nobody."""
    seen = [pid for pid, _ in drawn(*(process(pid, ppid=ppid, start=start) for pid, ppid, start in family))]
    assert sorted(seen) == sorted(pid for pid, _, _ in family)
