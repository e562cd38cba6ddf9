from __future__ import annotations

import pytest

from daemoneye.gateway.session import FRAME_S, GREETING_S, HIGH_WATER, LARGEST_REQUEST, OUTSTANDING, Drop, Session
from daemoneye.model.agent import (
    Accepted,
    Body,
    ChildRequest,
    Envelope,
    Hello,
    Processes,
    ProcessesRequest,
    Refusal,
    RefusalCode,
    StatusRequest,
    Welcome,
)
from daemoneye.wire.codec import decode, encode
from daemoneye.wire.framing import FrameDecoder, encode_frame

HELLO = Hello(versions=(1,), client="test")


class Talk:
    """A session and the client at its other end."""

    def __init__(self, *, greeted: bool = True, max_frame: int = 64 * 1024) -> None:
        self.now_s = 100.0
        self.session = Session(max_frame=max_frame, server="here", now_s=self.now_s)
        self._decoder = FrameDecoder()
        if greeted:
            assert self.say(HELLO) == []
            assert self.heard() == [Envelope.around(Welcome(version=1, server="here"))]

    def feed(self, data: bytes, frames: int = 100) -> list[Envelope]:
        self.session.receive(data, self.now_s)
        return list(self.session.requests(frames, self.now_s))

    def say(self, body: Body, number: int = 0) -> list[Envelope]:
        return self.feed(encode_frame(encode(Envelope.around(body, number))))

    def read(self, most: int | None = None) -> bytes:
        """What the client reads, at most so many bytes."""
        read = b""
        while self.session.outbox and (most is None or len(read) < most):
            first = self.session.outbox.first
            piece = bytes(first if most is None else first[: most - len(read)])
            self.session.outbox.sent(len(piece), self.now_s)
            read += piece
        return read

    def heard(self) -> list[Envelope]:
        self._decoder.feed(self.read())
        return [decode(Envelope, payload) for payload in iter(self._decoder.next_frame, None)]

    def refusal(self) -> tuple[int, RefusalCode]:
        (envelope,) = self.heard()
        assert isinstance(envelope.body, Refusal)
        assert "\n" not in envelope.body.text
        return envelope.id, envelope.body.code

    def shows(self, name: str) -> bool:
        """Asked anew each time: a type checker would think that nothing changes in between."""
        return bool(getattr(self.session, name))

    def after(self, seconds: float) -> Drop | None:
        self.now_s += seconds
        self.session.expire(self.now_s)
        return self.session.dropped


def request(number: int) -> bytes:
    return encode_frame(encode(Envelope.around(StatusRequest(), number)))


def test_a_request_comes_out_and_its_answer_goes_back_under_its_number() -> None:
    """Whoever asks several things at once can tell the answers apart."""
    talk = Talk()
    assert talk.say(StatusRequest(), 7) == [Envelope.around(StatusRequest(), 7)]
    talk.session.answer(7, Accepted(text="yes"), talk.now_s)
    assert talk.heard() == [Envelope.around(Accepted(text="yes"), 7)]


def test_an_answer_in_parts_ends_with_the_last() -> None:
    """A number is in use until the last part of its answer, and free after it."""
    talk = Talk()
    talk.say(ProcessesRequest(), 1)
    talk.session.answer(1, Processes(), talk.now_s, last=False)
    assert talk.say(StatusRequest(), 1) == []
    talk.session.answer(1, Processes(part=1, last=True), talk.now_s)
    talk.session.answer(1, Accepted(), talk.now_s)  # too late: nobody asks any more
    bodies = [envelope.body for envelope in talk.heard()]
    assert [type(body) for body in bodies] == [Processes, Refusal, Processes]
    assert talk.say(StatusRequest(), 1) == [Envelope.around(StatusRequest(), 1)]


@pytest.mark.parametrize("body", [StatusRequest(), Welcome(version=1), Accepted()])
def test_nothing_is_done_for_who_does_not_greet_first(body: Body) -> None:
    """What protocol is spoken is settled before anything else."""
    talk = Talk(greeted=False)
    assert talk.say(body, 1) == []
    assert (talk.session.over, talk.session.dropped, talk.heard()) == (True, Drop.GREETING, [])


def test_garbage_instead_of_a_greeting_ends_the_connection() -> None:
    """A program that speaks something else is not kept waiting."""
    talk = Talk(greeted=False)
    talk.feed(encode_frame(b"\xff\xff"))
    assert talk.session.dropped is Drop.GREETING


def test_a_client_of_another_version_is_told_what_would_have_been_understood() -> None:
    """An old agent and a new client end with a sentence, not with a riddle."""
    talk = Talk(greeted=False)
    talk.say(Hello(versions=(7, 8)))
    assert talk.shows("over") is False  # the refusal is still to be read
    talk.feed(request(1))
    (envelope,) = talk.heard()
    assert envelope.body == Refusal(
        code=RefusalCode.VERSION, text="protocol versions [7, 8]: expected one of 1", versions=(1,)
    )
    assert talk.shows("over") is True


def test_of_several_versions_one_that_both_speak_is_taken() -> None:
    """A newer client can still talk to this agent."""
    talk = Talk(greeted=False)
    talk.say(Hello(versions=(9, 1)))
    assert talk.heard() == [Envelope.around(Welcome(version=1, server="here"))]


@pytest.mark.parametrize(
    ("payload", "number", "code"),
    [
        (b"\xff\xff", 0, RefusalCode.MALFORMED),
        (b"\x0a" * (LARGEST_REQUEST + 1), 0, RefusalCode.MALFORMED),
        (encode(Envelope.around(HELLO, 3)), 3, RefusalCode.MALFORMED),
        (encode(Envelope.around(Accepted(), 3)), 3, RefusalCode.MALFORMED),
        (encode(Envelope.around(StatusRequest())), 0, RefusalCode.MALFORMED),
        (encode(Envelope(id=3)), 3, RefusalCode.UNKNOWN_REQUEST),
        (b"\x08\x03\x82\x06\x00", 3, RefusalCode.UNKNOWN_REQUEST),  # a body of a newer release
    ],
)
def test_what_is_no_request_is_refused_and_the_next_one_is_answered(
    payload: bytes, number: int, code: RefusalCode
) -> None:
    """One wrong message costs a client that message."""
    talk = Talk()
    assert talk.feed(encode_frame(payload)) == []
    assert talk.refusal() == (number, code)
    assert talk.feed(request(4)) == [Envelope.around(StatusRequest(), 4)]


@pytest.mark.parametrize(
    "data",
    [
        b"\0" * 8,  # no length
        b"\xff" * 8,  # 4 GiB
        (64 * 1024 + 1).to_bytes(4, "little") + bytes(4),
        request(1)[:-1] + b"\x01",  # a checksum of something else
    ],
)
def test_a_frame_that_cannot_be_ends_the_connection_at_once(data: bytes) -> None:
    """Where the next frame would begin is anybody's guess, and we do not guess."""
    talk = Talk()
    assert talk.feed(request(8) + data) == [Envelope.around(StatusRequest(), 8)]
    assert (talk.session.over, talk.session.dropped) == (True, Drop.FRAME)
    talk.session.answer(8, Accepted(), talk.now_s)
    assert talk.heard() == []


def test_only_so_many_requests_are_at_work_and_the_rest_waits_unread() -> None:
    """A client that asks ten thousand times costs what eight questions cost."""
    talk = Talk()
    taken = talk.feed(b"".join(map(request, range(1, 101))))
    assert [envelope.id for envelope in taken] == list(range(1, OUTSTANDING + 1))
    assert talk.shows("wants_input") is False
    assert talk.shows("can_go_on") is False
    talk.session.answer(3, Accepted(), talk.now_s)
    assert talk.shows("can_go_on") is True
    assert [envelope.id for envelope in talk.session.requests(100, talk.now_s)] == [OUTSTANDING + 1]


def test_no_more_frames_are_taken_at_a_time_than_asked_for() -> None:
    """One client's flood does not keep the others waiting."""
    talk = Talk()
    assert len(talk.feed(request(1) + request(2) + request(3), frames=2)) == 2
    assert talk.shows("can_go_on") is True
    assert len(list(talk.session.requests(2, talk.now_s))) == 1
    assert talk.shows("can_go_on") is False
    assert talk.shows("wants_input") is True


def test_a_client_that_does_not_read_is_not_read_from_and_then_dropped() -> None:
    """What a client leaves lying costs a bounded amount of memory for a bounded time."""
    talk = Talk()
    nonsense = encode_frame(b"\xff")
    for _ in range(100):
        if not talk.session.wants_input:
            break
        talk.feed(nonsense * 100)
    assert talk.shows("has_room") is False
    assert talk.session.outbox.size < HIGH_WATER + 200
    assert talk.after(FRAME_S - 1) is None
    assert talk.after(1) is Drop.STALLED
    assert talk.session.outbox.size == 0


def test_a_client_that_reads_slowly_is_kept_as_long_as_every_frame_arrives() -> None:
    """Slow is not dead."""
    talk = Talk()
    for number in range(1, 5):
        talk.say(StatusRequest(), number)
        talk.session.answer(number, Accepted(text="x" * 1000), talk.now_s)
    for _ in range(4):
        assert talk.after(FRAME_S - 1) is None
        talk.read(1000 + 23)
    assert talk.read() == b""


def test_an_answer_that_fits_no_frame_becomes_a_refusal() -> None:
    """A client never gets what it would have to refuse."""
    talk = Talk()
    talk.say(StatusRequest(), 1)
    talk.session.answer(1, Accepted(text="x" * 70_000), talk.now_s)
    assert talk.refusal() == (1, RefusalCode.UNAVAILABLE)


def test_who_does_not_greet_in_time_is_dropped() -> None:
    """A place among the clients is for those who have something to ask."""
    talk = Talk(greeted=False)
    talk.feed(request(1)[:3])
    assert talk.after(GREETING_S - 1) is None
    assert talk.after(1) is Drop.GREETING


def test_an_idle_client_may_stay() -> None:
    """A watching program keeps its connection for as long as it likes."""
    talk = Talk()
    assert talk.session.due_s is None
    assert talk.after(100_000) is None
    assert talk.feed(request(1)) == [Envelope.around(StatusRequest(), 1)]


def test_half_a_frame_has_to_become_a_whole_one() -> None:
    """Memory is not held for a sentence that never ends, however slowly it goes on."""
    talk = Talk()
    half = request(1)[:-1]
    for place, byte in enumerate(half):
        talk.feed(bytes([byte]))
        assert talk.after(FRAME_S / (len(half) + 1)) is None, place
    assert talk.after(FRAME_S) is Drop.SILENCE


def test_half_a_frame_that_we_do_not_read_on_is_not_held_against_the_client() -> None:
    """Who is kept waiting by us is not dropped for it."""
    talk = Talk()
    talk.feed(b"".join(map(request, range(1, OUTSTANDING + 1))) + request(100)[:-1])
    assert talk.shows("wants_input") is False
    assert talk.after(10 * FRAME_S) is None
    talk.session.answer(1, Accepted(), talk.now_s)
    talk.read()
    assert list(talk.session.requests(1, talk.now_s)) == []
    assert talk.shows("wants_input") is True
    assert talk.after(FRAME_S - 1) is None
    assert talk.feed(request(100)[-1:]) == [Envelope.around(StatusRequest(), 100)]


def test_who_has_said_everything_still_gets_its_answers() -> None:
    """`printf request | socat` works: an end of input is not an end of interest."""
    talk = Talk()
    talk.say(StatusRequest(), 1)
    talk.feed(b"")
    assert talk.shows("wants_input") is False
    assert talk.shows("over") is False
    talk.session.answer(1, Accepted(), talk.now_s)
    assert talk.shows("over") is False
    assert len(talk.heard()) == 1
    assert talk.shows("over") is True
    assert talk.session.dropped is None


def test_an_end_within_a_frame_is_counted() -> None:
    """A connection that was cut is told from one that was closed."""
    talk = Talk()
    talk.feed(request(1)[:-1])
    talk.feed(b"")
    assert talk.session.dropped is Drop.FRAME


def test_a_number_in_use_is_not_given_twice() -> None:
    """Two answers under one number would be one too many."""
    talk = Talk()
    talk.say(StatusRequest(), 1)
    assert talk.say(ChildRequest(), 1) == []
    assert talk.refusal() == (0, RefusalCode.MALFORMED)
