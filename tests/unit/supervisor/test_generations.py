"""News comes late, twice, and of lives that are over."""

from __future__ import annotations

import pytest

from daemoneye.supervisor.effects import Kill
from daemoneye.supervisor.events import ChildDied, ChildStarted, Event, Heartbeat, RestartRequested, StartFailed, Tick
from daemoneye.supervisor.family import Family
from daemoneye.supervisor.specs import Manner
from daemoneye.supervisor.transitions import ImpossibleEventError, State
from tests.fakes.supervised import World, spec


def second_life() -> World:
    return World(spec("a", "b")).begin().dies("a").run(1).forget()


@pytest.mark.parametrize(
    "late",
    [ChildDied("a", 1, Manner.ABNORMAL, "signal 9"), StartFailed("a", 1, "fork"), Heartbeat("a", 1, 1, idle=True)],
    ids=lambda event: type(event).__name__,
)
def test_news_of_an_older_generation_changes_nothing(late: Event) -> None:
    """A death notice that comes twice does not restart the successor."""
    world = second_life()
    assert world.tell(late) == ()
    assert (world.generations, set(world.states.values())) == ([2, 1], {"running"})


def test_an_older_generation_that_comes_up_is_killed() -> None:
    """Two of one name never work side by side."""
    world = second_life()
    assert world.tell(ChildStarted("a", 1)) == (Kill("a", 1),)
    assert (world.generations, set(world.states.values())) == ([2, 1], {"running"})


def test_a_confirmation_that_comes_twice_is_moot() -> None:
    """The second one neither restarts the clock of the child nor reports it again."""
    world = second_life()
    before = world.status("a")
    assert world.tell(ChildStarted("a", 2)) == ()
    assert world.status("a") == before


def test_a_confirmation_after_the_death_is_not_believed() -> None:
    """The exit was read before the last message of the dead: it stays dead."""
    world = second_life().dies("a")
    assert world.states["a"] == "backing_off"
    assert world.tell(ChildStarted("a", 2)) == (Kill("a", 2),)
    assert world.tell(ChildDied("a", 2, Manner.ABNORMAL, "signal 9")) == ()
    assert world.states["a"] == "backing_off"


@pytest.mark.parametrize("state", [State.WAITING, State.BACKING_OFF, State.PAUSED, State.STOPPED, State.FAILED])
def test_whoever_comes_up_while_nobody_is_expected_is_killed(state: State) -> None:
    """A name that is down is down: no process of it may live on unseen."""
    family = Family(spec("a"), lambda: 0.0)
    family.children[0].down(state)
    family.react(family.children[0], ChildStarted("a", 0))
    assert (family.effects, family.children[0].state) == ([Kill("a", 0)], state)


def test_the_brokers_word_outranks_the_childs() -> None:
    """Whoever claims to be ready, and was never forked, is not."""
    world = second_life()
    world.tell(StartFailed("a", 2, "fork"))
    assert world.status("a").state in {"starting", "backing_off"}


@pytest.mark.parametrize("generation", [3, 10**9])
def test_a_child_cannot_end_its_supervisor_with_a_number(generation: int) -> None:
    """What a compromised child may say is survived, whatever it says."""
    world = second_life()
    assert world.tell(Heartbeat("a", generation, 10**30, idle=False)) == ()
    assert world.tell(ChildStarted("a", generation)) == (Kill("a", generation),)
    assert world.generations == [2, 1]


@pytest.mark.parametrize("event", [ChildDied("a", 3, Manner.NORMAL, "exit 0"), StartFailed("a", 3, "fork")])
def test_a_death_of_the_future_is_a_mistake(event: Event) -> None:
    """The kernel cannot have said so: a shell that mixes up its generations is not carried along."""
    world = second_life()
    with pytest.raises(ImpossibleEventError, match="at most generation 2"):
        world.tell(event)
    assert (world.generations, set(world.states.values())) == ([2, 1], {"running"})


@pytest.mark.parametrize("event", [RestartRequested("x"), ChildStarted("x", 1)])
def test_an_unknown_name_is_a_mistake(event: Event) -> None:
    """The shell knows the names; the message says which there are."""
    with pytest.raises(ImpossibleEventError, match="one of a, b"):
        second_life().tell(event)


def test_old_timers_do_not_breed() -> None:
    """A timer that was replaced rings into the void: a thousand restarts later there are no more of them."""
    world = World(spec("a", "b", intensity=1000, period_s=10**6, heartbeat_interval_s=600)).begin()
    for _ in range(1000):
        world.tell(RestartRequested("a"))
        world.run(1)
    world.run(3600).forget().handled = 0
    world.run(3600)
    assert world.handled < 3600 / 450 * 2 * 2 + 10


def test_a_timer_that_rings_early_is_set_again() -> None:
    """A clock that is a little fast does not stop the supervisor from ever looking again."""
    world = World(spec("a")).begin(0)
    (at_s,) = [event.at_s for _, _, event in world._agenda if isinstance(event, Tick)]
    world._agenda.clear()
    world.now_s = at_s - 0.001
    world.tell(Tick(at_s))
    assert [event for _, _, event in world._agenda] == [Tick(at_s)]


def test_time_does_not_go_back() -> None:
    """A clock that does is held, and nothing is judged by it."""
    world = World(spec("a")).begin(5)
    world.now_s = 1.0
    world.dies("a").run(0.1)
    since_s = world.status("a").running_since_s
    assert since_s is not None
    assert since_s > 4
