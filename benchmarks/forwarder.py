"""How fast what is recorded gets to a receiver, over the loopback, every record acknowledged by a real server.

    python benchmarks/forwarder.py [records]

Three rows for each receiver: our output from the entries of a journal (which makes an ECS document of each, moves and
saves its cursor); the same with the messages made before, which is what the connection alone can do; and a peer with
those messages: for RELP rsyslog's own sender, for JetStream a bare loop around nats-py. Targets: RELP 20,000 a second,
JetStream 10,000.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import nats

sys.path.insert(0, str(Path(__file__).parents[1]))

from daemoneye.forwarding.jetstream import WINDOW, JetStreamReceiver
from daemoneye.forwarding.relp import RelpReceiver
from daemoneye.model.record import Stream
from daemoneye.settings.outputs import NATS, RELP, TLS
from tests.fakes.certificates import Authority
from tests.fakes.fleet import RSYSLOGD, NatsServer, Recorded, Rsyslog, Server, riding, until
from tests.fakes.outgoing import ORIGIN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemoneye.forwarding.line import Receiver
    from daemoneye.model.record import Entry

RECORDS: Final = 40_000
TARGETS: Final = {"relp": 20_000, "nats": 10_000}
PLAIN: Final = TLS(enabled=False)


class Prepared:
    """A receiver whose messages were made before the clock was started."""

    def __init__(self, receiver: Receiver, recorded: Recorded) -> None:
        self._messages = {
            each.entry.id: receiver.render(each.entry, each.sequence) for each in recorded.streams[Stream.EVENTS]
        }
        self.name, self.timeout_s, self.connect = receiver.name, receiver.timeout_s, receiver.connect

    def render(self, entry: Entry, sequence: int) -> bytes:  # noqa: ARG002 - known before
        return self._messages[entry.id]

    @property
    def messages(self) -> list[tuple[str, bytes]]:
        return list(self._messages.items())


def ours(receiver: Receiver, recorded: Recorded, directory: Path) -> float:
    with riding(receiver, recorded, directory, backlog_rate=10**9) as ride:
        began_s = time.perf_counter()
        ride.until_acked(count := len(recorded.ids), 600)
        took_s = time.perf_counter() - began_s
    return count / took_s


def told(name: str, per_second: float, size: int) -> None:
    print(f"  {name:<58} {per_second:>9,.0f} records/s  {per_second * size / 1e6:>6.1f} MB/s")


@contextmanager
def place() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="de-bench-") as directory:
        yield Path(directory)


# -- RELP


def relp(port: int, tls: TLS = PLAIN) -> RelpReceiver:
    return RelpReceiver(RELP(host="localhost", port=port, tls=tls), ORIGIN)


class Sender(Server):
    """rsyslog's own sender: reads a file, and sends it over RELP to the other one."""

    def __init__(self, directory: Path, port: int, messages: list[tuple[str, bytes]]) -> None:
        super().__init__(directory)
        (directory / "in").write_bytes(b"".join(message + b"\n" for _, message in messages))
        (directory / "sender.conf").write_text(f"""
            global(workDirectory="{directory}" net.enableDNS="off" maxMessageSize="64k")
            module(load="imfile")
            module(load="omrelp")
            input(type="imfile" file="{directory}/in" tag="x" ruleset="out")
            template(name="raw" type="string" string="%msg%")
            ruleset(name="out" queue.type="LinkedList" queue.size="100000" queue.dequeueBatchSize="1024") {{
              action(type="omrelp" target="localhost" port="{port}" template="raw" windowSize="128")
            }}
        """)

    def command(self) -> list[str]:
        return [
            str(RSYSLOGD),
            "-n",
            "-f",
            str(self.directory / "sender.conf"),
            "-i",
            str(self.directory / "sender.pid"),
        ]

    def _answers(self) -> bool:
        return True


def rsyslog_itself(messages: list[tuple[str, bytes]]) -> float:
    with place() as directory, Rsyslog(directory) as rsyslog:
        (directory / "sender").mkdir()
        sender = Sender(directory / "sender", rsyslog.port, messages)
        began_s = time.perf_counter()
        with sender:
            until(lambda: rsyslog.out.exists() and lines(rsyslog.out) >= len(messages), "all of them", 600)
            took_s = time.perf_counter() - began_s
    return len(messages) / took_s


def lines(path: Path) -> int:
    return int(subprocess.run(["wc", "-l", str(path)], capture_output=True, check=True).stdout.split()[0])


def of_relp(recorded: Recorded) -> float:
    receiver = relp(0)
    prepared = Prepared(receiver, recorded)
    size = len(prepared.messages[0][1])
    print(f"\nRELP to rsyslog, direct queue, window 128, {len(recorded.ids):,} messages of {size:,} bytes")
    with place() as directory, Rsyslog(directory) as rsyslog:
        full = ours(relp(rsyslog.port), recorded, directory / "own")
        if sorted(rsyslog.ids()) != sorted(recorded.ids):
            raise SystemExit("something is missing, or there twice")
    told("from the journal's entries", full, size)
    with place() as directory, Rsyslog(directory) as rsyslog:
        prepared.connect = relp(rsyslog.port).connect
        bare = ours(prepared, recorded, directory / "own")
    told("messages made before", bare, size)
    with place() as directory:
        authority = Authority(directory)
        with Rsyslog(directory, (authority.file, *authority.issue("logs.example.org"))) as rsyslog:
            certificate, key = authority.issue("web-1.hosts.example.org")
            tls = TLS(ca_file=authority.file, cert_file=certificate, key_file=key, server_name="logs.example.org")
            prepared.connect = relp(rsyslog.port, tls).connect
            told("messages made before, TLS with both certificates", ours(prepared, recorded, directory / "own"), size)
    told("peer: rsyslog's omrelp (from a file, start included)", rsyslog_itself(prepared.messages), size)
    return bare


# -- JetStream


def jetstream(port: int) -> JetStreamReceiver:
    return JetStreamReceiver(NATS(servers=(f"nats://localhost:{port}",), tls=PLAIN), ORIGIN)


async def _bare_loop(port: int, messages: list[tuple[str, bytes]]) -> float:
    client = await nats.connect(f"nats://localhost:{port}")
    stream = client.jetstream(publish_async_max_pending=WINDOW)
    began_s = time.perf_counter()
    answers = [
        await stream.publish_async("daemoneye.v1.peer.event", message, headers={"Nats-Msg-Id": identity})
        for identity, message in messages
    ]
    await asyncio.gather(*answers)
    took_s = time.perf_counter() - began_s
    await client.close()
    return len(messages) / took_s


@contextmanager
def stream_server() -> Iterator[tuple[Path, Any]]:
    with place() as directory, NatsServer(directory) as server:
        server.make_stream()
        yield directory, server


def of_jetstream(recorded: Recorded) -> float:
    prepared = Prepared(jetstream(1), recorded)
    size = len(prepared.messages[0][1])
    print(f"\nJetStream, file storage, window {WINDOW}, {len(recorded.ids):,} messages of {size:,} bytes")
    with stream_server() as (directory, server):
        full = ours(jetstream(server.port), recorded, directory / "own")
    told("from the journal's entries", full, size)
    with stream_server() as (directory, server):
        prepared.connect = jetstream(server.port).connect
        bare = ours(prepared, recorded, directory / "own")
    told("messages made before", bare, size)
    with stream_server() as (_, server):
        told("peer: nats-py alone", asyncio.run(_bare_loop(server.port, prepared.messages)), size)
    return bare


def main() -> int:
    recorded = Recorded()
    recorded.record(Stream.EVENTS, int(sys.argv[1]) if len(sys.argv) > 1 else RECORDS)
    reached = {"relp": of_relp(recorded), "nats": of_jetstream(recorded)}
    print()
    for name, target in TARGETS.items():
        print(
            f"{name}: {reached[name]:,.0f} records/s, {'reached' if reached[name] >= target else 'MISSED'}: {target:,}"
        )
    return 0 if all(reached[name] >= target for name, target in TARGETS.items()) else 1


if __name__ == "__main__":
    sys.exit(main())
