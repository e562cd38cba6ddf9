"""What is said on agent.sock: a client asks, the agent answers, each in an ``Envelope``.

States are words and not enumerations: the supervisor owns their list, and a reader of another release can still show
one that it does not know.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self, TypeAlias

from daemoneye.model.lookup import Entries, EntriesRequest, Metrics, MetricsRequest
from daemoneye.model.open_enum import OpenEnum

if TYPE_CHECKING:
    from daemoneye.model.coverage import Coverage
    from daemoneye.model.process import ProcessRecord

VERSIONS: Final = (1,)  # of this protocol, that this release speaks
GATEWAY: Final = "gateway"  # the child that all of this goes through


class RefusalCode(OpenEnum):
    UNSPECIFIED = 0
    VERSION = 1
    MALFORMED = 2
    UNKNOWN_REQUEST = 3
    UNKNOWN_CHILD = 4
    REFUSED = 5
    REJECTED = 6
    NO_ANSWER = 7
    UNAVAILABLE = 8


class ChildAction(OpenEnum):
    UNSPECIFIED = 0
    RESTART = 1
    PAUSE = 2
    RESUME = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    versions: tuple[int, ...] = ()
    client: str = ""
    unknown: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    version: int = 0
    server: str = ""
    unknown: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    code: RefusalCode = RefusalCode.UNSPECIFIED
    text: str = ""
    versions: tuple[int, ...] = ()
    unknown: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusRequest:
    unknown: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthRequest:
    child: str | None = None
    unknown: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildRequest:
    action: ChildAction = ChildAction.UNSPECIFIED
    child: str = ""
    unknown: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReloadRequest:
    unknown: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessesRequest:
    unknown: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    text: str = ""
    unknown: bytes = b""


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
        return self.state == "running"


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
    unknown: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    children: tuple[ChildReport, ...] = ()
    unknown: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Processes:
    records: tuple[ProcessRecord, ...] = ()
    part: int = 0
    last: bool = False
    coverage: Coverage | None = None
    left_out: int = 0
    unknown: bytes = b""


Request: TypeAlias = (
    StatusRequest | HealthRequest | ChildRequest | ReloadRequest | ProcessesRequest | EntriesRequest | MetricsRequest
)
Answer: TypeAlias = Status | Health | Accepted | Processes | Entries | Metrics | Refusal
Body: TypeAlias = Hello | Welcome | Request | Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """One frame; of its bodies one at most is there, and none when it is of a kind that this release does not know."""

    id: int = 0
    hello: Hello | None = None
    welcome: Welcome | None = None
    refusal: Refusal | None = None
    status_request: StatusRequest | None = None
    health_request: HealthRequest | None = None
    child_request: ChildRequest | None = None
    reload_request: ReloadRequest | None = None
    processes_request: ProcessesRequest | None = None
    entries_request: EntriesRequest | None = None
    metrics_request: MetricsRequest | None = None
    status: Status | None = None
    health: Health | None = None
    accepted: Accepted | None = None
    processes: Processes | None = None
    entries: Entries | None = None
    metrics: Metrics | None = None
    unknown: bytes = b""

    def __post_init__(self) -> None:
        if sum(getattr(self, name) is not None for name in BODIES.values()) > 1:
            raise ValueError("several bodies: expected one at most")

    @classmethod
    def around(cls, body: Body, number: int = 0) -> Self:
        field: dict[str, Any] = {BODIES[type(body)]: body}
        return cls(id=number, **field)

    @property
    def body(self) -> Body | None:
        return next((body for name in BODIES.values() if (body := getattr(self, name)) is not None), None)


BODIES: Final[dict[type, str]] = {
    Hello: "hello",
    Welcome: "welcome",
    Refusal: "refusal",
    StatusRequest: "status_request",
    HealthRequest: "health_request",
    ChildRequest: "child_request",
    ReloadRequest: "reload_request",
    ProcessesRequest: "processes_request",
    EntriesRequest: "entries_request",
    MetricsRequest: "metrics_request",
    Status: "status",
    Health: "health",
    Accepted: "accepted",
    Processes: "processes",
    Entries: "entries",
    Metrics: "metrics",
}
