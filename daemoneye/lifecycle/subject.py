"""What a condition may look at: events and records, brought to one form.

A parent comes with events only; a digest, a load and the moment they were measured come with records only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from daemoneye.lifecycle.records import mismatch
from daemoneye.model.process import OnDisk, ProcessRecord

if TYPE_CHECKING:
    from daemoneye.model.event import Ancestor, LifecycleEvent
    from daemoneye.model.process import FileIdentity


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    pid: int
    entity_id: str
    name: str
    executable_path: str | None
    executable_file: FileIdentity | None
    on_disk: OnDisk
    kernel_thread: bool
    mismatch: bool
    parent: Ancestor | None = None
    measured_ms: int | None = None
    cpu_usage: float | None = None
    memory_bytes: int | None = None
    algorithm: str | None = None
    digest: str | None = None


def subject_of(seen: LifecycleEvent | ProcessRecord) -> Subject:
    return _of_record(seen) if isinstance(seen, ProcessRecord) else _of_event(seen)


def _of_event(event: LifecycleEvent) -> Subject:
    sample, facts = event.observation
    return Subject(
        pid=sample.pid,
        entity_id=event.entity_id,
        name=facts.name,
        executable_path=facts.executable_path,
        executable_file=facts.executable_file,
        on_disk=facts.on_disk,
        kernel_thread=sample.kernel_thread,
        mismatch=mismatch(facts.on_disk),
        parent=event.ancestors[0] if event.ancestors else None,
    )


def _of_record(record: ProcessRecord) -> Subject:
    return Subject(
        pid=record.pid,
        # a record of an older collector has no entity: within one boot the start narrows the pid down well enough
        entity_id=record.entity_id or f"{record.pid}@{record.start_time}",
        name=record.name,
        executable_path=record.executable_path,
        executable_file=record.executable_file,
        on_disk=record.on_disk,
        kernel_thread=record.kernel_thread,
        mismatch=record.on_disk_mismatch,
        measured_ms=record.collection_time,
        cpu_usage=record.cpu_usage,
        memory_bytes=record.memory_usage,
        algorithm=record.hash_algorithm,
        digest=record.executable_hash,
    )
