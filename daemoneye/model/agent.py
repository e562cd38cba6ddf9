"""What is said on agent.sock: a client asks, the agent answers, each in an ``Envelope``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self, TypeAlias

from daemoneye.model.lookup import Entries, EntriesRequest, Metrics, MetricsRequest
from daemoneye.model.open_enum import OpenEnum
from daemoneye.model.status import Health, Status
from daemoneye.model.trust import Baselines, BaselinesRequest, TrustRequest

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
class Processes:
    records: tuple[ProcessRecord, ...] = ()
    part: int = 0
    last: bool = False
    coverage: Coverage | None = None
    left_out: int = 0
    unknown: bytes = b""


Request: TypeAlias = (
    StatusRequest
    | HealthRequest
    | ChildRequest
    | ReloadRequest
    | ProcessesRequest
    | EntriesRequest
    | MetricsRequest
    | BaselinesRequest
    | TrustRequest
)
Answer: TypeAlias = Status | Health | Accepted | Processes | Entries | Metrics | Baselines | Refusal
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
    baselines_request: BaselinesRequest | None = None
    trust_request: TrustRequest | None = None
    status: Status | None = None
    health: Health | None = None
    accepted: Accepted | None = None
    processes: Processes | None = None
    entries: Entries | None = None
    metrics: Metrics | None = None
    baselines: Baselines | None = None
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
    BaselinesRequest: "baselines_request",
    TrustRequest: "trust_request",
    Status: "status",
    Health: "health",
    Accepted: "accepted",
    Processes: "processes",
    Entries: "entries",
    Metrics: "metrics",
    Baselines: "baselines",
}
