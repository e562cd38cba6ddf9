"""The real receivers, with the examples of config/receivers: started, killed with -9 in mid-stream, started again."""

from __future__ import annotations

import json
import ssl
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from daemoneye.forwarding.credentials import read_credentials
from daemoneye.forwarding.jetstream import WINDOW, JetStreamReceiver
from daemoneye.forwarding.relp import RelpReceiver
from daemoneye.model.record import Stream
from daemoneye.settings.outputs import NATS, RELP, TLS
from tests.fakes.certificates import Authority
from tests.fakes.fleet import (
    NatsServer,
    Recorded,
    Rsyslog,
    example,
    needs_nats,
    needs_rsyslog,
    passage,
    riding,
    until,
)
from tests.fakes.nats_accounts import made
from tests.fakes.outgoing import ORIGIN

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = TLS(enabled=False)
RELP_WINDOW = 128


def relp(port: int, tls: TLS = PLAIN) -> RelpReceiver:
    return RelpReceiver(RELP(host="localhost", port=port, timeout=5.0, tls=tls), ORIGIN)


def jetstream(port: int, tls: TLS = PLAIN, credentials: Path | None = None) -> JetStreamReceiver:
    servers = (f"nats://localhost:{port}",)
    return JetStreamReceiver(NATS(servers=servers, timeout=5.0, tls=tls, credentials_file=credentials), ORIGIN)


@needs_rsyslog
def test_rsyslog_killed_in_mid_stream_loses_nothing(tmp_path: Path) -> None:
    """Killed three times with -9: lost 0, and what is there twice has the same id."""
    recorded = Recorded()
    recorded.record(Stream.ALERTS, 500)
    recorded.record(Stream.EVENTS, 5500)
    with Rsyslog(tmp_path) as rsyslog, riding(relp(rsyslog.port), recorded, tmp_path / "own") as ride:
        for at in (200, 2000, 4000):
            ride.until_acked(at)
            rsyslog.kill()
            rsyslog.start()
        ride.until_acked(6000)
        assert ride.put_aside == []
    seen = Counter(rsyslog.ids())
    assert seen.keys() == set(recorded.ids)
    assert max(seen.values()) <= 4
    assert seen.total() - 6000 <= 3 * RELP_WINDOW


@needs_nats
def test_jetstream_killed_in_mid_stream_loses_nothing_and_repeats_nothing(tmp_path: Path) -> None:
    """Killed three times with -9: lost 0, and the stream itself knows what it has already."""
    recorded = Recorded()
    recorded.record(Stream.ALERTS, 500)
    recorded.record(Stream.EVENTS, 5500)
    with NatsServer(tmp_path) as server:
        server.make_stream()
        with riding(jetstream(server.port), recorded, tmp_path / "own") as ride:
            for at in (200, 2000, 4000):
                ride.until_acked(at)
                server.kill()
                server.start()
            ride.until_acked(6000)
            assert ride.desk.outlook.retries <= 3 * WINDOW
        messages = server.messages()
    records = [each for each in messages if not each[0].endswith(".health")]
    assert sorted(name for _, name, _ in records) == sorted(recorded.ids)
    for subject, name, content in records[:10]:
        assert subject == f"daemoneye.v1.{ORIGIN.host_id}.alert"
        assert json.loads(content)["event"]["id"] == name


@needs_nats
def test_an_agent_says_now_and_then_how_it_is(tmp_path: Path) -> None:
    """Its silence can be told from a quiet day, and the anchor of its journal is elsewhere."""
    recorded = Recorded()
    recorded.record(Stream.EVENTS, 3)
    with NatsServer(tmp_path) as server:
        server.make_stream()
        with riding(jetstream(server.port), recorded, tmp_path / "own") as ride:
            ride.until_acked(3)
            until(lambda: any(each[0].endswith(".health") for each in server.messages()), "news of its health")
        (health,) = (each for each in server.messages() if each[0].endswith(".health"))
    said = json.loads(health[2])
    assert health[0] == f"daemoneye.v1.{ORIGIN.host_id}.health"
    assert said["format"] == "daemoneye.health.v1"
    assert said["recorded"] == {"alerts": 0, "events": 3}
    assert said["anchor"] == {"chain": "ab"}


@needs_nats
def test_a_server_that_takes_little_gets_less_of_a_long_record(tmp_path: Path) -> None:
    """Its id, and that it was longer; nothing is set aside for it."""
    recorded = Recorded()
    recorded.record(Stream.ALERTS, 2)
    said = json.loads(recorded.streams[Stream.ALERTS][1].entry.body) | {"message": "x" * 60_000}
    recorded.streams[Stream.ALERTS][1] = passage(Stream.ALERTS, 2, json.dumps(said).encode())
    with NatsServer(tmp_path, f'max_payload: 8192\njetstream {{ store_dir: "{tmp_path}/js" }}') as server:
        server.make_stream(max_msg_size=8192)
        with riding(jetstream(server.port), recorded, tmp_path / "own") as ride:
            ride.until_acked(2)
            assert ride.put_aside == []
        records = [content for subject, _, content in server.messages() if subject.endswith(".alert")]
    assert json.loads(records[1])["daemoneye"]["truncated"] > 60_000
    assert len(records[1]) < 8192


@needs_rsyslog
def test_alerts_arrive_before_events(tmp_path: Path) -> None:
    """Of what has piled up, a person's reason to act comes first."""
    recorded = Recorded()
    events, alerts = recorded.record(Stream.EVENTS, 300), recorded.record(Stream.ALERTS, 300)
    with Rsyslog(tmp_path) as rsyslog, riding(relp(rsyslog.port), recorded, tmp_path / "own") as ride:
        ride.until_acked(600)
    assert rsyslog.ids() == [*alerts, *events]


@needs_rsyslog
def test_a_restarted_forwarder_goes_on_where_it_was(tmp_path: Path) -> None:
    """What was acknowledged before an ordered stop is not sent again."""
    recorded = Recorded()
    recorded.record(Stream.ALERTS, 50)
    with Rsyslog(tmp_path) as rsyslog:
        with riding(relp(rsyslog.port), recorded, tmp_path / "own") as ride:
            ride.until_acked(50)
        recorded.record(Stream.ALERTS, 50)
        with riding(relp(rsyslog.port), recorded, tmp_path / "own") as ride:
            ride.until_acked(50)
    assert rsyslog.ids() == recorded.ids


@needs_rsyslog
def test_a_journal_that_began_anew_is_sent_from_its_beginning(tmp_path: Path) -> None:
    """Its sequences count from one again, and an old cursor would leave them out."""
    recorded, other = Recorded(), Recorded(chain="cd")
    recorded.record(Stream.EVENTS, 40)
    other.record(Stream.EVENTS, 30)
    with Rsyslog(tmp_path) as rsyslog, riding(relp(rsyslog.port), recorded, tmp_path / "own") as ride:
        ride.until_acked(40)
        ride.recorded = other
        ride.until_acked(70)
    assert rsyslog.ids() == [*recorded.ids, *other.ids]


# -- who is who


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def our_tls(authority: Authority, own: str | None, name: str = "logs.example.org") -> TLS:
    certificate, key = authority.issue(own) if own else (None, None)
    return TLS(ca_file=authority.file, cert_file=certificate, key_file=key, server_name=name)


@needs_rsyslog
def test_rsyslog_with_certificates_on_both_sides(tmp_path: Path, authority: Authority) -> None:
    """The example as it is: both sides prove who they are, and records arrive."""
    recorded = Recorded()
    recorded.record(Stream.ALERTS, 500)
    tls = our_tls(authority, "web-1.hosts.example.org")
    with (
        Rsyslog(tmp_path, (authority.file, *authority.issue("logs.example.org"))) as rsyslog,
        riding(relp(rsyslog.port, tls), recorded, tmp_path / "own") as ride,
    ):
        ride.until_acked(500)
    assert rsyslog.ids() == recorded.ids


@needs_rsyslog
@pytest.mark.parametrize("wrong", ["authority", "name", "no certificate", "stranger"])
def test_rsyslog_and_somebody_who_is_not_what_he_says(tmp_path: Path, authority: Authority, wrong: str) -> None:
    """A false receiver gets nothing, and a false sender is not heard; the status says why."""
    recorded = Recorded()
    recorded.record(Stream.ALERTS, 1)
    trusted = Authority(tmp_path, "another authority") if wrong == "authority" else authority
    own = {"no certificate": None, "stranger": "web-1.elsewhere.org"}.get(wrong, "web-1.hosts.example.org")
    tls = our_tls(trusted, own, "other.example.org" if wrong == "name" else "logs.example.org")
    with (
        Rsyslog(tmp_path, (authority.file, *authority.issue("logs.example.org"))) as rsyslog,
        riding(relp(rsyslog.port, tls), recorded, tmp_path / "own") as ride,
    ):
        until(lambda: ride.desk.outlook.trouble, "a complaint")
        if wrong in {"authority", "name"}:
            ride.until_trouble("the receiver's certificate: ")
        assert ride.desk.outlook.acked == 0
    assert rsyslog.ids() == []


@needs_nats
def test_nats_with_certificates_on_both_sides(tmp_path: Path, authority: Authority) -> None:
    """The example as it is: an agent is who its certificate names, and may publish under its own host id alone."""
    recorded = Recorded()
    recorded.record(Stream.ALERTS, 300)
    with NatsServer(tmp_path, secured(tmp_path, authority)) as server:
        server.make_stream(tls=context(authority, "soc.example.org"), tls_hostname="logs.example.org")
        tls = our_tls(authority, "web-1.hosts.example.org")
        with riding(jetstream(server.port, tls), recorded, tmp_path / "own") as ride:
            ride.until_acked(300)
        found = server.messages(tls=context(authority, "soc.example.org"), tls_hostname="logs.example.org")
    assert [name for subject, name, _ in found if subject.endswith(".alert")] == recorded.ids


def secured(directory: Path, authority: Authority) -> str:
    certificate, key = authority.issue("logs.example.org")
    return example(
        "nats-server.conf",
        {
            "port: 4222\n": "",
            "128GB": "1GB",
            "/var/lib/nats/jetstream": f"{directory}/js",
            "/etc/nats/tls/ca.pem": str(authority.file),
            "/etc/nats/tls/server.crt": str(certificate),
            "/etc/nats/tls/server.key": str(key),
            "0123456789abcdef0123456789abcdef": ORIGIN.host_id,
        },
    )


def context(authority: Authority, own: str) -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=str(authority.file))
    made.load_cert_chain(*authority.issue(own))
    return made


@needs_nats
def test_nothing_is_said_to_a_nats_server_without_tls(tmp_path: Path) -> None:
    """Whoever sits in between cannot turn encryption off: credentials and records stay here."""
    recorded = Recorded()
    recorded.record(Stream.ALERTS, 1)
    with NatsServer(tmp_path) as server:
        server.make_stream()
        with riding(jetstream(server.port, TLS()), recorded, tmp_path / "own") as ride:
            ride.until_trouble("the server does not offer TLS")
        assert server.messages() == []


@needs_nats
def test_nats_with_credentials(tmp_path: Path) -> None:
    """A .creds file as `nsc` writes it is all that an agent needs; without it nobody is let in."""
    recorded = Recorded()
    recorded.record(Stream.ALERTS, 100)
    configuration, creds = made(tmp_path)
    with NatsServer(tmp_path, configuration) as server:
        ours = read_credentials(creds)
        who = {"user_jwt_cb": lambda: bytearray(ours.jwt), "signature_cb": ours.sign}
        server.make_stream(**who)
        with riding(jetstream(server.port), recorded, tmp_path / "without") as ride:
            ride.until_trouble("uthorization")
            assert ride.desk.outlook.acked == 0
        with riding(jetstream(server.port, credentials=creds), recorded, tmp_path / "own") as ride:
            ride.until_acked(100)
        found = server.messages(**who)
    assert [name for subject, name, _ in found if subject.endswith(".alert")] == recorded.ids
