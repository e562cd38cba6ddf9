"""Being started by an init system, and not."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from daemoneye.host.init_system import InitSystem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=["path", "abstract"])
def listening(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    path = str(tmp_path / "n")
    name = path if request.param == "path" else f"@daemoneye-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as opened:
        opened.bind(name.replace("@", "\0", 1) if name.startswith("@") else name)
        opened.setblocking(False)
        yield opened, name


def test_what_is_said_arrives_in_one_piece(listening: tuple[socket.socket, str]) -> None:
    """Each message is whole, and a text cannot smuggle in a second assignment."""
    opened, name = listening
    init = InitSystem.taken_from({"NOTIFY_SOCKET": name}, 1)
    init.notify("READY=1", "STATUS=all\nMAINPID=1")
    assert opened.recv(4096) == b"READY=1\nSTATUS=all MAINPID=1"
    init.close()
    init.notify("READY=1")
    with pytest.raises(BlockingIOError):
        opened.recv(4096)


def test_children_do_not_inherit_it() -> None:
    """What we start must not be able to speak for us."""
    environment = {"NOTIFY_SOCKET": "/run/n", "WATCHDOG_USEC": "9000000", "WATCHDOG_PID": "7", "HOME": "/"}
    init = InitSystem.taken_from(environment, 7)
    assert environment == {"HOME": "/"}
    assert init.watchdog_s == 9.0
    init.close()


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"WATCHDOG_USEC": "9000000", "WATCHDOG_PID": "8"},
        {"WATCHDOG_USEC": "0"},
        {"WATCHDOG_USEC": "-1"},
        {"WATCHDOG_USEC": "soon"},
    ],
)
def test_a_watchdog_that_is_not_ours_is_none(given: dict[str, str]) -> None:
    """A watchdog that waits for another process, or for nothing, is not answered."""
    assert InitSystem.taken_from(given, 7).watchdog_s is None
    assert given == {}


@pytest.mark.parametrize("address", ["", "/", "@", "vsock:2:1234", "relative", "/nowhere/at/all", "/" + "x" * 200])
def test_nobody_listening_is_no_trouble(address: str) -> None:
    """Without systemd everything works the same."""
    init = InitSystem(address)
    init.notify("READY=1", "STATUS=\udcff")
    init.close()
    init.close()


def test_an_init_system_that_does_not_read_does_not_hold_us(tmp_path: Path) -> None:
    """However full its socket is, we go on."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as opened:
        opened.bind(str(tmp_path / "n"))
        init = InitSystem(str(tmp_path / "n"))
        for _ in range(5000):
            init.notify("STATUS=" + "x" * 200)
        init.close()
