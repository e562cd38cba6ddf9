"""The rules by which something seen asks for a closer look, and what such a request says.

A condition is a value, not code, so that a file of settings can hold it. Globs are shell patterns over the whole text,
case matters, and ``*`` crosses ``/``. Where a condition needs what is not known, it does not hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from daemoneye.model.process import FileIdentity


class Priority(IntEnum):
    LOW = 0
    NORMAL = 1
    HIGH = 2
    CRITICAL = 3


class Analysis(StrEnum):
    """What can be asked for. Those of a file are done once per file, the others once per process."""

    BINARY_HASH = "binary_hash"
    YARA_SCAN = "yara_scan"
    MEMORY = "memory"
    NETWORK = "network"
    BEHAVIOUR = "behaviour"

    @property
    def of_the_file(self) -> bool:
        return self in {Analysis.BINARY_HASH, Analysis.YARA_SCAN}


class Drop(StrEnum):
    """Why a request was not, or is no longer, waiting to be carried out."""

    DEDUPLICATED = "deduplicated"
    RATE_CAPPED = "rate_capped"
    BACKPRESSURE = "backpressure"  # nearly full: low priority has to wait for better times
    QUEUE_FULL = "queue_full"
    TIMED_OUT = "timed_out"  # taken, and never reported as done


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingExecutable:
    """The running image has no name on disk: its file was deleted, or never had one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedDigest:
    path: str
    algorithm: str
    digest: str  # hex, in any case


@dataclass(frozen=True, slots=True, kw_only=True)
class HashMismatch:
    """The image is not its file, or not what is expected at its path, or not what that path had when last hashed."""

    expected: tuple[ExpectedDigest, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspiciousParentChild:
    """A parent that has no business starting such a child. A glob with ``/`` is held against the path."""

    parents: tuple[str, ...]
    children: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.parents or not self.children:
            raise ValueError("suspicious parent and child: no globs: at least one of each")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceAnomaly:
    """More than either limit, in this many scans in a row."""

    cpu_percent: float | None = None  # of one core: four busy threads are 400
    memory_bytes: int | None = None
    scans: int = 1

    def __post_init__(self) -> None:
        if self.cpu_percent is None and self.memory_bytes is None:
            raise ValueError("resource anomaly: no limit: cpu_percent, memory_bytes or both")
        if self.scans < 1:
            raise ValueError(f"resource anomaly: scans {self.scans}: at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class NameMatches:
    globs: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.globs:
            raise ValueError("name matches: no globs: at least one")


@dataclass(frozen=True, slots=True, kw_only=True)
class PathMatches:
    globs: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.globs:
            raise ValueError("path matches: no globs: at least one")


Condition: TypeAlias = (
    MissingExecutable | HashMismatch | SuspiciousParentChild | ResourceAnomaly | NameMatches | PathMatches
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    name: str
    condition: Condition
    priority: Priority = Priority.NORMAL
    analyses: tuple[Analysis, ...] = (Analysis.BINARY_HASH,)


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerRequest:
    """One request, as it waits for whoever carries it out."""

    request_id: int  # rises by one with each request of an engine
    rule: str
    analysis: Analysis
    priority: Priority
    pid: int
    entity_id: str
    name: str
    executable_path: str | None
    executable_file: FileIdentity | None
