"""How the agent is: what it says of its parts, each as it was told by whoever knows.

States are words and not enumerations: the supervisor owns their list, and a reader of another release can still show
one that it does not know.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from daemoneye.model.coverage import Coverage


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildReport:
    name: str = ""
    pid: int | None = None
    state: str = ""
    restarts: int = 0
    uptime_s: float | None = None
    heartbeat_age_s: float | None = None
    privilege: str = ""
    generation: int = 0
    last_words: str = ""
    unknown: bytes = b""

    @property
    def healthy(self) -> bool:
        return self.state in {"running", "idle"}  # a hasher is only there while there is something to hash


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessReport:
    """One process of the agent, as the kernel describes it."""

    name: str = ""
    pid: int = 0
    uid: int = 0
    capabilities: str = ""
    no_new_privs: bool = False
    landlock: str = ""
    unknown: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigReport:
    generation: int = 0
    sha256: str | None = None
    loaded_at_ms: int = 0
    notes: tuple[str, ...] = ()
    unknown: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReloadReport:
    """``none``, ``accepted``, ``rejected`` or ``rolled_back``."""

    result: str = ""
    error: str | None = None
    at_ms: int | None = None
    unknown: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientsReport:
    connected: int = 0
    admitted: int = 0
    dropped: tuple[tuple[str, int], ...] = ()
    unknown: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanReport:
    scan: int = 0
    at_ms: int = 0
    duration_s: float = 0.0
    overrun: int = 0
    failed: int = 0
    shed: tuple[tuple[str, int], ...] = ()
    unknown: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamReport:
    """``last`` is the sequence of the newest entry."""

    name: str = ""
    last: int = 0
    kept: int = 0
    unknown: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFileReport:
    """The file of JSON lines; ``last`` is the sequence of the newest alert in it."""

    path: str = ""
    last: int = 0
    written: int = 0
    trouble: str = ""
    detail: str = ""
    unknown: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalReport:
    """Counts are of this life of the journal; ``trouble`` is empty while it records."""

    trouble: str = ""
    detail: str = ""
    chain: str = ""
    streams: tuple[StreamReport, ...] = ()
    disk_bytes: int = 0
    recorded: int = 0
    pruned: int = 0
    waiting: int = 0
    refused: tuple[tuple[str, int], ...] = ()
    dropped: tuple[tuple[str, int], ...] = ()
    alert_file: AlertFileReport | None = None
    unknown: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkReport:
    """One way to the fleet. Counts are of this life of the forwarder; ``trouble`` is empty while all is well."""

    name: str = ""
    state: str = ""
    trouble: str = ""
    acknowledged: int = 0
    set_aside: int = 0
    retries: int = 0
    behind: int = 0
    last_success_ms: int | None = None
    unknown: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class HashingStatus:
    """Counts are of this life of the child; ``trouble`` is empty while what is known of files is kept."""

    files: tuple[tuple[str, int], ...] = ()  # answers, by status
    bytes_read: int = 0
    waiting: int = 0
    share: float = 0.0  # of the rate that the settings allow
    degraded: tuple[tuple[str, int], ...] = ()  # files whose digests are due and cannot be had, by reason
    quarantined: int = 0
    trouble: str = ""
    unknown: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrityStatus:
    """Counts are of this life of the child; ``trouble`` is empty while what is trusted is kept."""

    alerts: tuple[tuple[str, int], ...] = ()  # by rule/severity
    suppressed: int = 0
    degraded: tuple[tuple[str, int], ...] = ()  # by cause/reason, while it lasts
    waiting: int = 0  # programs
    packages: str = ""
    baselines: int = 0
    trouble: str = ""
    unknown: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    state: str = ""
    pid: int = 0
    version: str = ""
    uptime_s: float = 0.0
    tree: int = 0
    children: tuple[ChildReport, ...] = ()
    coverage: Coverage | None = None
    sandbox: tuple[ProcessReport, ...] = ()
    findings: tuple[str, ...] = ()
    config: ConfigReport | None = None
    reload: ReloadReport | None = None
    clients: ClientsReport | None = None
    scan: ScanReport | None = None
    journal: JournalReport | None = None
    sinks: tuple[SinkReport, ...] = ()
    hashing: HashingStatus | None = None
    integrity: IntegrityStatus | None = None
    unknown: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    children: tuple[ChildReport, ...] = ()
    unknown: bytes = b""
