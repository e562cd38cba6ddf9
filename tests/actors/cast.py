"""The actors of these tests, and the messages they understand."""

from __future__ import annotations

import faulthandler
import os
import signal
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from thespian.actors import Actor, ActorExitRequest, ChildActorExited

from daemoneye.actors.transport import for_actors
from daemoneye.actors.transport.vocabulary import UnknownTypeError, Vocabulary


class Mood(StrEnum):
    CALM = "calm"
    CROSS = "cross"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping:
    number: int
    mood: Mood = Mood.CALM


@dataclass(frozen=True, slots=True, kw_only=True)
class Pong:
    number: int
    pid: int


@dataclass(frozen=True, slots=True)
class HowMany:
    """Asks for what was refused."""


@dataclass(frozen=True, slots=True)
class Refusals:
    counts: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Bear:
    """Asks for so many children, of another role when it says so."""

    count: int
    privileged: bool = False


@dataclass(frozen=True, slots=True)
class Born:
    pids: tuple[int, ...]
    addresses: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class WhoIsGone:
    pass


@dataclass(frozen=True, slots=True)
class Gone:
    count: int


@dataclass(frozen=True, slots=True)
class SegfaultYourself:
    pass


@dataclass(frozen=True, slots=True)
class PassOn:
    """Asks to send a ping to another, and to answer with what comes back."""

    to: Any
    number: int


MESSAGES = (
    Mood,
    Ping,
    Pong,
    HowMany,
    Refusals,
    Bear,
    Born,
    WhoIsGone,
    Gone,
    SegfaultYourself,
    PassOn,
)
VOCABULARY = Vocabulary(MESSAGES)


class Echo(Actor):
    def __init__(self) -> None:
        super().__init__()
        self.children: list[Any] = []
        self.pids: list[int] = []
        self.gone: set[str] = set()
        self.asked_by: Any = None

    def receiveMessage(self, message: Any, sender: Any) -> None:  # noqa: C901, N802 - one case per message; Thespian's word
        match message:
            case Ping(number=number):
                self.send(sender, Pong(number=number, pid=os.getpid()))
            case str():
                self.send(sender, Pong(number=len(message), pid=os.getpid()))
            case HowMany():
                counts = for_actors.refusal_counts(self)
                self.send(sender, Refusals(tuple((str(kind), count) for kind, count in counts.items())))
            case Bear(count=count, privileged=privileged):
                self.asked_by = sender
                self.children = [self.createActor(Warden if privileged else Echo) for _ in range(count)]
                for child in self.children:
                    self.send(child, Ping(number=0))
            case Pong(number=0, pid=pid):
                self.pids.append(pid)
                if len(self.pids) == len(self.children):
                    self.send(self.asked_by, Born(tuple(self.pids), tuple(self.children)))
            case Pong():
                self.send(self.asked_by, message)
            case PassOn(to=to, number=number):
                self.asked_by = sender
                self.send(to, Ping(number=number))
            case ChildActorExited(childAddress=address):
                self.gone.add(str(address))
            case WhoIsGone():
                self.send(sender, Gone(len(self.gone)))
            case SegfaultYourself():
                faulthandler.disable()  # pytest's, which would tell of it at length
                os.kill(os.getpid(), signal.SIGSEGV)


class Warden(Echo):
    """As Echo; its inbox is written by hand."""


class HandWritten:
    """A codec as a privileged role has one: two messages, four bytes each, and nothing else."""

    mark = b"W"

    def encode(self, value: object) -> bytes:
        if isinstance(value, Ping):
            return b"ping" + value.number.to_bytes(4, "little")
        if isinstance(value, HowMany):
            return b"many"
        if isinstance(value, ActorExitRequest):
            return b"exit"
        raise UnknownTypeError(f"{type(value).__qualname__}: expected a ping")

    def decode(self, body: bytes) -> object:
        match body[:4], len(body):
            case b"ping", 8:
                return Ping(number=int.from_bytes(body[4:], "little"))
            case b"many", 4:
                return HowMany()
            case b"exit", 4:
                return ActorExitRequest()
        raise UnknownTypeError("warden: expected a ping")
