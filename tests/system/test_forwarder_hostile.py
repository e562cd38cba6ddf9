"""Receivers that do what they like: nothing is lost by it, nothing is given up for it, and the forwarder lives."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING

import pytest

from daemoneye.forwarding.jetstream import JetStreamReceiver
from daemoneye.forwarding.relp import RelpReceiver
from daemoneye.model.record import Stream
from daemoneye.settings.outputs import NATS, RELP, TLS
from tests.fakes.fleet import Recorded, free_port, identity, passage, riding, until
from tests.fakes.hostile_receiver import OPENED, Hostile, relp_answer, relp_frames
from tests.fakes.outgoing import ORIGIN

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path

    from daemoneye.forwarding.line import Receiver

    Make = Callable[..., Receiver]

PLAIN = TLS(enabled=False)
COUNT = 30


@pytest.fixture
def recorded() -> Recorded:
    recorded = Recorded()
    recorded.record(Stream.ALERTS, COUNT)
    return recorded


def relp(port: int, timeout: float = 0.5) -> Receiver:
    return RelpReceiver(RELP(host="127.0.0.1", port=port, timeout=timeout, tls=PLAIN, window=8), ORIGIN)


def jetstream(port: int, timeout: float = 0.5) -> Receiver:
    return JetStreamReceiver(NATS(servers=(f"nats://127.0.0.1:{port}",), timeout=timeout, tls=PLAIN), ORIGIN)


class Seen:
    """A receiver of RELP as it should be, that remembers; and whose answer to a record may be another."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    def answer(self, message: bytes) -> str | None:
        """``None``: hang up."""
        found = re.search(rb'id="([0-9a-f-]+)"', message)
        assert found
        self.ids.append(found[1].decode())
        return "200 OK"

    def __call__(self, connection: socket.socket, _: int) -> None:
        while True:
            for number, command, data in relp_frames(connection):
                text = {"open": OPENED, "close": "200 OK"}.get(command) or self.answer(data)
                if text is None:
                    return
                connection.sendall(relp_answer(number, text))


GARBAGE = [
    b"HTTP/1.1 400 Bad Request\r\n\r\n",
    b"1 rsp 99999999 200 OK",
    b"\0" * 70000,
    b"1 rsp 6 200 OK\n1 rsp 6 200 OK\n",
    b"1 rsp 36 500 OK\nrelp_version=0\ncommands=syslog\n",
    b"0 serverclose 0\n",
    b"INFO {}\r\n",
    b"INFO []\r\n",
    b"INFO " + b"[" * 100_000 + b"\r\n",
    b"INFO \xff\r\n",
    b"-ERR 'go away'\r\n",
    b'INFO {"max_payload": "x"}\r\nPONG\r\n',
]


@pytest.mark.parametrize("make", [relp, jetstream])
def test_garbage_for_an_answer(recorded: Recorded, tmp_path: Path, make: Make) -> None:
    """Whatever comes is a reason to hang up and to try again later, in one printable line."""

    def behave(connection: socket.socket, number: int) -> None:
        connection.sendall(GARBAGE[number % len(GARBAGE)])
        connection.recv(65536)

    said: set[str] = set()
    with Hostile(behave) as hostile, riding(make(hostile.port), recorded, tmp_path / "own", random=lambda: 0.0) as ride:
        while len(said) < 4:
            said.add(ride.desk.outlook.trouble)
        until(lambda: hostile.connections > 2 * len(GARBAGE), "all of it, twice")
        assert ride.desk.outlook.acked == 0
        assert ride.put_aside == []
    assert all(each.isprintable() and len(each) < 300 for each in said)


@pytest.mark.parametrize("make", [relp, jetstream])
def test_a_receiver_that_says_nothing(recorded: Recorded, tmp_path: Path, make: Make) -> None:
    """It is given the time that the settings allow, and then called again."""

    def behave(connection: socket.socket, _: int) -> None:
        while connection.recv(65536):
            pass

    with (
        Hostile(behave) as hostile,
        riding(make(hostile.port, 0.2), recorded, tmp_path / "own") as ride,
    ):
        ride.until_trouble("answer")
        until(lambda: ride.desk.waiting, "rest")
    assert ride.put_aside == []


def test_a_receiver_that_never_acknowledges(recorded: Recorded, tmp_path: Path) -> None:
    """No more than the window is sent to it; nothing counts as delivered, nothing is given up."""
    taken: list[str] = []

    def behave(connection: socket.socket, _: int) -> None:
        ((number, _command, _data),) = relp_frames(connection)
        connection.sendall(relp_answer(number, OPENED))
        while frames := relp_frames(connection):
            taken.extend(command for _, command, _ in frames)

    with Hostile(behave) as hostile, riding(relp(hostile.port, 0.2), recorded, tmp_path / "own") as ride:
        until(lambda: hostile.connections >= 6, "six connections")
        assert taken.count("syslog") <= 8 * hostile.connections
        assert ride.desk.outlook.acked == 0
        assert "no answer for 0.2 s" in ride.desk.outlook.trouble
    assert ride.put_aside == []
    assert (tmp_path / "own" / "relp.cursor").read_bytes().count(b'"alerts": 0') == 1


def test_a_receiver_that_closes_at_every_byte(recorded: Recorded, tmp_path: Path) -> None:
    """After the first byte of its answer, after the second, and so on; in the end it is well, and all is there."""
    seen = Seen()
    answer = relp_answer(1, OPENED)

    def behave(connection: socket.socket, number: int) -> None:
        if number > len(answer) + 10:
            seen(connection, number)
            return
        connection.recv(65536)
        connection.sendall(answer[: number % len(answer)])

    # no waiting between connections, or it would take minutes
    with Hostile(behave) as hostile, riding(relp(hostile.port), recorded, tmp_path / "own", random=lambda: 0.0) as ride:
        ride.until_acked(COUNT)
    assert seen.ids == recorded.ids
    assert hostile.connections > len(answer)


def test_a_receiver_that_closes_after_every_record(recorded: Recorded, tmp_path: Path) -> None:
    """One gets through each time; that is enough."""
    seen = Seen()

    def behave(connection: socket.socket, _: int) -> None:
        ((number, _command, _data),) = relp_frames(connection)
        connection.sendall(relp_answer(number, OPENED))
        for number, command, data in relp_frames(connection)[:1]:
            connection.sendall(relp_answer(number, "200 OK" if command == "close" else seen.answer(data) or ""))

    with Hostile(behave) as hostile, riding(relp(hostile.port), recorded, tmp_path / "own", random=lambda: 0.0) as ride:
        ride.until_acked(COUNT)
    assert set(seen.ids) == set(recorded.ids)
    assert ride.put_aside == []


def test_a_record_that_is_refused_does_not_hold_up_the_rest(recorded: Recorded, tmp_path: Path) -> None:
    """After some tries it is set aside, listed and told; everything else is delivered."""
    poison = recorded.ids[11]

    class Picky(Seen):
        def answer(self, message: bytes) -> str | None:
            return "500 not this one" if poison.encode() in message else super().answer(message)

    seen = Picky()
    with Hostile(seen) as hostile, riding(relp(hostile.port), recorded, tmp_path / "own") as ride:
        until(lambda: ride.put_aside, "something set aside")
        ride.until_acked(COUNT - 1)
        until(lambda: not ride.desk.outlook.trouble, "no trouble")
    (gone,) = ride.put_aside
    assert (gone.id, gone.sequence, gone.stream) == (poison, 12, "alerts")
    assert "500 not this one" in gone.reason
    assert sorted([*seen.ids, poison]) == sorted(recorded.ids)
    listed = json.loads((tmp_path / "own" / "relp.set-aside.jsonl").read_text())
    assert listed["id"] == poison
    assert b'"alerts": 30' in (tmp_path / "own" / "relp.cursor").read_bytes()


def test_a_record_at_which_the_receiver_hangs_up_is_found(recorded: Recorded, tmp_path: Path) -> None:
    """Among all that were on their way when it did."""
    poison = recorded.ids[11]

    class Fragile(Seen):
        def answer(self, message: bytes) -> str | None:
            return None if poison.encode() in message else super().answer(message)

    seen = Fragile()
    pace = {"random": lambda: 0.02, "spread_s": 0.01}
    with Hostile(seen) as hostile, riding(relp(hostile.port), recorded, tmp_path / "own", **pace) as ride:
        until(lambda: ride.put_aside, "something set aside")
        ride.until_acked(COUNT - 1)
    assert [each.id for each in ride.put_aside] == [poison]
    assert set(seen.ids) == set(recorded.ids) - {poison}


def test_a_record_that_makes_no_message_is_set_aside(recorded: Recorded, tmp_path: Path) -> None:
    """Nothing can be sent of it; the others are."""
    recorded.streams[Stream.ALERTS][3] = passage(Stream.ALERTS, 4, b"[]")
    seen = Seen()
    with Hostile(seen) as hostile, riding(relp(hostile.port), recorded, tmp_path / "own") as ride:
        ride.until_acked(COUNT - 1)
    (gone,) = ride.put_aside
    assert gone.id == identity(10**6 + 4)
    assert gone.tries == 0


def test_nobody_is_there(recorded: Recorded, tmp_path: Path) -> None:
    """It says so, and is idle: for a receiver that is away nobody is restarted."""
    with riding(relp(free_port()), recorded, tmp_path / "own") as ride:
        ride.until_trouble("connection refused")
        until(lambda: ride.desk.waiting, "rest")


def test_a_name_that_does_not_exist(recorded: Recorded, tmp_path: Path) -> None:
    """It says so."""
    receiver = RelpReceiver(RELP(host="no-such-host.invalid", tls=PLAIN), ORIGIN)
    with riding(receiver, recorded, tmp_path / "own") as ride:
        until(lambda: ride.desk.outlook.trouble, "a complaint")
        assert ride.desk.outlook.trouble.startswith("no-such-host.invalid:2514: ")


# -- NATS


INFO = b'INFO {"server_id":"x","version":"2.9.10","max_payload":1048576,"headers":true}\r\n'


def until_published(connection: socket.socket) -> bytes:
    """Be a server as it should be, up to the first publication; return what it said, its reply subject first."""
    connection.sendall(INFO)
    held = b""
    while b"HPUB" not in held:
        data = connection.recv(65536)
        if not data:
            raise ConnectionResetError
        if b"PING\r\n" in data:
            connection.sendall(b"PONG\r\n")
        held += data
    return held[held.index(b"HPUB") :]


def test_a_server_that_announces_more_than_it_should(recorded: Recorded, tmp_path: Path) -> None:
    """A message of ten gigabytes is not waited for: it costs a connection, and no memory."""
    sent: list[int] = []

    def behave(connection: socket.socket, _: int) -> None:
        reply = until_published(connection).split()[2]
        connection.sendall(b"MSG " + reply + b" 1 9999999999\r\n")
        sent.extend(connection.send(b"x" * 65536) for _ in range(4096))

    with Hostile(behave) as hostile, riding(jetstream(hostile.port, 5.0), recorded, tmp_path / "own") as ride:
        until(lambda: hostile.connections > 1, "another connection")
        assert ride.desk.outlook.acked == 0
    assert sum(sent) < 128 * 2**20


def test_a_server_that_says_nonsense_of_itself(recorded: Recorded, tmp_path: Path) -> None:
    """And is found out only when something is sent to it."""

    def behave(connection: socket.socket, _: int) -> None:
        connection.sendall(INFO.replace(b"1048576", b'"x"'))
        while data := connection.recv(65536):
            if b"PING\r\n" in data:
                connection.sendall(b"PONG\r\n")

    with Hostile(behave) as hostile, riding(jetstream(hostile.port), recorded, tmp_path / "own") as ride:
        ride.until_trouble("'>' not supported")
        until(lambda: hostile.connections > 1, "another connection")
    assert ride.put_aside == []


@pytest.mark.parametrize("answer", [b"{}", b'{"error":7}', b"[" * 60_000], ids=len)
def test_a_server_whose_acknowledgement_is_none(recorded: Recorded, tmp_path: Path, answer: bytes) -> None:
    """Only what is one counts; the forwarder lives."""

    def behave(connection: socket.socket, _: int) -> None:
        reply = until_published(connection).split()[2]
        connection.sendall(b"MSG %s 1 %d\r\n%s\r\n" % (reply, len(answer), answer))
        connection.recv(10**6)
        time.sleep(0.3)

    with Hostile(behave) as hostile, riding(jetstream(hostile.port, 0.2), recorded, tmp_path / "own") as ride:
        until(lambda: hostile.connections > 2, "another connection")
        assert ride.desk.outlook.acked == 0
    assert ride.put_aside == []
