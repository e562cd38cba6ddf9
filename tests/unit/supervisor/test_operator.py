"""What an operator asks for: planned, and never counted."""

from __future__ import annotations

import pytest

from daemoneye.supervisor.events import (
    ChildDied,
    Event,
    PauseRequested,
    Request,
    RestartRequested,
    ResumeRequested,
    StopRequested,
)
from daemoneye.supervisor.specs import ChildSpec, Manner, Restart, Strategy
from tests.fakes.supervised import Habits, World, spec


def told(world: World, *events: Event, run_s: float = 1.0) -> World:
    for event in events:
        world.tell(event)
    return world.run(run_s)


def test_a_planned_restart_stops_then_starts() -> None:
    """The child is asked, not killed, and the others keep running."""
    world = told(World(spec("a", "b", "c")).begin().forget(), RestartRequested("b"))
    assert (world.orders(), world.supervisor.state) == (["stop b1", "start b2"], "running")
    assert world.status("b").restarts == 1


def test_planned_restarts_do_not_count_against_the_intensity() -> None:
    """An operator may restart as often as they like."""
    world = World(spec("a", intensity=0)).begin()
    for _ in range(20):
        told(world, RestartRequested("a"))
    assert (world.escalated, world.generations) == (False, [21])


@pytest.mark.parametrize(
    ("strategy", "orders"),
    [
        (Strategy.REST_FOR_ONE, ["stop c1", "stop b1", "start b2", "start c2"]),
        (Strategy.ONE_FOR_ALL, ["stop c1", "stop b1", "stop a1", "start a2", "start b2", "start c2"]),
    ],
)
def test_a_planned_restart_takes_along_who_is_tied_to_it(strategy: Strategy, orders: list[str]) -> None:
    """State that came from a child is as stale after a planned restart as after a crash."""
    world = told(World(spec("a", "b", "c", strategy=strategy)).begin().forget(), RestartRequested("b"))
    assert world.orders() == orders


def test_a_restart_while_it_starts_gives_a_new_generation() -> None:
    """Who asks for a restart to bring in new settings gets a process that has them."""
    world = World(spec("a"), a=Habits(ready_s=2)).begin()
    assert told(world, RestartRequested("a"), run_s=4).orders() == ["start a1", "stop a1", "start a2"]


def test_a_restart_ends_the_wait_of_a_child_that_backs_off() -> None:
    """An operator who has mended the cause need not wait."""
    world = World(spec("a")).begin().dies("a").run(0.05).dies("a").forget()
    world.tell(RestartRequested("a"))
    assert world.orders() == ["start a3"]


def test_a_planned_restart_clears_the_sheet() -> None:
    """After it, the next accident is a first one again: it does not wait."""
    world = World(spec("a")).begin().dies("a").run(0.05).dies("a")
    assert told(world, RestartRequested("a")).dies("a").states == {"a": "starting"}


def test_a_child_that_backs_off_can_be_paused() -> None:
    """A crash loop can be interrupted without stopping the tree."""
    world = World(spec("a")).begin().dies("a").run(0.05).dies("a")
    assert told(world, PauseRequested("a"), run_s=60).states == {"a": "paused"}


def test_a_request_does_not_make_a_hang_planned() -> None:
    """A hung child that an operator restarts in the meantime counts all the same."""
    world = World(spec("a", intensity=0), a=Habits(kill_s=2)).begin().change("a", frozen=True).run(9)
    assert told(world, RestartRequested("a"), run_s=3).escalated


def test_a_paused_child_stays_down_until_it_is_resumed() -> None:
    """A pause outlasts everything but a resume, and shows as a degraded tree."""
    world = told(World(spec("a", "b")).begin(), PauseRequested("b"), run_s=3600)
    assert (world.states["b"], world.supervisor.state) == ("paused", "degraded")
    world.tell(PauseRequested("b"))
    told(world, ResumeRequested("b"))
    assert (world.states["b"], world.supervisor.state, world.status("b").generation) == ("running", "running", 2)


@pytest.mark.parametrize("strategy", Strategy)
def test_a_pause_on_its_way_outlasts_the_restart_of_a_group(strategy: Strategy) -> None:
    """A crash elsewhere does not turn a pause into a restart."""
    world = World(spec("a", "b", "c", strategy=strategy), c=Habits(stop_s=2)).begin()
    world.tell(PauseRequested("c"))
    assert world.dies("a").run(4).states == {"a": "running", "b": "running", "c": "paused"}


@pytest.mark.parametrize("strategy", Strategy)
def test_a_paused_child_stays_down_when_its_group_restarts(strategy: Strategy) -> None:
    """What an operator has put down, a crash elsewhere does not raise."""
    world = told(World(spec("a", "b", "c", strategy=strategy)).begin(), PauseRequested("b"))
    world.dies("a").run(1)
    assert world.states == {"a": "running", "b": "paused", "c": "running"}


def test_restart_raises_a_paused_child_too() -> None:
    """Both words bring it back."""
    world = told(World(spec("a")).begin(), PauseRequested("a"))
    assert told(world, RestartRequested("a")).states == {"a": "running"}


@pytest.mark.parametrize("back", [ResumeRequested, RestartRequested])
def test_a_pause_that_is_taken_back_ends_in_a_restart(back: type[Request]) -> None:
    """A child that was already asked to stop stops, and comes back."""
    world = World(spec("a"), a=Habits(stop_s=2)).begin()
    told(world, PauseRequested("a"), back("a"), run_s=3)
    assert world.orders() == ["start a1", "stop a1", "start a2"]


def test_a_restart_can_become_a_pause_on_the_way() -> None:
    """The last word counts."""
    world = World(spec("a"), a=Habits(stop_s=2)).begin()
    told(world, RestartRequested("a"), PauseRequested("a"), run_s=3)
    assert (world.states, world.orders()) == ({"a": "paused"}, ["start a1", "stop a1"])


def test_a_resume_of_what_runs_changes_nothing() -> None:
    """Asked for what is so already, it does nothing."""
    world = told(World(spec("a"), a=Habits(stop_s=2)).begin(), ResumeRequested("a"))
    assert world.orders() == ["start a1"]
    told(world, RestartRequested("a"), ResumeRequested("a"), RestartRequested("a"), run_s=3)
    assert world.orders() == ["start a1", "stop a1", "start a2"]


def test_a_hung_child_that_is_paused_meanwhile_is_not_brought_back() -> None:
    """A restart that an operator forestalls does not happen, and is not counted."""
    world = World(spec("a", intensity=0), a=Habits(kill_s=2)).begin().change("a", frozen=True).run(9)
    assert world.states == {"a": "stopping"}
    assert told(world, PauseRequested("a"), run_s=3).states == {"a": "paused"}
    assert not world.escalated


@pytest.mark.parametrize(("manner", "state"), [(Manner.NORMAL, "stopped"), (Manner.ABNORMAL, "failed")])
def test_what_has_ended_for_good_can_be_started_again(manner: Manner, state: str) -> None:
    """A temporary child is not restarted by itself, but on request."""
    world = World(spec(ChildSpec(name="a", restart=Restart.TEMPORARY))).begin().dies("a", manner)
    assert world.states == {"a": state}
    assert told(world, ResumeRequested("a")).states == {"a": state}
    assert told(world, RestartRequested("a")).states == {"a": "running"}
    assert told(world, RestartRequested("a")).status("a").generation == 3
    assert told(world.dies("a", manner), PauseRequested("a")).states == {"a": "paused"}


def test_a_tree_that_stops_takes_no_requests() -> None:
    """Nobody is restarted into a tree that goes down."""
    world = World(spec("a", "b"), b=Habits(stop_s=2)).begin()
    told(world, StopRequested(), RestartRequested("a"), PauseRequested("b"), ResumeRequested("b"), run_s=4)
    assert world.orders()[2:] == ["stop b1", "stop a1"]
    assert world.states == {"a": "stopped", "b": "stopped"}


def test_a_crash_during_a_planned_stop_is_told_and_not_counted() -> None:
    """A child that crashes while it says goodbye comes back as planned."""
    world = World(spec("a", intensity=0), a=Habits(stop_s=2)).begin()
    world.tell(RestartRequested("a"))
    del world.living["a", 1]
    world.tell(ChildDied("a", 1, Manner.ABNORMAL, "signal 6"))
    assert (world.orders()[-1], world.reports()[-1]) == ("start a2", "shutdown_error a1: signal 6")
    assert not world.escalated
