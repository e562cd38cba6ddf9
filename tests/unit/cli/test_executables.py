"""Digests of what runs, from a `/proc` of our own: each file once, and a word for each that has none."""

from __future__ import annotations

import hashlib
import os
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import ppdeep
import pytest

from daemoneye.cli import executables
from daemoneye.cli.executables import counted, hashed
from daemoneye.errors import UsageError
from daemoneye.host.deadline import Rounds
from daemoneye.host.hashing import hash_descriptor
from daemoneye.integrity.digests import Digests
from daemoneye.model.coverage import Coverage
from daemoneye.model.process import FileIdentity, HashStatus, ProcessRecord
from daemoneye.settings import Settings
from daemoneye.settings.model import Hashing, Scan

if TYPE_CHECKING:
    from pathlib import Path

    from daemoneye.host.hashing import HashOutcome

CONTENT = b"what a program is made of\n" * 400


class Machine:
    """Processes and what they run."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.settings = Settings(scan=Scan(proc=place / "proc"))
        self._pid = 100

    def program(self, name: str, content: bytes = CONTENT) -> Path:
        path = self.place / name
        path.write_bytes(content)
        return path

    def runs(self, path: Path) -> ProcessRecord:
        self._pid += 1
        self.link(self._pid).parent.mkdir(parents=True)
        self.link(self._pid).symlink_to(path)
        status = path.stat()
        file = FileIdentity(dev=status.st_dev, ino=status.st_ino, size=status.st_size)
        return ProcessRecord(pid=self._pid, executable_path=str(path), executable_file=file)

    def link(self, pid: int) -> Path:
        return self.place / "proc" / str(pid) / "exe"

    def statuses(self, *records: ProcessRecord) -> list[HashStatus]:
        return [record.hash_status for record in hashed(records, self.settings)]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_record_gets_both_digests(machine: Machine) -> None:
    """Under the names of the wire, with the algorithm beside the digest."""
    (record,) = hashed([machine.runs(machine.program("a"))], machine.settings)
    assert (record.executable_hash, record.hash_algorithm) == (hashlib.sha256(CONTENT).hexdigest(), "sha256")
    assert (record.ssdeep_hash, record.ssdeep_degraded) == (ppdeep.hash(CONTENT), False)
    assert record.hash_status is HashStatus.HASHED


def test_twenty_processes_of_one_file_are_one_read(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often a program runs, and under however many names, its file is read once; the order stays."""
    reads = []

    def counting(descriptor: int, **how: object) -> HashOutcome:
        reads.append(os.fstat(descriptor).st_ino)
        return hash_descriptor(descriptor, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(executables, "hash_descriptor", counting)
    first, other = machine.program("a"), machine.program("b", b"another")
    second_name = machine.place / "again"
    os.link(first, second_name)
    records = [machine.runs(each) for each in [first, second_name, other] * 7]
    found = hashed(records, machine.settings)
    assert sorted(reads) == sorted([first.stat().st_ino, other.stat().st_ino])
    assert [each.pid for each in found] == [each.pid for each in records]
    assert {each.executable_hash for each in found[2::3]} == {hashlib.sha256(b"another").hexdigest()}


def test_who_has_ended_is_asked_of_another_who_runs_the_same(machine: Machine) -> None:
    """One process that is gone takes no digest from the others, and has it too: it ran the same file."""
    program = machine.program("a")
    gone, stays = machine.runs(program), machine.runs(program)
    machine.link(gone.pid).unlink()
    assert machine.statuses(gone, stays) == [HashStatus.HASHED, HashStatus.HASHED]


def test_another_program_under_the_same_pid_is_not_taken_for_it(machine: Machine) -> None:
    """Who executes something else between the look and the reading has no digest rather than a wrong one."""
    record = machine.runs(machine.program("a"))
    machine.link(record.pid).unlink()
    machine.link(record.pid).symlink_to(machine.program("b"))
    assert machine.statuses(record) == [HashStatus.GONE]


def test_what_cannot_be_hashed_has_a_word_for_it(machine: Machine) -> None:
    """A FIFO, a giant and a file that is gone end nothing: each is told, and the next one is hashed."""
    fifo, giant, gone = machine.place / "fifo", machine.program("giant"), machine.program("gone")
    os.mkfifo(fifo)
    os.truncate(giant, machine.settings.hashing.max_file_size + 1)
    records = [machine.runs(each) for each in (fifo, giant, gone, machine.program("fine"))]
    gone.unlink()
    statuses = [HashStatus.NOT_REGULAR, HashStatus.TOO_LARGE, HashStatus.GONE, HashStatus.HASHED]
    assert machine.statuses(*records) == statuses


@pytest.mark.parametrize(
    ("unread", "status", "degraded"),
    [
        (("executable_file", "permission"), HashStatus.PERMISSION, True),
        (("executable_path", "timeout"), HashStatus.TIMEOUT, True),
        (("executable_file", "gone"), HashStatus.GONE, False),
        (("executable_file", "io"), HashStatus.UNSPECIFIED, True),
        (("cwd", "permission"), HashStatus.GONE, False),
    ],
)
def test_a_file_that_was_not_even_found_says_why(
    machine: Machine, unread: tuple[str, str], status: HashStatus, degraded: bool
) -> None:
    """The reason of the look is the reason of the missing digest; who has ended runs nothing."""
    (record,) = hashed([ProcessRecord(pid=1, unread=(unread,))], machine.settings)
    assert (record.hash_status, record.ssdeep_degraded) == (status, degraded)


def test_kernel_threads_are_left_as_they_are(machine: Machine) -> None:
    """They run no file, and nobody misses their digest."""
    thread = ProcessRecord(pid=2, kernel_thread=True)
    assert hashed([thread], machine.settings) == [thread]
    assert counted(Coverage(seen=1), [thread]) == Coverage(seen=1, hashed=0)


def test_ssdeep_switched_off_is_not_degraded(machine: Machine) -> None:
    """Who wants none lacks none."""
    machine.settings = replace(machine.settings, hashing=Hashing(ssdeep=False))
    (record,) = hashed([machine.runs(machine.program("a"))], machine.settings)
    assert record.executable_hash
    assert (record.ssdeep_hash, record.ssdeep_degraded) == (None, False)


def test_ssdeep_that_failed_is_degraded(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file whose ssdeep was due and could not be had says so, and keeps its SHA-256."""

    def without(descriptor: int, **how: object) -> HashOutcome:
        outcome = hash_descriptor(descriptor, **how)  # type: ignore[arg-type]
        assert outcome.digests
        digests = Digests(size=1, sha256=outcome.digests.sha256, no_ssdeep="too large for this engine")
        return replace(outcome, digests=digests)

    monkeypatch.setattr(executables, "hash_descriptor", without)
    (record,) = hashed([machine.runs(machine.program("a"))], machine.settings)
    assert (record.hash_status, record.ssdeep_degraded) == (HashStatus.HASHED, True)


def test_a_file_that_never_answers_costs_its_time_and_not_the_scan(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dead mount is a timeout for what lies on it; everything else is hashed."""
    hanging, fine = machine.runs(machine.program("hangs")), machine.runs(machine.program("fine"))
    never = threading.Event()
    ours = hanging.executable_file
    assert ours

    def reading(descriptor: int, **how: object) -> HashOutcome:
        if os.fstat(descriptor).st_ino == ours.ino:
            never.wait(20)
        return hash_descriptor(descriptor, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(executables, "hash_descriptor", reading)
    monkeypatch.setattr(executables, "_GRACE_S", 0.0)
    machine.settings = replace(machine.settings, hashing=Hashing(file_timeout=0.1))
    try:
        assert machine.statuses(hanging, fine) == [HashStatus.TIMEOUT, HashStatus.HASHED]
    finally:
        never.set()


def test_the_coverage_counts_processes_by_reason() -> None:
    """As many as there are: those with a digest and those without make all that run a file."""
    statuses = [HashStatus.HASHED, HashStatus.HASHED, HashStatus.GONE, HashStatus.PERMISSION, HashStatus.GONE]
    records = [ProcessRecord(hash_status=each) for each in statuses]
    coverage = counted(Coverage(seen=5), records)
    assert (coverage.hashed, coverage.not_hashed_by_reason) == (2, (("gone", 2), ("permission", 1)))


def test_an_interruption_says_how_far_it_came(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C ends it in one line."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Rounds, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        hashed([machine.runs(machine.program("a"))], machine.settings)
    assert capsys.readouterr().err == "daemoneye: interrupted: 0 of 1 executables were hashed\n"


def test_elsewhere_than_on_linux_it_is_refused(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """No other system leads from a process to the very file that it runs."""
    monkeypatch.setattr("sys.platform", "darwin")
    with pytest.raises(UsageError, match="Linux"):
        hashed([], machine.settings)
