"""An agent that is told to stop stops, whenever that is, and leaves nothing behind."""

from __future__ import annotations

import os
import pty
import select
import signal
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from chaos.agent import PROGRAM, survivors
from daemoneye.tree import COLLECTOR, GATEWAY
from tests.system.agents import (
    SOON_S,
    installed,
    is_whole,
    leftovers,
    lives,
    pause,
    running,
    until_held,
)
from tests.system.program import environment
from tests.system.zoo import as_root

if TYPE_CHECKING:
    from chaos.agent import Agent

pytestmark = [as_root, pytest.mark.root, pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")]

# A start takes half a second to one from where signals are held back; a slow machine is late for the last of these.
MOMENTS_S = (0.0, 0.15, 0.3, 0.45, 0.6)


def is_gone(agent: Agent, code: int = 0) -> None:
    """The exit code, and no process, no socket and no file of that run."""
    tree = agent.descendants()
    assert agent.wait(SOON_S) == code, agent.log.read_text(encoding="utf-8")
    assert survivors(tree) == []
    assert leftovers(agent) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_agent_in_order(number: signal.Signals) -> None:
    """Exit code 0, quickly, and the last thing that is said is that it left."""
    with running() as agent:
        began = time.monotonic()
        agent.send(number)
        is_gone(agent)
        assert time.monotonic() - began < 4  # it takes a tenth of a second where nobody else is at work
        assert agent.lines()[-1]["event"] == "main.left"
        assert [line["level"] for line in agent.lines()].count("error") == 0


def test_signals_to_every_process_are_for_main() -> None:
    """Some init systems, and many people, signal all that has the name: a reload is one, a stop is an ordered one."""
    with running() as agent:
        agent.until(lambda: is_whole(agent), "a whole tree")
        tree = lives(agent)
        for number in (signal.SIGHUP, signal.SIGUSR1):
            for pid in agent.descendants():
                with suppress(ProcessLookupError):  # between the list and the signal some fork of a fork may end
                    os.kill(pid, number)
        agent.until(lambda: agent.until_running().reload.result == "accepted", "the reload")  # type: ignore[union-attr]
        assert lives(agent) == tree
        for pid in agent.descendants():
            with suppress(ProcessLookupError):  # it is a stop: some go while others are told
                os.kill(pid, signal.SIGTERM)
        is_gone(agent)


@pytest.mark.parametrize("after_s", MOMENTS_S)
def test_a_signal_during_the_start_is_a_stop_like_any_other(after_s: float) -> None:
    """There is no moment at which a stop would be taken for a crash, or leave something behind."""
    with installed() as agent:
        agent.start()
        until_held(agent)
        pause(after_s)
        agent.send(signal.SIGTERM)
        is_gone(agent)


def test_a_reload_during_the_start_does_not_end_it() -> None:
    """An impatient tool may send SIGHUP as soon as it has a pid."""
    with installed() as agent:
        agent.start()
        until_held(agent)
        agent.send(signal.SIGHUP)
        agent.until_running()
        assert agent.stop() == 0


def test_a_second_signal_hurries() -> None:
    """Who does not want to wait for children that do not answer asks again."""
    with running() as agent:
        for role in (COLLECTOR, GATEWAY):
            os.kill(agent.by_role()[role].pid, signal.SIGSTOP)
        began = time.monotonic()
        agent.send(signal.SIGTERM)
        agent.until(lambda: agent.logged("main.stopping"), "the first")
        assert agent.process
        assert agent.process.poll() is None
        agent.send(signal.SIGTERM)
        is_gone(agent)
        assert time.monotonic() - began < 3  # one of them alone may take five seconds


def test_many_signals_are_no_other_than_two() -> None:
    """Somebody leans on Ctrl-C: it is stopped all the same, and cleans up."""
    with running() as agent:
        for _ in range(20):
            agent.send(signal.SIGINT)
            pause(0.005)
            if agent.process and agent.process.poll() is not None:
                break
        is_gone(agent)


def test_ctrl_c_at_a_terminal_stops_the_agent() -> None:
    """The whole foreground group hears it; nobody dies of it, and what is said is for a person."""
    with installed() as agent:
        pid, terminal = pty.fork()
        if pid == 0:
            os.execve(PROGRAM, [PROGRAM, "run", "--config", str(agent.config)], environment())  # noqa: S606
        try:
            said = read_until(terminal, "processes seen")
            assert "collector" in said
            os.write(terminal, b"\x03")
            _, status = os.waitpid(pid, 0)
            said += read_until(terminal, "left")
        finally:
            os.close(terminal)
        assert os.waitstatus_to_exitcode(status) == 0
        assert "Traceback" not in said
        assert not any(line.startswith("{") for line in said.splitlines())
        assert leftovers(agent) == []


def read_until(terminal: int, words: str) -> str:
    said = ""
    deadline = time.monotonic() + SOON_S
    while words not in said and time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                said += os.read(terminal, 65536).decode()
            except OSError:  # nobody has it open any more
                break
    return said
