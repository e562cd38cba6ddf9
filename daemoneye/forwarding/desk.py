"""Where an output's thread and its actor meet: what one puts there the other finds, and a descriptor says so.

How the output stands is one frozen value that is replaced as a whole, so the actor may look at any moment.
"""

from __future__ import annotations

import os
from collections import deque
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemoneye.forwarding.delivery import Delivery
    from daemoneye.messages.forwarding import Pulled, PullRefused, Stretch

T = TypeVar("T")

Answer: TypeAlias = "Pulled | PullRefused"


class State(StrEnum):
    CONNECTING = "connecting"
    CONNECTED = "connected"
    AWAY = "away"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """Counts are since the start of the thread."""

    state: State = State.CONNECTING
    trouble: str = ""  # why it is away, or what else is wrong with it; nothing while all is well
    disk: str = ""  # what is wrong with our own files
    acked: int = 0
    set_aside: int = 0
    retries: int = 0
    behind: int = 0  # sequences between what the receiver has and what is recorded
    last_success_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Ask the journal, and put its answer here."""

    alerts: Stretch
    events: Stretch
    anchored: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PutAside:
    """Told once for each record that the receiver does not get."""

    stream: str
    sequence: int
    id: str
    tries: int
    reason: str


class Desk:
    def __init__(self) -> None:
        self.outlook = Outlook()
        self.waiting = True
        self.stopping = False
        self._answers: deque[Answer] = deque()
        self._told: deque[Wanted | PutAside] = deque()
        self.wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)  # the thread's
        self.news = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)  # the actor's

    # -- the actor

    def give(self, answer: Answer) -> None:
        self._answers.append(answer)
        os.eventfd_write(self.wake, 1)

    def stop(self) -> None:
        self.stopping = True
        os.eventfd_write(self.wake, 1)

    def collect(self) -> list[Wanted | PutAside]:
        return _emptied(self.news, self._told)

    # -- the thread

    def answers(self) -> list[Answer]:
        return _emptied(self.wake, self._answers)

    def tell(self, *news: Wanted | PutAside) -> None:
        self._told.extend(news)
        os.eventfd_write(self.news, 1)

    def update(self, **changes: Any) -> None:
        """Wake the actor, if that changes anything."""
        changed = replace(self.outlook, **changes)
        if changed != self.outlook:
            self.outlook = changed
            self.tell()

    def count(self, delivery: Delivery, success_ms: int | None = None) -> None:
        """Nobody is woken for that."""
        self.outlook = replace(
            self.outlook,
            acked=delivery.acked,
            set_aside=delivery.set_aside,
            retries=delivery.retries,
            behind=delivery.behind,
            last_success_ms=success_ms or self.outlook.last_success_ms,
        )

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """Waiting for something that is not ours to hurry."""
        self.waiting = True
        try:
            yield
        finally:
            self.waiting = False


def _emptied(descriptor: int, things: deque[T]) -> list[T]:
    with suppress(BlockingIOError):
        os.eventfd_read(descriptor)
    taken = []
    while things:
        taken.append(things.popleft())
    return taken
