"""Hashing one file: what is refused, what is noticed, and how it ends."""

from __future__ import annotations

import errno
import hashlib
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import ppdeep
import pytest

from daemoneye.host import filesystems, hashing
from daemoneye.host.hashing import CHUNK, HashOutcome, hash_descriptor, hash_file, open_for_hashing, prepare
from daemoneye.model.process import HashStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CONTENT = bytes(range(251)) * 3000


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "program"
    path.write_bytes(CONTENT)
    written, other = path.stat().st_ctime_ns, tmp_path / "other"
    other.touch()
    while other.stat().st_ctime_ns == written:  # kernels before 6.13 stamp in steps of some milliseconds
        other.touch()
    return path


@pytest.fixture
def descriptor(file: Path) -> Iterator[int]:
    descriptor = os.open(file, os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


def during(act: Callable[[], object]) -> Callable[[int], bool]:
    """Something that happens to the file once, after the first piece was read."""
    left = [act]

    def pace(_: int) -> bool:
        if left:
            left.pop()()
        return True

    return pace


def test_a_file_has_both_digests(file: Path) -> None:
    """What is read is what there is."""
    outcome = hash_file(str(file))
    assert (outcome.status, outcome.reason, outcome.bytes_read) == (HashStatus.HASHED, "", len(CONTENT))
    assert outcome.digests is not None
    assert outcome.digests.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert str(outcome.digests.ssdeep) == ppdeep.hash(CONTENT)


def test_the_outcome_names_the_content_it_is_of(descriptor: int) -> None:
    """A cache can be keyed by what was looked at, not by a path."""
    status = os.fstat(descriptor)
    found = hash_descriptor(descriptor).file
    assert found is not None
    assert (found.dev, found.ino, found.size) == (status.st_dev, status.st_ino, len(CONTENT))
    assert (found.mtime_ns, found.ctime_ns) == (status.st_mtime_ns, status.st_ctime_ns)


def test_where_the_descriptor_stands_does_not_matter(descriptor: int) -> None:
    """A descriptor shared with another process is read from the start, and left where it was."""
    os.lseek(descriptor, 100, os.SEEK_SET)
    outcome = hash_descriptor(descriptor, want_ssdeep=False)
    assert outcome.digests is not None
    assert outcome.digests.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert outcome.digests.ssdeep is None
    assert os.lseek(descriptor, 0, os.SEEK_CUR) == 100


def test_an_empty_file_has_digests(tmp_path: Path) -> None:
    """Nothing is a content too."""
    (tmp_path / "empty").touch()
    outcome = hash_file(os.fsencode(tmp_path / "empty"))
    assert outcome.digests is not None
    assert str(outcome.digests.ssdeep) == "3::"


def refusal(outcome: int | HashOutcome) -> tuple[HashStatus, str]:
    assert isinstance(outcome, HashOutcome)
    assert outcome.digests is None
    return outcome.status, outcome.reason


def test_what_is_no_regular_file_is_refused_without_waiting(tmp_path: Path) -> None:
    """A FIFO does not block and a device is not opened."""
    os.mkfifo(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    expected = {
        "fifo": "a FIFO",
        "socket": "a socket",
        ".": "a directory",
        "/dev/zero": "a character device",
        "loop": "too many levels of symbolic links",
    }
    for name, kind in expected.items():
        assert refusal(hash_file(str(tmp_path / name))) == (HashStatus.NOT_REGULAR, kind)


def test_a_descriptor_of_something_else_is_refused() -> None:
    """Whoever hands over a pipe gets a reason, not a read that waits."""
    reading, writing = os.pipe()
    try:
        assert refusal(hash_descriptor(reading)) == (HashStatus.NOT_REGULAR, "a FIFO")
    finally:
        os.close(reading)
        os.close(writing)


def test_a_symbolic_link_is_followed_only_if_that_is_wanted(file: Path, tmp_path: Path) -> None:
    """Who looks for a program at a path can insist on the path itself."""
    link = tmp_path / "link"
    link.symlink_to(file)
    assert hash_file(str(link)).status is HashStatus.HASHED
    assert refusal(open_for_hashing(str(link), follow_symlinks=False)) == (HashStatus.NOT_REGULAR, "a symbolic link")


def test_opened_descriptors_do_not_leak(file: Path) -> None:
    """However it ends, nothing stays open, and nothing is inherited."""
    before = len(list(Path("/proc/self/fd").iterdir()))
    hash_file(str(file))
    hash_file("/dev/zero")
    hash_file("/nowhere")
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    opened = open_for_hashing(str(file))
    assert isinstance(opened, int)
    assert not os.get_inheritable(opened)
    os.close(opened)


def test_what_is_not_there_is_gone(tmp_path: Path) -> None:
    """A program that was deleted meanwhile is an ordinary outcome."""
    assert refusal(hash_file(str(tmp_path / "none"))) == (HashStatus.GONE, "no such file or directory")
    assert refusal(hash_file(""))[0] is HashStatus.GONE


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (errno.EACCES, HashStatus.PERMISSION),
        (errno.EPERM, HashStatus.PERMISSION),
        (errno.ESTALE, HashStatus.GONE),
        (errno.EIO, HashStatus.UNSPECIFIED),
    ],
)
def test_a_failing_read_is_told_from_the_others(
    descriptor: int, monkeypatch: pytest.MonkeyPatch, code: int, status: HashStatus
) -> None:
    """Each way not to be read has its own name, or at least its reason."""

    def fail(*_: object) -> int:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "preadv", fail)
    assert refusal(hash_descriptor(descriptor)) == (status, os.strerror(code).lower())


def test_a_file_above_the_limit_is_not_read(descriptor: int) -> None:
    """A giant, sparse or not, costs nothing."""
    os.truncate(f"/proc/self/fd/{descriptor}", 1 << 40)
    outcome = hash_descriptor(descriptor, max_size=(1 << 40) - 1)
    assert refusal(outcome) == (HashStatus.TOO_LARGE, "1099511627776 bytes, more than 1099511627775")
    assert outcome.bytes_read == 0
    assert outcome.file is not None


def test_a_file_at_the_limit_is_read(descriptor: int) -> None:
    """The limit is the largest that is allowed."""
    assert hash_descriptor(descriptor, max_size=len(CONTENT)).status is HashStatus.HASHED


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda path: path.write_bytes(CONTENT[::-1]), "written to"),
        (lambda path: path.write_bytes(b"short"), "ended after 262144 bytes"),
        (lambda path: os.truncate(path, len(CONTENT) + 1), "holds more than the 753000 bytes"),
        (lambda path: path.unlink(), "written to, renamed or relinked"),
        (lambda path: path.chmod(0o600), "written to, renamed or relinked"),
    ],
    ids=["rewritten", "truncated", "grown", "unlinked", "changed"],
)
def test_a_file_that_moves_under_the_read_has_no_digest(
    file: Path, descriptor: int, change: Callable[[Path], object], reason: str
) -> None:
    """A digest is always that of one content; where that cannot be sure, there is a reason."""
    status, said = refusal(hash_descriptor(descriptor, pace=during(lambda: change(file))))
    assert status is HashStatus.CHANGED_WHILE_READ
    assert said.startswith(reason)


def test_a_change_that_hides_behind_the_old_times_is_noticed(file: Path, descriptor: int) -> None:
    """Setting the time of modification back does not help: the time of change tells."""
    times = file.stat()

    def swap() -> None:
        file.write_bytes(CONTENT[::-1])
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))

    assert refusal(hash_descriptor(descriptor, pace=during(swap)))[0] is HashStatus.CHANGED_WHILE_READ


def test_a_file_that_claims_to_be_empty_and_is_not_has_no_digest() -> None:
    """The kernel's own files are made up as they are read."""
    assert refusal(hash_file("/proc/version"))[0] is HashStatus.CHANGED_WHILE_READ


def test_a_file_may_take_so_long_and_no_longer(descriptor: int) -> None:
    """A slow disk does not hold up the others."""
    ticks = iter(range(100))
    outcome = hash_descriptor(descriptor, timeout_s=1.5, clock=lambda: next(ticks))
    assert refusal(outcome) == (HashStatus.TIMEOUT, f"out of time after {2 * CHUNK} bytes")
    assert outcome.bytes_read == 2 * CHUNK


def test_waiting_for_the_budget_is_not_the_files_fault(descriptor: int) -> None:
    """A low budget makes hashing slow, not impossible."""
    now = [0.0]

    def wait(_: int) -> bool:
        now[0] += 60
        return True

    assert hash_descriptor(descriptor, timeout_s=1, clock=lambda: now[0], pace=wait).status is HashStatus.HASHED


def test_the_budget_knows_every_byte_and_can_end_the_work(descriptor: int) -> None:
    """What is spent is what was read."""
    read: list[int] = []
    assert hash_descriptor(descriptor, pace=lambda count: not read.append(count)).status is HashStatus.HASHED  # type: ignore[func-returns-value]
    assert sum(read) == len(CONTENT)
    assert max(read) == CHUNK
    outcome = hash_descriptor(descriptor, pace=lambda _: False)
    assert refusal(outcome) == (HashStatus.BUDGET, f"stopped after {CHUNK} bytes")


def test_remote_filesystems_are_left_alone_unless_somebody_insists(
    descriptor: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that is gone does not stop a hasher."""
    monkeypatch.setattr(hashing, "remote", lambda _: "nfs")
    outcome = hash_descriptor(descriptor)
    assert refusal(outcome) == (HashStatus.REMOTE_FILESYSTEM, "on nfs, which another machine or process serves")
    assert hash_descriptor(descriptor, allow_remote=True).status is HashStatus.HASHED


def test_filesystems_are_told_by_the_kernels_number(descriptor: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is local here is not on the list; what the kernel calls by a number on it, is."""
    assert filesystems.remote(descriptor) is None
    process = os.open("/proc/self/stat", os.O_RDONLY)
    monkeypatch.setitem(filesystems.REMOTE, 0x9FA0, "proc")  # PROC_SUPER_MAGIC
    assert filesystems.remote(process) == "proc"
    os.close(process)
    with pytest.raises(OSError, match="Bad file descriptor"):
        filesystems.remote(process)


def test_what_hashing_needs_is_loaded_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """An agent loads it while it may, without the threads of numpy's linear algebra."""
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    assert prepare() == ""
    assert os.environ["OPENBLAS_NUM_THREADS"] == "1"


def test_pieces_are_no_larger_than_asked_for(tmp_path: Path) -> None:
    """A small budget is kept byte by byte: no more is read at a time than the caller can answer for."""
    path = tmp_path / "file"
    path.write_bytes(b"x" * 1000)
    pieces: list[int] = []
    with path.open("rb") as file:
        outcome = hash_descriptor(file.fileno(), piece=300, pace=lambda count: not pieces.append(count))  # type: ignore[func-returns-value]
    assert (outcome.status, pieces) == (HashStatus.HASHED, [300, 300, 300, 100])
