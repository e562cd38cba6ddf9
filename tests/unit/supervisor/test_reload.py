"""New settings for living children: everybody takes them, or nobody keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

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
from daemoneye.supervisor.transitions import ImpossibleEventError

if TYPE_CHECKING:
    from collections.abc import Collection

DUE = Tick(APPLY_TIMEOUT_S)


def reload_of(*living: str, restarts: Collection[str] = ()) -> Reload:
    """A tree of a, b and c with settings 1 in force, and all of these alive."""
    core = Reload("abc", in_force=1, restarts=lambda *_: restarts)
    for each in living:
        told(core, Began(each, 1))
    return core


def told(core: Reload, *events: Event, now_s: float = 0.0) -> list[Effect]:
    effects = [effect for event in events for effect in core.handle(event, now_s)]
    return [each for each in effects if not isinstance(each, WakeMeAt)]


def test_children_are_asked_one_after_another() -> None:
    """The next hears of new settings when the one before has taken them; the last makes them count."""
    core = reload_of("c", "b", "a")
    assert told(core, Requested(2)) == [Apply("a", 2)]
    assert told(core, Applied("a", 2)) == [Apply("b", 2)]
    assert told(core, Applied("b", 2)) == [Apply("c", 2)]
    assert (core.in_force, core.idle) == (1, False)
    assert told(core, Applied("c", 2)) == [InForce(2)]
    assert (core.in_force, core.idle) == (2, True)


def test_without_children_new_settings_are_in_force_at_once() -> None:
    """Who begins later begins with them."""
    core = reload_of()
    assert told(core, Requested(2)) == [InForce(2)]
    assert core.begins_with == 2


def test_one_refusal_takes_them_back_from_all_the_last_one_first() -> None:
    """The old settings are in force all the while, and everybody has them when the reload is over."""
    core = reload_of("a", "b", "c")
    told(core, Requested(2), Applied("a", 2), Applied("b", 2))
    assert told(core, Refused("c", 2, "no such directory")) == [Apply("b", 1), Apply("a", 1)]
    assert told(core, Applied("a", 1)) == []
    assert told(core, Applied("b", 1)) == [RolledBack(2, "c: no such directory")]
    assert (core.in_force, core.idle) == (1, True)


def test_the_first_to_refuse_leaves_nothing_to_take_back() -> None:
    """A refusal says that the old settings stayed."""
    core = reload_of("a", "b", "c")
    assert told(core, Requested(2), Refused("a", 2, "never")) == [Apply("a", 2), RolledBack(2, "a: never")]


def test_silence_is_a_refusal_after_five_seconds() -> None:
    """Who did not answer may have them: it is told to take the old ones, too."""
    core = reload_of("a", "b", "c")
    effects = core.handle(Requested(2), 0.0)
    assert effects == (Apply("a", 2), WakeMeAt(5.0))
    told(core, Applied("a", 2), now_s=3.0)
    assert told(core, DUE, now_s=5.0) == []
    assert told(core, Tick(8.0), now_s=8.0) == [Apply("b", 1), Apply("a", 1)]
    assert told(core, Applied("b", 2), Applied("a", 1)) == []
    assert told(core, Applied("b", 1)) == [RolledBack(2, "b: no answer within 5 s")]


def test_who_does_not_go_back_is_restarted() -> None:
    """Be it silent or unwilling: a new life begins with what is in force."""
    core = reload_of("a", "b", "c")
    told(core, Requested(2), Applied("a", 2), Applied("b", 2), Refused("c", 2, "no"))
    assert told(core, Refused("b", 1, "gone too far")) == [RestartChild("b")]
    assert told(core, DUE) == [RestartChild("a"), RolledBack(2, "c: no")]
    assert core.begins_with == 1


def test_a_death_is_neither_consent_nor_refusal() -> None:
    """The reload goes on without it, and its next life begins with the candidate."""
    core = reload_of("a", "b")
    told(core, Requested(2))
    assert told(core, Gone("a")) == [Apply("b", 2)]
    assert core.begins_with == 2
    assert told(core, Began("a", 2)) == []
    assert told(core, Applied("b", 2)) == [InForce(2)]


def test_who_began_with_a_candidate_gives_it_back() -> None:
    """A life that began at the wrong moment ends up with the settings of all others."""
    core = reload_of("a", "b")
    told(core, Requested(2), Began("c", 2))
    assert told(core, Refused("a", 2, "no")) == [Apply("c", 1)]
    assert core.begins_with == 1
    assert told(core, Began("b", 1), Applied("c", 1)) == [RolledBack(2, "a: no")]


def test_a_death_while_going_back_is_one_less_to_wait_for() -> None:
    """Its next life begins with the old settings anyway."""
    core = reload_of("a", "b")
    told(core, Requested(2), Applied("a", 2), Refused("b", 2, "no"))
    assert told(core, Gone("a")) == [RolledBack(2, "b: no")]


def test_a_new_life_before_the_old_death_was_told_is_not_waited_for() -> None:
    """The question died with the life that was asked."""
    core = reload_of("a")
    assert told(core, Requested(2), Began("a", 2)) == [Apply("a", 2), InForce(2)]


def test_who_cannot_change_alive_is_restarted_when_the_others_have_changed() -> None:
    """A restart cannot be taken back, so it comes last."""
    core = reload_of("a", "b", "c", restarts=["a", "c"])
    assert told(core, Requested(2)) == [Apply("b", 2)]
    assert told(core, Applied("b", 2)) == [InForce(2), RestartChild("a"), RestartChild("c")]


def test_nobody_is_restarted_for_settings_that_are_refused() -> None:
    """And nobody for those it began with."""
    core = reload_of("a", "b", restarts=["a"])
    assert told(core, Requested(2), Refused("b", 2, "no")) == [Apply("b", 2), RolledBack(2, "b: no")]
    told(core, Requested(3), Gone("a"), Began("a", 3))
    assert told(core, Applied("b", 3)) == [InForce(3)]


def test_what_takes_a_restart_is_judged_by_what_is_in_force_then() -> None:
    """A request that waits is compared with the settings it will replace, not with those before them."""
    core = Reload("ab", in_force=1, restarts=lambda *step: {(1, 2): ["a"], (2, 3): ["b"]}[step])
    told(core, Began("a", 1), Began("b", 1), Requested(2), Requested(3))
    assert told(core, Applied("b", 2)) == [InForce(2), RestartChild("a"), InForce(3), RestartChild("b")]


def test_a_second_request_waits_and_a_third_takes_its_place() -> None:
    """Each is answered: the one in between, that something newer came."""
    core = reload_of("a")
    told(core, Requested(2))
    assert told(core, Requested(3)) == []
    assert told(core, Requested(4)) == [Superseded(3)]
    assert told(core, Applied("a", 2)) == [InForce(2), Apply("a", 4)]
    assert told(core, Applied("a", 4)) == [InForce(4)]


def test_a_request_that_waits_has_its_turn_after_a_refusal_too() -> None:
    """It replaces what is in force, not what was refused."""
    core = reload_of("a")
    told(core, Requested(2), Requested(3))
    assert told(core, Refused("a", 2, "no")) == [RolledBack(2, "a: no"), Apply("a", 3)]


@pytest.mark.parametrize(
    "stray",
    [
        Applied("a", 2),
        Applied("b", 3),
        Applied("a", 1),
        Applied("b", 1),
        Applied("x", 3),
        Refused("a", 2, "late"),
        Refused("x", 3, "nobody"),
        Gone("c"),
        Gone("x"),
        Tick(5.0),
    ],
)
def test_what_nobody_waits_for_changes_nothing(stray: Event) -> None:
    """Late, doubled and invented answers are harmless, whether a reload goes on or not."""
    core = reload_of("a", "b")
    told(core, Requested(2), Refused("a", 2, "no"))
    assert told(core, stray) == []
    assert told(core, Requested(3), now_s=1.0) == [Apply("a", 3)]
    assert told(core, stray, now_s=1.0) == []
    assert told(core, Applied("a", 3), Applied("b", 3), now_s=1.0) == [Apply("b", 3), InForce(3)]
    assert told(core, stray, now_s=1.0) == []


def test_only_who_was_asked_can_refuse() -> None:
    """A child that speaks out of turn decides nothing for the others."""
    core = reload_of("a", "b")
    assert told(core, Requested(2), Refused("b", 2, "me too"), Applied("b", 2)) == [Apply("a", 2)]
    assert told(core, Applied("a", 2)) == [Apply("b", 2)]


def test_who_refuses_what_is_in_force_is_restarted_whenever_it_says_so() -> None:
    """An answer that came twice made it look as if it had gone back."""
    core = reload_of("a", "b")
    told(core, Requested(2), Applied("a", 2), Refused("b", 2, "no"), Applied("a", 1))
    assert told(core, Refused("a", 1, "cannot")) == [RestartChild("a")]
    assert told(core, Refused("a", 1, "cannot")) == []
    told(core, Began("a", 1), Requested(3))
    assert told(core, Refused("a", 1, "cannot")) == [RestartChild("a"), Apply("b", 3)]


@pytest.mark.parametrize("event", [Requested(1), Began("a", 2), Began("x", 1)])
def test_a_mistake_of_the_shell_is_one(event: Event) -> None:
    """Numbers only grow, and lives begin with what they were to begin with."""
    core = reload_of()
    with pytest.raises(ImpossibleEventError):
        core.handle(event, 0.0)
    assert (core.in_force, core.begins_with, core.idle) == (1, 1, True)


def test_the_number_of_a_refused_candidate_is_not_used_again() -> None:
    """Otherwise a late answer to the first could pass for one to the second."""
    core = reload_of("a")
    told(core, Requested(2), Refused("a", 2, "no"))
    with pytest.raises(ImpossibleEventError, match="settings 2"):
        core.handle(Requested(2), 0.0)
