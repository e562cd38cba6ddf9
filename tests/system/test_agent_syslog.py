"""Copies of alerts in the log of the machine, by a running agent that is confined as it always is."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, Self

import pytest

from chaos.accounts import INFORMED, SETTINGS, kill
from tests.system.agents import SOON_S, installed, running
from tests.system.program import daemoneye
from tests.system.zoo import as_root

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chaos.agent import Agent

pytestmark = [as_root, pytest.mark.root, pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")]

RSYSLOGD = shutil.which("rsyslogd", path="/usr/sbin:/usr/bin:/sbin")
KINDS = pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM], ids=["datagrams", "a stream"])

_BLINK_S = 0.1


class Logger:
    """What listens at /dev/log, and reads in a thread of its own."""

    def __init__(self, path: Path, kind: socket.SocketKind) -> None:
        path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, kind)
        self._socket.bind(str(path))
        path.chmod(0o666)  # as /dev/log
        self._is_stream = kind is socket.SOCK_STREAM
        if self._is_stream:
            self._socket.listen()
        self._socket.settimeout(_BLINK_S)
        self._text = b""
        self._accepted_before: list[socket.socket] = []
        self._thread = threading.Thread(target=self._read)
        self._over = threading.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        for each in (self._socket, *self._accepted_before):
            each.close()

    def _read(self) -> None:
        source: socket.socket | None = None if self._is_stream else self._socket
        while not self._over.is_set():
            with contextlib.suppress(TimeoutError):
                source = source or self._accepted()
                self._text += source.recv(1 << 20) + (b"" if self._is_stream else b"\0")

    def _accepted(self) -> socket.socket:
        accepted, _ = self._socket.accept()
        accepted.settimeout(_BLINK_S)
        self._accepted_before.append(accepted)
        return accepted

    def sequences(self) -> list[int]:
        whole = self._text.split(b"\0")[:-1]
        return [json.loads(each.partition(b"@cee: ")[2])["event"]["sequence"] for each in whole if each]


def settings(path: Path, *, enabled: bool = True) -> dict[str, Any]:
    outputs: Any = SETTINGS["outputs"]
    return SETTINGS | {"outputs": {**outputs, "syslog": {"enabled": enabled, "path": str(path)}}}


@pytest.fixture
def place() -> Iterator[Path]:
    """Whose sockets any account may reach."""
    with installed() as nobody:
        yield nobody.directory / "logger"


def sink(agent: Agent) -> dict[str, Any]:
    """As an operator sees it."""
    outcome = daemoneye("status", "--json", "--config", str(agent.config))
    found: dict[str, Any] = json.loads(outcome.stdout)["sinks"].get("syslog", {})
    return found


def metrics(agent: Agent) -> str:
    return daemoneye("metrics", "--config", str(agent.config)).stdout


@KINDS
def test_each_alert_is_copied_once_in_order(place: Path, kind: socket.SocketKind) -> None:
    """Confined as the journal is, it reaches the logger's socket; and it says how many it has sent."""
    with Logger(place, kind) as logger, running(settings(place), program=INFORMED) as agent:
        agent.until(lambda: len(logger.sequences()) > 200, "two hundred copies")
        found = agent.until(lambda: (s := sink(agent)).get("acknowledged", 0) > 200 and s, "the same in the status")
        assert (found["state"], found["trouble"], found["set_aside"]) == ("connected", None, 0)
        assert 'daemoneye_sink_up{sink="syslog"} 1' in metrics(agent)
        assert agent.stop() == 0
        last = len((agent.directory / "log/alerts.jsonl").read_bytes().splitlines())
        agent.until(lambda: logger.sequences()[-1:] == [last], "a copy of the last alert")
        assert logger.sequences() == list(range(1, last + 1))


def test_a_logger_that_is_away_or_hangs_holds_nobody_up(place: Path) -> None:
    """Alerts go on being acknowledged; what was lost is told in numbers; and the next logger gets copies again."""
    with contextlib.ExitStack() as first, running(with_one(first, place), program=INFORMED) as agent:
        first.close()
        place.unlink()
        agent.until(lambda: sink(agent).get("set_aside", 0) > 100, "copies without a logger")
        assert sink(agent)["trouble"] == "unavailable: no such file or directory"
        assert json.loads(daemoneye("status", "--json", "--config", str(agent.config)).stdout)["state"] == "degraded"
        assert "syslog: away, " in daemoneye("status", "--config", str(agent.config)).stdout
        with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as mute:
            mute.bind(str(place))
            place.chmod(0o666)
            agent.until(lambda: (sink(agent)["trouble"] or "").startswith("busy"), "a logger that does not read")
            before = recorded(agent)
            agent.until(lambda: recorded(agent) > before + 500, "alerts that are recorded all the same")
            assert 'daemoneye_sink_up{sink="syslog"} 0' in metrics(agent)
        with Logger(place, socket.SOCK_DGRAM) as logger:
            agent.until(lambda: len(logger.sequences()) > 100, "copies again")
            agent.until(lambda: sink(agent)["trouble"] is None, "no trouble")
            kill(agent, "journal")
            seen = len(logger.sequences())
            agent.until(lambda: len(logger.sequences()) > seen + 100, "copies by the next life of the journal")
            found = logger.sequences()
            assert found == sorted(set(found))
        assert agent.logged("journal.copy_trouble")
        assert agent.logged("journal.copy_mended")


def with_one(stack: contextlib.ExitStack, place: Path) -> dict[str, Any]:
    stack.enter_context(Logger(place, socket.SOCK_DGRAM))
    return settings(place)


def recorded(agent: Agent) -> int:
    outcome = daemoneye("status", "--json", "--config", str(agent.config))
    return int(json.loads(outcome.stdout)["journal"]["streams"]["alerts"]["last"])


@pytest.mark.skipif(not RSYSLOGD, reason="needs Debian's rsyslog")
def test_rsyslog_takes_the_copies_through_its_own_restart(place: Path) -> None:
    """The real one, at its local socket: it reads every copy, is killed with -9, and reads on when it is back."""
    with rsyslog(place) as first, running(settings(place), program=INFORMED) as agent:
        agent.until(lambda: len(taken(place)) > 200, "two hundred copies")
        assert {tuple(each[1:]) for each in taken(place)} <= {
            ("daemoneye", "authpriv", severity) for severity in "23456"
        }
        first.send_signal(signal.SIGKILL)
        first.wait()
        seen = len(taken(place))
        with rsyslog(place):
            agent.until(lambda: len(taken(place)) > seen + 200, "copies in the next one")
            sequences = [int(each[0]) for each in taken(place)]
        assert sequences == sorted(set(sequences))
        assert sequences[:200] == list(range(1, 201))


@contextlib.contextmanager
def rsyslog(place: Path) -> Iterator[subprocess.Popen[bytes]]:
    directory = place.parent
    (directory / "rsyslog.conf").write_text(f"""
        global(workDirectory="{directory}")
        module(load="imuxsock" SysSock.Use="off")
        module(load="mmjsonparse")
        input(type="imuxsock" Socket="{place}" RateLimit.Interval="0")
        action(type="mmjsonparse")
        template(name="seen" type="string"
            string="%$!event!sequence% %app-name% %syslogfacility-text% %syslogseverity%\\n")
        action(type="omfile" file="{directory}/out" template="seen" flushOnTXEnd="on")
    """)
    place.unlink(missing_ok=True)
    command = [str(RSYSLOGD), "-n", "-f", str(directory / "rsyslog.conf"), "-i", str(directory / "pid")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + SOON_S
        while not place.exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        place.chmod(0o666)
        yield process
    finally:
        process.kill()
        process.wait()


def taken(place: Path) -> list[list[str]]:
    out = place.with_name("out")
    return (
        [line.split() for line in out.read_text().splitlines(keepends=True) if line.endswith("\n")]
        if out.exists()
        else []
    )


def test_a_reload_switches_copies_on_and_off(place: Path) -> None:
    """Without a restart of anybody."""
    off = settings(place, enabled=False)
    with Logger(place, socket.SOCK_DGRAM) as logger, running(off, program=INFORMED) as agent:
        assert sink(agent) == {}
        agent.configure({"outputs": settings(place)["outputs"]})
        outcome = daemoneye("reload", "--config", str(agent.config))
        assert outcome.stdout == "outputs.syslog.enabled: in force, journal goes on with it\n"
        agent.until(lambda: len(logger.sequences()) > 20, "copies")
        agent.configure({"outputs": off["outputs"]})
        assert daemoneye("reload", "--config", str(agent.config)).returncode == 0
        agent.until(lambda: sink(agent) == {}, "nothing of it in the status")
