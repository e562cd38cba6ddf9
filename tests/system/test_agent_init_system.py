"""What an init system is told (sd_notify(3)); the agent works the same when nobody listens."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import pytest

from daemoneye.tree import SUPERVISOR
from tests.system.agents import CHILDREN, DURABLE, SOON_S, installed, sockets_of
from tests.system.zoo import as_root

pytestmark = [as_root, pytest.mark.root, pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")]

WATCHDOG_S = 1.0


class Listener:
    """What systemd does with its socket."""

    def __init__(self, path: Path | str) -> None:
        self.heard: list[tuple[float, dict[str, str]]] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        name = str(path)
        self._socket.bind("\0" + name[1:] if name.startswith("@") else name)
        self._socket.settimeout(0.02)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def listen(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._take()

    def until(self, name: str, value: str | None = None, after: int = 0, within_s: float = SOON_S) -> int:
        """The number of the first message, from that one on, that says so."""
        until = time.monotonic() + within_s
        while time.monotonic() < until:
            for number, (_, said) in enumerate(self.heard[after:], after):
                if name in said and value in {None, said[name]}:
                    return number
            self._take()
        raise TimeoutError(f"{name}={value} was not said: {self.heard}")

    def _take(self) -> None:
        try:
            lines = self._socket.recv(4096).decode().splitlines()
        except TimeoutError:
            return
        self.heard.append((time.monotonic(), dict(each.split("=", 1) for each in lines)))

    def times(self, name: str) -> list[float]:
        return [at for at, said in self.heard if name in said]

    def values(self, name: str) -> list[str]:
        return [said[name] for _, said in self.heard if name in said]


def under(address: str, **more: str) -> dict[str, Any]:
    return {"environment": {"NOTIFY_SOCKET": address, **more}}


def test_a_service_is_told_of_from_its_start_to_its_end(tmp_path: Path) -> None:
    """Ready when every child is at work and not before; a reload opens and closes; a stop is announced."""
    with Listener(tmp_path / "n") as heard, installed(**under(str(tmp_path / "n"))) as agent:
        agent.start()
        ready = heard.until("READY", "1")
        status = agent.status()
        assert status
        assert status.state == "running"
        assert heard.values("STATUS")[-1] == f"{len(CHILDREN)} children at work"
        assert "WATCHDOG" not in heard.heard[0][1]

        agent.send(signal.SIGHUP)
        opened = heard.until("RELOADING", "1", after=ready + 1)
        said_us = int(heard.heard[opened][1]["MONOTONIC_USEC"])
        assert abs(said_us / 1e6 - heard.heard[opened][0]) < 1  # by the same clock
        closed = heard.until("READY", "1", after=opened)
        assert closed > opened

        agent.config.write_text("nonsense: true\n")
        agent.send(signal.SIGHUP)
        opened = heard.until("RELOADING", "1", after=closed)
        closed = heard.until("READY", "1", after=opened)

        agent.send(signal.SIGTERM)
        stopping = heard.until("STOPPING", "1", after=closed)
        assert agent.wait(SOON_S) == 0
        heard.listen(0.05)
        assert stopping > closed
        assert len(heard.times("READY")) == 3
        assert len(heard.times("STOPPING")) == 1
        assert "stopping: SIGTERM" in heard.values("STATUS")


def test_an_agent_that_is_not_up_is_not_ready(tmp_path: Path) -> None:
    """A child that cannot begin keeps the service in its start, the status says which, and the watchdog is not told."""
    settings = DURABLE | {"scan": {"proc": "/tmp"}}  # no /proc  # noqa: S108
    how = under(str(tmp_path / "n"), WATCHDOG_USEC="400000")
    with Listener(tmp_path / "n") as heard, installed(settings, **how) as agent:
        agent.start()
        heard.until("STATUS")
        heard.listen(0.5)
        assert heard.times("READY") == heard.times("WATCHDOG") == []
        assert any("collector" in each for each in heard.values("STATUS"))
        assert agent.stop() == 0


def test_the_watchdog_is_answered_while_all_get_on_and_not_while_one_hangs(tmp_path: Path) -> None:
    """Twice as often as it wants to hear, as systemd asks for; a timer that always answers would prove nothing."""
    usec = str(int(WATCHDOG_S * 1e6))
    slow = {"supervisor": {"heartbeat_interval": "500ms", "missed_heartbeats": 2}}
    with Listener(tmp_path / "n") as heard, installed(slow, **under(str(tmp_path / "n"), WATCHDOG_USEC=usec)) as agent:
        agent.start()
        heard.until("READY")
        heard.listen(0.8)
        assert gaps(heard)
        assert max(gaps(heard)) <= WATCHDOG_S / 2

        os.kill(agent.by_role()[SUPERVISOR].pid, signal.SIGSTOP)
        heard.listen(0.05)  # what was on its way
        known = len(heard.times("WATCHDOG"))
        agent.until(lambda: agent.logged("main.tree_lost"), "a verdict")
        heard.listen(0.02)
        assert len(heard.times("WATCHDOG")) == known
        heard.until("WATCHDOG", after=len(heard.heard))  # it is back
        assert agent.stop() == 0


def gaps(heard: Listener) -> list[float]:
    times = heard.times("WATCHDOG")
    return [later - earlier for earlier, later in pairwise(times)]


def test_what_is_said_is_said_by_main_alone(tmp_path: Path) -> None:
    """The children do not inherit the socket: what runs below us cannot speak for us."""
    name = f"@{tmp_path}"  # an abstract one will do, too
    with Listener(name) as heard, installed(**under(name)) as agent:
        agent.start()
        heard.until("READY")
        lines = [line.split() for line in Path("/proc/net/unix").read_text(encoding="utf-8").splitlines()[1:]]
        datagrams = {line[6] for line in lines if line[4] == "0002"}
        assert {role for role, each in agent.by_role().items() if sockets_of(each.pid) & datagrams} == {"main"}
        assert agent.stop() == 0


@pytest.mark.parametrize("address", ["/nonexistent/notify", "vsock:2:1"])
def test_where_nobody_listens_the_agent_runs_all_the_same(address: str) -> None:
    """It is not our trouble, and no reason to wait."""
    with installed(**under(address, WATCHDOG_USEC="nonsense")) as agent:
        agent.start()
        agent.until_running()
        assert agent.stop() == 0
