from daemoneye.wire.generated import common_pb2 as _common_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RefusalCode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REFUSAL_CODE_UNSPECIFIED: _ClassVar[RefusalCode]
    REFUSAL_CODE_VERSION: _ClassVar[RefusalCode]
    REFUSAL_CODE_MALFORMED: _ClassVar[RefusalCode]
    REFUSAL_CODE_UNKNOWN_REQUEST: _ClassVar[RefusalCode]
    REFUSAL_CODE_UNKNOWN_CHILD: _ClassVar[RefusalCode]
    REFUSAL_CODE_REFUSED: _ClassVar[RefusalCode]
    REFUSAL_CODE_REJECTED: _ClassVar[RefusalCode]
    REFUSAL_CODE_NO_ANSWER: _ClassVar[RefusalCode]
    REFUSAL_CODE_UNAVAILABLE: _ClassVar[RefusalCode]

class ChildAction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CHILD_ACTION_UNSPECIFIED: _ClassVar[ChildAction]
    CHILD_ACTION_RESTART: _ClassVar[ChildAction]
    CHILD_ACTION_PAUSE: _ClassVar[ChildAction]
    CHILD_ACTION_RESUME: _ClassVar[ChildAction]
REFUSAL_CODE_UNSPECIFIED: RefusalCode
REFUSAL_CODE_VERSION: RefusalCode
REFUSAL_CODE_MALFORMED: RefusalCode
REFUSAL_CODE_UNKNOWN_REQUEST: RefusalCode
REFUSAL_CODE_UNKNOWN_CHILD: RefusalCode
REFUSAL_CODE_REFUSED: RefusalCode
REFUSAL_CODE_REJECTED: RefusalCode
REFUSAL_CODE_NO_ANSWER: RefusalCode
REFUSAL_CODE_UNAVAILABLE: RefusalCode
CHILD_ACTION_UNSPECIFIED: ChildAction
CHILD_ACTION_RESTART: ChildAction
CHILD_ACTION_PAUSE: ChildAction
CHILD_ACTION_RESUME: ChildAction

class Envelope(_message.Message):
    __slots__ = ("id", "hello", "welcome", "refusal", "status_request", "health_request", "child_request", "reload_request", "processes_request", "entries_request", "metrics_request", "baselines_request", "trust_request", "status", "health", "accepted", "processes", "entries", "metrics", "baselines")
    ID_FIELD_NUMBER: _ClassVar[int]
    HELLO_FIELD_NUMBER: _ClassVar[int]
    WELCOME_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    STATUS_REQUEST_FIELD_NUMBER: _ClassVar[int]
    HEALTH_REQUEST_FIELD_NUMBER: _ClassVar[int]
    CHILD_REQUEST_FIELD_NUMBER: _ClassVar[int]
    RELOAD_REQUEST_FIELD_NUMBER: _ClassVar[int]
    PROCESSES_REQUEST_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_REQUEST_FIELD_NUMBER: _ClassVar[int]
    METRICS_REQUEST_FIELD_NUMBER: _ClassVar[int]
    BASELINES_REQUEST_FIELD_NUMBER: _ClassVar[int]
    TRUST_REQUEST_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    HEALTH_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    PROCESSES_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    BASELINES_FIELD_NUMBER: _ClassVar[int]
    id: int
    hello: Hello
    welcome: Welcome
    refusal: Refusal
    status_request: StatusRequest
    health_request: HealthRequest
    child_request: ChildRequest
    reload_request: ReloadRequest
    processes_request: ProcessesRequest
    entries_request: EntriesRequest
    metrics_request: MetricsRequest
    baselines_request: BaselinesRequest
    trust_request: TrustRequest
    status: Status
    health: Health
    accepted: Accepted
    processes: Processes
    entries: Entries
    metrics: Metrics
    baselines: Baselines
    def __init__(self, id: _Optional[int] = ..., hello: _Optional[_Union[Hello, _Mapping]] = ..., welcome: _Optional[_Union[Welcome, _Mapping]] = ..., refusal: _Optional[_Union[Refusal, _Mapping]] = ..., status_request: _Optional[_Union[StatusRequest, _Mapping]] = ..., health_request: _Optional[_Union[HealthRequest, _Mapping]] = ..., child_request: _Optional[_Union[ChildRequest, _Mapping]] = ..., reload_request: _Optional[_Union[ReloadRequest, _Mapping]] = ..., processes_request: _Optional[_Union[ProcessesRequest, _Mapping]] = ..., entries_request: _Optional[_Union[EntriesRequest, _Mapping]] = ..., metrics_request: _Optional[_Union[MetricsRequest, _Mapping]] = ..., baselines_request: _Optional[_Union[BaselinesRequest, _Mapping]] = ..., trust_request: _Optional[_Union[TrustRequest, _Mapping]] = ..., status: _Optional[_Union[Status, _Mapping]] = ..., health: _Optional[_Union[Health, _Mapping]] = ..., accepted: _Optional[_Union[Accepted, _Mapping]] = ..., processes: _Optional[_Union[Processes, _Mapping]] = ..., entries: _Optional[_Union[Entries, _Mapping]] = ..., metrics: _Optional[_Union[Metrics, _Mapping]] = ..., baselines: _Optional[_Union[Baselines, _Mapping]] = ...) -> None: ...

class Hello(_message.Message):
    __slots__ = ("versions", "client")
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    CLIENT_FIELD_NUMBER: _ClassVar[int]
    versions: _containers.RepeatedScalarFieldContainer[int]
    client: str
    def __init__(self, versions: _Optional[_Iterable[int]] = ..., client: _Optional[str] = ...) -> None: ...

class Welcome(_message.Message):
    __slots__ = ("version", "server")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SERVER_FIELD_NUMBER: _ClassVar[int]
    version: int
    server: str
    def __init__(self, version: _Optional[int] = ..., server: _Optional[str] = ...) -> None: ...

class Refusal(_message.Message):
    __slots__ = ("code", "text", "versions")
    CODE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    code: RefusalCode
    text: str
    versions: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, code: _Optional[_Union[RefusalCode, str]] = ..., text: _Optional[str] = ..., versions: _Optional[_Iterable[int]] = ...) -> None: ...

class StatusRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class HealthRequest(_message.Message):
    __slots__ = ("child",)
    CHILD_FIELD_NUMBER: _ClassVar[int]
    child: str
    def __init__(self, child: _Optional[str] = ...) -> None: ...

class ChildRequest(_message.Message):
    __slots__ = ("action", "child")
    ACTION_FIELD_NUMBER: _ClassVar[int]
    CHILD_FIELD_NUMBER: _ClassVar[int]
    action: ChildAction
    child: str
    def __init__(self, action: _Optional[_Union[ChildAction, str]] = ..., child: _Optional[str] = ...) -> None: ...

class ReloadRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ProcessesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class EntriesRequest(_message.Message):
    __slots__ = ("stream", "after", "through", "since_ms", "until_ms", "at_least", "kind", "pid", "name", "name_glob", "sha256", "entity_id", "parent_entity_id")
    STREAM_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    THROUGH_FIELD_NUMBER: _ClassVar[int]
    SINCE_MS_FIELD_NUMBER: _ClassVar[int]
    UNTIL_MS_FIELD_NUMBER: _ClassVar[int]
    AT_LEAST_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    PID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    NAME_GLOB_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    ENTITY_ID_FIELD_NUMBER: _ClassVar[int]
    PARENT_ENTITY_ID_FIELD_NUMBER: _ClassVar[int]
    stream: str
    after: int
    through: int
    since_ms: int
    until_ms: int
    at_least: int
    kind: str
    pid: int
    name: str
    name_glob: str
    sha256: str
    entity_id: str
    parent_entity_id: str
    def __init__(self, stream: _Optional[str] = ..., after: _Optional[int] = ..., through: _Optional[int] = ..., since_ms: _Optional[int] = ..., until_ms: _Optional[int] = ..., at_least: _Optional[int] = ..., kind: _Optional[str] = ..., pid: _Optional[int] = ..., name: _Optional[str] = ..., name_glob: _Optional[str] = ..., sha256: _Optional[str] = ..., entity_id: _Optional[str] = ..., parent_entity_id: _Optional[str] = ...) -> None: ...

class MetricsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class BaselinesRequest(_message.Message):
    __slots__ = ("path", "after_namespace", "after_path")
    PATH_FIELD_NUMBER: _ClassVar[int]
    AFTER_NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    AFTER_PATH_FIELD_NUMBER: _ClassVar[int]
    path: str
    after_namespace: str
    after_path: str
    def __init__(self, path: _Optional[str] = ..., after_namespace: _Optional[str] = ..., after_path: _Optional[str] = ...) -> None: ...

class TrustRequest(_message.Message):
    __slots__ = ("trusts", "part", "last")
    TRUSTS_FIELD_NUMBER: _ClassVar[int]
    PART_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    trusts: _containers.RepeatedCompositeFieldContainer[Trust]
    part: int
    last: bool
    def __init__(self, trusts: _Optional[_Iterable[_Union[Trust, _Mapping]]] = ..., part: _Optional[int] = ..., last: _Optional[bool] = ...) -> None: ...

class Trust(_message.Message):
    __slots__ = ("path", "namespace", "sha256", "ssdeep")
    PATH_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    SSDEEP_FIELD_NUMBER: _ClassVar[int]
    path: str
    namespace: str
    sha256: str
    ssdeep: str
    def __init__(self, path: _Optional[str] = ..., namespace: _Optional[str] = ..., sha256: _Optional[str] = ..., ssdeep: _Optional[str] = ...) -> None: ...

class Accepted(_message.Message):
    __slots__ = ("text",)
    TEXT_FIELD_NUMBER: _ClassVar[int]
    text: str
    def __init__(self, text: _Optional[str] = ...) -> None: ...

class Status(_message.Message):
    __slots__ = ("state", "pid", "version", "uptime_s", "tree", "children", "coverage", "sandbox", "findings", "config", "reload", "clients", "scan", "journal", "sinks", "hashing", "integrity")
    STATE_FIELD_NUMBER: _ClassVar[int]
    PID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    UPTIME_S_FIELD_NUMBER: _ClassVar[int]
    TREE_FIELD_NUMBER: _ClassVar[int]
    CHILDREN_FIELD_NUMBER: _ClassVar[int]
    COVERAGE_FIELD_NUMBER: _ClassVar[int]
    SANDBOX_FIELD_NUMBER: _ClassVar[int]
    FINDINGS_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    RELOAD_FIELD_NUMBER: _ClassVar[int]
    CLIENTS_FIELD_NUMBER: _ClassVar[int]
    SCAN_FIELD_NUMBER: _ClassVar[int]
    JOURNAL_FIELD_NUMBER: _ClassVar[int]
    SINKS_FIELD_NUMBER: _ClassVar[int]
    HASHING_FIELD_NUMBER: _ClassVar[int]
    INTEGRITY_FIELD_NUMBER: _ClassVar[int]
    state: str
    pid: int
    version: str
    uptime_s: float
    tree: int
    children: _containers.RepeatedCompositeFieldContainer[ChildReport]
    coverage: Coverage
    sandbox: _containers.RepeatedCompositeFieldContainer[ProcessReport]
    findings: _containers.RepeatedScalarFieldContainer[str]
    config: ConfigReport
    reload: ReloadReport
    clients: ClientsReport
    scan: ScanReport
    journal: JournalReport
    sinks: _containers.RepeatedCompositeFieldContainer[SinkReport]
    hashing: HashingStatus
    integrity: IntegrityStatus
    def __init__(self, state: _Optional[str] = ..., pid: _Optional[int] = ..., version: _Optional[str] = ..., uptime_s: _Optional[float] = ..., tree: _Optional[int] = ..., children: _Optional[_Iterable[_Union[ChildReport, _Mapping]]] = ..., coverage: _Optional[_Union[Coverage, _Mapping]] = ..., sandbox: _Optional[_Iterable[_Union[ProcessReport, _Mapping]]] = ..., findings: _Optional[_Iterable[str]] = ..., config: _Optional[_Union[ConfigReport, _Mapping]] = ..., reload: _Optional[_Union[ReloadReport, _Mapping]] = ..., clients: _Optional[_Union[ClientsReport, _Mapping]] = ..., scan: _Optional[_Union[ScanReport, _Mapping]] = ..., journal: _Optional[_Union[JournalReport, _Mapping]] = ..., sinks: _Optional[_Iterable[_Union[SinkReport, _Mapping]]] = ..., hashing: _Optional[_Union[HashingStatus, _Mapping]] = ..., integrity: _Optional[_Union[IntegrityStatus, _Mapping]] = ...) -> None: ...

class Health(_message.Message):
    __slots__ = ("children",)
    CHILDREN_FIELD_NUMBER: _ClassVar[int]
    children: _containers.RepeatedCompositeFieldContainer[ChildReport]
    def __init__(self, children: _Optional[_Iterable[_Union[ChildReport, _Mapping]]] = ...) -> None: ...

class ChildReport(_message.Message):
    __slots__ = ("name", "pid", "state", "restarts", "uptime_s", "heartbeat_age_s", "privilege", "generation", "last_words")
    NAME_FIELD_NUMBER: _ClassVar[int]
    PID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    RESTARTS_FIELD_NUMBER: _ClassVar[int]
    UPTIME_S_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_AGE_S_FIELD_NUMBER: _ClassVar[int]
    PRIVILEGE_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    LAST_WORDS_FIELD_NUMBER: _ClassVar[int]
    name: str
    pid: int
    state: str
    restarts: int
    uptime_s: float
    heartbeat_age_s: float
    privilege: str
    generation: int
    last_words: str
    def __init__(self, name: _Optional[str] = ..., pid: _Optional[int] = ..., state: _Optional[str] = ..., restarts: _Optional[int] = ..., uptime_s: _Optional[float] = ..., heartbeat_age_s: _Optional[float] = ..., privilege: _Optional[str] = ..., generation: _Optional[int] = ..., last_words: _Optional[str] = ...) -> None: ...

class ProcessReport(_message.Message):
    __slots__ = ("name", "pid", "uid", "capabilities", "no_new_privs", "landlock")
    NAME_FIELD_NUMBER: _ClassVar[int]
    PID_FIELD_NUMBER: _ClassVar[int]
    UID_FIELD_NUMBER: _ClassVar[int]
    CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    NO_NEW_PRIVS_FIELD_NUMBER: _ClassVar[int]
    LANDLOCK_FIELD_NUMBER: _ClassVar[int]
    name: str
    pid: int
    uid: int
    capabilities: str
    no_new_privs: bool
    landlock: str
    def __init__(self, name: _Optional[str] = ..., pid: _Optional[int] = ..., uid: _Optional[int] = ..., capabilities: _Optional[str] = ..., no_new_privs: _Optional[bool] = ..., landlock: _Optional[str] = ...) -> None: ...

class ConfigReport(_message.Message):
    __slots__ = ("generation", "sha256", "loaded_at_ms", "notes")
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    LOADED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    generation: int
    sha256: str
    loaded_at_ms: int
    notes: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, generation: _Optional[int] = ..., sha256: _Optional[str] = ..., loaded_at_ms: _Optional[int] = ..., notes: _Optional[_Iterable[str]] = ...) -> None: ...

class ReloadReport(_message.Message):
    __slots__ = ("result", "error", "at_ms")
    RESULT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    result: str
    error: str
    at_ms: int
    def __init__(self, result: _Optional[str] = ..., error: _Optional[str] = ..., at_ms: _Optional[int] = ...) -> None: ...

class ClientsReport(_message.Message):
    __slots__ = ("connected", "admitted", "dropped")
    class DroppedEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    CONNECTED_FIELD_NUMBER: _ClassVar[int]
    ADMITTED_FIELD_NUMBER: _ClassVar[int]
    DROPPED_FIELD_NUMBER: _ClassVar[int]
    connected: int
    admitted: int
    dropped: _containers.ScalarMap[str, int]
    def __init__(self, connected: _Optional[int] = ..., admitted: _Optional[int] = ..., dropped: _Optional[_Mapping[str, int]] = ...) -> None: ...

class ScanReport(_message.Message):
    __slots__ = ("scan", "at_ms", "duration_s", "overrun", "failed", "shed")
    class ShedEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    SCAN_FIELD_NUMBER: _ClassVar[int]
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    DURATION_S_FIELD_NUMBER: _ClassVar[int]
    OVERRUN_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    SHED_FIELD_NUMBER: _ClassVar[int]
    scan: int
    at_ms: int
    duration_s: float
    overrun: int
    failed: int
    shed: _containers.ScalarMap[str, int]
    def __init__(self, scan: _Optional[int] = ..., at_ms: _Optional[int] = ..., duration_s: _Optional[float] = ..., overrun: _Optional[int] = ..., failed: _Optional[int] = ..., shed: _Optional[_Mapping[str, int]] = ...) -> None: ...

class JournalReport(_message.Message):
    __slots__ = ("trouble", "detail", "chain", "streams", "disk_bytes", "recorded", "pruned", "waiting", "refused", "dropped", "alert_file")
    class RefusedEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    class DroppedEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    TROUBLE_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    CHAIN_FIELD_NUMBER: _ClassVar[int]
    STREAMS_FIELD_NUMBER: _ClassVar[int]
    DISK_BYTES_FIELD_NUMBER: _ClassVar[int]
    RECORDED_FIELD_NUMBER: _ClassVar[int]
    PRUNED_FIELD_NUMBER: _ClassVar[int]
    WAITING_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    DROPPED_FIELD_NUMBER: _ClassVar[int]
    ALERT_FILE_FIELD_NUMBER: _ClassVar[int]
    trouble: str
    detail: str
    chain: str
    streams: _containers.RepeatedCompositeFieldContainer[StreamReport]
    disk_bytes: int
    recorded: int
    pruned: int
    waiting: int
    refused: _containers.ScalarMap[str, int]
    dropped: _containers.ScalarMap[str, int]
    alert_file: AlertFileReport
    def __init__(self, trouble: _Optional[str] = ..., detail: _Optional[str] = ..., chain: _Optional[str] = ..., streams: _Optional[_Iterable[_Union[StreamReport, _Mapping]]] = ..., disk_bytes: _Optional[int] = ..., recorded: _Optional[int] = ..., pruned: _Optional[int] = ..., waiting: _Optional[int] = ..., refused: _Optional[_Mapping[str, int]] = ..., dropped: _Optional[_Mapping[str, int]] = ..., alert_file: _Optional[_Union[AlertFileReport, _Mapping]] = ...) -> None: ...

class StreamReport(_message.Message):
    __slots__ = ("name", "last", "kept")
    NAME_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    KEPT_FIELD_NUMBER: _ClassVar[int]
    name: str
    last: int
    kept: int
    def __init__(self, name: _Optional[str] = ..., last: _Optional[int] = ..., kept: _Optional[int] = ...) -> None: ...

class AlertFileReport(_message.Message):
    __slots__ = ("path", "last", "written", "trouble", "detail")
    PATH_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    WRITTEN_FIELD_NUMBER: _ClassVar[int]
    TROUBLE_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    path: str
    last: int
    written: int
    trouble: str
    detail: str
    def __init__(self, path: _Optional[str] = ..., last: _Optional[int] = ..., written: _Optional[int] = ..., trouble: _Optional[str] = ..., detail: _Optional[str] = ...) -> None: ...

class SinkReport(_message.Message):
    __slots__ = ("name", "state", "trouble", "acknowledged", "set_aside", "retries", "behind", "last_success_ms")
    NAME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    TROUBLE_FIELD_NUMBER: _ClassVar[int]
    ACKNOWLEDGED_FIELD_NUMBER: _ClassVar[int]
    SET_ASIDE_FIELD_NUMBER: _ClassVar[int]
    RETRIES_FIELD_NUMBER: _ClassVar[int]
    BEHIND_FIELD_NUMBER: _ClassVar[int]
    LAST_SUCCESS_MS_FIELD_NUMBER: _ClassVar[int]
    name: str
    state: str
    trouble: str
    acknowledged: int
    set_aside: int
    retries: int
    behind: int
    last_success_ms: int
    def __init__(self, name: _Optional[str] = ..., state: _Optional[str] = ..., trouble: _Optional[str] = ..., acknowledged: _Optional[int] = ..., set_aside: _Optional[int] = ..., retries: _Optional[int] = ..., behind: _Optional[int] = ..., last_success_ms: _Optional[int] = ...) -> None: ...

class HashingStatus(_message.Message):
    __slots__ = ("files", "bytes_read", "waiting", "share", "degraded", "quarantined", "trouble")
    class FilesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    class DegradedEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    FILES_FIELD_NUMBER: _ClassVar[int]
    BYTES_READ_FIELD_NUMBER: _ClassVar[int]
    WAITING_FIELD_NUMBER: _ClassVar[int]
    SHARE_FIELD_NUMBER: _ClassVar[int]
    DEGRADED_FIELD_NUMBER: _ClassVar[int]
    QUARANTINED_FIELD_NUMBER: _ClassVar[int]
    TROUBLE_FIELD_NUMBER: _ClassVar[int]
    files: _containers.ScalarMap[str, int]
    bytes_read: int
    waiting: int
    share: float
    degraded: _containers.ScalarMap[str, int]
    quarantined: int
    trouble: str
    def __init__(self, files: _Optional[_Mapping[str, int]] = ..., bytes_read: _Optional[int] = ..., waiting: _Optional[int] = ..., share: _Optional[float] = ..., degraded: _Optional[_Mapping[str, int]] = ..., quarantined: _Optional[int] = ..., trouble: _Optional[str] = ...) -> None: ...

class IntegrityStatus(_message.Message):
    __slots__ = ("alerts", "suppressed", "degraded", "waiting", "packages", "baselines", "trouble")
    class AlertsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    class DegradedEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    ALERTS_FIELD_NUMBER: _ClassVar[int]
    SUPPRESSED_FIELD_NUMBER: _ClassVar[int]
    DEGRADED_FIELD_NUMBER: _ClassVar[int]
    WAITING_FIELD_NUMBER: _ClassVar[int]
    PACKAGES_FIELD_NUMBER: _ClassVar[int]
    BASELINES_FIELD_NUMBER: _ClassVar[int]
    TROUBLE_FIELD_NUMBER: _ClassVar[int]
    alerts: _containers.ScalarMap[str, int]
    suppressed: int
    degraded: _containers.ScalarMap[str, int]
    waiting: int
    packages: str
    baselines: int
    trouble: str
    def __init__(self, alerts: _Optional[_Mapping[str, int]] = ..., suppressed: _Optional[int] = ..., degraded: _Optional[_Mapping[str, int]] = ..., waiting: _Optional[int] = ..., packages: _Optional[str] = ..., baselines: _Optional[int] = ..., trouble: _Optional[str] = ...) -> None: ...

class Coverage(_message.Message):
    __slots__ = ("seen", "fully_read", "partly_read", "partly_read_by_reason", "kernel_threads", "vanished", "malformed", "timeout", "refused", "hidden", "started", "exited", "came_and_went_at_most", "hashed", "not_hashed_by_reason")
    class PartlyReadByReasonEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    class NotHashedByReasonEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    SEEN_FIELD_NUMBER: _ClassVar[int]
    FULLY_READ_FIELD_NUMBER: _ClassVar[int]
    PARTLY_READ_FIELD_NUMBER: _ClassVar[int]
    PARTLY_READ_BY_REASON_FIELD_NUMBER: _ClassVar[int]
    KERNEL_THREADS_FIELD_NUMBER: _ClassVar[int]
    VANISHED_FIELD_NUMBER: _ClassVar[int]
    MALFORMED_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    HIDDEN_FIELD_NUMBER: _ClassVar[int]
    STARTED_FIELD_NUMBER: _ClassVar[int]
    EXITED_FIELD_NUMBER: _ClassVar[int]
    CAME_AND_WENT_AT_MOST_FIELD_NUMBER: _ClassVar[int]
    HASHED_FIELD_NUMBER: _ClassVar[int]
    NOT_HASHED_BY_REASON_FIELD_NUMBER: _ClassVar[int]
    seen: int
    fully_read: int
    partly_read: int
    partly_read_by_reason: _containers.ScalarMap[str, int]
    kernel_threads: int
    vanished: int
    malformed: int
    timeout: int
    refused: int
    hidden: bool
    started: int
    exited: int
    came_and_went_at_most: int
    hashed: int
    not_hashed_by_reason: _containers.ScalarMap[str, int]
    def __init__(self, seen: _Optional[int] = ..., fully_read: _Optional[int] = ..., partly_read: _Optional[int] = ..., partly_read_by_reason: _Optional[_Mapping[str, int]] = ..., kernel_threads: _Optional[int] = ..., vanished: _Optional[int] = ..., malformed: _Optional[int] = ..., timeout: _Optional[int] = ..., refused: _Optional[int] = ..., hidden: _Optional[bool] = ..., started: _Optional[int] = ..., exited: _Optional[int] = ..., came_and_went_at_most: _Optional[int] = ..., hashed: _Optional[int] = ..., not_hashed_by_reason: _Optional[_Mapping[str, int]] = ...) -> None: ...

class Processes(_message.Message):
    __slots__ = ("records", "part", "last", "coverage", "left_out")
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    PART_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    COVERAGE_FIELD_NUMBER: _ClassVar[int]
    LEFT_OUT_FIELD_NUMBER: _ClassVar[int]
    records: _containers.RepeatedCompositeFieldContainer[_common_pb2.ProcessRecord]
    part: int
    last: bool
    coverage: Coverage
    left_out: int
    def __init__(self, records: _Optional[_Iterable[_Union[_common_pb2.ProcessRecord, _Mapping]]] = ..., part: _Optional[int] = ..., last: _Optional[bool] = ..., coverage: _Optional[_Union[Coverage, _Mapping]] = ..., left_out: _Optional[int] = ...) -> None: ...

class Entries(_message.Message):
    __slots__ = ("entries", "reached", "end", "left_out")
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    REACHED_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    LEFT_OUT_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedCompositeFieldContainer[RecordedEntry]
    reached: int
    end: int
    left_out: int
    def __init__(self, entries: _Optional[_Iterable[_Union[RecordedEntry, _Mapping]]] = ..., reached: _Optional[int] = ..., end: _Optional[int] = ..., left_out: _Optional[int] = ...) -> None: ...

class RecordedEntry(_message.Message):
    __slots__ = ("stream", "sequence", "id", "severity", "kind", "wall_ms", "monotonic_ns", "boot_id", "body", "pid", "entity_id", "parent_entity_id", "name", "sha256")
    STREAM_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    WALL_MS_FIELD_NUMBER: _ClassVar[int]
    MONOTONIC_NS_FIELD_NUMBER: _ClassVar[int]
    BOOT_ID_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    PID_FIELD_NUMBER: _ClassVar[int]
    ENTITY_ID_FIELD_NUMBER: _ClassVar[int]
    PARENT_ENTITY_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    stream: str
    sequence: int
    id: str
    severity: int
    kind: str
    wall_ms: int
    monotonic_ns: int
    boot_id: str
    body: str
    pid: int
    entity_id: str
    parent_entity_id: str
    name: str
    sha256: str
    def __init__(self, stream: _Optional[str] = ..., sequence: _Optional[int] = ..., id: _Optional[str] = ..., severity: _Optional[int] = ..., kind: _Optional[str] = ..., wall_ms: _Optional[int] = ..., monotonic_ns: _Optional[int] = ..., boot_id: _Optional[str] = ..., body: _Optional[str] = ..., pid: _Optional[int] = ..., entity_id: _Optional[str] = ..., parent_entity_id: _Optional[str] = ..., name: _Optional[str] = ..., sha256: _Optional[str] = ...) -> None: ...

class Baselines(_message.Message):
    __slots__ = ("baselines", "last")
    BASELINES_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    baselines: _containers.RepeatedCompositeFieldContainer[BaselineEntry]
    last: bool
    def __init__(self, baselines: _Optional[_Iterable[_Union[BaselineEntry, _Mapping]]] = ..., last: _Optional[bool] = ...) -> None: ...

class BaselineEntry(_message.Message):
    __slots__ = ("namespace", "path", "sha256", "ssdeep", "last_sha256", "last_ssdeep", "source", "since_ms", "first_seen_ms", "last_seen_ms", "open", "ownership", "package", "version")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    SSDEEP_FIELD_NUMBER: _ClassVar[int]
    LAST_SHA256_FIELD_NUMBER: _ClassVar[int]
    LAST_SSDEEP_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    SINCE_MS_FIELD_NUMBER: _ClassVar[int]
    FIRST_SEEN_MS_FIELD_NUMBER: _ClassVar[int]
    LAST_SEEN_MS_FIELD_NUMBER: _ClassVar[int]
    OPEN_FIELD_NUMBER: _ClassVar[int]
    OWNERSHIP_FIELD_NUMBER: _ClassVar[int]
    PACKAGE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    path: str
    sha256: str
    ssdeep: str
    last_sha256: str
    last_ssdeep: str
    source: str
    since_ms: int
    first_seen_ms: int
    last_seen_ms: int
    open: bool
    ownership: str
    package: str
    version: str
    def __init__(self, namespace: _Optional[str] = ..., path: _Optional[str] = ..., sha256: _Optional[str] = ..., ssdeep: _Optional[str] = ..., last_sha256: _Optional[str] = ..., last_ssdeep: _Optional[str] = ..., source: _Optional[str] = ..., since_ms: _Optional[int] = ..., first_seen_ms: _Optional[int] = ..., last_seen_ms: _Optional[int] = ..., open: _Optional[bool] = ..., ownership: _Optional[str] = ..., package: _Optional[str] = ..., version: _Optional[str] = ...) -> None: ...

class Metrics(_message.Message):
    __slots__ = ("text",)
    TEXT_FIELD_NUMBER: _ClassVar[int]
    text: str
    def __init__(self, text: _Optional[str] = ...) -> None: ...
