from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TaskType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ENUMERATE_PROCESSES: _ClassVar[TaskType]
    CHECK_PROCESS_HASH: _ClassVar[TaskType]
    MONITOR_PROCESS_TREE: _ClassVar[TaskType]
    VERIFY_EXECUTABLE: _ClassVar[TaskType]
    MONITOR_NETWORK_CONNECTIONS: _ClassVar[TaskType]
    TRACK_FILE_OPERATIONS: _ClassVar[TaskType]
    COLLECT_PERFORMANCE_METRICS: _ClassVar[TaskType]

class OnDisk(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ON_DISK_UNKNOWN: _ClassVar[OnDisk]
    ON_DISK_PRESENT: _ClassVar[OnDisk]
    ON_DISK_DELETED: _ClassVar[OnDisk]
    ON_DISK_REPLACED: _ClassVar[OnDisk]
    ON_DISK_MEMFD: _ClassVar[OnDisk]

class HashStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    HASH_STATUS_UNSPECIFIED: _ClassVar[HashStatus]
    HASH_STATUS_HASHED: _ClassVar[HashStatus]
    HASH_STATUS_CACHED: _ClassVar[HashStatus]
    HASH_STATUS_TOO_LARGE: _ClassVar[HashStatus]
    HASH_STATUS_NOT_REGULAR: _ClassVar[HashStatus]
    HASH_STATUS_REMOTE_FILESYSTEM: _ClassVar[HashStatus]
    HASH_STATUS_PERMISSION: _ClassVar[HashStatus]
    HASH_STATUS_CHANGED_WHILE_READ: _ClassVar[HashStatus]
    HASH_STATUS_TIMEOUT: _ClassVar[HashStatus]
    HASH_STATUS_QUARANTINED: _ClassVar[HashStatus]
    HASH_STATUS_BUDGET: _ClassVar[HashStatus]
    HASH_STATUS_GONE: _ClassVar[HashStatus]
    HASH_STATUS_DISABLED: _ClassVar[HashStatus]
ENUMERATE_PROCESSES: TaskType
CHECK_PROCESS_HASH: TaskType
MONITOR_PROCESS_TREE: TaskType
VERIFY_EXECUTABLE: TaskType
MONITOR_NETWORK_CONNECTIONS: TaskType
TRACK_FILE_OPERATIONS: TaskType
COLLECT_PERFORMANCE_METRICS: TaskType
ON_DISK_UNKNOWN: OnDisk
ON_DISK_PRESENT: OnDisk
ON_DISK_DELETED: OnDisk
ON_DISK_REPLACED: OnDisk
ON_DISK_MEMFD: OnDisk
HASH_STATUS_UNSPECIFIED: HashStatus
HASH_STATUS_HASHED: HashStatus
HASH_STATUS_CACHED: HashStatus
HASH_STATUS_TOO_LARGE: HashStatus
HASH_STATUS_NOT_REGULAR: HashStatus
HASH_STATUS_REMOTE_FILESYSTEM: HashStatus
HASH_STATUS_PERMISSION: HashStatus
HASH_STATUS_CHANGED_WHILE_READ: HashStatus
HASH_STATUS_TIMEOUT: HashStatus
HASH_STATUS_QUARANTINED: HashStatus
HASH_STATUS_BUDGET: HashStatus
HASH_STATUS_GONE: HashStatus
HASH_STATUS_DISABLED: HashStatus

class ProcessFilter(_message.Message):
    __slots__ = ("process_names", "pids", "executable_pattern")
    PROCESS_NAMES_FIELD_NUMBER: _ClassVar[int]
    PIDS_FIELD_NUMBER: _ClassVar[int]
    EXECUTABLE_PATTERN_FIELD_NUMBER: _ClassVar[int]
    process_names: _containers.RepeatedScalarFieldContainer[str]
    pids: _containers.RepeatedScalarFieldContainer[int]
    executable_pattern: str
    def __init__(self, process_names: _Optional[_Iterable[str]] = ..., pids: _Optional[_Iterable[int]] = ..., executable_pattern: _Optional[str] = ...) -> None: ...

class HashCheck(_message.Message):
    __slots__ = ("expected_hash", "hash_algorithm", "executable_path")
    EXPECTED_HASH_FIELD_NUMBER: _ClassVar[int]
    HASH_ALGORITHM_FIELD_NUMBER: _ClassVar[int]
    EXECUTABLE_PATH_FIELD_NUMBER: _ClassVar[int]
    expected_hash: str
    hash_algorithm: str
    executable_path: str
    def __init__(self, expected_hash: _Optional[str] = ..., hash_algorithm: _Optional[str] = ..., executable_path: _Optional[str] = ...) -> None: ...

class HashResult(_message.Message):
    __slots__ = ("hash_value", "algorithm", "file_path", "success", "error_message")
    HASH_VALUE_FIELD_NUMBER: _ClassVar[int]
    ALGORITHM_FIELD_NUMBER: _ClassVar[int]
    FILE_PATH_FIELD_NUMBER: _ClassVar[int]
    SUCCESS_FIELD_NUMBER: _ClassVar[int]
    ERROR_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    hash_value: str
    algorithm: str
    file_path: str
    success: bool
    error_message: str
    def __init__(self, hash_value: _Optional[str] = ..., algorithm: _Optional[str] = ..., file_path: _Optional[str] = ..., success: _Optional[bool] = ..., error_message: _Optional[str] = ...) -> None: ...

class ProcessRecord(_message.Message):
    __slots__ = ("pid", "ppid", "name", "executable_path", "command_line", "start_time", "cpu_usage", "memory_usage", "executable_hash", "hash_algorithm", "user_id", "accessible", "file_exists", "collection_time", "ssdeep_hash", "on_disk_mismatch", "ssdeep_degraded", "entity_id", "start_ticks", "boot_id", "on_disk", "kernel_thread", "hash_status", "unread", "executable_file", "state", "cpu_time_ms", "cwd", "root", "credentials", "process_group", "session", "tty", "login_uid", "threads", "linux")
    class UnreadEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    PID_FIELD_NUMBER: _ClassVar[int]
    PPID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    EXECUTABLE_PATH_FIELD_NUMBER: _ClassVar[int]
    COMMAND_LINE_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    CPU_USAGE_FIELD_NUMBER: _ClassVar[int]
    MEMORY_USAGE_FIELD_NUMBER: _ClassVar[int]
    EXECUTABLE_HASH_FIELD_NUMBER: _ClassVar[int]
    HASH_ALGORITHM_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    ACCESSIBLE_FIELD_NUMBER: _ClassVar[int]
    FILE_EXISTS_FIELD_NUMBER: _ClassVar[int]
    COLLECTION_TIME_FIELD_NUMBER: _ClassVar[int]
    SSDEEP_HASH_FIELD_NUMBER: _ClassVar[int]
    ON_DISK_MISMATCH_FIELD_NUMBER: _ClassVar[int]
    SSDEEP_DEGRADED_FIELD_NUMBER: _ClassVar[int]
    ENTITY_ID_FIELD_NUMBER: _ClassVar[int]
    START_TICKS_FIELD_NUMBER: _ClassVar[int]
    BOOT_ID_FIELD_NUMBER: _ClassVar[int]
    ON_DISK_FIELD_NUMBER: _ClassVar[int]
    KERNEL_THREAD_FIELD_NUMBER: _ClassVar[int]
    HASH_STATUS_FIELD_NUMBER: _ClassVar[int]
    UNREAD_FIELD_NUMBER: _ClassVar[int]
    EXECUTABLE_FILE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    CPU_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    CWD_FIELD_NUMBER: _ClassVar[int]
    ROOT_FIELD_NUMBER: _ClassVar[int]
    CREDENTIALS_FIELD_NUMBER: _ClassVar[int]
    PROCESS_GROUP_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    TTY_FIELD_NUMBER: _ClassVar[int]
    LOGIN_UID_FIELD_NUMBER: _ClassVar[int]
    THREADS_FIELD_NUMBER: _ClassVar[int]
    LINUX_FIELD_NUMBER: _ClassVar[int]
    pid: int
    ppid: int
    name: str
    executable_path: str
    command_line: _containers.RepeatedScalarFieldContainer[str]
    start_time: int
    cpu_usage: float
    memory_usage: int
    executable_hash: str
    hash_algorithm: str
    user_id: str
    accessible: bool
    file_exists: bool
    collection_time: int
    ssdeep_hash: str
    on_disk_mismatch: bool
    ssdeep_degraded: bool
    entity_id: str
    start_ticks: int
    boot_id: str
    on_disk: OnDisk
    kernel_thread: bool
    hash_status: HashStatus
    unread: _containers.ScalarMap[str, str]
    executable_file: FileIdentity
    state: str
    cpu_time_ms: int
    cwd: str
    root: str
    credentials: Credentials
    process_group: int
    session: int
    tty: str
    login_uid: int
    threads: int
    linux: LinuxMetadata
    def __init__(self, pid: _Optional[int] = ..., ppid: _Optional[int] = ..., name: _Optional[str] = ..., executable_path: _Optional[str] = ..., command_line: _Optional[_Iterable[str]] = ..., start_time: _Optional[int] = ..., cpu_usage: _Optional[float] = ..., memory_usage: _Optional[int] = ..., executable_hash: _Optional[str] = ..., hash_algorithm: _Optional[str] = ..., user_id: _Optional[str] = ..., accessible: _Optional[bool] = ..., file_exists: _Optional[bool] = ..., collection_time: _Optional[int] = ..., ssdeep_hash: _Optional[str] = ..., on_disk_mismatch: _Optional[bool] = ..., ssdeep_degraded: _Optional[bool] = ..., entity_id: _Optional[str] = ..., start_ticks: _Optional[int] = ..., boot_id: _Optional[str] = ..., on_disk: _Optional[_Union[OnDisk, str]] = ..., kernel_thread: _Optional[bool] = ..., hash_status: _Optional[_Union[HashStatus, str]] = ..., unread: _Optional[_Mapping[str, str]] = ..., executable_file: _Optional[_Union[FileIdentity, _Mapping]] = ..., state: _Optional[str] = ..., cpu_time_ms: _Optional[int] = ..., cwd: _Optional[str] = ..., root: _Optional[str] = ..., credentials: _Optional[_Union[Credentials, _Mapping]] = ..., process_group: _Optional[int] = ..., session: _Optional[int] = ..., tty: _Optional[str] = ..., login_uid: _Optional[int] = ..., threads: _Optional[int] = ..., linux: _Optional[_Union[LinuxMetadata, _Mapping]] = ...) -> None: ...

class FileIdentity(_message.Message):
    __slots__ = ("dev", "ino", "size", "mtime_ns", "ctime_ns")
    DEV_FIELD_NUMBER: _ClassVar[int]
    INO_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    MTIME_NS_FIELD_NUMBER: _ClassVar[int]
    CTIME_NS_FIELD_NUMBER: _ClassVar[int]
    dev: int
    ino: int
    size: int
    mtime_ns: int
    ctime_ns: int
    def __init__(self, dev: _Optional[int] = ..., ino: _Optional[int] = ..., size: _Optional[int] = ..., mtime_ns: _Optional[int] = ..., ctime_ns: _Optional[int] = ...) -> None: ...

class Credentials(_message.Message):
    __slots__ = ("ruid", "euid", "suid", "fsuid", "rgid", "egid", "sgid", "fsgid", "groups")
    RUID_FIELD_NUMBER: _ClassVar[int]
    EUID_FIELD_NUMBER: _ClassVar[int]
    SUID_FIELD_NUMBER: _ClassVar[int]
    FSUID_FIELD_NUMBER: _ClassVar[int]
    RGID_FIELD_NUMBER: _ClassVar[int]
    EGID_FIELD_NUMBER: _ClassVar[int]
    SGID_FIELD_NUMBER: _ClassVar[int]
    FSGID_FIELD_NUMBER: _ClassVar[int]
    GROUPS_FIELD_NUMBER: _ClassVar[int]
    ruid: int
    euid: int
    suid: int
    fsuid: int
    rgid: int
    egid: int
    sgid: int
    fsgid: int
    groups: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, ruid: _Optional[int] = ..., euid: _Optional[int] = ..., suid: _Optional[int] = ..., fsuid: _Optional[int] = ..., rgid: _Optional[int] = ..., egid: _Optional[int] = ..., sgid: _Optional[int] = ..., fsgid: _Optional[int] = ..., groups: _Optional[_Iterable[int]] = ...) -> None: ...

class LinuxMetadata(_message.Message):
    __slots__ = ("namespaces", "container", "capabilities", "seccomp_mode", "no_new_privs", "lsm_label", "fd_count", "listening", "environment")
    class EnvironmentEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    NAMESPACES_FIELD_NUMBER: _ClassVar[int]
    CONTAINER_FIELD_NUMBER: _ClassVar[int]
    CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    SECCOMP_MODE_FIELD_NUMBER: _ClassVar[int]
    NO_NEW_PRIVS_FIELD_NUMBER: _ClassVar[int]
    LSM_LABEL_FIELD_NUMBER: _ClassVar[int]
    FD_COUNT_FIELD_NUMBER: _ClassVar[int]
    LISTENING_FIELD_NUMBER: _ClassVar[int]
    ENVIRONMENT_FIELD_NUMBER: _ClassVar[int]
    namespaces: Namespaces
    container: Container
    capabilities: Capabilities
    seccomp_mode: int
    no_new_privs: bool
    lsm_label: str
    fd_count: int
    listening: _containers.RepeatedCompositeFieldContainer[ListeningSocket]
    environment: _containers.ScalarMap[str, str]
    def __init__(self, namespaces: _Optional[_Union[Namespaces, _Mapping]] = ..., container: _Optional[_Union[Container, _Mapping]] = ..., capabilities: _Optional[_Union[Capabilities, _Mapping]] = ..., seccomp_mode: _Optional[int] = ..., no_new_privs: _Optional[bool] = ..., lsm_label: _Optional[str] = ..., fd_count: _Optional[int] = ..., listening: _Optional[_Iterable[_Union[ListeningSocket, _Mapping]]] = ..., environment: _Optional[_Mapping[str, str]] = ...) -> None: ...

class Namespaces(_message.Message):
    __slots__ = ("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts")
    CGROUP_FIELD_NUMBER: _ClassVar[int]
    IPC_FIELD_NUMBER: _ClassVar[int]
    MNT_FIELD_NUMBER: _ClassVar[int]
    NET_FIELD_NUMBER: _ClassVar[int]
    PID_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    UTS_FIELD_NUMBER: _ClassVar[int]
    cgroup: int
    ipc: int
    mnt: int
    net: int
    pid: int
    time: int
    user: int
    uts: int
    def __init__(self, cgroup: _Optional[int] = ..., ipc: _Optional[int] = ..., mnt: _Optional[int] = ..., net: _Optional[int] = ..., pid: _Optional[int] = ..., time: _Optional[int] = ..., user: _Optional[int] = ..., uts: _Optional[int] = ...) -> None: ...

class Container(_message.Message):
    __slots__ = ("cgroup_path", "runtime", "container_id", "pod_uid", "systemd_unit")
    CGROUP_PATH_FIELD_NUMBER: _ClassVar[int]
    RUNTIME_FIELD_NUMBER: _ClassVar[int]
    CONTAINER_ID_FIELD_NUMBER: _ClassVar[int]
    POD_UID_FIELD_NUMBER: _ClassVar[int]
    SYSTEMD_UNIT_FIELD_NUMBER: _ClassVar[int]
    cgroup_path: str
    runtime: str
    container_id: str
    pod_uid: str
    systemd_unit: str
    def __init__(self, cgroup_path: _Optional[str] = ..., runtime: _Optional[str] = ..., container_id: _Optional[str] = ..., pod_uid: _Optional[str] = ..., systemd_unit: _Optional[str] = ...) -> None: ...

class Capabilities(_message.Message):
    __slots__ = ("inheritable", "permitted", "effective", "bounding", "ambient")
    INHERITABLE_FIELD_NUMBER: _ClassVar[int]
    PERMITTED_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_FIELD_NUMBER: _ClassVar[int]
    BOUNDING_FIELD_NUMBER: _ClassVar[int]
    AMBIENT_FIELD_NUMBER: _ClassVar[int]
    inheritable: int
    permitted: int
    effective: int
    bounding: int
    ambient: int
    def __init__(self, inheritable: _Optional[int] = ..., permitted: _Optional[int] = ..., effective: _Optional[int] = ..., bounding: _Optional[int] = ..., ambient: _Optional[int] = ...) -> None: ...

class ListeningSocket(_message.Message):
    __slots__ = ("protocol", "address", "port")
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    PORT_FIELD_NUMBER: _ClassVar[int]
    protocol: str
    address: str
    port: int
    def __init__(self, protocol: _Optional[str] = ..., address: _Optional[str] = ..., port: _Optional[int] = ...) -> None: ...

class NetworkFilter(_message.Message):
    __slots__ = ("protocols", "source_addresses", "destination_addresses", "connection_states")
    PROTOCOLS_FIELD_NUMBER: _ClassVar[int]
    SOURCE_ADDRESSES_FIELD_NUMBER: _ClassVar[int]
    DESTINATION_ADDRESSES_FIELD_NUMBER: _ClassVar[int]
    CONNECTION_STATES_FIELD_NUMBER: _ClassVar[int]
    protocols: _containers.RepeatedScalarFieldContainer[str]
    source_addresses: _containers.RepeatedScalarFieldContainer[str]
    destination_addresses: _containers.RepeatedScalarFieldContainer[str]
    connection_states: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, protocols: _Optional[_Iterable[str]] = ..., source_addresses: _Optional[_Iterable[str]] = ..., destination_addresses: _Optional[_Iterable[str]] = ..., connection_states: _Optional[_Iterable[str]] = ...) -> None: ...

class FilesystemFilter(_message.Message):
    __slots__ = ("path_patterns", "operation_types", "file_extensions")
    PATH_PATTERNS_FIELD_NUMBER: _ClassVar[int]
    OPERATION_TYPES_FIELD_NUMBER: _ClassVar[int]
    FILE_EXTENSIONS_FIELD_NUMBER: _ClassVar[int]
    path_patterns: _containers.RepeatedScalarFieldContainer[str]
    operation_types: _containers.RepeatedScalarFieldContainer[str]
    file_extensions: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, path_patterns: _Optional[_Iterable[str]] = ..., operation_types: _Optional[_Iterable[str]] = ..., file_extensions: _Optional[_Iterable[str]] = ...) -> None: ...

class PerformanceFilter(_message.Message):
    __slots__ = ("metric_names", "components", "min_thresholds", "max_thresholds")
    class MinThresholdsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    class MaxThresholdsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    METRIC_NAMES_FIELD_NUMBER: _ClassVar[int]
    COMPONENTS_FIELD_NUMBER: _ClassVar[int]
    MIN_THRESHOLDS_FIELD_NUMBER: _ClassVar[int]
    MAX_THRESHOLDS_FIELD_NUMBER: _ClassVar[int]
    metric_names: _containers.RepeatedScalarFieldContainer[str]
    components: _containers.RepeatedScalarFieldContainer[str]
    min_thresholds: _containers.ScalarMap[str, float]
    max_thresholds: _containers.ScalarMap[str, float]
    def __init__(self, metric_names: _Optional[_Iterable[str]] = ..., components: _Optional[_Iterable[str]] = ..., min_thresholds: _Optional[_Mapping[str, float]] = ..., max_thresholds: _Optional[_Mapping[str, float]] = ...) -> None: ...

class NetworkRecord(_message.Message):
    __slots__ = ("connection_id", "source_address", "destination_address", "protocol", "state", "pid", "bytes_sent", "bytes_received", "collection_time")
    CONNECTION_ID_FIELD_NUMBER: _ClassVar[int]
    SOURCE_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    DESTINATION_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PID_FIELD_NUMBER: _ClassVar[int]
    BYTES_SENT_FIELD_NUMBER: _ClassVar[int]
    BYTES_RECEIVED_FIELD_NUMBER: _ClassVar[int]
    COLLECTION_TIME_FIELD_NUMBER: _ClassVar[int]
    connection_id: str
    source_address: str
    destination_address: str
    protocol: str
    state: str
    pid: int
    bytes_sent: int
    bytes_received: int
    collection_time: int
    def __init__(self, connection_id: _Optional[str] = ..., source_address: _Optional[str] = ..., destination_address: _Optional[str] = ..., protocol: _Optional[str] = ..., state: _Optional[str] = ..., pid: _Optional[int] = ..., bytes_sent: _Optional[int] = ..., bytes_received: _Optional[int] = ..., collection_time: _Optional[int] = ...) -> None: ...

class FilesystemRecord(_message.Message):
    __slots__ = ("operation_id", "path", "operation_type", "pid", "file_size", "permissions", "file_hash", "collection_time")
    OPERATION_ID_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    OPERATION_TYPE_FIELD_NUMBER: _ClassVar[int]
    PID_FIELD_NUMBER: _ClassVar[int]
    FILE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PERMISSIONS_FIELD_NUMBER: _ClassVar[int]
    FILE_HASH_FIELD_NUMBER: _ClassVar[int]
    COLLECTION_TIME_FIELD_NUMBER: _ClassVar[int]
    operation_id: str
    path: str
    operation_type: str
    pid: int
    file_size: int
    permissions: str
    file_hash: str
    collection_time: int
    def __init__(self, operation_id: _Optional[str] = ..., path: _Optional[str] = ..., operation_type: _Optional[str] = ..., pid: _Optional[int] = ..., file_size: _Optional[int] = ..., permissions: _Optional[str] = ..., file_hash: _Optional[str] = ..., collection_time: _Optional[int] = ...) -> None: ...

class PerformanceRecord(_message.Message):
    __slots__ = ("metric_id", "metric_name", "value", "unit", "pid", "component", "collection_time")
    METRIC_ID_FIELD_NUMBER: _ClassVar[int]
    METRIC_NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    PID_FIELD_NUMBER: _ClassVar[int]
    COMPONENT_FIELD_NUMBER: _ClassVar[int]
    COLLECTION_TIME_FIELD_NUMBER: _ClassVar[int]
    metric_id: str
    metric_name: str
    value: float
    unit: str
    pid: int
    component: str
    collection_time: int
    def __init__(self, metric_id: _Optional[str] = ..., metric_name: _Optional[str] = ..., value: _Optional[float] = ..., unit: _Optional[str] = ..., pid: _Optional[int] = ..., component: _Optional[str] = ..., collection_time: _Optional[int] = ...) -> None: ...
