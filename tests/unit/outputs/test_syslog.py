from __future__ import annotations

import json
import re
import socket
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest

from daemoneye.model.alert import Severity
from daemoneye.outputs import native
from daemoneye.outputs.formats import Format
from daemoneye.outputs.local_syslog import LocalSyslog
from daemoneye.outputs.origin import Origin
from daemoneye.outputs.syslog import Syslog, framed
from daemoneye.outputs.trouble import Failed, Trouble, Written
from tests.fakes.outgoing import ID, MACHINE, ORIGIN, PLAIN_EVENTS, alert

if TYPE_CHECKING:
    from collections.abc import Iterator

BODY = native.of_alert(alert())
# RFC 5424, section 6, as far as we use it
MESSAGE = re.compile(
    rb"<([0-9]{1,3})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) "
    rb"([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) "
    rb'(\[[^ =\]"]{1,32}(?: [^ =\]"]{1,32}="(?:[^"\\\]]|\\["\\\]])*")*\]) (.*)',
    re.DOTALL,
)


def parsed(message: bytes) -> tuple[bytes, ...]:
    found = MESSAGE.fullmatch(message)
    assert found
    return found.groups()


def test_a_message_is_rfc_5424() -> None:
    """A receiver finds priority, time, host and program where the RFC has them, and the record as JSON."""
    priority, time, host, program, process, kind, data, text = parsed(Syslog(origin=ORIGIN).message(BODY, 42))
    assert (priority, time, host) == (b"83", b"2027-01-15T08:00:00.123Z", b"web-1")
    assert (program, process, kind) == (b"daemoneye", b"-", b"ALERT")
    assert data == (
        b'[daemoneye@32473 id="%s" stream="alerts" sequence="42" severity="high" kind="integrity.disk_mismatch"]'
        % ID.encode()
    )
    assert text.startswith(b"@cee: {")
    assert json.loads(text[6:])["event"]["sequence"] == 42


@pytest.mark.parametrize(
    ("severity", "priority"), list(zip(Severity, (b"86", b"85", b"84", b"83", b"82"), strict=True))
)
def test_priorities(severity: Severity, priority: bytes) -> None:
    """What is worse for us is worse for syslog; the facility keeps it from ordinary users."""
    assert parsed(Syslog(origin=ORIGIN).message(native.of_alert(alert(severity=severity)), 1))[0] == priority


def test_events_say_that_they_are_no_alerts() -> None:
    """A receiver can send events elsewhere by the message id."""
    body = native.of_event(PLAIN_EVENTS[0], id=ID, machine=MACHINE)
    assert parsed(Syslog(origin=ORIGIN, format=Format.OCSF).message(body, 1))[5] == b"EVENT"


@pytest.mark.parametrize("name", ["", "a b", "h\u00e9", "x" * 300, 'q"]'])
def test_a_strange_host_name_breaks_no_header(name: str) -> None:
    """Whatever the host is called, the header has as many parts as it should."""
    parsed(Syslog(origin=Origin(version="1", host_name=name, host_id="h")).message(BODY, 1))


def test_structured_data_is_escaped() -> None:
    """A quote in a value does not end it."""
    body = BODY | {"kind": 'a"b]c\\d'}
    assert rb'kind="a\"b\]c\\d"]' in Syslog(origin=ORIGIN).message(body, 1)
    parsed(Syslog(origin=ORIGIN).message(body, 1))


def test_another_enterprise_number() -> None:
    """Who has a number of their own uses it."""
    assert b" [acme@99 id=" in Syslog(origin=ORIGIN, sd_id="acme@99").message(BODY, 1)


def test_a_long_record_says_that_it_was_longer() -> None:
    """A message of the size that receivers take says how long the record was."""
    message = Syslog(origin=ORIGIN, limit=2048).message(BODY | {"message": "x" * 9000}, 1)
    assert len(message) <= 2048
    assert json.loads(message[message.index(b"{") :])["daemoneye"]["truncated"] > 9000


def test_framing() -> None:
    """A message is counted, so that what is in it cannot end it."""
    assert framed(b"a\nb") == b"3 a\nb"


def test_the_local_form_has_a_tag() -> None:
    """The system's own logger is told program and priority as syslog(3) tells them."""
    assert Syslog(origin=ORIGIN).local(BODY, 1).startswith(b"<83>daemoneye: @cee: {")


KINDS = pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM], ids=["datagrams", "a stream"])


class Logger:
    """What listens at /dev/log, of either kind."""

    def __init__(self, path: Path, kind: socket.SocketKind) -> None:
        self._bound = socket.socket(socket.AF_UNIX, kind)
        self._bound.bind(str(path))
        self._connected: list[socket.socket] = []
        self._rest = b""
        if kind is socket.SOCK_STREAM:
            self._bound.listen()
        self._is_stream = kind is socket.SOCK_STREAM

    def read(self) -> list[bytes]:
        """Whole messages; of a stream, those that a NUL has ended."""
        if not self._is_stream:
            return list(self._chunks(self._bound))
        self._bound.setblocking(False)
        with suppress(BlockingIOError):
            self._connected.append(self._bound.accept()[0])
        *whole, self._rest = b"".join((self._rest, *self._chunks(self._connected[-1]))).split(b"\0")
        return whole

    def _chunks(self, source: socket.socket) -> Iterator[bytes]:
        source.setblocking(False)
        with suppress(BlockingIOError):
            while chunk := source.recv(1 << 20):
                yield chunk

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for each in (self._bound, *self._connected):
            each.close()


@KINDS
def test_a_copy_is_sent(tmp_path: Path, kind: socket.SocketKind) -> None:
    """A copy arrives as it was, whichever of the two kinds of sockets the logger has."""
    with Logger(tmp_path / "log", kind) as logger:
        log = LocalSyslog(str(tmp_path / "log"))
        assert log.try_out() == Written(lines=0)
        assert [log.send(b"<83>x"), log.send(b"<83>y\n")] == [Written(), Written()]
        assert logger.read() == [b"<83>x", b"<83>y\n"]
        log.close()


@KINDS
def test_a_restarted_logger_is_found_again(tmp_path: Path, kind: socket.SocketKind) -> None:
    """When the logger comes back with another socket, copies go there; also when that is of the other kind."""
    log = LocalSyslog(str(tmp_path / "log"))
    with Logger(tmp_path / "log", kind) as logger:
        log.send(b"1")
        assert logger.read() == [b"1"]
    (tmp_path / "log").unlink()
    for outcome in (log.send(b"2"), log.try_out()):
        assert isinstance(outcome, Failed)
        assert (outcome.trouble, outcome.detail) == (Trouble.UNAVAILABLE, "No such file or directory")
    other = socket.SOCK_STREAM if kind is socket.SOCK_DGRAM else socket.SOCK_DGRAM
    with Logger(tmp_path / "log", other) as logger:
        assert log.send(b"3") == Written()
        assert logger.read() == [b"3"]
    log.close()


@KINDS
def test_a_logger_that_does_not_read_delays_nothing(tmp_path: Path, kind: socket.SocketKind) -> None:
    """When its queue is full that is told at once; and when it reads again, no message is torn or lost twice."""
    with Logger(tmp_path / "log", kind) as logger:
        log = LocalSyslog(str(tmp_path / "log"))
        messages = [b"%d " % number + b"x" * 1000 for number in range(1000)]
        outcomes = {message: log.send(message) for message in messages}
        taken = [message for message, outcome in outcomes.items() if outcome == Written()]
        assert 0 < len(taken) < 1000
        refused = outcomes[messages[-1]]
        assert isinstance(refused, Failed)
        assert refused.trouble is Trouble.BUSY
        assert (log.try_out(), log.wait_for_room(0)) == (refused, False)
        found = logger.read()
        assert log.wait_for_room(10)
        assert log.send(b"last") == Written()
        assert found + logger.read() == [*taken, b"last"]
        log.close()


def test_what_no_socket_takes_is_told_and_the_next_goes(tmp_path: Path) -> None:
    """A datagram that is too long for the kernel is its own trouble."""
    with Logger(tmp_path / "log", socket.SOCK_DGRAM) as logger:
        log = LocalSyslog(str(tmp_path / "log"))
        outcome = log.send(b"x" * (1 << 20))
        assert isinstance(outcome, Failed)
        assert outcome.detail == "Message too long"
        assert log.send(b"short") == Written()
        assert logger.read() == [b"short"]
        log.close()


def test_no_descriptor_is_left_behind(tmp_path: Path) -> None:
    """However often there is no logger, nothing accumulates."""
    log = LocalSyslog(str(tmp_path / "nobody"))
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(50):
        log.send(b"x")
        log.try_out()
    assert not log.wait_for_room(0)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
