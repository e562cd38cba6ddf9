"""The forwarder in a running agent: what it delivers, what it survives, and what it may."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from daemoneye.forwarding.cursor import Cursor
from daemoneye.host.clocks import Clocks, wall_ms
from daemoneye.journal.ids import Ids
from daemoneye.journal.journal import Journal
from daemoneye.journal.query import Query
from daemoneye.journal.reading import Reader
from daemoneye.journal.retention import Limits
from daemoneye.model.record import Stream
from tests.fakes.fleet import NatsServer, Rsyslog, entry, free_port, needs_nats, needs_rsyslog, until
from tests.system.agents import DURABLE, exit_line, installed, sockets_of, status_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chaos.agent import Agent
    from daemoneye.model.status import SinkReport

NOBODY = 65534
PLAIN = {"enabled": False}
QUICKLY = 100_000


def relp(port: int, **other: Any) -> dict[str, Any]:
    return {"enabled": True, "host": "127.0.0.1", "port": port, "tls": PLAIN, "backlog_rate": QUICKLY} | other


def nats(port: int, **other: Any) -> dict[str, Any]:
    return {"enabled": True, "servers": [f"nats://127.0.0.1:{port}"], "tls": PLAIN, "backlog_rate": QUICKLY} | other


@pytest.fixture
def place() -> Iterator[Path]:
    """Short, and open to the account that everything runs as."""
    path = Path("/tmp") / f"de-r{os.getpid()}"  # noqa: S108 - nothing in it is secret
    path.mkdir(mode=0o755)
    yield path
    shutil.rmtree(path)


def fill(agent: Agent, alerts: int, events: int) -> None:
    """Give it a past."""
    state = agent.directory / "state"
    state.mkdir(mode=0o750)
    limits = Limits(max_bytes=1 << 28, max_age_ms=10**12)
    journal = Journal(state, limits, Clocks().now, Ids(wall_ms, secrets.token_bytes))
    journal.append(entry(Stream.ALERTS, each) for each in range(1, alerts + 1))
    journal.append(entry(Stream.EVENTS, each) for each in range(1, events + 1))
    journal.close()
    for path in (state, *state.iterdir()):
        os.chown(path, NOBODY, NOBODY)


def settled(agent: Agent) -> set[str]:
    """What the cursor says is delivered: the journal goes on for a moment after the forwarder was stopped."""
    state = agent.directory / "state"
    cursor = Cursor.of_bytes((state / "forwarder" / "relp.cursor").read_bytes())
    reader = Reader(state / "daemoneye.db")
    try:
        found = list(reader.entries(Query()))
    finally:
        reader.close()
    return {each.entry.id for each in found if each.sequence <= cursor.of(each.entry.stream)}


def sink(agent: Agent, name: str) -> SinkReport | None:
    status = agent.status()
    return next((each for each in status.sinks if each.name == name), None) if status else None


def has(agent: Agent, name: str, acknowledged: int) -> bool:
    report = sink(agent, name)
    return report is not None and report.acknowledged >= acknowledged


def is_through(agent: Agent, name: str) -> bool:
    report = sink(agent, name)
    return report is not None and report.acknowledged > 0 and report.behind == 0


@needs_rsyslog
def test_everything_arrives_whatever_is_killed(place: Path) -> None:
    """Forwarder, journal and receiver killed with -9 in mid-stream: lost 0, and repeats have the id they had."""
    with installed({**DURABLE, "journal": {"max_age": "3650d"}}) as agent, Rsyslog(place) as rsyslog:
        fill(agent, 500, 3500)
        agent.configure({"outputs": {"relp": relp(rsyslog.port, backlog_rate=2000, timeout="2s")}})
        with agent:
            for victim in ("forwarder", "receiver", "journal"):
                seen = len(rsyslog.ids())
                until(lambda seen=seen: len(rsyslog.ids()) > seen + 200, "some hundred more")  # type: ignore[misc]
                if victim == "receiver":
                    rsyslog.kill()
                    rsyslog.start()
                else:
                    os.kill(agent.by_role()[victim].pid, signal.SIGKILL)
            agent.until(lambda: is_through(agent, "relp"), "everything delivered", 60)
            assert agent.stop() == 0
            known = settled(agent)
        there = rsyslog.ids()
        assert known - set(there) == set()
        assert len(known) > 4000
        assert len(there) - len(known) < 3000


@needs_rsyslog
@needs_nats
def test_two_outputs_and_what_the_status_says(place: Path) -> None:
    """What happens on this host arrives at both, within seconds; nobody else has a socket to another host."""
    (place / "nats").mkdir()
    with Rsyslog(place) as rsyslog, NatsServer(place / "nats") as server:
        server.make_stream()
        with installed({"outputs": {"relp": relp(rsyslog.port), "nats": nats(server.port)}}) as agent, agent:
            agent.until_running()
            agent.until(lambda: is_through(agent, "relp") and is_through(agent, "nats"), "both connected")
            roles = agent.by_role()
            networked = {name for name, each in roles.items() if sockets_of(each.pid) & internet_sockets()}
            assert networked == {"forwarder"}
            forwarder = status_of(roles["forwarder"].pid)
            assert (set(forwarder.uids), forwarder.holds, forwarder.no_new_privs) == ({NOBODY}, 0, 1)
            text = agent_metrics(agent)
            assert 'daemoneye_sink_up{sink="relp"} 1' in text
            assert 'daemoneye_sink_up{sink="nats"} 1' in text
            assert agent.stop() == 0
        subjects = {subject.rpartition(".")[2] for subject, _, _ in server.messages()}
    assert subjects - {"alert"} == {"event", "health"}  # whatever else runs here may deserve one
    assert len(rsyslog.ids()) > 10


def internet_sockets() -> set[str]:
    tables = [Path(f"/proc/net/{name}").read_text(encoding="ascii") for name in ("tcp", "tcp6", "udp", "udp6")]
    return {line.split()[9] for table in tables for line in table.splitlines()[1:]}


def agent_metrics(agent: Agent) -> str:
    with agent.client() as client:
        return client.metrics()


def test_a_receiver_that_is_away_is_no_reason_to_die(place: Path) -> None:
    """The forwarder waits, far beyond the heartbeats it is given; the status is degraded and says why."""
    port = free_port()
    with installed({"outputs": {"relp": relp(port, timeout="100ms")}}) as agent, agent:
        agent.until(lambda: "connection refused" in getattr(sink(agent, "relp"), "trouble", ""), "a complaint")
        status = agent.until(agent.status, "a status")
        assert status.state == "degraded"
        before = agent.by_role()["forwarder"].pid
        until_s = 3 * 0.3 * 3  # three times the patience of the supervisor
        agent.until(lambda: agent.child("forwarder").uptime_s > until_s, "some time", 20)  # type: ignore[operator]
        child = agent.child("forwarder")
        assert (child.pid, child.state, child.restarts) == (before, "running", 0)
        agent.configure({"outputs": {"relp": relp(port, timeout="200ms")}})
        agent.send(signal.SIGHUP)
        agent.until_replaced("forwarder", before)
        assert agent.stop() == 0
    assert place.exists()


def test_without_such_an_output_there_is_no_forwarder() -> None:
    """Not idle, but absent; and a reload that asks for one says when it comes."""
    with installed() as agent, agent:
        agent.until_running()
        assert "forwarder" not in agent.by_role()
        assert not (agent.directory / "state" / "forwarder").exists()
        agent.configure({"outputs": {"relp": relp(2514)}})
        agent.send(signal.SIGHUP)
        accepted = agent.until(lambda: agent.logged("config.accepted"), "a reload")
        assert "outputs.relp.enabled: takes effect at the next start of the agent" in accepted[0]["message"]
        with agent.client() as client, pytest.raises(Exception, match="forwarder: no such child"):
            client.restart("forwarder")
        agent.until_running()
        assert agent.stop() == 0


def test_a_key_that_the_account_may_not_read_is_named(place: Path) -> None:
    """In one line of the log and of the status, with what is expected; the agent runs on."""
    key = place / "key.pem"
    key.write_text("x")
    key.chmod(0o600)
    tls = {"enabled": True, "cert_file": str(key), "key_file": str(key)}
    with installed({"outputs": {"relp": relp(2514, tls=tls)}}) as agent, agent:
        agent.until(lambda: agent.logged("forwarder.degraded"), "a complaint")
        (line,) = agent.logged("forwarder.degraded")
        expected = f"tls.cert_file: {key}: permission denied: expected a file that uid {NOBODY} may read"
        assert line["because"] == f"127.0.0.1:2514: {expected}" or line["because"] == expected
        assert agent.stop() == 0


def test_nats_without_its_library_is_a_wrong_setting(tmp_path: Path) -> None:
    """One line, exit code 78: it is an extra of the package."""
    (tmp_path / "nats").mkdir()
    (tmp_path / "nats" / "__init__.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'nats'\", name='nats')\n"
    )
    with installed({"outputs": {"nats": nats(4222)}}, environment={"PYTHONPATH": str(tmp_path)}) as agent:
        agent.start()
        code, line = exit_line(agent)
    assert code == 78
    assert line == "outputs.nats.enabled: nats is not installed: pip install 'daemoneye[nats]'"
