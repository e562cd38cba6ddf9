"""What a peer asks of the collector, and what it gets back.

``task_id`` ties an answer to its question; it comes back in every part of the answer. Everything that another release
may put in a message is kept in ``unknown``. The constructors are called ``new_…`` because ``hash_check`` and
``success`` are names of fields.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from daemoneye.model.open_enum import OpenEnum

if TYPE_CHECKING:
    from daemoneye.model.other_domains import (
        FilesystemFilter,
        FilesystemRecord,
        NetworkFilter,
        NetworkRecord,
        PerformanceFilter,
        PerformanceRecord,
    )
    from daemoneye.model.process import ProcessRecord


class TaskType(OpenEnum):
    """What to do. Names and numbers are those that deployed clients know."""

    ENUMERATE_PROCESSES = 0
    CHECK_PROCESS_HASH = 1
    MONITOR_PROCESS_TREE = 2
    VERIFY_EXECUTABLE = 3
    MONITOR_NETWORK_CONNECTIONS = 4
    TRACK_FILE_OPERATIONS = 5
    COLLECT_PERFORMANCE_METRICS = 6

    @property
    def label(self) -> str:
        """In JSON, too, the name that clients know."""
        return self.name


class MonitoringDomain(OpenEnum):
    PROCESS = 0
    NETWORK = 1
    FILESYSTEM = 2
    PERFORMANCE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessFilter:
    """OR inside a field, AND between fields, empty means all."""

    process_names: tuple[str, ...] = ()
    pids: tuple[int, ...] = ()
    executable_pattern: str | None = None
    unknown: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class HashCheck:
    expected_hash: str = ""
    hash_algorithm: str = ""
    executable_path: str = ""
    unknown: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class HashResult:
    """``success`` says that the file was read and its digest is the expected one."""

    hash_value: str = ""
    algorithm: str = ""
    file_path: str = ""
    success: bool = False
    error_message: str | None = None
    unknown: bytes = b""

    def __post_init__(self) -> None:
        # a failure may name the algorithm it was asked for; a digest is worth nothing without one
        if self.hash_value and not self.algorithm:
            raise ValueError("hash_value is given together with its algorithm or not at all")
        if self.success and not self.hash_value:
            raise ValueError("success without hash_value: a digest that is the expected one is there to be shown")


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectionTask:
    task_id: str = ""
    task_type: TaskType = TaskType.ENUMERATE_PROCESSES
    process_filter: ProcessFilter | None = None
    hash_check: HashCheck | None = None
    metadata: str | None = None
    network_filter: NetworkFilter | None = None
    filesystem_filter: FilesystemFilter | None = None
    performance_filter: PerformanceFilter | None = None
    unknown: bytes = b""

    @classmethod
    def new_enumerate(cls, task_id: str, process_filter: ProcessFilter | None = None) -> Self:
        return cls(task_id=task_id, task_type=TaskType.ENUMERATE_PROCESSES, process_filter=process_filter)

    @classmethod
    def new_hash_check(cls, task_id: str, hash_check: HashCheck) -> Self:
        return cls(task_id=task_id, task_type=TaskType.CHECK_PROCESS_HASH, hash_check=hash_check)


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectionResult:
    """One part of an answer; ``success`` says that the task was carried out."""

    task_id: str = ""
    success: bool = False
    error_message: str | None = None
    processes: tuple[ProcessRecord, ...] = ()
    hash_result: HashResult | None = None
    network_events: tuple[NetworkRecord, ...] = ()
    filesystem_events: tuple[FilesystemRecord, ...] = ()
    performance_events: tuple[PerformanceRecord, ...] = ()

    part: int = 0
    last: bool = False
    unknown: bytes = b""

    @classmethod
    def new_success(
        cls, task_id: str, processes: tuple[ProcessRecord, ...] = (), hash_result: HashResult | None = None
    ) -> Self:
        """A whole answer in one part."""
        return cls(task_id=task_id, success=True, processes=processes, hash_result=hash_result, last=True)

    @classmethod
    def new_failure(cls, task_id: str, error_message: str) -> Self:
        return cls(task_id=task_id, error_message=error_message, last=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvancedCapabilities:
    kernel_level: bool = False
    realtime: bool = False
    system_wide: bool = False
    unknown: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionCapabilities:
    supported_domains: tuple[MonitoringDomain, ...] = ()
    advanced: AdvancedCapabilities | None = None
    unknown: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class CapabilityRequest:
    client_id: str = ""
    requested_domains: tuple[MonitoringDomain, ...] = ()
    client_version: str | None = None
    unknown: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class CapabilityResponse:
    negotiation_success: bool = False
    capabilities: CollectionCapabilities | None = None
    error_message: str | None = None
    server_version: str | None = None
    unknown: bytes = b""
