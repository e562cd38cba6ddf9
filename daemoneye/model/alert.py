"""An alert: what an administrator should look at, how sure we are, and what it rests on.

Whoever makes one has decided everything; whoever formats one decides nothing. Texts of the host are as the collector
left them: command lines are masked, but a path may hold anything, and is neutralised where it is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Final

from daemoneye.model.process import OnDisk

if TYPE_CHECKING:
    from daemoneye.model.event import Ancestor
    from daemoneye.model.process import Container, FileIdentity


class Severity(IntEnum):
    """The number is the one of ``event.severity``."""

    INFO = 10
    LOW = 30
    MEDIUM = 50
    HIGH = 70
    CRITICAL = 90

    @property
    def word(self) -> str:
        return self.name.lower()


class Rule(StrEnum):
    """The value is the ``rule.id`` of the contract."""

    DISK_MISMATCH = "integrity.disk_mismatch"
    BINARY_CHANGE = "integrity.binary_change"
    CONTENT_CHANGED = "integrity.content_changed"
    RESTART_REQUIRED = "integrity.restart_required"
    FILELESS = "integrity.fileless"
    COVERAGE_DEGRADED = "integrity.coverage.degraded"

    @property
    def headline(self) -> str:
        """``rule.name``: the same fact in the words of a list of alerts."""
        return _RULES[self][0]

    @property
    def severity(self) -> Severity:
        """What it is worth unless the evidence says more."""
        return _RULES[self][1]


_RULES: Final = {
    Rule.DISK_MISMATCH: ("On-disk executable mismatch", Severity.HIGH),
    Rule.BINARY_CHANGE: ("Executable binary change", Severity.MEDIUM),
    Rule.CONTENT_CHANGED: ("Executable content changed", Severity.HIGH),
    Rule.RESTART_REQUIRED: ("Restart required after a package update", Severity.INFO),
    Rule.FILELESS: ("Process without a file", Severity.HIGH),
    Rule.COVERAGE_DEGRADED: ("Degraded integrity coverage", Severity.MEDIUM),
}


class Ownership(StrEnum):
    """What the package database of the host says about a file."""

    MATCHES = "matches"  # a package owns it, and its content is what the package brought
    DIFFERS = "differs"  # a package owns it, and its content is something else
    UNOWNED = "unowned"
    UNKNOWN = "unknown"  # nobody was asked, or the database cannot tell


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageVerdict:
    ownership: Ownership = Ownership.UNKNOWN
    name: str | None = None
    version: str | None = None
    database: str = ""  # `dpkg` or `rpm`, if one was asked
    reason: str = ""  # why it is unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a file held: the first is its identity, the second what it can be likened by."""

    sha256: str
    ssdeep: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertProcess:
    """The process that gave rise to an alert; others may run the same image."""

    pid: int
    entity_id: str
    name: str
    executable: str | None  # never with " (deleted)" behind it
    command_line: tuple[str, ...] = ()
    user: str | None = None
    start_ms: int | None = None  # since 1970
    parent_pid: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the verdict rests on.

    ``old`` and ``new`` are two contents of one path. A mismatch holds what runs against what lies there now; a change
    holds what was recorded against what is there now.
    """

    path: str | None = None
    mount_namespace: int | None = None  # None: the host's own
    on_disk: OnDisk = OnDisk.UNKNOWN
    file: FileIdentity | None = None  # the running image
    file_on_disk: FileIdentity | None = None  # what its path leads to now
    old: Content | None = None
    new: Content | None = None
    similarity: int | None = None  # 0 to 100; None: not comparable, or one of the two is not known
    not_comparable: str = ""  # why
    package: PackageVerdict = PackageVerdict()
    ancestors: tuple[Ancestor, ...] = ()  # the parent first
    container: Container | None = None


class Phase(StrEnum):
    START = "start"
    END = "end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """A stretch of time in which something was not looked at that should have been: it has a start and an end."""

    cause: str  # `digests`, or the name of the child that is quarantined or down
    phase: Phase
    counts: tuple[tuple[str, int], ...] = ()  # by reason; at the end, of the whole stretch
    began_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One fact; it keeps its ``id`` wherever and however often it is sent."""

    id: str  # a UUID of version 7
    rule: Rule
    severity: Severity
    wall_ms: int
    monotonic_ns: int
    boot_id: str
    message: str  # one or two plain sentences
    recheck: tuple[str, ...] = ()  # commands that show the same, for those who would rather see for themselves
    process: AlertProcess | None = None
    hash: Content | None = None  # of the running image
    evidence: Evidence | None = None
    shortfall: Shortfall | None = None  # of `integrity.coverage.degraded` only
    suppressed: int = 0  # how many like it were kept back since the last one
