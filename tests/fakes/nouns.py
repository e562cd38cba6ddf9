"""Every noun of the wire, with any content a peer might give it; drawn from the definitions, so that none is missed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf.descriptor import FieldDescriptor
from hypothesis import strategies as st

from daemoneye.model import agent, coverage, lookup, other_domains, process, status, task, trust
from daemoneye.model.agent import ChildAction, RefusalCode
from daemoneye.model.process import HashStatus, OnDisk
from daemoneye.model.task import MonitoringDomain, TaskType
from daemoneye.wire.shape import shape_of

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from daemoneye.model.open_enum import OpenEnum

NOUNS: tuple[type, ...] = (
    process.FileIdentity,
    process.Credentials,
    process.Namespaces,
    process.Capabilities,
    process.Container,
    process.ListeningSocket,
    process.LinuxMetadata,
    process.ProcessRecord,
    task.ProcessFilter,
    task.HashCheck,
    task.HashResult,
    task.DetectionTask,
    task.DetectionResult,
    task.AdvancedCapabilities,
    task.CollectionCapabilities,
    task.CapabilityRequest,
    task.CapabilityResponse,
    other_domains.NetworkFilter,
    other_domains.FilesystemFilter,
    other_domains.PerformanceFilter,
    other_domains.NetworkRecord,
    other_domains.FilesystemRecord,
    other_domains.PerformanceRecord,
    coverage.Coverage,
    agent.Envelope,
    *agent.BODIES,
    status.ChildReport,
    status.ProcessReport,
    status.ConfigReport,
    status.ReloadReport,
    status.ClientsReport,
    status.ScanReport,
    status.StreamReport,
    status.AlertFileReport,
    status.SinkReport,
    status.JournalReport,
    status.HashingStatus,
    status.IntegrityStatus,
    lookup.RecordedEntry,
    trust.Trust,
    trust.BaselineEntry,
)
ENUMS: tuple[type[OpenEnum], ...] = (TaskType, MonitoringDomain, OnDisk, HashStatus, RefusalCode, ChildAction)
_BY_NAME: dict[str, Any] = {each.__name__: each for each in (*NOUNS, *ENUMS)}

TEXT = st.text(max_size=12)
_SCALARS: dict[int, SearchStrategy[Any]] = {
    FieldDescriptor.TYPE_STRING: TEXT,
    FieldDescriptor.TYPE_BOOL: st.booleans(),
    FieldDescriptor.TYPE_DOUBLE: st.floats(allow_nan=False),
    FieldDescriptor.TYPE_UINT32: st.integers(0, 2**32 - 1),
    FieldDescriptor.TYPE_UINT64: st.integers(0, 2**64 - 1),
    FieldDescriptor.TYPE_INT32: st.integers(-(2**31), 2**31 - 1),
    FieldDescriptor.TYPE_INT64: st.integers(-(2**63), 2**63 - 1),
}


def varint(number: int) -> bytes:
    head, rest = number & 0x7F, number >> 7
    return bytes([head | 0x80]) + varint(rest) if rest else bytes([head])


def _newer_field(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


# numbers that no message of ours uses
NEWER_FIELDS = st.lists(
    st.builds(_newer_field, st.integers(1000, 5000), st.binary(max_size=8)), max_size=2
).map(b"".join)  # fmt: skip


def nouns(noun: type, newer: SearchStrategy[bytes] = NEWER_FIELDS) -> SearchStrategy[Any]:
    """Any ``noun`` that can exist."""
    if noun is agent.Envelope:
        return _envelopes(newer)
    described = shape_of(noun).message.DESCRIPTOR.fields
    content = {field.name: _field(field, newer) for field in described}
    said = st.fixed_dictionaries({}, optional={**content, "unknown": newer})
    return said.map(lambda values: noun(**_paired(noun, values)))


def _envelopes(newer: SearchStrategy[bytes]) -> SearchStrategy[Any]:
    """One body, or none: several cannot be sent."""
    numbers = _SCALARS[FieldDescriptor.TYPE_UINT64]
    full = st.sampled_from(list(agent.BODIES)).flatmap(lambda body: nouns(body, newer))
    return st.builds(agent.Envelope.around, full, numbers) | st.builds(agent.Envelope, id=numbers, unknown=newer)


def _paired(noun: type, values: dict[str, Any]) -> dict[str, Any]:
    """What records and results demand: a digest comes with its algorithm, and a success with a digest."""
    if noun is process.ProcessRecord and _alone(values):
        return values | {"executable_hash": "ab", "hash_algorithm": "sha256"}
    if noun is task.HashResult:
        digest = values.get("hash_value") or ("ab" if values.get("success") else "")
        return values | {"hash_value": digest, "algorithm": values.get("algorithm") or "sha256"}
    return values


def _alone(values: dict[str, Any]) -> bool:
    return bool(values.get("executable_hash")) != bool(values.get("hash_algorithm"))


def _field(field: Any, newer: SearchStrategy[bytes]) -> SearchStrategy[Any]:
    entry = field.message_type
    if entry and entry.GetOptions().map_entry:
        value = _SCALARS[entry.fields_by_name["value"].type]
        return st.dictionaries(TEXT, value, max_size=3).map(lambda found: tuple(sorted(found.items())))
    one = _one(field, newer)
    if field.is_repeated:
        return st.lists(one, max_size=3).map(tuple)
    return st.none() | one if field.has_presence else one


def _one(field: Any, newer: SearchStrategy[bytes]) -> SearchStrategy[Any]:
    if field.message_type:
        return st.deferred(lambda: nouns(_BY_NAME[field.message_type.name], newer))
    if field.enum_type:
        return _SCALARS[FieldDescriptor.TYPE_INT32].map(_BY_NAME[field.enum_type.name]) | st.sampled_from(
            list(_BY_NAME[field.enum_type.name])
        )
    return _SCALARS[field.type]


ANY_NOUN = st.sampled_from(NOUNS).flatmap(nouns)
