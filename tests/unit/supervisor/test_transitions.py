"""The table is complete, and its last word is said."""

from __future__ import annotations

from itertools import product

import pytest

from daemoneye.supervisor.events import Timer
from daemoneye.supervisor.family import Family
from daemoneye.supervisor.transitions import KINDS, REACTIONS, ImpossibleEventError, Reaction, State
from tests.fakes.supervised import spec


def test_every_combination_is_decided() -> None:
    """There is no event that finds a child without an answer."""
    assert REACTIONS.keys() == set(product(State, KINDS))
    assert set(REACTIONS.values()) == set(Reaction)


def test_only_the_clock_can_be_wrong() -> None:
    """Nothing that a child, the kernel or an operator says is a mistake of the program, in any state."""
    assert {kind for (_, kind), reaction in REACTIONS.items() if reaction is Reaction.NEVER} == {Timer.DUE}


@pytest.mark.parametrize("state", [State.WAITING, State.PAUSED, State.STOPPED, State.FAILED])
def test_a_clock_that_rings_for_nobody_is_a_mistake(state: State) -> None:
    """A child that waits for nothing has no time to run out."""
    family = Family(spec("a"), lambda: 0.0)
    family.children[0].down(state)
    with pytest.raises(ImpossibleEventError, match=f"a: .* while {state}"):
        family.react(family.children[0], Timer.DUE)
    assert (family.children[0].state, family.effects) == (state, [])
