"""One connection, without its socket: what came in goes in, requests and what has to go out come out.

    greeting ──Hello──> open ──its last answer, after the peer is done──> over
        └── no common version: a refusal, then over

A client can hurt nobody but itself. What it sends is judged before memory is spent on it; what it does not read stops
it from asking more, and after a while ends the connection; of its requests only a few are at work at a time, and the
rest stays in the kernel, which stops the sender. Time is a parameter.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, get_args

from daemoneye.gateway.outbox import Outbox
from daemoneye.model.agent import (
    VERSIONS,
    Answer,
    Body,
    Envelope,
    Hello,
    Refusal,
    RefusalCode,
    Request,
    Welcome,
)
from daemoneye.wire.codec import decode, encode
from daemoneye.wire.errors import FrameError, MessageError
from daemoneye.wire.framing import MAX_FRAME, FrameDecoder, encode_frame

if TYPE_CHECKING:
    from collections.abc import Iterator

# A client of ours says Hello within a millisecond of connecting; this is for one that is swapped out.
GREETING_S: Final = 5.0
# A frame, once begun, in either direction. The largest answer takes a local reader milliseconds; a pager that waits for
# its user must not hold a place among ipc.max_clients for ever.
FRAME_S: Final = 10.0
# Requests of one client at work at a time. A person has one; eight let a program ask about several children at once.
OUTSTANDING: Final = 8
# Above this much unread output nothing more is taken from a client: a few answers, and less than the kernel holds.
HIGH_WATER: Final = 64 * 1024
# No request of ours is larger: the longest names what is to be trusted at the longest of paths.
LARGEST_REQUEST: Final = 20 * 1024
# Nor has one more parts: the one with most names 64 programs. What costs most in so many and so much takes 0.6 ms to
# decode (measured); all that fits ipc.max_frame would take seconds, for which heartbeats had to wait.
MOST_PARTS: Final = 80

_REQUESTS: Final = get_args(Request)


class Drop(StrEnum):
    """Why a connection was ended from our side."""

    STRANGER = "stranger"  # not admitted
    CROWD = "crowd"  # above ipc.max_clients
    GREETING = "greeting"  # no Hello, or not in time, or of no version that we speak
    FRAME = "frame"  # a length or a checksum that cannot be
    SILENCE = "silence"  # half a frame, and then nothing
    STALLED = "stalled"  # does not read


class Session:
    def __init__(self, *, max_frame: int, server: str, now_s: float) -> None:
        self._decoder = FrameDecoder(max_frame)
        self._largest_answer = min(max_frame, MAX_FRAME)  # what a client with the default limit takes
        self._server = server
        self._welcomed = False
        self._peer_done = False
        self._closing = False
        self._at_work: set[int] = set()
        self._greeting_due_s = now_s + GREETING_S
        self._begun_s: float | None = None  # since when half a frame is here
        self.outbox = Outbox()
        self.backlog = False  # whole frames may be waiting in here
        self.dropped: Drop | None = None

    # -- what came in

    def receive(self, data: bytes, now_s: float) -> None:
        """Nothing at all means that the peer will send no more."""
        try:
            if data:
                self._decoder.feed(data)
                self.backlog = True
            else:
                self._peer_done = True
                self._decoder.close()
        except FrameError:
            self._drop(Drop.FRAME)
        if data and self._begun_s is None:
            self._begun_s = now_s

    def requests(self, at_most: int, now_s: float) -> Iterator[Envelope]:
        """Requests among the next so many frames; what is wrong with the others has been answered."""
        for _ in range(at_most):
            payload = self._next_frame(now_s)
            if payload is None:
                return
            request = self._understood(payload, now_s)
            if request:
                self._at_work.add(request.id)
                yield request

    def _next_frame(self, now_s: float) -> bytes | None:
        if not self._takes_more:
            return None
        try:
            payload = self._decoder.next_frame()
        except FrameError:
            self._drop(Drop.FRAME)
            return None
        self.backlog = payload is not None and self._decoder.held > 0
        if payload is not None:
            self._begun_s = now_s if self._decoder.held else None
        return payload

    def _understood(self, payload: bytes, now_s: float) -> Envelope | None:
        try:
            envelope = _decode(payload)
        except MessageError as error:
            if not self._welcomed:
                self._drop(Drop.GREETING)
            self._refuse(0, RefusalCode.MALFORMED, str(error), now_s)
            return None
        if not self._welcomed:
            self._greet(envelope.body, now_s)
            return None
        return envelope if self._may_be_asked(envelope, now_s) else None

    def _greet(self, body: Body | None, now_s: float) -> None:
        if not isinstance(body, Hello):
            self._drop(Drop.GREETING)
        elif common := set(VERSIONS).intersection(body.versions):
            self._welcomed = True
            self._send(Envelope.around(Welcome(version=max(common), server=self._server)), now_s)
        else:
            known = ", ".join(map(str, VERSIONS))
            text = f"protocol versions {str(list(body.versions))[:60]}: expected one of {known}"
            self._send(Envelope.around(Refusal(code=RefusalCode.VERSION, text=text, versions=VERSIONS)), now_s)
            self._closing = True

    def _may_be_asked(self, envelope: Envelope, now_s: float) -> bool:
        if envelope.body is None:
            self._refuse(envelope.id, RefusalCode.UNKNOWN_REQUEST, "request: of an unknown kind", now_s)
        elif not isinstance(envelope.body, _REQUESTS):
            self._refuse(envelope.id, RefusalCode.MALFORMED, "envelope: holds no request: expected one", now_s)
        elif envelope.id == 0 or envelope.id in self._at_work:
            self._refuse(0, RefusalCode.MALFORMED, f"request {envelope.id}: expected a number not in use", now_s)
        else:
            return True
        return False

    # -- what goes out

    def answer(self, number: int, answer: Answer, now_s: float, *, last: bool = True) -> None:
        if number not in self._at_work:
            return
        self._send(Envelope.around(answer, number), now_s)
        if last:
            self._at_work.discard(number)

    def _refuse(self, number: int, code: RefusalCode, text: str, now_s: float) -> None:
        self._send(Envelope.around(Refusal(code=code, text=text), number), now_s)

    def _send(self, envelope: Envelope, now_s: float) -> None:
        if self.over:
            return
        payload = encode(envelope)
        if len(payload) > self._largest_answer:
            text = f"answer: {len(payload)} bytes: at most {self._largest_answer} fit a frame"
            payload = encode(Envelope.around(Refusal(code=RefusalCode.UNAVAILABLE, text=text), envelope.id))
        self.outbox.put(encode_frame(payload, self._largest_answer), now_s)

    # -- how it stands

    @property
    def _takes_more(self) -> bool:
        return not self.over and not self._closing and len(self._at_work) < OUTSTANDING and self.has_room

    @property
    def has_room(self) -> bool:
        return self.outbox.size < HIGH_WATER

    @property
    def wants_input(self) -> bool:
        return self._takes_more and not self.backlog and not self._peer_done

    @property
    def can_go_on(self) -> bool:
        """There is something in here to take, without waiting for the peer."""
        return self.backlog and self._takes_more

    @property
    def over(self) -> bool:
        if self.dropped:
            return True
        done = self._closing or (self._peer_done and not self._at_work and not self.backlog)
        return done and not self.outbox

    @property
    def due_s(self) -> float | None:
        """When patience ends, if nothing happens until then."""
        ends = [
            None if self._welcomed else self._greeting_due_s,
            self._begun_s + FRAME_S if self._begun_s is not None and self.wants_input else None,
            self.outbox.head_s + FRAME_S if self.outbox else None,
        ]
        return min((end for end in ends if end is not None), default=None)

    def expire(self, now_s: float) -> None:
        if self._begun_s is not None and not self.wants_input:
            self._begun_s = now_s  # it is we who do not read
        if self.due_s is None or now_s < self.due_s:
            return
        if self.outbox and now_s >= self.outbox.head_s + FRAME_S:
            self._drop(Drop.STALLED)
        else:
            self._drop(Drop.SILENCE if self._welcomed else Drop.GREETING)

    def _drop(self, why: Drop) -> None:
        if self.dropped is None:
            self.dropped = why
        self.outbox.clear()
        self.backlog = False


def _decode(payload: bytes) -> Envelope:
    if len(payload) > LARGEST_REQUEST:
        raise MessageError(f"envelope: {len(payload)} bytes: expected at most {LARGEST_REQUEST}")
    return decode(Envelope, payload, most_parts=MOST_PARTS)
