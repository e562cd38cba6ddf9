"""Ancestors, and how long they are remembered."""

from __future__ import annotations

import pytest

from daemoneye.lifecycle.genealogy import CHAIN_LIMIT, Genealogy, can_be_parent
from daemoneye.model.observation import Observation, ProcessKey
from tests.fakes.snapshots import MACHINE, changed, facts, process

INIT = process(1, "init", start=0, ppid=0)
SSHD = process(10, "sshd", start=100, ppid=1)
SHELL = process(20, "sh", start=200, ppid=10)
MAKE = process(30, "make", start=300, ppid=20)
FAMILY = (INIT, SSHD, SHELL, MAKE)


def family(*members: Observation, capacity: int = 100) -> Genealogy:
    genealogy = Genealogy(capacity)
    genealogy.add(members, {each.key.pid: each.key for each in members})
    return genealogy


def names(genealogy: Genealogy, of: Observation) -> list[str]:
    return [ancestor.name for ancestor in genealogy.chain(of.key, MACHINE)]


def test_a_chain_leads_from_the_parent_to_the_first_process() -> None:
    """A process can be explained by who started whom, whatever the order they were listed in."""
    assert names(family(*FAMILY), MAKE) == ["sh", "sshd", "init"]
    assert names(family(*reversed(FAMILY)), MAKE) == ["sh", "sshd", "init"]
    assert names(family(*FAMILY), INIT) == []


def test_an_ancestor_carries_its_lasting_name() -> None:
    """Every link of a chain can be looked up after its pid means another process."""
    parent = family(*FAMILY).chain(SHELL.key, MACHINE)[0]
    assert (parent.key, parent.entity_id, parent.executable_path) == (
        SSHD.key,
        MACHINE.entity_id(SSHD.key),
        "/usr/bin/sshd",
    )


def test_a_chain_survives_the_death_of_those_in_it() -> None:
    """A daemon that let its starters end is still known to come from them."""
    genealogy = family(*FAMILY)
    genealogy.bury(SHELL.key)
    genealogy.bury(SSHD.key)
    assert names(genealogy, MAKE) == ["sh", "sshd", "init"]


def test_the_dead_are_remembered_only_for_their_descendants() -> None:
    """When the last descendant has ended, so has the memory of its ancestors."""
    genealogy = family(*FAMILY)
    for each in (SSHD, SHELL, MAKE):
        genealogy.bury(each.key)
    assert genealogy.occupancy.entries == 1
    assert genealogy.occupancy.evictions == 0


def test_one_descendant_is_reason_enough_to_remember() -> None:
    """The death of one child does not take a dead parent away from the other."""
    sister = process(31, "cc", start=310, ppid=20)
    genealogy = family(*FAMILY, sister)
    genealogy.bury(SHELL.key)
    genealogy.bury(sister.key)
    assert names(genealogy, MAKE) == ["sh", "sshd", "init"]


def test_a_process_that_nobody_knew_can_be_buried() -> None:
    """What was never taken in is no trouble when it ends."""
    genealogy = family(INIT)
    genealogy.bury(MAKE.key)
    assert genealogy.occupancy.entries == 1
    assert genealogy.chain(MAKE.key, MACHINE) == ()


def test_a_process_is_known_by_its_latest_image() -> None:
    """After an exec the children of a process come from the program it became."""
    genealogy = family(*FAMILY)
    genealogy.show(changed(SHELL, seen=facts("zsh")))
    genealogy.show(changed(process(99), seen=facts("nobody")))
    assert names(genealogy, MAKE) == ["zsh", "sshd", "init"]


@pytest.mark.parametrize(
    ("parent", "child", "possible"),
    [((5, 10), (6, 11), True), ((5, 10), (6, 10), True), ((5, 11), (6, 10), False), ((5, 10), (5, 10), False)],
    ids=["older", "same tick", "younger", "itself"],
)
def test_a_parent_is_older_and_another(parent: tuple[int, int], child: tuple[int, int], possible: bool) -> None:
    """A pid that was used again is not taken for the parent that had it before."""
    assert can_be_parent(ProcessKey(*parent), ProcessKey(*child)) is possible


def test_an_impossible_parent_is_left_out_of_the_chain() -> None:
    """A child of a reused pid has no known parent rather than a wrong one."""
    assert names(family(process(50, start=900), process(51, start=800, ppid=50)), process(51, start=800)) == []


def test_a_circle_ends_where_it_began() -> None:
    """Two processes that each claim to be the other's parent cannot keep the agent busy for ever."""
    one, two = process(1, "one", ppid=2), process(2, "two", ppid=1)
    genealogy = family(one, two)
    assert names(genealogy, one) == ["two"]
    lead_in = process(3, "three", ppid=1)
    genealogy.add([lead_in], {1: one.key})
    assert names(genealogy, lead_in) == ["one", "two"]


def test_a_chain_has_a_limit() -> None:
    """However deep a process hops, what is told about it stays short."""
    hops = [process(pid, f"hop{pid}", start=pid, ppid=pid - 1) for pid in range(1, 100)]
    chain = names(family(*hops), hops[-1])
    assert chain == [f"hop{pid}" for pid in range(98, 98 - CHAIN_LIMIT, -1)]


def test_the_longest_dead_go_first() -> None:
    """At its capacity the memory gives up the oldest dead, counts it, and keeps every living process."""
    genealogy = family(*FAMILY, capacity=4)
    genealogy.bury(SHELL.key)
    genealogy.bury(SSHD.key)
    late = process(40, "late", start=400, ppid=30)
    genealogy.add([late], {30: MAKE.key})
    assert names(genealogy, late) == ["make"]
    # with the shell gone nothing leads to the dead sshd any more: it went along
    assert genealogy.occupancy[1:] == (3, 4, 1)


def test_the_living_are_not_forgotten_for_a_newcomer() -> None:
    """When only living processes are left, one that comes later is not taken in, and that is counted."""
    genealogy = family(*FAMILY, capacity=4)
    late = process(40, "late", start=400, ppid=30)
    genealogy.add([late], {30: MAKE.key})
    assert names(genealogy, late) == []
    assert names(genealogy, MAKE) == ["sh", "sshd", "init"]
    assert genealogy.occupancy == ("genealogy", 4, 4, 1)


def test_a_child_outlives_the_memory_of_its_parent() -> None:
    """Burying the child of a forgotten parent disturbs nothing."""
    genealogy = family(INIT, SSHD, SHELL, capacity=3)
    genealogy.bury(SSHD.key)
    genealogy.add([MAKE], {20: SHELL.key})
    genealogy.bury(MAKE.key)
    genealogy.bury(SHELL.key)
    assert genealogy.occupancy.entries == 1
