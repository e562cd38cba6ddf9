"""A hashing process over its real socket: what it makes of files, and of what it is told."""

from __future__ import annotations

import hashlib
import os
import select
import signal
import socket
from array import array
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from daemoneye.hashing.packets import (
    LONGEST,
    Alive,
    Asks,
    LastWords,
    More,
    Order,
    Ping,
    Report,
    Task,
    Word,
    decode_word,
    encode,
)
from daemoneye.host import hasher
from daemoneye.host.offspring import Offspring, spawn
from daemoneye.model.process import HashStatus

if TYPE_CHECKING:
    from collections.abc import Iterator

# Another test may have left a thread behind, of which Python warns when it forks.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
LONG_S = 20.0
W = TypeVar("W")
PIECE = 256 * 1024


class Parent:
    def __init__(self, child: Offspring) -> None:
        self.child = child

    def say(self, order: Order, *descriptors: int) -> None:
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array("i", descriptors))] if descriptors else []
        self.child.connection.sendmsg([encode(order)], rights)

    def word(self, kind: type[W]) -> W:
        word: Word = decode_word(self.child.connection.recv(LONGEST))
        assert isinstance(word, kind)
        return word

    def task(self, path: Path, **changes: Any) -> None:
        given = Task(
            job=7, granted=1 << 40, piece=PIECE, max_size=1 << 40, timeout_s=LONG_S, want_ssdeep=True, want_md5=True
        )
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self.say(given._replace(**changes), descriptor)
        os.close(descriptor)

    def report(self, path: Path, **changes: Any) -> Report:
        self.task(path, **changes)
        return self.word(Report)

    @property
    def open_there(self) -> int:
        return len(list(Path(f"/proc/{self.child.pid}/fd").iterdir()))

    def end(self) -> int:
        assert select.select([self.child.pidfd], [], [], LONG_S)[0]
        status = self.child.reap()
        assert status is not None
        return os.waitstatus_to_exitcode(status)


@pytest.fixture
def parent() -> Iterator[Parent]:
    with closing(spawn("hasher_1", hasher.live, hasher.last_words)) as child:
        child.connection.settimeout(LONG_S)
        parent = Parent(child)
        assert parent.word(Alive) == Alive(0)
        yield parent
        child.kill()
        with suppress(ChildProcessError):
            os.waitpid(child.pid, 0)


def made(path: Path, content: bytes = b"content" * 1000) -> Path:
    path.write_bytes(content)
    return path


def test_a_file_is_read_once_and_has_three_digests(parent: Parent, tmp_path: Path) -> None:
    """With the identity that it had, and the bytes that it cost; nothing stays open."""
    path = made(tmp_path / "file")
    before = parent.open_there
    report = parent.report(path)
    content = path.read_bytes()
    assert (report.job, report.status, report.bytes_read) == (7, HashStatus.HASHED, len(content))
    assert report.known
    assert report.known.content.sha256 == hashlib.sha256(content).hexdigest()
    assert report.known.md5 == hashlib.md5(content, usedforsecurity=False).hexdigest()
    assert report.known.content.ssdeep
    assert report.file
    assert report.file.ino == path.stat().st_ino
    assert parent.open_there == before


def test_only_the_digests_that_are_wanted_are_made(parent: Parent, tmp_path: Path) -> None:
    """SHA-256 always."""
    report = parent.report(made(tmp_path / "file"), want_ssdeep=False, want_md5=False)
    assert report.known
    assert (report.known.content.ssdeep, report.known.no_ssdeep, report.known.md5) == (None, "", None)


def test_an_empty_and_a_deleted_file_are_files(parent: Parent, tmp_path: Path) -> None:
    """A program that was unlinked is still what runs."""
    assert parent.report(made(tmp_path / "empty", b"")).status is HashStatus.HASHED
    path = made(tmp_path / "deleted")
    with path.open("rb") as file:
        path.unlink()
        report = parent.report(Path(f"/proc/self/fd/{file.fileno()}"))
    assert report.status is HashStatus.HASHED


def test_what_is_no_file_is_told_by_its_kind(parent: Parent, tmp_path: Path) -> None:
    """A FIFO does not hold it up, and a device is not read."""
    os.mkfifo(tmp_path / "fifo")
    for path, reason in (
        (tmp_path / "fifo", "a FIFO"),
        (Path("/dev/null"), "a character device"),
        (tmp_path, "a directory"),
    ):
        assert parent.report(path)[1:4] == (HashStatus.NOT_REGULAR, 0, reason)


def test_a_file_that_grows_while_it_is_read_has_no_digest(parent: Parent, tmp_path: Path) -> None:
    """It would be that of no content it ever had."""
    path = made(tmp_path / "file", b"x" * (3 * PIECE))
    parent.task(path, granted=PIECE)
    assert parent.word(Asks) == Asks(7, 0)
    with path.open("ab") as file:
        file.write(b"more")
    parent.say(More(7, 2 * PIECE))
    assert parent.word(Report).status is HashStatus.CHANGED_WHILE_READ


def test_it_reads_no_more_than_was_granted(parent: Parent, tmp_path: Path) -> None:
    """It asks, handing in what is left, and waits; with nothing it ends."""
    path = made(tmp_path / "file", b"x" * (4 * PIECE))
    parent.task(path, granted=PIECE + 1)
    assert parent.word(Asks) == Asks(7, 1)
    parent.say(More(7, PIECE))
    assert parent.word(Asks) == Asks(7, 0)
    parent.say(More(7, 0))
    report = parent.word(Report)
    assert (report.status, report.bytes_read) == (HashStatus.BUDGET, 2 * PIECE)


def test_limits_hold(parent: Parent, tmp_path: Path) -> None:
    """Of size and time, by what the file is and not by what was thought."""
    path = made(tmp_path / "file", b"x" * (4 * PIECE))
    assert parent.report(path, max_size=PIECE).status is HashStatus.TOO_LARGE
    assert parent.report(path, timeout_s=0.0).status is HashStatus.TIMEOUT


def test_it_answers_when_it_is_asked_whether_it_is_there(parent: Parent, tmp_path: Path) -> None:
    """Between two files, and while it waits for bytes."""
    parent.say(Ping(5))
    assert parent.word(Alive) == Alive(5)
    parent.task(made(tmp_path / "file", b"x" * (2 * PIECE)), granted=PIECE)
    parent.word(Asks)
    parent.say(Ping(6))
    assert parent.word(Alive) == Alive(6)
    parent.say(More(7, PIECE))
    assert parent.word(Report).status is HashStatus.HASHED


def test_a_task_without_its_file_is_told(parent: Parent) -> None:
    """The kernel may have had no room for another descriptor."""
    parent.say(Task(1, 1, 1, 1, 1.0, True, True))
    assert parent.word(Report)[:4] == (1, HashStatus.UNSPECIFIED, 0, "its descriptor did not arrive")


def test_without_a_parent_it_ends(parent: Parent) -> None:
    """Let go, it leaves without a word."""
    parent.child.connection.shutdown(socket.SHUT_WR)
    assert parent.end() == 0


def test_what_cannot_be_is_its_end(parent: Parent, tmp_path: Path) -> None:
    """Its parent makes no mistakes; if it does, that is not worked around."""
    parent.task(made(tmp_path / "file", b"x" * (2 * PIECE)), granted=PIECE)
    parent.word(Asks)
    parent.say(More(8, PIECE))
    assert parent.word(LastWords).text == "ValueError: More: expected More of job 7"
    assert parent.end() == 70


def test_signals_that_are_for_main_do_not_end_it(parent: Parent) -> None:
    """Whoever signals the whole tree means main, which tells the others."""
    os.kill(parent.child.pid, signal.SIGTERM)
    os.kill(parent.child.pid, signal.SIGINT)
    parent.say(Ping(1))
    assert parent.word(Alive) == Alive(1)
