"""An actor without its system: what it says is kept, its timers go off when a test says so, its descriptors are real.

Everything of ``actors/base.py`` is in play; only Thespian is not. A stage is also the supervisor that begins the actor
and asks for its heartbeat, and any peer that a test introduces.
"""

from __future__ import annotations

import os
import select
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar

from thespian.actors import ActorAddress, ActorExitRequest, WakeupMessage, WatchMessage

from daemoneye.actors.base import Inheritance, RoleActor
from daemoneye.actors.transport.addresses import UnixAddress
from daemoneye.messages.supervision import ApplySettings, AskHeartbeat, Begin, Heartbeat, Introduce

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator, Mapping

A = TypeVar("A", bound=RoleActor)
M = TypeVar("M")

# For a thread of the actor to come to its end; far more than it takes, and only spent when it never does.
_LONG_S = 30.0


class Died(BaseException):
    """The process would be gone."""


@dataclass(slots=True)
class Timer:
    at_s: float
    purpose: str


@dataclass
class Stage(Generic[A]):
    actor: A
    now_s: float = 1000.0
    said: list[tuple[str, Any]] = field(default_factory=list)
    timers: list[Timer] = field(default_factory=list)
    watched: list[int] = field(default_factory=list)
    sockets: Mapping[str, socket.socket] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._last_words, writing = os.pipe()
        self._ends = (self._last_words, writing)
        self._addresses: dict[str, ActorAddress] = {}
        self._config = 0
        substitutes = {
            "send": self._send,
            "wakeupAfter": self._wake,
            "inherited": Inheritance(sockets=self.sockets, last_words=writing, die=self._die),
            "clock": lambda: self.now_s,
        }
        vars(self.actor).update(substitutes)
        self._peer("supervisor")

    def close(self) -> None:
        for end in self._ends:
            os.close(end)

    # -- what Thespian would do

    def _send(self, address: ActorAddress, message: object) -> None:
        self.said.append((address.addressDetails.role, message))

    def _wake(self, period: timedelta, purpose: str) -> None:
        self.timers.append(Timer(self.now_s + period.total_seconds(), purpose))

    def _die(self, code: int) -> NoReturn:
        raise Died(code)

    def deliver(self, message: object, speaker: str = "supervisor") -> None:
        self.watched = list(self.actor.receiveMessage(message, self._addresses[speaker]).filenos)

    def pass_time(self, seconds: float) -> None:
        """Let every timer go off that falls due, at its time and in order."""
        until_s = self.now_s + seconds
        while due := [each for each in self.timers if each.at_s <= until_s]:
            timer = min(due, key=lambda each: each.at_s)
            self.timers.remove(timer)
            self.now_s = max(self.now_s, timer.at_s)
            self.deliver(WakeupMessage(timedelta(), timer.purpose))
        self.now_s = until_s

    def read(self) -> None:
        """Wait until a watched descriptor has something to read, and say so."""
        ready, _, _ = select.select(self.watched, [], [], _LONG_S)
        assert ready, "nothing to read"
        self.deliver(WatchMessage(ready))

    # -- what the others would do

    def _peer(self, role: str) -> str:
        address = UnixAddress.fresh(role)
        self._addresses[role] = ActorAddress(address)
        return address.name

    def begin(self, settings: Any) -> None:
        self.deliver(Begin(generation=1, config=0, settings=settings))

    def apply(self, settings: Any) -> None:
        self._config += 1
        self.deliver(ApplySettings(config=self._config, settings=settings))

    def introduce(self, role: str) -> None:
        """A peer is there, or another process in its place."""
        self.deliver(Introduce(role=role, address=self._peer(role)))

    def heartbeat(self) -> Heartbeat:
        self.deliver(AskHeartbeat(generation=1))
        return self.heard(Heartbeat)[-1]

    def stop(self) -> None:
        self.deliver(ActorExitRequest())

    # -- what came of it

    def heard(self, kind: type[M]) -> list[M]:
        return [message for _, message in self.said if isinstance(message, kind)]

    def said_to(self, role: str) -> list[Any]:
        return [message for listener, message in self.said if listener == role]

    @property
    def last_words(self) -> str:
        return os.read(self._last_words, 4096).decode()


def stages(actor: A, sockets: Mapping[str, socket.socket] | None = None) -> Iterator[Stage[A]]:
    """What a fixture yields from; ``sockets`` are those that main would have left to the actor."""
    stage = Stage(actor, sockets=sockets or {})
    yield stage
    stage.close()
