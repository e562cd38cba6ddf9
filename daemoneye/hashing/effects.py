"""What the pool wants done. Values: the shell carries them out, in the order given, and decides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from daemoneye.hashing.suspects import Suspect
    from daemoneye.hashing.values import Answer, Known, Tag
    from daemoneye.model.process import FileIdentity


@dataclass(frozen=True, slots=True)
class Result:
    """The one answer to each of these questions."""

    tags: tuple[Tag, ...]
    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Assign:
    """Have the file opened as the question says: ``Opened`` tells that it is, ``Done`` why it cannot be.

    The worker will read at most ``piece`` bytes at a time, and a piece only if what was granted covers it.
    """

    worker: str
    job: int
    tag: Tag
    file: FileIdentity
    mount_namespace: int | None
    granted: int
    piece: int
    want_ssdeep: bool
    want_md5: bool
    max_size: int
    timeout_s: float


@dataclass(frozen=True, slots=True)
class HandOver:
    """The worker gets what was opened, and begins."""

    worker: str
    job: int


@dataclass(frozen=True, slots=True)
class Grant:
    """So many bytes may be read now; none: end it, nobody wants it any longer."""

    worker: str
    job: int
    amount: int


@dataclass(frozen=True, slots=True)
class WantWorker:
    """Start one; ``WorkerReady`` or ``WorkerFailed`` answers."""


@dataclass(frozen=True, slots=True)
class LetWorkerGo:
    """It has nothing to do: ask it to end."""

    worker: str


@dataclass(frozen=True, slots=True)
class KillWorker:
    """It is overdue: it hangs, or its disk does."""

    worker: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """Write this in one transaction, before the effects that follow."""

    begun: FileIdentity | None = None  # in hand from now on
    ended: FileIdentity | None = None  # no longer
    keep: tuple[FileIdentity, Known] | None = None
    forget: FileIdentity | None = None  # kept so far
    suspect: Suspect | None = None  # what is held against a file from now on, be it nothing


@dataclass(frozen=True, slots=True)
class Quarantined:
    """Told once: this file is left alone until then."""

    file: FileIdentity
    reason: str
    until_s: int  # wall clock


@dataclass(frozen=True, slots=True)
class Degraded:
    """From now on there are files whose digests are due and cannot be had. Told once, until it is over."""

    counts: tuple[tuple[str, int], ...]  # files by reason


@dataclass(frozen=True, slots=True)
class Recovered:
    counts: tuple[tuple[str, int], ...]  # of the whole stretch


@dataclass(frozen=True, slots=True)
class WakeMeAt:
    """Send ``Tick(at_s)`` at that time. The latest of these counts; earlier timers may ring or not."""

    at_s: float


Effect: TypeAlias = (
    Result
    | Assign
    | HandOver
    | Grant
    | WantWorker
    | LetWorkerGo
    | KillWorker
    | Journal
    | Quarantined
    | Degraded
    | Recovered
    | WakeMeAt
)
