"""What the pool is told.

A worker's name is good for one life and never given again, and a job's number for one assignment: so news that comes
late, or twice, is about nobody, and harmless. Every worker that was ready is reported dead in the end, those that were
let go or killed too: until then it counts, because a process that does not die is still there.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from daemoneye.hashing.suspects import Suspect
    from daemoneye.hashing.values import Known, Limits, Priority, Tag
    from daemoneye.model.process import FileIdentity, HashStatus


@dataclass(frozen=True, slots=True)
class Restored:
    """What a store remembers of the pool before this one. The first event, if it comes at all."""

    kept: tuple[tuple[FileIdentity, Known], ...] = ()  # the one used longest ago first
    suspects: tuple[Suspect, ...] = ()
    unfinished: tuple[FileIdentity, ...] = ()  # in hand when that pool ended, without a farewell


@dataclass(frozen=True, slots=True)
class Wanted:
    """The digests of this file, please."""

    tag: Tag
    file: FileIdentity
    priority: Priority
    mount_namespace: int | None = None  # of whoever runs it: for the one who opens it


@dataclass(frozen=True, slots=True)
class WorkerReady:
    worker: str


@dataclass(frozen=True, slots=True)
class WorkerFailed:
    """One that was wanted could not be started."""


@dataclass(frozen=True, slots=True)
class WorkerAsked:
    """Somebody wants to see one more at work, be there something to do or not."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The file of this assignment, and its worker can have it. Until then nothing counts as begun, nor any time."""

    worker: str
    job: int


@dataclass(frozen=True, slots=True)
class MoreWanted:
    """What was granted does not cover the next piece."""

    worker: str
    job: int
    left: int  # bytes of it, handed in; below nothing if more was read than granted


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How it went, as ``host.hashing`` tells it, or the one who should have opened it."""

    worker: str
    job: int
    status: HashStatus
    reason: str = ""
    known: Known | None = None
    file: FileIdentity | None = None  # what was read: the same before and after
    bytes_read: int = 0


@dataclass(frozen=True, slots=True)
class WorkerDied:
    worker: str
    blameless: bool = False  # somebody wanted it so: what it had in hand has nothing to do with it


@dataclass(frozen=True, slots=True)
class WorkerStopped:
    """Somebody keeps it from going on with what it has in hand, which is not held against anything."""

    worker: str


@dataclass(frozen=True, slots=True)
class SettingsChanged:
    limits: Limits


class Level(Enum):
    """How busy the machine is."""

    CALM = "calm"
    BUSY = "busy"  # too busy to go faster
    PRESSED = "pressed"  # others wait for what we use


@dataclass(frozen=True, slots=True)
class Pressure:
    level: Level


@dataclass(frozen=True, slots=True)
class StopRequested:
    """The last event; whoever waits asks the next pool."""


@dataclass(frozen=True, slots=True)
class Tick:
    """The answer to ``WakeMeAt``, with its time."""

    at_s: float


OfAWorker: TypeAlias = (
    WorkerReady | WorkerFailed | WorkerAsked | Opened | MoreWanted | Done | WorkerStopped | WorkerDied
)
Event: TypeAlias = Restored | Wanted | OfAWorker | SettingsChanged | Pressure | StopRequested | Tick
