"""Whatever dies or hangs is back, and nothing is left of it: no orphan, no zombie, no descriptor."""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import TYPE_CHECKING

import pytest

from chaos.agent import survivors
from daemoneye.actors.transport.addresses import ADMIN, LOGGER, RUNNER
from daemoneye.tree import COLLECTOR, GATEWAY, HASHING, SUPERVISOR
from tests.system.agents import (
    CHILDREN,
    DURABLE,
    HASHER,
    HASHERS,
    SOON_S,
    Books,
    books,
    installed,
    is_in_order,
    is_whole,
    leftovers,
    others,
    running,
)
from tests.system.zoo import as_root

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chaos.agent import Agent

pytestmark = [as_root, pytest.mark.root, pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")]

# What the settings of these agents say: a hang is one after 0.9 s. The rest is what a slow machine may take.
PATIENCE_S = 0.9
SLOW_S = 2.0


@pytest.fixture(scope="module")
def agent() -> Iterator[Agent]:
    """One that goes through all of this, one test after the other."""
    with running(DURABLE) as agent:
        agent.until(lambda: is_whole(agent), "a whole tree")
        yield agent


@pytest.fixture
def before(agent: Agent) -> Books:
    agent.until_running()
    agent.until(lambda: is_whole(agent), "a whole tree")
    return books(agent)


def restarts(agent: Agent) -> dict[str, int]:
    return {each.name: each.restarts for each in agent.until_running().children}


@pytest.mark.parametrize("role", CHILDREN)
def test_a_killed_child_is_back_alone(agent: Agent, before: Books, role: str) -> None:
    """Within two seconds, and its siblings do not notice."""
    tree, counted = agent.by_role(), restarts(agent)
    os.kill(tree[role].pid, signal.SIGKILL)
    assert agent.until_replaced(role, tree[role].pid) < SLOW_S
    is_in_order(agent, before)
    now = agent.by_role()
    stayed = {each for each in tree if each in now and now[each].pid == tree[each].pid}
    # hashers are the children of hashing, and some of them may have had nothing to do meanwhile
    assert {each for each in tree.keys() - stayed if not each.startswith(HASHER)} == {role}
    assert role != HASHING or stayed.isdisjoint(HASHERS)
    assert restarts(agent) == counted | {role: counted[role] + 1}
    assert "killed by SIGKILL" in agent.logged("child.child_terminated")[-1]["reason"]


@pytest.mark.parametrize("role", CHILDREN)
def test_a_stopped_child_is_noticed_and_replaced(agent: Agent, before: Books, role: str) -> None:
    """Who does not get on is killed within `heartbeat_interval` times `missed_heartbeats`, and begun again."""
    stopped = agent.by_role()[role].pid
    os.kill(stopped, signal.SIGSTOP)
    assert agent.until_replaced(role, stopped) < PATIENCE_S + SLOW_S
    is_in_order(agent, before)
    assert f"{role}: no heartbeat for" in agent.logged("child.child_hung")[-1]["message"]


def test_all_children_killed_at_once_are_back(agent: Agent, before: Books) -> None:
    """Deaths that come together are not lost for each other."""
    tree = agent.by_role()
    for role in CHILDREN:
        os.kill(tree[role].pid, signal.SIGKILL)
    for role in CHILDREN:
        agent.until_replaced(role, tree[role].pid)
    is_in_order(agent, before)
    assert agent.by_role()[SUPERVISOR].pid == tree[SUPERVISOR].pid


def test_a_child_that_is_killed_again_and_again_comes_back_each_time(agent: Agent, before: Books) -> None:
    """Ten lives cost no descriptor more than one."""
    for _ in range(10):
        life = agent.child(COLLECTOR).pid
        if life is not None:
            os.kill(life, signal.SIGKILL)
            agent.until_replaced(COLLECTOR, life)
    is_in_order(agent, before)


@pytest.mark.parametrize("role", [SUPERVISOR, ADMIN, LOGGER, RUNNER])
def test_a_tree_that_lost_its_trunk_is_made_anew(agent: Agent, before: Books, role: str) -> None:
    """Main brings up a new one, and of the old one nobody survives."""
    tree, number = agent.descendants(), agent.until_running().tree
    os.kill(agent.by_role()[role].pid, signal.SIGKILL)
    began = time.monotonic()
    agent.until(lambda: (status := agent.status()) and status.tree > number, "another tree")
    agent.until_running()
    assert time.monotonic() - began < SLOW_S
    is_in_order(agent, before)
    assert survivors(others(tree)) == []


def test_a_stopped_supervisor_is_replaced_with_all_below_it(agent: Agent, before: Books) -> None:
    """Main asks for signs of life, too."""
    tree, number = agent.descendants(), agent.until_running().tree
    os.kill(agent.by_role()[SUPERVISOR].pid, signal.SIGSTOP)
    began = time.monotonic()
    agent.until(lambda: (status := agent.status()) and status.tree > number, "another tree")
    assert time.monotonic() - began < PATIENCE_S + SLOW_S
    is_in_order(agent, before)
    assert survivors(others(tree)) == []


def test_everybody_but_main_killed_at_once_is_one_loss(agent: Agent, before: Books) -> None:
    """What dies together is replaced once, not once for each."""
    tree, number = agent.descendants(), agent.until_running().tree
    for pid in others(tree):
        os.kill(pid, signal.SIGKILL)
    agent.until(lambda: (status := agent.status()) and status.tree > number, "another tree")
    is_in_order(agent, before)
    assert agent.until_running().tree == number + 1
    assert survivors(others(tree)) == []


def test_clients_are_served_while_children_die(agent: Agent, before: Books) -> None:
    """Who asks meanwhile gets an answer: from the one who was there, or from the next."""
    until = time.monotonic() + 1.0
    asked = answered = 0
    while time.monotonic() < until:
        for role in (COLLECTOR, GATEWAY):
            process = agent.by_role().get(role)
            if process:
                os.kill(process.pid, signal.SIGKILL)
            asked += 1
            answered += agent.until(agent.status, "a status") is not None
    assert asked == answered > 4
    is_in_order(agent, before)


def test_nothing_survives_main_and_the_next_agent_takes_the_place() -> None:
    """Killed as hard as can be: no orphan; the sockets that were left are no obstacle."""
    with running() as agent:
        tree = agent.descendants()
        agent.send(signal.SIGKILL)
        assert agent.wait() == -signal.SIGKILL
        assert survivors(tree) == []
        assert "agent.sock" in leftovers(agent)
        assert agent.status() is None
        agent.start()
        agent.until_running()
        agent.until(lambda: is_whole(agent), "a whole tree")
        assert agent.stop() == 0
        assert leftovers(agent) == []


def test_too_many_deaths_end_the_agent_in_order() -> None:
    """Restarting did not help: the tree is stopped, the exit code says so, and the init system decides."""
    with running({"supervisor": {"intensity": 2, "period": "1m"}}) as agent:
        tree = agent.descendants()
        for _ in range(3):
            life = agent.until(lambda: agent.by_role().get(COLLECTOR), "a collector").pid
            os.kill(life, signal.SIGKILL)
            agent.until(lambda pid=life: pid not in agent.descendants(), "its end")  # type: ignore[misc]
        assert agent.wait(SOON_S) == 70
        assert survivors(tree) == []
        assert leftovers(agent) == []
        assert len(agent.logged("supervisor.escalated")) == 1
        assert agent.logged("main.left")[-1]["exit_code"] == 70


def test_too_many_trees_end_the_agent_too() -> None:
    """The same bound holds for the supervisor's own deaths."""
    with running({"supervisor": {"intensity": 1, "period": "1m"}}) as agent:
        tree = agent.descendants()
        for number in (1, 2):
            agent.until(lambda n=number: (s := agent.status()) and s.tree == n, "the tree")  # type: ignore[misc]
            tree |= agent.descendants()
            os.kill(agent.by_role()[SUPERVISOR].pid, signal.SIGKILL)
        assert agent.wait(SOON_S) == 70
        assert survivors(tree) == []
        assert leftovers(agent) == []
        assert len(agent.logged("main.gave_up")) == 1


def test_a_raising_handler_ends_its_process_with_a_reason() -> None:
    """A half-broken process is worse than a restarted one; what it said last is in `status`."""
    with installed(DURABLE | {"scan": {"proc": "/tmp"}}) as agent:  # a begin that raises  # noqa: S108
        agent.start()
        agent.until(lambda: agent.child(COLLECTOR).last_words, "last words")
        child = agent.child(COLLECTOR)
        assert child.state in {"starting", "backing_off"}
        assert "/tmp" in child.last_words  # noqa: S108
        assert agent.stop() == 0
