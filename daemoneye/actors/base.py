"""What every actor of the tree has: it is guarded, it proves that it gets on, and it knows who speaks.

Thespian runs a handler that raised once more and keeps the actor. Here the first exception is the last thing that
happens in the process: one line of reason goes out, and the supervisor starts a new one. It is also the only place
where Thespian's way of watching descriptors (to be returned from every handler, or lost) is dealt with.

A *role* actor is a child of the supervisor. Whoever speaks to it is known by its address, not only by its role: the
supervisor introduces each address, and from another one nothing is taken. With one user id for all roles this is what
keeps a compromised child from passing for its sibling, since an address carries a process number that the kernel
confirms.
"""

from __future__ import annotations

import os
import traceback
from abc import ABC, abstractmethod
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final, NoReturn

from thespian.actors import (
    Actor,
    ActorAddress,
    ActorExitRequest,
    ChildActorExited,
    DeadEnvelope,
    PoisonMessage,
    ThespianWatch,
    WakeupMessage,
    WatchMessage,
)

from daemoneye.actors.transport.for_actors import address_named
from daemoneye.errors import Exit
from daemoneye.logs import log
from daemoneye.messages.supervision import (
    ApplySettings,
    AskHeartbeat,
    Begin,
    Heartbeat,
    Introduce,
    Ready,
    SettingsApplied,
    SettingsRefused,
)
from daemoneye.sanitize.hostile import printable

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping

SUPERVISOR: Final = "supervisor"
# A pipe takes this much at once whatever else is in it (PIPE_BUF is at least 512), and a person reads no more.
_LAST_WORDS: Final = 512
# Who has just been introduced says what it saw, or asks for a few lists; more than that is somebody else's word.
_EARLY: Final = 8


@dataclass(slots=True)
class Inheritance:
    """What the main process leaves to a role: filled in the fork, before the actor is made."""

    sockets: Mapping[str, socket.socket] = field(default_factory=dict)
    last_words: int | None = None  # the writing end of a pipe that the supervisor reads when we are dead
    die: Callable[[int], NoReturn] = os._exit


class GuardedActor(Actor, ABC):
    """A handler that raises ends the process; descriptors once watched stay watched."""

    inherited: ClassVar[Inheritance] = Inheritance()

    def __init__(self) -> None:
        super().__init__()
        self._watched: list[int] = []

    def receiveMessage(self, message: Any, sender: ActorAddress) -> ThespianWatch:  # noqa: N802 - Thespian's word
        try:
            self._dispatch(message, sender)
        except Exception as error:  # noqa: BLE001 - one of two places: whatever it is, this process is over
            self._crash(error)
        return ThespianWatch(list(self._watched))

    def _dispatch(self, message: Any, sender: ActorAddress) -> None:
        match message:
            case WakeupMessage():
                self.woken(message.payload)
            case WatchMessage():
                self.ready_to_read(tuple(message.ready))
            case ActorExitRequest():
                self.asked_to_stop()
            case ChildActorExited() | DeadEnvelope() | PoisonMessage():
                pass  # deaths come from the kernel, and whoever did not hear is dead
            case _:
                self.hear(message, sender)

    def _crash(self, error: Exception) -> NoReturn:
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f" ({os.path.basename(where.filename)}:{where.lineno})"  # noqa: PTH119
        # cut first: an exception may carry all of what it choked on
        reason = printable(f"{type(error).__name__}: {error}"[: _LAST_WORDS - len(place)] + place)
        log("error", "actor.crashed", reason=reason)
        if self.inherited.last_words is not None:
            os.write(self.inherited.last_words, reason.encode("utf-8", "backslashreplace")[:_LAST_WORDS])
        self.inherited.die(Exit.INTERNAL)

    # -- what an actor does

    @abstractmethod
    def hear(self, message: Any, sender: ActorAddress) -> None:
        """Take a message of another actor."""

    def woken(self, purpose: str) -> None:
        """The time of a ``wake_after`` has come."""

    def ready_to_read(self, descriptors: tuple[int, ...]) -> None:
        """Watched descriptors have something to read."""

    def asked_to_stop(self) -> None:
        """Nothing comes after this."""

    # -- what it may use

    def watch(self, descriptor: int) -> None:
        """Only what can be polled: a regular file would end the actor."""
        if descriptor not in self._watched:
            self._watched.append(descriptor)

    def unwatch(self, descriptor: int) -> None:
        if descriptor in self._watched:
            self._watched.remove(descriptor)

    def wake_after(self, seconds: float, purpose: str) -> None:
        """Cannot be taken back: where it matters, the purpose says which one it is."""
        self.wakeupAfter(timedelta(seconds=max(0.0, seconds)), purpose)


class RoleActor(GuardedActor, ABC):
    """A child of the supervisor."""

    role: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self._generation = 0
        self._work_done = 0
        self._addresses: dict[str, ActorAddress] = {}
        self._early: dict[str, deque[tuple[Any, ActorAddress]]] = {}
        self.unheard: Counter[str] = Counter()  # by role, from addresses that nobody introduced

    def hear(self, message: Any, sender: ActorAddress) -> None:
        match message:
            case Begin():
                self._begin(message, sender)
            case AskHeartbeat():
                beat = Heartbeat(generation=self._generation, work_done=self._work_done, idle=self.idle)
                self.say(SUPERVISOR, beat)
            case ApplySettings():
                self._apply(message)
            case Introduce():
                self._introduce(message.role, address_named(message.address))
            case _:
                self._hear_peer(message, sender)

    def asked_to_stop(self) -> None:
        if self._generation:
            self.end()

    def _begin(self, message: Begin, sender: ActorAddress) -> None:
        if self._generation == message.generation:
            return  # said twice
        self._generation, self._addresses[SUPERVISOR] = message.generation, sender
        self.begin(message.settings)
        self.say(SUPERVISOR, Ready(generation=self._generation))

    def _apply(self, message: ApplySettings) -> None:
        reason = self.apply(message.settings)
        if reason is None:
            self.say(SUPERVISOR, SettingsApplied(config=message.config))
        else:
            self.say(SUPERVISOR, SettingsRefused(config=message.config, reason=reason))

    def _introduce(self, role: str, address: ActorAddress) -> None:
        if self._addresses.get(role) != address:  # otherwise it is only said twice
            self._addresses[role] = address
            self.introduced(role)
            for message, sender in self._early.pop(role, ()):
                if sender == address:
                    self.receive(message, role)
                else:
                    self.unheard[role] += 1

    def _hear_peer(self, message: Any, sender: ActorAddress) -> None:
        role = sender.addressDetails.role
        if self._addresses.get(role) == sender:
            self.receive(message, role)
        else:
            self._put_aside(role, message, sender)

    def _put_aside(self, role: str, message: Any, sender: ActorAddress) -> None:
        """Of two that are introduced to each other one hears of it first, and may speak before the other knows it."""
        early = self._early.setdefault(role, deque())
        early.append((message, sender))
        if len(early) > _EARLY:
            early.popleft()
            self.unheard[role] += 1

    # -- what a role does

    @abstractmethod
    def begin(self, settings: Any) -> None:
        """Everything that it takes to work; raising is a failed start."""

    @abstractmethod
    def apply(self, settings: Any) -> str | None:
        """Put new settings in force, or say in a line why not; then the old ones hold."""

    @abstractmethod
    def receive(self, message: Any, speaker: str) -> None:
        """Take a message of the supervisor or of an introduced peer, by its role."""

    def end(self) -> None:
        """We were asked to stop; nothing comes after this."""

    def introduced(self, role: str) -> None:
        """That role can be spoken to; said again when it was restarted."""

    @property
    def idle(self) -> bool:
        """Whether nothing is pending; a child that is not idle has to make progress."""
        return True

    # -- what it may use

    def say(self, role: str, message: object) -> bool:
        """Send, if that role is there."""
        address = self._addresses.get(role)
        if address is None:
            return False
        self.send(address, message)
        return True

    def pid_of(self, role: str) -> int | None:
        """The process behind that role, if one was introduced."""
        address = self._addresses.get(role)
        return address.addressDetails.pid if address else None

    def progress(self, amount: int = 1) -> None:
        self._work_done += amount
