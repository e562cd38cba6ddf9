from __future__ import annotations

import errno
import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from daemoneye.outputs.formats import LONGEST_LINE
from daemoneye.outputs.jsonl import JsonLines, Opened
from daemoneye.outputs.trouble import Failed, Trouble, Written
from tests.fakes.flaky_disk import FlakyDisk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = "alerts.jsonl"


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[int]:
    descriptor = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    yield descriptor
    os.close(descriptor)


@contextmanager
def writer(directory: int, *, max_size: int = 4096, max_files: int = 5) -> Iterator[JsonLines]:
    lines = JsonLines(directory, NAME, max_size=max_size, max_files=max_files)
    try:
        yield lines
    finally:
        lines.close()


def record(number: int, size: int = 0) -> bytes:
    return b'{"sequence":%d,"x":"%s"}' % (number, b"x" * size)


def everything(path: Path) -> bytes:
    """All files, the oldest first."""
    return b"".join(
        (path / f"{NAME}{end}").read_bytes() for end in (".4", ".3", ".2", ".1", "") if (path / f"{NAME}{end}").exists()
    )


def test_lines_are_appended(directory: int, tmp_path: Path) -> None:
    """What was there stays, and what comes is one line each."""
    (tmp_path / NAME).write_bytes(record(1) + b"\n")
    with writer(directory) as lines:
        assert lines.open() == Opened(last=record(1))
        assert lines.write([record(2), record(3)]) == Written(lines=2)
    assert (tmp_path / NAME).read_bytes() == b"\n".join([record(1), record(2), record(3), b""])


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_the_mode_does_not_depend_on_the_umask(directory: int, tmp_path: Path, umask: int) -> None:
    """The group may read alerts and others may not, however the agent was started."""
    before = os.umask(umask)
    try:
        with writer(directory) as lines:
            lines.open()
    finally:
        os.umask(before)
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o640


def test_an_operators_mode_stays(directory: int, tmp_path: Path) -> None:
    """A file whose mode somebody has chosen keeps it."""
    (tmp_path / NAME).touch(0o600)
    with writer(directory) as lines:
        lines.open()
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600


def test_half_a_line_is_cut(directory: int, tmp_path: Path) -> None:
    """A line that a crash left unfinished is removed and reported; those before it stay."""
    (tmp_path / NAME).write_bytes(record(1) + b"\n" + record(2)[:9])
    with writer(directory) as lines:
        assert lines.open() == Opened(last=record(1), cut=9)
        lines.write([record(2)])
    assert (tmp_path / NAME).read_bytes() == record(1) + b"\n" + record(2) + b"\n"


def test_a_line_that_lacks_its_end_is_completed(directory: int, tmp_path: Path) -> None:
    """A record that is whole but for its line feed is kept."""
    (tmp_path / NAME).write_bytes(record(1) + b"\n" + record(2))
    with writer(directory) as lines:
        assert lines.open() == Opened(last=record(2), completed=True)
    assert (tmp_path / NAME).read_bytes() == record(1) + b"\n" + record(2) + b"\n"


@pytest.mark.parametrize("zeros", [7, 2 * LONGEST_LINE + 5, 5 * LONGEST_LINE])
def test_zeros_of_a_power_cut_are_cut(directory: int, tmp_path: Path, zeros: int) -> None:
    """However many zeros a power cut left, every line in the file is a record again."""
    (tmp_path / NAME).write_bytes(record(1) + b"\n" + record(2)[:5])
    os.truncate(tmp_path / NAME, len(record(1)) + 6 + zeros)
    with writer(directory) as lines:
        assert lines.open() == Opened(last=record(1), cut=zeros + 5)
    assert (tmp_path / NAME).read_bytes() == record(1) + b"\n"


@pytest.mark.parametrize(
    "content", [b"not ours", b"SQLite format 3\0\1\2", b"x" * (2 * LONGEST_LINE + 9), b"{" * (3 * LONGEST_LINE)]
)
def test_a_file_of_something_else_is_not_touched(directory: int, tmp_path: Path, content: bytes) -> None:
    """A path that leads to another program's file by mistake costs that program nothing."""
    (tmp_path / NAME).write_bytes(content)
    with writer(directory) as lines:
        outcome = lines.open()
        assert isinstance(outcome, Failed)
        assert outcome.trouble is Trouble.NOT_A_FILE
        assert lines.write([record(1)]) == outcome
    assert (tmp_path / NAME).read_bytes() == content


def test_foreign_lines_stay(directory: int, tmp_path: Path) -> None:
    """What somebody appended as a line of its own is not ours to remove, and does not hide the last record."""
    (tmp_path / NAME).write_bytes(record(1) + b"\n# rotated by hand\n")
    with writer(directory) as lines:
        assert lines.open() == Opened(last=record(1))
    assert (tmp_path / NAME).read_bytes().endswith(b"# rotated by hand\n")


def test_rotation_keeps_so_many_files_of_so_much(directory: int, tmp_path: Path) -> None:
    """No file grows beyond its limit, there are never more than wanted, and no line is cut by the change."""
    with writer(directory, max_size=100, max_files=3) as lines:
        lines.open()
        assert lines.write([record(number, 20) for number in range(10)]) == Written(lines=10)
    assert sorted(path.name for path in tmp_path.iterdir()) == [NAME, f"{NAME}.1", f"{NAME}.2"]
    assert all(path.stat().st_size <= 100 for path in tmp_path.iterdir())
    assert everything(tmp_path).split(b"\n")[:-1] == [record(number, 20) for number in range(4, 10)]


def test_a_single_file_starts_over(directory: int, tmp_path: Path) -> None:
    """With one file wanted, a full one is replaced."""
    with writer(directory, max_size=100, max_files=1) as lines:
        lines.open()
        for number in range(4):
            assert lines.write([record(number, 60)]) == Written(lines=1)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [record(3, 60) + b"\n"]


def test_fewer_files_are_wanted_now(directory: int, tmp_path: Path) -> None:
    """After max_files was lowered, those beyond it go at the next change of files; other names stay."""
    for number in (1, 2, 3, 7):
        (tmp_path / f"{NAME}.{number}").write_bytes(b"%d\n" % number)
    (tmp_path / f"{NAME}.2.gz").touch()
    with writer(directory, max_size=50, max_files=3) as lines:
        lines.write([record(1, 20), record(2, 20)])
    assert {path.name for path in tmp_path.iterdir()} == {NAME, f"{NAME}.1", f"{NAME}.2", f"{NAME}.2.gz"}
    assert (tmp_path / f"{NAME}.2").read_bytes() == b"1\n"


def test_a_rotation_that_was_cut_short_loses_nothing_more(directory: int, tmp_path: Path) -> None:
    """A gap that a crash left among the numbers is filled before anything is given up."""
    for number in (1, 3, 4):
        (tmp_path / f"{NAME}.{number}").write_bytes(b"%d\n" % number)
    with writer(directory, max_size=50) as lines:
        lines.write([record(1, 20), record(2, 20)])
    assert [(tmp_path / f"{NAME}.{number}").read_bytes() for number in (2, 3, 4)] == [b"1\n", b"3\n", b"4\n"]


def test_the_last_record_is_found_after_a_rotation(directory: int, tmp_path: Path) -> None:
    """Who starts with an empty file is told the last line of the one before."""
    (tmp_path / NAME).touch()
    (tmp_path / f"{NAME}.1").write_bytes(record(6) + b"\n" + record(7) + b"\n")
    with writer(directory) as lines:
        assert lines.open() == Opened(last=record(7))


def test_a_line_longer_than_any_file_is_refused(directory: int, tmp_path: Path) -> None:
    """A line that cannot be written is named; those before it are written, and none of it is."""
    with writer(directory, max_size=100) as lines:
        lines.open()
        outcome = lines.write([record(1), record(2, 200), record(3)])
        assert outcome == Failed(trouble=Trouble.TOO_LONG, detail=f"a line of {len(record(2, 200))} bytes", lines=1)
    assert everything(tmp_path) == record(1) + b"\n"


def test_moved_away_and_reopened(directory: int, tmp_path: Path) -> None:
    """After a log rotator moved the file and sent SIGUSR1, new lines are in a new file."""
    with writer(directory) as lines:
        lines.write([record(1)])
        (tmp_path / NAME).rename(tmp_path / "elsewhere")
        assert lines.open() == Opened(last=None)
        lines.write([record(2)])
    assert (tmp_path / "elsewhere").read_bytes() == record(1) + b"\n"
    assert (tmp_path / NAME).read_bytes() == record(2) + b"\n"


@pytest.mark.parametrize("deed", ["delete", "move", "truncate", "append"])
def test_what_happens_to_the_file_is_noticed(directory: int, tmp_path: Path, deed: str) -> None:
    """A file that was deleted, moved, truncated or written to without a word still gets every line whole."""
    path = tmp_path / NAME
    with writer(directory) as lines:
        lines.write([record(1)])
        match deed:
            case "delete":
                path.unlink()
            case "move":
                path.rename(tmp_path / "elsewhere")
            case "truncate":
                os.truncate(path, 0)
            case "append":
                path.write_bytes(record(1) + b"\n" + b'{"half')
        assert lines.write([record(2)]) == Written(lines=1)
    assert path.read_bytes() == (record(1) + b"\n" if deed == "append" else b"") + record(2) + b"\n"


@pytest.mark.parametrize("room", range(0, 66, 6))
@pytest.mark.parametrize("truncates", [True, False])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_full_disk_leaves_no_trace(
    directory: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int, truncates: bool, number: int
) -> None:
    """Whatever a disk took before it was full, lines given again later are there once and whole."""
    batch = [record(2), record(3), record(4)]
    with writer(directory) as lines:
        lines.write([record(1)])
        disk = FlakyDisk(room=room, number=number, truncates=truncates).install(monkeypatch)
        outcome = lines.write(batch)
        assert isinstance(outcome, Failed)
        assert (outcome.trouble, outcome.lines) == (
            Trouble.DISK_FULL if number == errno.ENOSPC else Trouble.IO_ERROR,
            0,
        )
        if truncates:
            assert (tmp_path / NAME).read_bytes() == record(1) + b"\n"
        assert isinstance(lines.write(batch), Failed)
        disk.mend()
        assert lines.write(batch) == Written(lines=3)
    assert (tmp_path / NAME).read_bytes() == b"".join(each + b"\n" for each in [record(1), *batch])


def test_a_disk_that_fills_up_between_two_files(
    directory: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a batch that went into two files, what is in the first counts."""
    batch = [record(number, 20) for number in range(4)]
    with writer(directory, max_size=2 * len(batch[0]) + 2) as lines:
        lines.open()
        disk = FlakyDisk(room=2 * len(batch[0]) + 9).install(monkeypatch)
        outcome = lines.write(batch)
        assert isinstance(outcome, Failed)
        assert outcome.lines == 2
        disk.mend()
        assert lines.write(batch[outcome.lines :]) == Written(lines=2)
    assert everything(tmp_path) == b"".join(each + b"\n" for each in batch)


def test_a_disk_that_takes_little_at_a_time(directory: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that takes only part of what it was given is continued."""
    FlakyDisk(piece=5).install(monkeypatch)
    with writer(directory) as lines:
        assert lines.write([record(1), record(2)]) == Written(lines=2)
    assert (tmp_path / NAME).read_bytes() == record(1) + b"\n" + record(2) + b"\n"


def test_a_full_disk_cannot_glue_lines_together(
    directory: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line whose end is missing gets it before anything else is written, even if the disk is full at first."""
    (tmp_path / NAME).write_bytes(record(1))
    with writer(directory) as lines:
        disk = FlakyDisk(room=0).install(monkeypatch)
        assert isinstance(lines.open(), Failed)
        assert isinstance(lines.write([record(2)]), Failed)
        disk.mend()
        assert lines.write([record(2)]) == Written(lines=1)
    assert (tmp_path / NAME).read_bytes() == record(1) + b"\n" + record(2) + b"\n"


@pytest.mark.parametrize("kind", ["symlink", "dangling", "directory", "pipe"])
def test_only_files_are_written(directory: int, tmp_path: Path, kind: str) -> None:
    """A symbolic link is not followed, and a directory or a pipe is no place for alerts; none of them blocks."""
    path, target = tmp_path / NAME, tmp_path / "target"
    match kind:
        case "symlink":
            target.touch()
            path.symlink_to(target)
        case "dangling":
            path.symlink_to(target)
        case "directory":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
    with writer(directory) as lines:
        outcome = lines.write([record(1)])
        assert isinstance(outcome, Failed)
        assert outcome.trouble is Trouble.NOT_A_FILE
    assert not target.exists() or not target.read_bytes()


def test_two_writers(directory: int, tmp_path: Path) -> None:
    """A second agent with the same file is told so, and writes nothing between the lines of the first."""
    other = os.open(tmp_path / NAME, os.O_CREAT | os.O_RDWR)
    fcntl.flock(other, fcntl.LOCK_EX)
    with writer(directory) as lines:
        outcome = lines.open()
        assert isinstance(outcome, Failed)
        assert outcome.trouble is Trouble.IN_USE
        os.close(other)
        assert lines.write([record(1)]) == Written(lines=1)


def test_sync_says_what_the_disk_says(directory: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that the disk reports late is heard."""
    with writer(directory) as lines:
        assert lines.sync() == Written(lines=0)
        lines.write([record(1)])
        assert lines.sync() == Written(lines=0)

        def broken(_: int) -> None:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

        monkeypatch.setattr(os, "fdatasync", broken)
        assert lines.sync() == Failed(trouble=Trouble.IO_ERROR, detail="Input/output error")


def test_nothing_to_write(directory: int, tmp_path: Path) -> None:
    """An empty batch is written at once, and makes the file all the same."""
    with writer(directory) as lines:
        assert lines.write([]) == Written(lines=0)
    assert (tmp_path / NAME).read_bytes() == b""


def test_a_directory_that_is_gone(tmp_path: Path) -> None:
    """A directory that was deleted is a failure that passes when it is back."""
    gone = tmp_path / "log"
    gone.mkdir()
    descriptor = os.open(gone, os.O_RDONLY)
    gone.rmdir()
    with writer(descriptor) as lines:
        outcome = lines.write([record(1)])
    os.close(descriptor)
    assert isinstance(outcome, Failed)
    assert outcome.trouble is Trouble.UNAVAILABLE
