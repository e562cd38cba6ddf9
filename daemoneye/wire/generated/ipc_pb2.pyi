from daemoneye.wire.generated import common_pb2 as _common_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class MonitoringDomain(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PROCESS: _ClassVar[MonitoringDomain]
    NETWORK: _ClassVar[MonitoringDomain]
    FILESYSTEM: _ClassVar[MonitoringDomain]
    PERFORMANCE: _ClassVar[MonitoringDomain]
PROCESS: MonitoringDomain
NETWORK: MonitoringDomain
FILESYSTEM: MonitoringDomain
PERFORMANCE: MonitoringDomain

class DetectionTask(_message.Message):
    __slots__ = ("task_id", "task_type", "process_filter", "hash_check", "metadata", "network_filter", "filesystem_filter", "performance_filter")
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    TASK_TYPE_FIELD_NUMBER: _ClassVar[int]
    PROCESS_FILTER_FIELD_NUMBER: _ClassVar[int]
    HASH_CHECK_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    NETWORK_FILTER_FIELD_NUMBER: _ClassVar[int]
    FILESYSTEM_FILTER_FIELD_NUMBER: _ClassVar[int]
    PERFORMANCE_FILTER_FIELD_NUMBER: _ClassVar[int]
    task_id: str
    task_type: _common_pb2.TaskType
    process_filter: _common_pb2.ProcessFilter
    hash_check: _common_pb2.HashCheck
    metadata: str
    network_filter: _common_pb2.NetworkFilter
    filesystem_filter: _common_pb2.FilesystemFilter
    performance_filter: _common_pb2.PerformanceFilter
    def __init__(self, task_id: _Optional[str] = ..., task_type: _Optional[_Union[_common_pb2.TaskType, str]] = ..., process_filter: _Optional[_Union[_common_pb2.ProcessFilter, _Mapping]] = ..., hash_check: _Optional[_Union[_common_pb2.HashCheck, _Mapping]] = ..., metadata: _Optional[str] = ..., network_filter: _Optional[_Union[_common_pb2.NetworkFilter, _Mapping]] = ..., filesystem_filter: _Optional[_Union[_common_pb2.FilesystemFilter, _Mapping]] = ..., performance_filter: _Optional[_Union[_common_pb2.PerformanceFilter, _Mapping]] = ...) -> None: ...

class DetectionResult(_message.Message):
    __slots__ = ("task_id", "success", "error_message", "processes", "hash_result", "network_events", "filesystem_events", "performance_events", "part", "last")
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    SUCCESS_FIELD_NUMBER: _ClassVar[int]
    ERROR_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    PROCESSES_FIELD_NUMBER: _ClassVar[int]
    HASH_RESULT_FIELD_NUMBER: _ClassVar[int]
    NETWORK_EVENTS_FIELD_NUMBER: _ClassVar[int]
    FILESYSTEM_EVENTS_FIELD_NUMBER: _ClassVar[int]
    PERFORMANCE_EVENTS_FIELD_NUMBER: _ClassVar[int]
    PART_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    task_id: str
    success: bool
    error_message: str
    processes: _containers.RepeatedCompositeFieldContainer[_common_pb2.ProcessRecord]
    hash_result: _common_pb2.HashResult
    network_events: _containers.RepeatedCompositeFieldContainer[_common_pb2.NetworkRecord]
    filesystem_events: _containers.RepeatedCompositeFieldContainer[_common_pb2.FilesystemRecord]
    performance_events: _containers.RepeatedCompositeFieldContainer[_common_pb2.PerformanceRecord]
    part: int
    last: bool
    def __init__(self, task_id: _Optional[str] = ..., success: _Optional[bool] = ..., error_message: _Optional[str] = ..., processes: _Optional[_Iterable[_Union[_common_pb2.ProcessRecord, _Mapping]]] = ..., hash_result: _Optional[_Union[_common_pb2.HashResult, _Mapping]] = ..., network_events: _Optional[_Iterable[_Union[_common_pb2.NetworkRecord, _Mapping]]] = ..., filesystem_events: _Optional[_Iterable[_Union[_common_pb2.FilesystemRecord, _Mapping]]] = ..., performance_events: _Optional[_Iterable[_Union[_common_pb2.PerformanceRecord, _Mapping]]] = ..., part: _Optional[int] = ..., last: _Optional[bool] = ...) -> None: ...

class AdvancedCapabilities(_message.Message):
    __slots__ = ("kernel_level", "realtime", "system_wide")
    KERNEL_LEVEL_FIELD_NUMBER: _ClassVar[int]
    REALTIME_FIELD_NUMBER: _ClassVar[int]
    SYSTEM_WIDE_FIELD_NUMBER: _ClassVar[int]
    kernel_level: bool
    realtime: bool
    system_wide: bool
    def __init__(self, kernel_level: _Optional[bool] = ..., realtime: _Optional[bool] = ..., system_wide: _Optional[bool] = ...) -> None: ...

class CollectionCapabilities(_message.Message):
    __slots__ = ("supported_domains", "advanced")
    SUPPORTED_DOMAINS_FIELD_NUMBER: _ClassVar[int]
    ADVANCED_FIELD_NUMBER: _ClassVar[int]
    supported_domains: _containers.RepeatedScalarFieldContainer[MonitoringDomain]
    advanced: AdvancedCapabilities
    def __init__(self, supported_domains: _Optional[_Iterable[_Union[MonitoringDomain, str]]] = ..., advanced: _Optional[_Union[AdvancedCapabilities, _Mapping]] = ...) -> None: ...

class CapabilityRequest(_message.Message):
    __slots__ = ("client_id", "requested_domains", "client_version")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUESTED_DOMAINS_FIELD_NUMBER: _ClassVar[int]
    CLIENT_VERSION_FIELD_NUMBER: _ClassVar[int]
    client_id: str
    requested_domains: _containers.RepeatedScalarFieldContainer[MonitoringDomain]
    client_version: str
    def __init__(self, client_id: _Optional[str] = ..., requested_domains: _Optional[_Iterable[_Union[MonitoringDomain, str]]] = ..., client_version: _Optional[str] = ...) -> None: ...

class CapabilityResponse(_message.Message):
    __slots__ = ("negotiation_success", "capabilities", "error_message", "server_version")
    NEGOTIATION_SUCCESS_FIELD_NUMBER: _ClassVar[int]
    CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    ERROR_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    SERVER_VERSION_FIELD_NUMBER: _ClassVar[int]
    negotiation_success: bool
    capabilities: CollectionCapabilities
    error_message: str
    server_version: str
    def __init__(self, negotiation_success: _Optional[bool] = ..., capabilities: _Optional[_Union[CollectionCapabilities, _Mapping]] = ..., error_message: _Optional[str] = ..., server_version: _Optional[str] = ...) -> None: ...
