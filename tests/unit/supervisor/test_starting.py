"""Coming up, and coming back."""

from __future__ import annotations

import pytest

from daemoneye.supervisor.effects import Kill, Start
from daemoneye.supervisor.events import ChildStarted, PauseRequested, StartRequested, StopRequested
from daemoneye.supervisor.specs import ChildSpec, Manner, Restart, Strategy
from tests.fakes.supervised import Habits, World, spec


def test_each_child_waits_for_the_one_before_it() -> None:
    """What records is up before what reports: nobody starts before its predecessor is ready."""
    world = World(spec("a", "b", "c"), b=Habits(ready_s=2)).begin()
    assert (world.states, world.supervisor.state) == (
        {"a": "running", "b": "starting", "c": "waiting"},
        "starting",
    )
    world.run(2)
    assert (world.orders(), world.supervisor.state) == (["start a1", "start b1", "start c1"], "running")
    assert world.reports() == ["progress a1: ready", "progress b1: ready", "progress c1: ready"]


def test_nothing_happens_before_it_is_asked_for() -> None:
    """A supervisor that was only made has started nobody; asked twice, it starts everybody once."""
    world = World(spec("a"))
    assert (world.supervisor.state, world.states, world.log) == ("starting", {"a": "waiting"}, [])
    world.begin().tell(StartRequested())
    assert world.orders() == ["start a1"]


def test_a_tree_without_children_runs_and_stops() -> None:
    """Nothing to do is not an error."""
    world = World(spec()).begin()
    assert world.supervisor.state == "running"
    world.tell(StopRequested())
    assert world.stopped


@pytest.mark.parametrize("strategy", Strategy)
def test_a_fork_that_fails_is_tried_again_under_the_same_intensity(strategy: Strategy) -> None:
    """A host that is out of memory for a moment does not cost the agent its start; for longer, it does."""
    world = World(spec("a", "b", "c", strategy=strategy), b=Habits(start_fails=True)).begin(0.05)
    assert (world.supervisor.state, world.states["c"]) == ("starting", "waiting")
    assert "start_error b1: fork: out of memory" in world.reports()
    world.change("b", start_fails=False).run(2)
    assert (world.supervisor.state, set(world.states.values())) == ("running", {"running"})
    world = World(spec("a", "b", "c", strategy=strategy), b=Habits(start_fails=True)).begin(60)
    assert (world.escalated, world.stopped, world.states["b"]) == (True, True, "failed")
    assert len([each for each in world.said(Start) if each.name == "b"]) == 6  # type: ignore[union-attr]


def test_a_slow_start_ends_in_a_kill_and_another_try() -> None:
    """A child that never becomes ready does not hold up the tree for longer than its start timeout."""
    slow = ChildSpec(name="b", start_timeout_s=4)
    world = World(spec("a", slow), b=Habits(never_ready=True)).begin(3.9)
    assert world.orders() == ["start a1", "start b1"]
    world.change("b", never_ready=False).run(1)
    assert world.orders()[2:] == ["kill b1", "start b2"]
    assert "start_error b1: not ready within 4 s" in world.reports()
    assert world.supervisor.state == "running"


def test_a_start_that_always_hangs_escalates() -> None:
    """With the numbers of the settings, a child that hangs at every start is given up within a minute and a half."""
    world = World(spec("a"), a=Habits(never_ready=True)).begin(90)
    assert (world.escalated, world.stopped, world.living) == (True, True, {})


def test_a_child_that_ends_before_it_is_ready_is_judged_like_any_other() -> None:
    """A transient child may do its work and end without a word; a permanent one may not."""
    brief = ChildSpec(name="a", restart=Restart.TRANSIENT)
    world = World(spec(brief, "b"), a=Habits(never_ready=True)).begin(0.1)
    world.dies("a", Manner.NORMAL, "exit status 0").run(1)
    assert world.states == {"a": "stopped", "b": "running"}
    assert world.reports()[0] == "child_terminated a1: exit status 0"
    world = World(spec("a", "b"), a=Habits(never_ready=True)).begin(0.1).dies("a", Manner.NORMAL)
    assert world.orders() == ["start a1", "start a2"]


def test_a_killed_child_is_back_at_once() -> None:
    """The first restart after a quiet time does not wait, and neither do the others' restarts for each other."""
    world = World(spec("a", "b", "c")).begin().forget()
    world.change("a", ready_s=5)
    world.dies("a").dies("c")
    assert world.orders() == ["start a2", "start c2"]
    assert world.at(Start("c", 2)) == world.now_s


@pytest.mark.parametrize("random", [0.0, 0.5, 0.999])
def test_a_child_killed_again_and_again_is_back_within_two_seconds(random: float) -> None:
    """As long as the intensity allows restarts at all, none waits longer than a second."""
    world = World(spec("a"), random=lambda: random).begin()
    for _ in range(5):
        killed_s = world.now_s
        world.dies("a").run(2)
        assert world.states == {"a": "running"}
        assert world.at(Start("a", world.status("a").generation)) - killed_s < 1
    assert not world.escalated


def test_backing_off_shows_and_a_quiet_time_ends_it() -> None:
    """Each death soon after a start makes the next start wait longer, until the child ran for a while."""
    world = World(spec("a", intensity=100, period_s=1200)).begin()  # the longest wait is six seconds
    waits = []
    for _ in range(5):
        world.dies("a")
        waits.append(round(world.at(Start("a", world.run(5).status("a").generation)) - (world.now_s - 5), 3))
    assert waits == [0, 0.1, 0.2, 0.4, 0.8]
    world.run(6).dies("a")
    assert world.status("a").state == "starting"
    assert world.run(0.1).dies("a").states == {"a": "backing_off"}
    assert world.supervisor.state == "degraded"


def test_a_death_during_the_first_start_is_repaired_during_it() -> None:
    """Who dies while others are still coming up is brought back before they go on."""
    world = World(spec("a", "b", "c"), b=Habits(ready_s=1)).begin(0.5)
    world.change("a", ready_s=2).dies("a").run(1)
    assert world.states == {"a": "starting", "b": "running", "c": "waiting"}
    world.run(2)
    assert world.orders() == ["start a1", "start b1", "start a2", "start c1"]


def test_told_to_stop_during_the_start_it_stops_what_is_up() -> None:
    """SIGTERM while the tree comes up: who has started is stopped in reverse order, nobody else starts."""
    world = World(spec("a", "b", "c"), b=Habits(ready_s=3)).begin()
    world.tell(StopRequested())
    world.run(1)
    assert world.orders() == ["start a1", "start b1", "stop b1", "stop a1"]
    assert (world.stopped, world.escalated, world.living) == (True, False, {})


def test_a_child_that_comes_up_after_it_was_told_to_stop_is_told_again() -> None:
    """An order that came before there was anybody to hear it is not lost."""
    world = World(spec("a"), a=Habits(never_ready=True)).begin()
    world.tell(StopRequested())
    world.forget().tell(ChildStarted("a", 1))
    assert world.orders() == ["stop a1"]
    world.tell(StopRequested())
    world.tell(ChildStarted("a", 1))
    assert world.orders() == ["stop a1", "kill a1", "kill a1"]


def test_told_to_stop_before_the_start_it_is_over() -> None:
    """Nothing that was not started has to be stopped, and nothing is started after that."""
    world = World(spec("a", "b"))
    world.tell(StopRequested())
    world.begin()
    assert (world.stopped, world.orders(), world.supervisor.state) == (True, [], "stopping")


def test_a_child_can_be_paused_before_it_is_started() -> None:
    """A tree can come up without one of its children."""
    world = World(spec("a", "b", "c"))
    world.tell(PauseRequested("b"))
    world.begin()
    assert world.states == {"a": "running", "b": "paused", "c": "running"}
    assert world.supervisor.state == "degraded"


@pytest.mark.parametrize("strategy", [Strategy.REST_FOR_ONE, Strategy.ONE_FOR_ALL])
def test_a_death_during_the_restart_of_a_group_begins_it_again(strategy: Strategy) -> None:
    """However often somebody falls on the way, the group ends complete and in order."""
    world = World(spec("a", "b", "c", strategy=strategy)).begin().forget()
    world.change("c", ready_s=1).dies("b").run(0.5)
    world.dies("b").run(3)
    ends = {"a": "running", "b": "running", "c": "running"}
    assert (world.states, world.supervisor.state, world.twins()) == (ends, "running", [])
    starts = [each for each in world.orders() if each.startswith("start")]
    expected = {Strategy.REST_FOR_ONE: "b2 c2 b3 c3", Strategy.ONE_FOR_ALL: "a2 b2 c2 a3 b3 c3"}[strategy]
    assert starts == [f"start {each}" for each in expected.split()]


def test_what_backs_off_comes_with_the_group_when_an_earlier_one_falls() -> None:
    """A wait of its own ends when a restart from further up takes the child along."""
    world = World(spec("a", "b", "c", strategy=Strategy.REST_FOR_ONE)).begin()
    world.dies("c").run(0.05).dies("c")
    assert world.states["c"] == "backing_off"
    world.forget().dies("a")
    assert world.states["c"] == "waiting"
    world.run(1)
    assert world.orders() == ["stop b1", "start a2", "start b2", "start c3"]


def test_an_immortal_start_is_given_up_and_killed_when_it_shows() -> None:
    """Of an earlier generation nothing may live, however late it comes up."""
    world = World(spec("a"), a=Habits(never_ready=True, immortal=True)).begin()
    world.change("a", never_ready=False).run(15)
    assert world.status("a").generation == 2
    assert world.tell(ChildStarted("a", 1)) == (Kill("a", 1),)
    assert world.states == {"a": "running"}
