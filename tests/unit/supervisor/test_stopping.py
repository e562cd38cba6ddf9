"""Going down."""

from __future__ import annotations

import pytest

from daemoneye.supervisor.effects import Kill, Stopped
from daemoneye.supervisor.events import ChildDied, ChildStarted, StopRequested, Tick
from daemoneye.supervisor.specs import ChildSpec, Manner, Strategy
from tests.fakes.supervised import Habits, World, spec


def stopped(world: World, run_s: float = 1.0) -> World:
    world.forget().tell(StopRequested())
    return world.run(run_s)


@pytest.mark.parametrize("strategy", Strategy)
def test_children_stop_one_by_one_last_one_first(strategy: Strategy) -> None:
    """Nobody is asked to stop before everybody who was started after it is down."""
    world = World(spec("a", "b", "c", strategy=strategy), c=Habits(stop_s=2)).begin()
    stopped(world)
    assert (world.orders(), world.supervisor.state) == (["stop c1"], "stopping")
    world.run(2)
    assert world.orders() == ["stop c1", "stop b1", "stop a1"]
    assert (world.said(Stopped), world.living, world.escalated) == ([Stopped()], {}, False)


def test_a_child_that_does_not_stop_is_killed_after_its_shutdown_timeout() -> None:
    """An ordered stop takes at most the sum of the shutdown timeouts."""
    deaf = ChildSpec(name="b", shutdown_s=3)
    world = stopped(World(spec("a", deaf), b=Habits(deaf=True)).begin(), 4)
    assert world.orders() == ["stop b1", "kill b1", "stop a1"]
    assert world.at(Kill("b", 1)) == 1 + 3
    assert world.reports() == ["shutdown_error b1: did not stop within 3 s: killed"]
    assert world.stopped


def test_a_shutdown_of_zero_is_a_kill() -> None:
    """What cannot be asked is not asked."""
    world = stopped(World(spec("a", ChildSpec(name="b", shutdown_s=0))).begin())
    assert (world.orders(), world.reports()) == (["kill b1", "stop a1"], [])


def test_a_second_request_hurries() -> None:
    """Told again, it waits for nobody: all are killed at once, last one first."""
    world = World(spec("a", "b", "c"), c=Habits(deaf=True)).begin()
    stopped(world).tell(StopRequested())
    assert world.orders() == ["stop c1", "kill c1", "kill b1", "kill a1"]
    world.tell(StopRequested())
    world.run(0.1).tell(StopRequested())
    assert (world.orders()[4:], world.said(Stopped), world.living) == ([], [Stopped()], {})


def test_the_first_request_during_an_escalation_does_not_hurry() -> None:
    """The supervisor's own decision to stop is not taken for an operator's impatience."""
    world = World(spec("a", "b", intensity=0), b=Habits(deaf=True)).begin().dies("a").forget()
    world.tell(StopRequested())
    assert world.orders() == []
    world.tell(StopRequested())
    assert world.orders() == ["kill b1"]


def test_a_process_that_cannot_die_does_not_hold_up_the_stop() -> None:
    """Stuck in the kernel after a kill: it is reported, given up, and the rest goes on."""
    world = stopped(World(spec("a", "b"), b=Habits(deaf=True, immortal=True)).begin(), 11)
    assert world.reports() == [
        "shutdown_error b1: did not stop within 5 s: killed",
        "shutdown_error b1: killed, and not dead after 5 s: given up",
    ]
    assert (world.orders()[-1], world.stopped) == ("stop a1", True)


def test_a_death_while_others_are_stopping_is_no_restart() -> None:
    """In a tree that goes down nobody is brought back, and a crash on the way is told."""
    world = World(spec("a", "b", "c", intensity=0), c=Habits(stop_s=2)).begin()
    stopped(world).dies("a", Manner.NORMAL).dies("b", reason="signal 11").run(2)
    assert (world.orders(), world.stopped, world.escalated) == (["stop c1"], True, False)
    assert world.reports() == ["shutdown_error b1: signal 11"]


def test_a_child_that_hangs_before_its_turn_is_killed_and_not_restarted() -> None:
    """Hanging does not become allowed because somebody else takes long to stop."""
    slow = ChildSpec(name="b", shutdown_s=60)
    world = World(spec("a", slow), b=Habits(stop_s=30), a=Habits(frozen=True)).begin(0.1)
    stopped(world, 31)
    assert world.orders() == ["stop b1", "kill a1"]
    assert world.stopped


def test_what_backs_off_is_simply_not_started() -> None:
    """A tree can be stopped in the middle of a crash loop."""
    world = World(spec("a")).begin().dies("a").run(0.05).dies("a")
    assert world.states == {"a": "backing_off"}
    assert stopped(world, 60).orders() == []
    assert (world.states, world.stopped) == ({"a": "stopped"}, True)


def test_a_hung_child_on_its_way_out_stays_out_when_the_tree_stops() -> None:
    """A kill that was to be followed by a restart no longer is."""
    world = World(spec("a"), a=Habits(kill_s=2)).begin().change("a", frozen=True).run(9)
    assert world.orders()[-1] == "kill a1"
    stopped(world, 3)
    assert (world.orders(), world.stopped) == ([], True)


def test_after_the_end_nothing_changes_any_more() -> None:
    """Late notices and old timers find nobody; who still comes up is sent away."""
    world = stopped(World(spec("a")).begin())
    assert world.tell(ChildDied("a", 1, Manner.ABNORMAL, "signal 9")) == ()
    assert world.tell(Tick(0)) == ()
    assert world.tell(StopRequested()) == ()
    assert world.tell(ChildStarted("a", 1)) == (Kill("a", 1),)
    assert world.states == {"a": "stopped"}
