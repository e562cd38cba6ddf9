"""The sending side of a RELP connection, without the connection: what to send comes out as bytes, what came goes in.

    session = RelpSession(window=128)
    sock.sendall(session.open())
    ...for each event of session.receive_data(sock.recv(65536)): Opened, Acked(id), Refused(id, text) or Closed(...)
    while session.room: sock.sendall(session.send(id, message))

A message is the receiver's when it is ``Acked``, and not before. What is not when the session ends is named in
``Closed``; sending it again, in another session, is the caller's. A receiver may do what it likes: the worst is
``Closed``. Who calls out of turn gets a ``RuntimeError``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Final, TypeAlias

from daemoneye.outputs.relp_frames import LARGEST_NUMBER, Frame, FrameReader, RelpViolation
from daemoneye.sanitize.hostile import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

_OFFERS: Final = b"relp_version=0\nrelp_software=daemoneye\ncommands=syslog"
_ANSWER: Final = re.compile(rb"([0-9]{3})(?: ([^\n]*))?(?:\n(.*))?", re.DOTALL)
_LONGEST_TEXT: Final = 256  # bytes of what a receiver said, in a status line


@dataclass(frozen=True, slots=True)
class Opened:
    """Messages may be sent."""


@dataclass(frozen=True, slots=True)
class Acked:
    id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The receiver is there, and does not want this one."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Closed:
    """The end of the session. These were sent and not acknowledged, in the order of sending."""

    why: str
    unacknowledged: tuple[str, ...]


Event: TypeAlias = Opened | Acked | Refused | Closed


class State(Enum):
    NEW = auto()
    OPENING = auto()
    OPEN = auto()
    CLOSING = auto()
    CLOSED = auto()


class RelpSession:
    def __init__(self, *, window: int) -> None:
        self._window = window
        self._reader = FrameReader()
        self._number = 0
        self._closing_number = 0
        self._sent: dict[int, str] = {}
        self.state = State.NEW

    @property
    def room(self) -> int:
        """How many messages may be sent now."""
        return self._window - len(self._sent) if self.state is State.OPEN else 0

    @property
    def closed(self) -> bool:
        return self.state is State.CLOSED

    @property
    def unacknowledged(self) -> tuple[str, ...]:
        return tuple(self._sent.values())

    def open(self) -> bytes:
        self._demand(State.NEW)
        self.state = State.OPENING
        return self._frame(b"open", _OFFERS)

    def send(self, id: str, message: bytes) -> bytes:  # noqa: A002 - event.id
        self._demand(State.OPEN)
        if not self.room:
            raise RuntimeError("the window is full")
        if not message:
            raise RuntimeError("an empty message")
        frame = self._frame(b"syslog", message)
        self._sent[self._number] = id
        return frame

    def close(self) -> bytes:
        """Say so; what is on its way may still be acknowledged until ``Closed``."""
        self._demand(State.OPEN)
        self.state = State.CLOSING
        frame = self._frame(b"close")
        self._closing_number = self._number
        return frame

    def receive_data(self, data: bytes) -> list[Event]:
        """Take what came. No data: the other side has closed the connection."""
        return [] if self.closed else list(self._events(data))

    def connection_lost(self, why: str) -> list[Event]:
        """Tell of an error or of too long a silence. Nothing is heard of this session after it."""
        return [] if self.closed else [self._closed(why)]

    def _events(self, data: bytes) -> Iterator[Event]:
        if not data:
            yield from self.connection_lost("the receiver closed the connection")
        try:
            for frame in self._reader.feed(data):
                yield from self._received(frame)
        except RelpViolation as error:
            yield from self.connection_lost(f"the receiver does not speak RELP: {error}")

    def _received(self, frame: Frame) -> Iterator[Event]:
        match frame.command:
            case _ if self.closed:
                return
            case b"serverclose" if not frame.number:
                yield self._closed("the receiver closed the session")
            case b"rsp" if frame.number in self._sent:
                yield self._answered(frame)
            case b"rsp" if self.state is State.OPENING and frame.number == self._number:
                yield self._opened(frame.data)
            case b"rsp" if self.state is State.CLOSING and frame.number == self._closing_number:
                yield self._closed("closed as asked")
            case _:
                raise RelpViolation("an answer to nothing")

    def _opened(self, data: bytes) -> Event:
        code, text, offers = _answer(data)
        if code != 200:
            return self._closed(f"the receiver refused the session: {code} {text}".rstrip())
        commands = re.search(rb"^commands=(.*)$", offers, re.MULTILINE)
        if not commands or b"syslog" not in commands[1].split(b","):
            return self._closed("the receiver does not take syslog messages")
        self.state = State.OPEN
        return Opened()

    def _answered(self, frame: Frame) -> Event:
        code, text, _ = _answer(frame.data)
        id = self._sent.pop(frame.number)  # noqa: A001 - event.id
        return Acked(id) if code == 200 else Refused(id, f"{code} {text}".rstrip())

    def _closed(self, why: str) -> Closed:
        self.state = State.CLOSED
        return Closed(why, self.unacknowledged)

    def _frame(self, command: bytes, data: bytes = b"") -> bytes:
        self._number = self._number % LARGEST_NUMBER + 1  # zero is the receiver's
        while self._number in self._sent:  # one that was never answered, a billion messages ago
            self._number = self._number % LARGEST_NUMBER + 1
        return Frame(self._number, command, data).to_bytes()

    def _demand(self, state: State) -> None:
        if self.state is not state:
            raise RuntimeError(f"the session is {self.state.name.lower()}: expected {state.name.lower()}")


def _answer(data: bytes) -> tuple[int, str, bytes]:
    found = _ANSWER.fullmatch(data)
    if not found:
        raise RelpViolation("an answer without a code")
    text = printable((found[2] or b"").decode(errors="replace"), _LONGEST_TEXT)
    return int(found[1]), text, found[3] or b""
