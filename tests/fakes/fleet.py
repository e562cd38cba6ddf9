"""What an output of the forwarder stands between: a journal that answers, and receivers that are real.

The receivers run the very files of ``config/receivers``, but for the places and the port that a machine decides on.
"""

from __future__ import annotations

import asyncio
import json
import select
import shutil
import signal
import socket
import subprocess
import threading
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import nats
import pytest
from nats.js.api import AckPolicy, ConsumerConfig

from daemoneye.forwarding.courier import Courier
from daemoneye.forwarding.desk import Desk, PutAside, Wanted
from daemoneye.forwarding.health import Health
from daemoneye.forwarding.shelf import Shelf
from daemoneye.messages.forwarding import Passage, Pulled
from daemoneye.model.record import Entry, Moment, Stream
from daemoneye.outputs import native
from tests.fakes.outgoing import MACHINE, ORIGIN, PLAIN_EVENTS, alert

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from daemoneye.forwarding.line import Receiver

RECEIVERS: Final = Path(__file__).parents[2] / "config" / "receivers"
_BEGINNING: Final = '{"@timestamp"'  # of each record
_SBIN: Final = "/usr/sbin:/usr/bin:/sbin:/usr/local/bin"
RSYSLOGD: Final = shutil.which("rsyslogd", path=_SBIN)
NATS_SERVER: Final = shutil.which("nats-server", path=_SBIN)
_IMRELP: Final = next(Path("/usr/lib").glob("*/rsyslog/imrelp.so"), None)
needs_rsyslog: Final = pytest.mark.skipif(not (RSYSLOGD and _IMRELP), reason="needs Debian's rsyslog and rsyslog-relp")
needs_nats: Final = pytest.mark.skipif(not NATS_SERVER, reason="needs nats-server")
# Ten times what anything here takes on a slow machine.
PATIENCE_S: Final = 30.0


def until(true: Callable[[], Any], what: Callable[[], str] | str, patience_s: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + patience_s
    while not true():
        assert time.monotonic() < deadline, f"waited for {what if isinstance(what, str) else what()}"
        time.sleep(0.01)


# -- what is recorded


def identity(number: int) -> str:
    return f"0192f0c1-2b3c-7d4e-8f50-{number:012x}"


def entry(stream: Stream, number: int, body: bytes | None = None) -> Entry:
    """Another one of ours: an alert about a replaced program, or the start of one."""
    name = identity(stream * 10**6 + number)
    said = native.of_alert(alert(id=name)) if stream is Stream.ALERTS else _event(name)
    return Entry(
        id=name,
        stream=stream,
        severity=alert().severity,
        kind=said["kind"],
        occurred=Moment(wall_ms=said["wall_ms"], monotonic_ns=said["monotonic_ns"], boot_id=said["boot_id"]),
        body=json.dumps(said).encode() if body is None else body,
    )


def _event(name: str) -> Any:
    return native.of_event(PLAIN_EVENTS[0], id=name, machine=MACHINE)


def passage(stream: Stream, sequence: int, body: bytes | None = None) -> Passage:
    return Passage(sequence=sequence, entry=entry(stream, sequence, body))


@dataclass
class Recorded:
    """A journal, as far as the forwarder sees it."""

    chain: str = "ab"
    streams: dict[Stream, list[Passage]] = field(default_factory=lambda: {stream: [] for stream in Stream})
    asked: list[Wanted] = field(default_factory=list)

    def record(self, stream: Stream, count: int) -> list[str]:
        known = self.streams[stream]
        known += [passage(stream, sequence) for sequence in range(len(known) + 1, len(known) + count + 1)]
        return [each.entry.id for each in known[-count:]]

    @property
    def ids(self) -> list[str]:
        return [each.entry.id for stream in Stream for each in self.streams[stream]]

    def answer(self, wanted: Wanted, request: int = 1) -> Pulled:
        self.asked.append(wanted)
        alerts, events = (self.streams[stream] for stream in Stream)
        return Pulled(
            request=request,
            chain=self.chain,
            last_alert=len(alerts),
            last_event=len(events),
            alerts=tuple(alerts[wanted.alerts.after : wanted.alerts.after + wanted.alerts.entries]),
            events=tuple(events[wanted.events.after : wanted.events.after + wanted.events.entries]),
            anchor='{"chain": "ab"}' if wanted.anchored else "",
        )


class Ride:
    """An output at work, with us in the place of its actor."""

    def __init__(self, receiver: Receiver, recorded: Recorded, directory: Path, **pace: Any) -> None:
        self.recorded = recorded
        self.desk = Desk()
        self.put_aside: list[PutAside] = []
        directory.mkdir(exist_ok=True)
        given: dict[str, Any] = {"backlog_rate": 10**6, "random": lambda: 0.05, "spread_s": 0.1} | pace
        courier = Courier(receiver, self.desk, Shelf(directory, receiver.name), Health(ORIGIN), **given)
        self._courier = threading.Thread(target=courier.run, daemon=True)
        self._actor = threading.Thread(target=self._act, daemon=True)

    def _act(self) -> None:
        while self._courier.is_alive():
            select.select([self.desk.news], [], [], 0.05)
            for news in self.desk.collect():
                if isinstance(news, Wanted):
                    self.desk.give(self.recorded.answer(news))
                else:
                    self.put_aside.append(news)

    def begin(self) -> None:
        self._courier.start()
        self._actor.start()

    def end(self) -> None:
        self.desk.stop()
        self._courier.join(PATIENCE_S)
        self._actor.join(PATIENCE_S)
        assert not self._courier.is_alive()

    def until_acked(self, count: int, patience_s: float = PATIENCE_S) -> None:
        until(
            lambda: self.desk.outlook.acked >= count, lambda: f"{count} acknowledged: {self.desk.outlook}", patience_s
        )

    def until_trouble(self, part: str) -> None:
        until(lambda: part in self.desk.outlook.trouble, lambda: f"{part!r}: {self.desk.outlook}")


@contextmanager
def riding(receiver: Receiver, recorded: Recorded, directory: Path, **pace: Any) -> Iterator[Ride]:
    ride = Ride(receiver, recorded, directory, **pace)
    ride.begin()
    try:
        yield ride
    finally:
        ride.end()


# -- who receives it


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port: int = free.getsockname()[1]
        return port


def example(name: str, replaced: dict[str, str]) -> str:
    """A file of config/receivers; whatever is to be replaced in it is there."""
    text = (RECEIVERS / name).read_text(encoding="utf-8")
    for old, new in replaced.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


class Server:
    """A process that listens on a port, can be killed, and comes back with what it had on disk."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def start(self) -> None:
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=log)
        until(self._answers, f"an answer: {(self.directory / 'log').read_text()}")

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        if self.process:
            self.process.send_signal(number)
            self.process.wait(PATIENCE_S)
            self.process = None

    def __enter__(self) -> Any:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


class Rsyslog(Server):
    """With the example of config/receivers; in the clear, unless there are certificates."""

    def __init__(self, directory: Path, tls: tuple[Path, Path, Path] | None = None) -> None:
        super().__init__(directory)
        self.out = directory / "records.jsonl"
        replaced = {'port="2514"': f'port="{self.port}" address="127.0.0.1"'}
        replaced["/var/log/daemoneye-fleet/records.jsonl"] = str(self.out)
        if tls:
            places = ("ca.pem", "receiver.crt", "receiver.key")
            replaced |= {f"/etc/rsyslog.d/tls/{name}": str(path) for name, path in zip(places, tls, strict=True)}
        else:
            replaced['tls="on"'] = 'tls="off"'
        head = f'global(workDirectory="{directory}" net.enableDNS="off")\n'
        (directory / "rsyslog.conf").write_text(head + example("rsyslog-relp.conf", replaced), encoding="utf-8")

    def command(self) -> list[str]:
        return [str(RSYSLOGD), "-n", "-f", str(self.directory / "rsyslog.conf"), "-i", str(self.directory / "pid")]

    def ids(self) -> list[str]:
        if not self.out.exists():
            return []
        # a line that a kill cut off has no end, and the record follows in the same line, whole
        lines = self.out.read_text(encoding="utf-8").split("\n")[:-1]
        return [json.loads(line[line.rindex(_BEGINNING) :])["event"]["id"] for line in lines]


class NatsServer(Server):
    """In the clear and with a stream made of the example, unless there is a configuration."""

    def __init__(self, directory: Path, configuration: str = "") -> None:
        super().__init__(directory)
        store = f'jetstream {{ store_dir: "{directory}/js" }}'
        text = f'host: "127.0.0.1"\nport: {self.port}\n{configuration or store}\n'
        (directory / "nats.conf").write_text(text, encoding="utf-8")

    def command(self) -> list[str]:
        return [str(NATS_SERVER), "-c", str(self.directory / "nats.conf")]

    def make_stream(self, *, max_msg_size: int = 1 << 20, **options: Any) -> None:
        definition = json.loads((RECEIVERS / "jetstream-stream.json").read_text(encoding="utf-8"))
        definition |= {"max_bytes": 1 << 28, "max_msg_size": max_msg_size}  # what a test machine has room for

        async def make() -> None:
            client = await nats.connect(f"nats://127.0.0.1:{self.port}", **options)
            made = await client.request("$JS.API.STREAM.CREATE.DAEMONEYE", json.dumps(definition).encode(), timeout=10)
            assert "error" not in json.loads(made.data), made.data
            await client.close()

        asyncio.run(make())

    def messages(self, **options: Any) -> list[tuple[str, str, bytes]]:
        """Subject, message id and content of all that is in the stream."""

        async def read() -> list[tuple[str, str, bytes]]:
            client = await nats.connect(f"nats://127.0.0.1:{self.port}", **options)
            stream = client.jetstream()
            count = (await stream.stream_info("DAEMONEYE")).state.messages
            consumer = await stream.pull_subscribe(
                "daemoneye.v1.>", stream="DAEMONEYE", config=ConsumerConfig(ack_policy=AckPolicy.NONE)
            )
            found: list[Any] = []
            while len(found) < count:
                found += await consumer.fetch(min(500, count - len(found)), timeout=10)
            await client.close()
            return [(each.subject, each.headers["Nats-Msg-Id"], each.data) for each in found]

        return asyncio.run(read())
