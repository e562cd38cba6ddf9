"""An operator's commands against a real agent: what they change is seen in its processes."""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from daemoneye.client import Client, Refused, UnknownChild
from daemoneye.tree import COLLECTOR, GATEWAY, SUPERVISOR
from tests.system.agents import CHILDREN, DURABLE, SHOWN, Books, books, installed, is_in_order, is_whole, lives, running
from tests.system.program import daemoneye
from tests.system.zoo import as_root

if TYPE_CHECKING:
    from collections.abc import Iterator
    from subprocess import CompletedProcess

    from chaos.agent import Agent

pytestmark = [as_root, pytest.mark.root, pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")]


@pytest.fixture(scope="module")
def agent() -> Iterator[Agent]:
    with running(DURABLE) as agent:
        yield agent


@pytest.fixture
def before(agent: Agent) -> Books:
    agent.until(lambda: is_whole(agent), "a whole tree")
    return books(agent)


def ask(agent: Agent, *arguments: str) -> CompletedProcess[str]:
    return daemoneye(*arguments, "--config", str(agent.config))


def test_restart_replaces_one_child_and_counts_as_no_failure(agent: Agent, before: Books) -> None:
    """It stops in order and begins again; its siblings stay."""
    tree, first = lives(agent), agent.child(COLLECTOR)
    outcome = ask(agent, "child", "restart", COLLECTOR)
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (0, "collector: restart\n", "")
    agent.until_replaced(COLLECTOR, first.pid or 0)
    is_in_order(agent, before)
    now = lives(agent)
    assert {role for role in tree if now[role] != tree[role]} == {COLLECTOR}
    assert agent.child(COLLECTOR).restarts == first.restarts + 1


def test_the_one_who_answers_can_be_restarted_too(agent: Agent, before: Books) -> None:
    """The answer comes before it goes, and whoever connects meanwhile waits for the next one."""
    first = agent.child(GATEWAY)
    assert ask(agent, "child", "restart", GATEWAY).returncode == 0
    assert ask(agent, "status").returncode == 0
    agent.until_replaced(GATEWAY, first.pid or 0)
    is_in_order(agent, before)


def test_a_paused_child_is_down_until_it_is_resumed(agent: Agent, before: Books) -> None:
    """The agent says meanwhile that it is degraded; `--fail-on` and `health` make that an exit code."""
    assert ask(agent, "child", "pause", COLLECTOR).returncode == 0
    agent.until(lambda: agent.child(COLLECTOR).state == "paused", "the pause")
    assert COLLECTOR not in agent.by_role()
    status = json.loads(ask(agent, "status", "--json").stdout)
    assert status["state"] == "degraded"
    child = next(each for each in status["children"] if each["name"] == COLLECTOR)
    assert (child["pid"], child["uptime_s"]) == (None, None)
    assert ask(agent, "status").returncode == 0
    assert ask(agent, "status", "--fail-on", "degraded").returncode == 1
    assert ask(agent, "status", "--fail-on", "failed").returncode == 0
    assert ask(agent, "health").returncode == 1
    assert ask(agent, "health", COLLECTOR).returncode == 1
    assert ask(agent, "health", GATEWAY).returncode == 0
    assert ask(agent, "child", "resume", COLLECTOR).returncode == 0
    is_in_order(agent, before)
    assert ask(agent, "health").returncode == 0


def test_what_cannot_be_done_is_refused(agent: Agent) -> None:
    """Unknown names are wrong usage, and name those there are; the way back is never cut off."""
    tree = lives(agent)
    for arguments in (("child", "restart", "nobody"), ("health", "nobody")):
        outcome = ask(agent, *arguments)
        assert outcome.returncode == 64
        assert all(name in outcome.stderr for name in CHILDREN)
    outcome = ask(agent, "child", "pause", GATEWAY)
    assert outcome.returncode == 1
    assert "resume" in outcome.stderr
    assert ask(agent, "child", "restart", SUPERVISOR).returncode == 1
    assert lives(agent) == tree


def test_child_list_is_what_status_says(agent: Agent) -> None:
    """One document a line, for pipes."""
    lines = [json.loads(line) for line in ask(agent, "child", "list", "--json").stdout.splitlines()]
    assert [each["name"] for each in lines] == [*SHOWN]
    assert all(each["state"] == "running" for each in lines)
    assert ask(agent, "child", "list").stdout.splitlines()[0].split()[:3] == ["CHILD", "STATE", "PID"]


def test_ps_of_the_agent_is_a_scan(agent: Agent) -> None:
    """What the agent has seen is what a look of one's own shows, but for what came and went between the two."""
    agent.until(lambda: agent.until_running().scan, "a look")
    known = [json.loads(line) for line in ask(agent, "ps", "--json").stdout.splitlines()]
    seen = [json.loads(line) for line in daemoneye("scan", "--json").stdout.splitlines()]
    assert known[-1].keys() == seen[-1].keys() == {"coverage"}
    of_agent, of_scan = ({each["pid"]: each for each in lines[:-1]} for lines in (known, seen))
    alike = of_agent.keys() & of_scan.keys()
    assert len(alike) >= 0.8 * max(len(of_agent), len(of_scan))
    assert agent.pid in alike
    steady = [pid for pid in alike if of_scan[pid]["entity_id"] == of_agent[pid]["entity_id"]]
    assert len(steady) >= 0.9 * len(alike)
    assert of_agent[agent.pid]["command_line"] == of_scan[agent.pid]["command_line"]


def test_a_hundred_requests_on_one_connection(agent: Agent, before: Books) -> None:
    """Nothing is kept of what was answered."""
    with Client(agent.directory / "runtime/agent.sock") as client:
        for _ in range(100):
            assert client.status().state == "running"
        assert sum(1 for _ in client.processes()) > 10
        with pytest.raises(UnknownChild):
            client.restart("nobody")
        with pytest.raises(Refused):
            client.pause(GATEWAY)
        assert client.status().state == "running"
    is_in_order(agent, before)


def test_who_runs_into_a_dying_tree_hears_it_in_one_line(agent: Agent, before: Books) -> None:
    """The supervisor is killed while clients ask: each gets an answer or a clear refusal, and the agent is back."""
    tree = agent.until_running().tree
    os.kill(agent.by_role()[SUPERVISOR].pid, signal.SIGKILL)
    for arguments in (("status", "--json"), ("ps", "--json"), ("child", "restart", COLLECTOR), ("health",)):
        outcome = ask(agent, *arguments)
        assert outcome.returncode in {0, 1, 4, 69}
        assert "Traceback" not in outcome.stderr
        assert outcome.stderr.count("\n") <= 1
    agent.until(lambda: agent.until_running().tree == tree + 1, "the new tree")
    is_in_order(agent, before)


def test_commands_without_an_agent() -> None:
    """Three says that it does not run, and what is left of a killed one does not pass for one."""
    with installed() as agent:
        assert ask(agent, "status").returncode == 3
        assert ask(agent, "health").returncode == 69
        agent.start()
        agent.until_running()
        agent.send(signal.SIGKILL)
        agent.wait()
        outcome = ask(agent, "status", "--json")
        assert (outcome.returncode, outcome.stdout) == (3, "")
        assert outcome.stderr.count("\n") == 1
