from __future__ import annotations

import json
import re
import socket
from pathlib import Path

import pytest

from daemoneye.model.alert import Severity
from daemoneye.outputs import native
from daemoneye.outputs.formats import Format
from daemoneye.outputs.local_syslog import LocalSyslog
from daemoneye.outputs.origin import Origin
from daemoneye.outputs.syslog import Syslog, framed
from daemoneye.outputs.trouble import Failed, Trouble, Written
from tests.fakes.outgoing import ID, MACHINE, ORIGIN, PLAIN_EVENTS, alert

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


@pytest.fixture
def logger(tmp_path: Path) -> socket.socket:
    return listening(tmp_path / "log")


def listening(path: Path) -> socket.socket:
    receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    receiver.bind(str(path))
    return receiver


def test_a_copy_is_sent(tmp_path: Path, logger: socket.socket) -> None:
    """A copy arrives as it was."""
    with logger:
        log = LocalSyslog(str(tmp_path / "log"))
        assert log.send(b"<83>x") == Written()
        assert logger.recv(100) == b"<83>x"
        log.close()
    assert (log.sent, log.lost) == (1, 0)


def test_a_restarted_logger_is_found_again(tmp_path: Path, logger: socket.socket) -> None:
    """When the logger comes back with another socket, copies go there."""
    log = LocalSyslog(str(tmp_path / "log"))
    log.send(b"1")
    logger.close()
    (tmp_path / "log").unlink()
    outcome = log.send(b"2")
    assert isinstance(outcome, Failed)
    assert outcome.trouble is Trouble.UNAVAILABLE
    with listening(tmp_path / "log") as again:
        assert log.send(b"3") == Written()
        assert again.recv(100) == b"3"
    log.close()
    assert (log.sent, log.lost) == (2, 1)


def test_a_logger_that_does_not_read_delays_nothing(tmp_path: Path, logger: socket.socket) -> None:
    """When the logger's queue is full, the copy is lost and counted; nobody waits."""
    log = LocalSyslog(str(tmp_path / "log"))
    outcomes = [log.send(b"x" * 1000) for _ in range(1000)]
    assert isinstance(outcomes[0], Written)
    assert isinstance(outcomes[-1], Failed)
    assert log.sent + log.lost == 1000
    log.close()
    logger.close()


def test_no_descriptor_is_left_behind(tmp_path: Path) -> None:
    """However often there is no logger, nothing accumulates."""
    log = LocalSyslog(str(tmp_path / "nobody"))
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(50):
        log.send(b"x")
    assert len(list(Path("/proc/self/fd").iterdir())) == before
