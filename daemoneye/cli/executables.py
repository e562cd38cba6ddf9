"""The digests of what runs, without an agent: each distinct file is read once, through a process that runs it.

One after the other, in one thread: two of them are no faster, for ssdeep holds Python's lock [measured on 600 programs:
211 and 204 MB/s]. The thread is not ours, so that a file that never answers costs its time and not the scan.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

import click

from daemoneye.cli.bar import bar
from daemoneye.cli.reading import tell_limitation
from daemoneye.errors import UsageError
from daemoneye.host.deadline import Rounds
from daemoneye.host.hashing import HashOutcome, hash_descriptor, open_for_hashing
from daemoneye.model.process import HashStatus, Unread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from daemoneye.model.coverage import Coverage
    from daemoneye.model.process import ProcessRecord
    from daemoneye.settings import Settings

# Beyond hashing.file_timeout, which is looked at between two pieces of a file: whoever is later hangs. As for hashers.
_GRACE_S: Final = 2.0
# They say something about one process, and nothing about the file.
_OF_THE_WAY: Final = frozenset({HashStatus.GONE, HashStatus.PERMISSION})
_UNOPENED: Final = {
    Unread.PERMISSION: HashStatus.PERMISSION,
    Unread.TIMEOUT: HashStatus.TIMEOUT,
    Unread.GONE: HashStatus.GONE,
}
# A digest was due; what the settings or the nature of a file exclude is not.
_DUE: Final = frozenset(
    {HashStatus.PERMISSION, HashStatus.TIMEOUT, HashStatus.CHANGED_WHILE_READ, HashStatus.UNSPECIFIED}
)
_GONE: Final = HashOutcome(status=HashStatus.GONE, reason="it runs another program now")
_LATE: Final = HashOutcome(status=HashStatus.TIMEOUT, reason="its filesystem does not answer")


class _File(NamedTuple):
    dev: int
    ino: int


def hashed(records: Sequence[ProcessRecord], settings: Settings) -> list[ProcessRecord]:
    """The same records, each with its digest or the reason why there is none."""
    if sys.platform != "linux":
        raise UsageError("--hash", f"on {sys.platform}", "Linux, which leads from a process to the very file it runs")
    tell_limitation()
    runners: dict[_File, list[ProcessRecord]] = {}
    for record in records:
        if file := _file(record):
            runners.setdefault(file, []).append(record)
    outcomes = dict(zip(runners, _outcomes(list(runners.items()), settings), strict=True))
    return [
        _stamped(record, outcomes[file] if (file := _file(record)) else None, settings.hashing.ssdeep)
        for record in records
    ]


def _file(record: ProcessRecord) -> _File | None:
    found = record.executable_file
    return _File(found.dev, found.ino) if found else None


def _outcomes(files: Sequence[tuple[_File, Sequence[ProcessRecord]]], settings: Settings) -> list[HashOutcome]:
    progress = bar(lambda: sum(one.executable_file.size for _, (one, *_) in files if one.executable_file))
    done = 0

    def visit(index: int, cautious: bool) -> HashOutcome:
        nonlocal done
        done = index
        file, records = files[index]
        return _LATE if cautious else _outcome(file, records, settings, progress.advance)

    rounds = Rounds(visit, settings.hashing.file_timeout + _GRACE_S)
    with progress.shown_for("executables"):
        try:
            results = rounds.run(range(len(files))).results
        except KeyboardInterrupt:
            click.echo(f"daemoneye: interrupted: {done} of {len(files)} executables were hashed", err=True)
            raise
    return [results.get(index, _LATE) for index in range(len(files))]


def _outcome(
    file: _File, records: Iterable[ProcessRecord], settings: Settings, pace: Callable[[int], bool]
) -> HashOutcome:
    """Through the first of these processes that still leads to it."""
    outcome = _GONE
    for record in records:
        outcome = _through(f"{settings.scan.proc}/{record.pid}/exe", file, settings, pace)
        if outcome.status not in _OF_THE_WAY:
            break
    return outcome


def _through(link: str, file: _File, settings: Settings, pace: Callable[[int], bool]) -> HashOutcome:
    descriptor = open_for_hashing(link)
    if isinstance(descriptor, HashOutcome):
        return descriptor
    try:
        found = os.fstat(descriptor)
        if (found.st_dev, found.st_ino) != file:
            return _GONE
        return hash_descriptor(
            descriptor,
            max_size=settings.hashing.max_file_size,
            want_ssdeep=settings.hashing.ssdeep,
            timeout_s=settings.hashing.file_timeout,
            pace=pace,
        )
    finally:
        os.close(descriptor)


def _stamped(record: ProcessRecord, outcome: HashOutcome | None, want_ssdeep: bool) -> ProcessRecord:
    if record.kernel_thread:
        return record
    if outcome and (digests := outcome.digests):
        return replace(
            record,
            executable_hash=digests.sha256,
            hash_algorithm="sha256",
            ssdeep_hash=str(digests.ssdeep) if digests.ssdeep else None,
            ssdeep_degraded=bool(digests.no_ssdeep),
            hash_status=outcome.status,
        )
    status = outcome.status if outcome else _unopened(record)
    return replace(record, hash_status=status, ssdeep_degraded=want_ssdeep and status in _DUE)


def _unopened(record: ProcessRecord) -> HashStatus:
    """Why the scan could not tell which file it runs. Who has ended runs none."""
    why = dict(record.unread)
    return _UNOPENED.get(
        Unread(why.get("executable_file", why.get("executable_path", Unread.GONE))), HashStatus.UNSPECIFIED
    )


def counted(coverage: Coverage, records: Iterable[ProcessRecord]) -> Coverage:
    """With how many of these have digests. Kernel threads run no file."""
    statuses = Counter(record.hash_status for record in records if not record.kernel_thread)
    count = statuses.pop(HashStatus.HASHED, 0)
    reasons = tuple(sorted((status.label, number) for status, number in statuses.items()))
    return replace(coverage, hashed=count, not_hashed_by_reason=reasons)
