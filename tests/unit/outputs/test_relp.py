from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from daemoneye.outputs.relp import Acked, Closed, Event, Opened, Refused, RelpSession
from daemoneye.outputs.relp_frames import LARGEST_NUMBER, LONGEST_ANSWER, Frame, FrameReader, RelpViolation

if TYPE_CHECKING:
    from collections.abc import Callable

WELCOME = b"200 OK\nrelp_version=0\nrelp_software=librelp,1.11.0,http://librelp.adiscon.com\ncommands=syslog"


def rsp(number: int, data: bytes = b"200 OK") -> bytes:
    return Frame(number, b"rsp", data).to_bytes()


def opened(window: int = 3) -> RelpSession:
    session = RelpSession(window=window)
    session.open()
    assert session.receive_data(rsp(1, WELCOME)) == [Opened()]
    return session


def end_of(events: list[Event]) -> Closed:
    (event,) = events
    assert isinstance(event, Closed)
    return event


def test_a_session() -> None:
    """A message is the receiver's when it says so."""
    session = RelpSession(window=3)
    assert session.room == 0
    assert session.open() == b"1 open 54 relp_version=0\nrelp_software=daemoneye\ncommands=syslog\n"
    assert session.receive_data(rsp(1, WELCOME)) == [Opened()]
    assert session.room == 3
    assert session.send("a", b"hello") == b"2 syslog 5 hello\n"
    assert session.send("b", b"line\nfeed") == b"3 syslog 9 line\nfeed\n"
    assert (session.room, session.unacknowledged) == (1, ("a", "b"))
    assert session.receive_data(rsp(3) + rsp(2)) == [Acked("b"), Acked("a")]
    assert session.close() == b"4 close 0\n"
    assert session.receive_data(b"4 rsp 0\n0 serverclose 0\n") == [Closed("closed as asked", ())]
    assert session.closed


def test_the_window() -> None:
    """No more is on its way than was agreed."""
    session = opened(window=1)
    session.send("a", b"x")
    with pytest.raises(RuntimeError, match="window"):
        session.send("b", b"y")
    session.receive_data(rsp(2))
    assert session.send("b", b"y") == b"3 syslog 1 y\n"


def test_a_refusal_is_of_one_message() -> None:
    """A receiver that does not want one message gets the others."""
    session = opened()
    session.send("a", b"x")
    session.send("b", b"y")
    assert session.receive_data(rsp(2, b"500 no\x1b space") + rsp(3)) == [Refused("a", "500 no\\x1b space"), Acked("b")]


def test_a_long_refusal_is_cut() -> None:
    """What a receiver says about a refusal is bounded where it is shown."""
    session = opened()
    session.send("a", b"x")
    (event,) = session.receive_data(rsp(2, b"500 " + b"n" * 9000))
    assert isinstance(event, Refused)
    assert len(event.text) < 300


def test_the_receiver_ends_it() -> None:
    """A receiver that is stopped says so; what it had not acknowledged is named in the order of sending."""
    session = opened()
    for name in "abc":
        session.send(name, b"x")
    session.receive_data(rsp(3))
    assert session.receive_data(b"0 serverclose 0\n") == [Closed("the receiver closed the session", ("a", "c"))]
    assert session.receive_data(rsp(2)) == []
    assert session.connection_lost("timeout") == []


def test_the_last_acknowledgements_count() -> None:
    """Who closes still hears what was acknowledged before the end."""
    session = opened()
    session.send("a", b"x")
    session.send("b", b"x")
    session.close()
    assert session.receive_data(rsp(3) + rsp(4, b"")) == [Acked("b"), Closed("closed as asked", ("a",))]


def test_silence_is_ended_by_the_caller() -> None:
    """A receiver that never answers is given up, and everything is known to be unacknowledged."""
    session = opened()
    session.send("a", b"x")
    assert session.connection_lost("no answer for 30 s") == [Closed("no answer for 30 s", ("a",))]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"500 go away", "the receiver refused the session: 500 go away"),
        (b"200 OK\ncommands=eventlog", "the receiver does not take syslog messages"),
        (b"200 OK", "the receiver does not take syslog messages"),
        (b"OK", "the receiver does not speak RELP: an answer without a code"),
    ],
)
def test_a_receiver_that_does_not_suit(answer: bytes, why: str) -> None:
    """A receiver that cannot take syslog messages is left before any is sent."""
    session = RelpSession(window=3)
    session.open()
    assert end_of(session.receive_data(rsp(1, answer))).why == why
    assert session.room == 0


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 400 Bad Request\r\n",
        b"\x16\x03\x01",
        b"2 rsp 999999999 200",
        b"2 rsp %d x" % (LONGEST_ANSWER + 1),
        b"2 rsp 6 200 OKx",
        b"2 rsp 6\n",
        b"2 rsp 0 x",
        b"2 rsp -1 ",
        b"2  rsp 6 200 OK\n",
        b"1234567890 rsp 0\n",
        b"2 " + b"r" * 33,
        b"9 rsp 6 200 OK\n",
        b"0 rsp 6 200 OK\n",
        b"2 syslog 1 x\n",
        b"2 serverclose 0\n",
        b"2 rsp 0\n",
        b"2 rsp 5 hello\n",
        b"\n",
    ],
)
def test_hostile_answers_acknowledge_nothing(data: bytes) -> None:
    """Garbage, huge lengths and answers to nothing end the session, and nothing counts as delivered."""
    session = opened()
    session.send("a", b"x")
    end = end_of(session.receive_data(data))
    assert end.why.startswith("the receiver does not speak RELP: ")
    assert end.unacknowledged == ("a",)
    assert session.receive_data(rsp(2)) == []


def test_an_acknowledgement_counts_once() -> None:
    """A receiver that acknowledges the same message twice does not speak RELP."""
    session = opened()
    session.send("a", b"x")
    first, second = session.receive_data(rsp(2) + rsp(2))
    assert first == Acked("a")
    assert isinstance(second, Closed)


def test_what_is_complete_counts_although_the_rest_is_garbage() -> None:
    """What was acknowledged before the nonsense is delivered."""
    session = opened()
    session.send("a", b"x")
    assert session.receive_data(rsp(2) + b"!")[0] == Acked("a")


def test_numbers_start_over() -> None:
    """After the largest number comes one, and a message that waits for ever keeps its own."""
    session = opened()
    session.send("old", b"x")
    session._number = LARGEST_NUMBER - 1
    assert session.send("a", b"x").startswith(b"%d " % LARGEST_NUMBER)
    session._number = 1
    assert session.send("b", b"x").startswith(b"3 ")
    assert session.unacknowledged == ("old", "a", "b")


@pytest.mark.parametrize(
    "deed",
    [
        lambda: RelpSession(window=3).send("a", b"x"),
        lambda: RelpSession(window=3).close(),
        lambda: opened().open(),
        lambda: opened().send("a", b""),
    ],
    ids=["send", "close", "open twice", "empty"],
)
def test_calls_out_of_turn(deed: Callable[[], bytes]) -> None:
    """A mistake of ours is said to us, and nothing is sent."""
    with pytest.raises(RuntimeError):
        deed()


def test_frames_in_pieces() -> None:
    """A frame is read however small the pieces are that it comes in, and held only until it is whole."""
    reader = FrameReader()
    frames = [frame for byte in rsp(7, b"200 a\nb") + b"0 serverclose 0\n" for frame in reader.feed(bytes([byte]))]
    assert frames == [Frame(7, b"rsp", b"200 a\nb"), Frame(0, b"serverclose")]


def test_what_is_held_is_bounded() -> None:
    """A header that never ends is refused at its first wrong byte."""
    reader = FrameReader()
    assert list(reader.feed(b"1 rsp")) == []
    with pytest.raises(RelpViolation):
        list(reader.feed(b"?"))
