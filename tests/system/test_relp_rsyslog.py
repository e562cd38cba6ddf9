"""Our side of RELP against the receiver that everybody has: Debian's rsyslog, started, killed and started again."""

from __future__ import annotations

import shutil
import signal
import socket
import ssl
import subprocess
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from daemoneye.outputs import native
from daemoneye.outputs.relp import Acked, Closed, Event, Opened, Refused, RelpSession
from daemoneye.outputs.syslog import Syslog
from tests.fakes.certificates import Authority
from tests.fakes.outgoing import ORIGIN, alert

if TYPE_CHECKING:
    from collections.abc import Iterator

RSYSLOGD = shutil.which("rsyslogd", path="/usr/sbin:/usr/bin:/sbin")
MODULES = Path("/usr/lib").glob("*/rsyslog/imrelp.so")
pytestmark = pytest.mark.skipif(not RSYSLOGD or not any(MODULES), reason="needs Debian's rsyslog and rsyslog-relp")

SYSLOG = Syslog(origin=ORIGIN)
WINDOW = 64


def message(number: int) -> tuple[str, bytes]:
    identity = f"0192f0c1-2b3c-7d4e-8f50-{number:012x}"
    return identity, SYSLOG.message(native.of_alert(alert(id=identity)), number)


@dataclass
class Receiver:
    """An rsyslog that writes what it takes before it acknowledges it, as config/ recommends."""

    directory: Path
    options: str = ""
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    out: Path = field(init=False)

    def __post_init__(self) -> None:
        self.out = self.directory / "out"
        with closing(socket.create_server(("127.0.0.1", 0))) as free:
            self.port = free.getsockname()[1]
        (self.directory / "rsyslog.conf").write_text(f"""
            global(workDirectory="{self.directory}" net.enableDNS="off")
            main_queue(queue.type="Direct")
            module(load="imrelp")
            module(load="mmjsonparse")
            input(type="imrelp" port="{self.port}" address="127.0.0.1" maxDataSize="64k" {self.options})
            action(type="mmjsonparse")
            template(name="seen" type="string"
                string="%$!event!sequence% %$!event!id% %syslogseverity% %app-name% %msgid% %structured-data%\\n")
            action(type="omfile" file="{self.out}" template="seen" queue.type="Direct" flushOnTXEnd="on")
        """)

    def start(self) -> None:
        command = [str(RSYSLOGD), "-n", "-f", str(self.directory / "rsyslog.conf"), "-i", str(self.directory / "pid")]
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError((self.directory / "log").read_text())

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        if self.process:
            self.process.send_signal(number)
            self.process.wait(20)
            self.process = None

    def seen(self) -> list[list[str]]:
        return [line.split(" ", 5) for line in self.out.read_text().splitlines()]


@contextmanager
def receiver(directory: Path, options: str = "") -> Iterator[Receiver]:
    running = Receiver(directory, options)
    try:
        running.start()
        yield running
    finally:
        running.stop(signal.SIGKILL)


class Courier:
    """What the forwarder does: a window of messages on their way, and those that were lost on it again."""

    def __init__(self, port: int, tls: ssl.SSLContext | None = None, name: str = "") -> None:
        self.session = RelpSession(window=WINDOW)
        raw = socket.create_connection(("127.0.0.1", port), 10)
        try:
            self.socket = tls.wrap_socket(raw, server_hostname=name) if tls else raw
        except OSError:
            raw.close()
            raise
        try:
            self.socket.sendall(self.session.open())
            assert self.hear() == [Opened()]
        except BaseException:
            self.socket.close()
            raise

    def hear(self) -> list[Event]:
        try:
            return self.session.receive_data(self.socket.recv(65536))
        except ConnectionError as error:
            return self.session.connection_lost(str(error))

    def deliver(self, messages: dict[str, bytes]) -> Iterator[str]:
        """Yield what was acknowledged, until nothing is left or the receiver is gone."""
        waiting = iter(list(messages.items()))
        left = len(messages)
        while left and not self.session.closed:
            try:
                for identity, text in self._next(waiting):
                    self.socket.sendall(self.session.send(identity, text))
            except ConnectionError:
                pass  # it is heard of below, and perhaps some acknowledgements before it
            for event in self.hear():
                assert not isinstance(event, Refused), event
                if isinstance(event, Acked):
                    left -= 1
                    yield event.id

    def _next(self, waiting: Iterator[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
        while self.session.room and (one := next(waiting, None)):
            yield one

    def close(self) -> list[Event]:
        heard: list[Event] = []
        if not self.session.closed:
            self.socket.sendall(self.session.close())
            while not self.session.closed:
                heard += self.hear()
        self.socket.close()
        return heard


def test_rsyslog_takes_everything(tmp_path: Path) -> None:
    """Every alert arrives once, in order, and rsyslog reads header, structured data and JSON as we mean them."""
    sent = dict(message(number) for number in range(1, 1001))
    with receiver(tmp_path) as rsyslog:
        courier = Courier(rsyslog.port)
        assert list(courier.deliver(sent)) == list(sent)
        assert courier.close()[-1] == Closed("closed as asked", ())
        seen = rsyslog.seen()
    assert [(int(sequence), identity) for sequence, identity, *_ in seen] == list(enumerate(sent, 1))
    assert seen[0][2:5] == ["3", "daemoneye", "ALERT"]
    assert seen[0][5].startswith('[daemoneye@32473 id="0192f0c1-')


def test_nothing_acknowledged_is_lost_when_rsyslog_is_killed(tmp_path: Path) -> None:
    """Killed with -9 in mid-stream, three times: what was acknowledged is there, and repeats have the same id."""
    sent = dict(message(number) for number in range(1, 2001))
    acknowledged: list[str] = []
    with receiver(tmp_path) as rsyslog:
        for stop_after in (300, 700, 1200, len(sent)):
            courier = Courier(rsyslog.port)
            for identity in courier.deliver({name: sent[name] for name in sent if name not in set(acknowledged)}):
                acknowledged.append(identity)
                if len(acknowledged) == stop_after < len(sent):
                    rsyslog.stop(signal.SIGKILL)
            courier.socket.close()
            if not rsyslog.process:
                rsyslog.start()
        there = [identity for _, identity, *_ in rsyslog.seen()]
    assert sorted(acknowledged) == sorted(sent)  # each exactly once
    assert set(there) == set(sent)  # lost: none
    assert len(there) - len(sent) <= 3 * WINDOW  # at most what was on its way, each time


def test_a_stopped_receiver_says_so(tmp_path: Path) -> None:
    """An rsyslog that is stopped in order ends the session; the sender knows what to send again."""
    with receiver(tmp_path) as rsyslog:
        courier = Courier(rsyslog.port)
        rsyslog.stop()
        (end,) = courier.hear()
        courier.socket.close()
    assert isinstance(end, Closed)
    assert end.unacknowledged == ()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def secured(tmp_path: Path, authority: Authority) -> Iterator[Receiver]:
    certificate, key = authority.issue("logs.example.org")
    options = (
        f'tls="on" tls.caCert="{authority.file}" tls.myCert="{certificate}" tls.myPrivKey="{key}"'
        ' tls.authMode="name" tls.permittedPeer=["web-1.example.org"]'
    )
    with receiver(tmp_path, options) as running:
        yield running


def client_context(trusted: Path, own: tuple[Path, Path] | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(trusted))
    if own:
        context.load_cert_chain(*own)
    return context


def test_over_tls_with_names_on_both_sides(secured: Receiver, authority: Authority) -> None:
    """With certificates on both sides, checked by name on both sides, every alert arrives."""
    sent = dict(message(number) for number in range(1, 301))
    courier = Courier(
        secured.port, client_context(authority.file, authority.issue("web-1.example.org")), "logs.example.org"
    )
    assert list(courier.deliver(sent)) == list(sent)
    courier.close()
    assert [identity for _, identity, *_ in secured.seen()] == list(sent)


@pytest.mark.parametrize("wrong", ["authority", "name"])
def test_a_false_receiver_gets_nothing(secured: Receiver, authority: Authority, tmp_path: Path, wrong: str) -> None:
    """A receiver whose certificate is of another authority or another name is not spoken to."""
    trusted = Authority(tmp_path, "another authority").file if wrong == "authority" else authority.file
    context = client_context(trusted, authority.issue("web-1.example.org"))
    with pytest.raises(ssl.SSLCertVerificationError):
        Courier(secured.port, context, "logs.example.org" if wrong == "authority" else "other.example.org")


@pytest.mark.parametrize("own", [None, "stranger.example.org"])
def test_a_false_sender_is_not_heard(secured: Receiver, authority: Authority, own: str | None) -> None:
    """A sender without a certificate, or with one of another name, acknowledges nothing to itself."""
    context = client_context(authority.file, authority.issue(own) if own else None)
    with pytest.raises((ssl.SSLError, ConnectionError, AssertionError)):
        Courier(secured.port, context, "logs.example.org")
    assert not secured.out.exists()


def test_the_short_form_on_a_local_socket(tmp_path: Path) -> None:
    """The system's logger takes the copy with the right program and priority, and finds the JSON in it."""
    (tmp_path / "rsyslog.conf").write_text(f"""
        module(load="imuxsock" SysSock.Use="off")
        module(load="mmjsonparse")
        input(type="imuxsock" Socket="{tmp_path}/log")
        action(type="mmjsonparse")
        template(name="seen" type="string" string="%app-name% %syslogfacility-text% %syslogseverity% %$!event!id%\\n")
        action(type="omfile" file="{tmp_path}/out" template="seen" flushOnTXEnd="on")
    """)
    command = [str(RSYSLOGD), "-n", "-f", str(tmp_path / "rsyslog.conf"), "-i", str(tmp_path / "pid")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _until((tmp_path / "log").exists)
        with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as log:
            log.connect(str(tmp_path / "log"))
            log.send(SYSLOG.local(native.of_alert(alert()), 1))
        _until(lambda: (tmp_path / "out").exists() and (tmp_path / "out").read_text().endswith("\n"))
    finally:
        process.kill()
        process.wait()
    assert (tmp_path / "out").read_text() == f"daemoneye authpriv 3 {alert().id}\n"


def _until(true: Any) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)
