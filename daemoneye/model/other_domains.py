"""What peers say about connections, files and measurements.

This agent watches processes only. It still reads these messages whole and hands them on whole, so that it can tell a
task it does not do from a message it does not understand.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkFilter:
    protocols: tuple[str, ...] = ()
    source_addresses: tuple[str, ...] = ()
    destination_addresses: tuple[str, ...] = ()
    connection_states: tuple[str, ...] = ()
    unknown: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesystemFilter:
    path_patterns: tuple[str, ...] = ()
    operation_types: tuple[str, ...] = ()
    file_extensions: tuple[str, ...] = ()
    unknown: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceFilter:
    metric_names: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    min_thresholds: tuple[tuple[str, float], ...] = ()
    max_thresholds: tuple[tuple[str, float], ...] = ()
    unknown: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkRecord:
    connection_id: str = ""
    source_address: str = ""
    destination_address: str = ""
    protocol: str = ""
    state: str = ""
    pid: int | None = None
    bytes_sent: int = 0
    bytes_received: int = 0
    collection_time: int = 0
    unknown: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesystemRecord:
    operation_id: str = ""
    path: str = ""
    operation_type: str = ""
    pid: int | None = None
    file_size: int | None = None
    permissions: str | None = None
    file_hash: str | None = None
    collection_time: int = 0
    unknown: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceRecord:
    metric_id: str = ""
    metric_name: str = ""
    value: float = 0.0
    unit: str = ""
    pid: int | None = None
    component: str = ""
    collection_time: int = 0
    unknown: bytes = b""
