"""From what was seen to what is told: one ``ProcessRecord`` for one ``Observation``.

A sample has no room for "not known": where a number could not be had there is a zero, and the facts name the field.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, TypeVar

from daemoneye.model.process import HashStatus, OnDisk, ProcessRecord, Unread

if TYPE_CHECKING:
    from daemoneye.lifecycle.digests import Digest
    from daemoneye.model.observation import Machine, Observation

T = TypeVar("T")

_ALGORITHM: Final = "sha256"


def record(
    machine: Machine,
    observation: Observation,
    *,
    collected_ms: int,
    cpu_usage: float | None = None,
    digest: Digest | None = None,
) -> ProcessRecord:
    sample, facts = observation
    content = digest.content if digest else None
    unread = {name for name, _ in facts.unread}

    def told(field: str, value: T) -> T | None:
        return None if field in unread else value

    return ProcessRecord(
        pid=sample.pid,
        ppid=told("ppid", sample.ppid),
        name=facts.name,
        executable_path=facts.executable_path,
        command_line=facts.command_line,
        start_time=math.floor(machine.start_time_s(sample.start_ticks)),
        cpu_usage=told("cpu_usage", cpu_usage),
        memory_usage=told("memory_usage", sample.rss_bytes),
        executable_hash=content.sha256 if content else None,
        hash_algorithm=_ALGORITHM if content else None,
        user_id=None if facts.credentials is None else str(facts.credentials.ruid),
        accessible=all(reason != Unread.PERMISSION for _, reason in facts.unread),
        file_exists=facts.on_disk in {OnDisk.PRESENT, OnDisk.REPLACED},
        collection_time=collected_ms,
        ssdeep_hash=content.ssdeep if content else None,
        on_disk_mismatch=mismatch(facts.on_disk),
        ssdeep_degraded=digest is not None and digest.ssdeep_missing,
        entity_id=machine.entity_id(observation.key),
        start_ticks=sample.start_ticks,
        boot_id=machine.boot_id,
        on_disk=facts.on_disk,
        kernel_thread=sample.kernel_thread,
        hash_status=digest.status if digest else HashStatus.UNSPECIFIED,
        unread=_with_consequences(facts.unread),
        executable_file=facts.executable_file,
        state=told("state", sample.state),
        cpu_time_ms=told("cpu_time_ms", sample.cpu_ticks * 1000 // machine.ticks_per_second),
        cwd=facts.cwd,
        root=facts.root,
        credentials=facts.credentials,
        process_group=told("process_group", sample.process_group),
        session=told("session", sample.session),
        tty=facts.tty,
        login_uid=facts.login_uid,
        threads=told("threads", sample.threads),
        linux=facts.linux,
    )


def mismatch(on_disk: OnDisk) -> bool:
    """A file without a name on disk has nothing there to differ from."""
    return on_disk in {OnDisk.DELETED, OnDisk.REPLACED}


def _with_consequences(unread: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Two answers of the record are drawn from the state on disk, and are as unknown as that."""
    why = dict(unread).get("on_disk")
    return unread if why is None else (*unread, ("file_exists", why), ("on_disk_mismatch", why))
