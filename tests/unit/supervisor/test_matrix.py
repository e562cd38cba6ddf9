"""OTP's matrix: what becomes of a child, for each restart type, each way to die and each strategy."""

from __future__ import annotations

from itertools import product
from typing import Final

import pytest

from daemoneye.supervisor.effects import Escalate
from daemoneye.supervisor.specs import ChildSpec, Manner, Restart, Strategy
from tests.fakes.supervised import World, spec

ALONE: Final = ["start b2"]
REST: Final = ["stop d1", "stop c1", "start b2", "start c2", "start d2"]
ALL: Final = ["stop d1", "stop c1", "stop a1", "start a2", "start b2", "start c2", "start d2"]
ORDERS: Final = {Strategy.ONE_FOR_ONE: ALONE, Strategy.REST_FOR_ONE: REST, Strategy.ONE_FOR_ALL: ALL}

# Whether a child comes back, and where it stays if it does not.
OUTCOMES: Final = {
    (Restart.PERMANENT, Manner.NORMAL): "running",
    (Restart.PERMANENT, Manner.SHUTDOWN): "running",
    (Restart.PERMANENT, Manner.ABNORMAL): "running",
    (Restart.TRANSIENT, Manner.NORMAL): "stopped",
    (Restart.TRANSIENT, Manner.SHUTDOWN): "stopped",
    (Restart.TRANSIENT, Manner.ABNORMAL): "running",
    (Restart.TEMPORARY, Manner.NORMAL): "stopped",
    (Restart.TEMPORARY, Manner.SHUTDOWN): "stopped",
    (Restart.TEMPORARY, Manner.ABNORMAL): "failed",
}


def tree(strategy: Strategy, restart: Restart = Restart.PERMANENT, **fields: int) -> World:
    child = ChildSpec(name="b", restart=restart)
    return World(spec("a", child, "c", "d", strategy=strategy, **fields)).begin().forget()


@pytest.mark.parametrize(
    ("restart", "manner", "strategy"),
    list(product(Restart, Manner, Strategy)),
    ids=[f"{strategy}_{restart}_{manner}" for restart, manner, strategy in product(Restart, Manner, Strategy)],
)
def test_a_death(restart: Restart, manner: Manner, strategy: Strategy) -> None:
    """Who comes back, and who else because of it, is what Erlang's handbook says."""
    world = tree(strategy, restart).dies("b", manner).run(1)
    outcome = OUTCOMES[restart, manner]
    assert world.orders() == (ORDERS[strategy] if outcome == "running" else [])
    assert world.states == {"a": "running", "b": outcome, "c": "running", "d": "running"}
    assert world.supervisor.state == ("degraded" if outcome == "failed" else "running")


@pytest.mark.parametrize("strategy", Strategy, ids=[f"{strategy}_escalation" for strategy in Strategy])
def test_escalation(strategy: Strategy) -> None:
    """One restart more than the intensity, and everything is stopped in order, last one first."""
    world = tree(strategy, intensity=2)
    for _ in range(2):
        world.dies("b").run(1)
    world.forget().dies("b")
    world.run(1)
    assert len(world.said(Escalate)) == 1
    last = {each.name: each.generation for each in world.supervisor.children}
    assert world.orders() == [f"stop {name}{last[name]}" for name in "dca"]
    assert world.states == {"a": "stopped", "b": "failed", "c": "stopped", "d": "stopped"}
    assert (world.stopped, world.supervisor.state, world.living) == (True, "stopping", {})


@pytest.mark.parametrize("strategy", Strategy, ids=[f"{strategy}_intensity_zero" for strategy in Strategy])
def test_intensity_zero(strategy: Strategy) -> None:
    """Who allows no restart gets none."""
    world = tree(strategy, intensity=0).dies("b").run(1)
    assert (world.escalated, world.stopped) == (True, True)
    assert not [each for each in world.orders() if each.startswith("start")]


@pytest.mark.parametrize("restart", [Restart.TRANSIENT, Restart.TEMPORARY])
@pytest.mark.parametrize("strategy", Strategy)
def test_children_that_end_by_themselves_never_escalate(strategy: Strategy, restart: Restart) -> None:
    """Only restarts are counted: work that is done is no failure."""
    world = tree(strategy, restart, intensity=0).dies("b", Manner.NORMAL).run(1)
    assert not world.escalated


@pytest.mark.parametrize("strategy", [Strategy.REST_FOR_ONE, Strategy.ONE_FOR_ALL])
def test_a_temporary_child_that_goes_with_others_stays_away(strategy: Strategy) -> None:
    """A temporary child never comes back, even when it had to go for another's sake."""
    temporary = ChildSpec(name="b", restart=Restart.TEMPORARY)
    world = World(spec("a", temporary, "c", strategy=strategy)).begin().dies("a").run(1)
    assert world.states == {"a": "running", "b": "stopped", "c": "running"}


@pytest.mark.parametrize("strategy", [Strategy.REST_FOR_ONE, Strategy.ONE_FOR_ALL])
def test_a_finished_child_takes_part_in_the_restart_of_its_group(strategy: Strategy) -> None:
    """A transient child that had done its work does it again for those who start anew."""
    transient = ChildSpec(name="b", restart=Restart.TRANSIENT)
    world = World(spec("a", transient, "c", strategy=strategy)).begin().dies("b", Manner.NORMAL).dies("a").run(1)
    assert world.states == {"a": "running", "b": "running", "c": "running"}


@pytest.mark.parametrize("strategy", Strategy)
def test_a_failed_temporary_child_stays_so(strategy: Strategy) -> None:
    """What failed and is not wanted back is not swept under the carpet by the next restart."""
    temporary = ChildSpec(name="b", restart=Restart.TEMPORARY)
    world = World(spec("a", temporary, "c", strategy=strategy)).begin().dies("b").dies("a").run(1)
    assert world.states == {"a": "running", "b": "failed", "c": "running"}
