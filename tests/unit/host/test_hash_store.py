"""What the hashing pool remembers outlives it, and is never worth stopping for."""

from __future__ import annotations

import os
import signal
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from daemoneye.hashing.effects import Journal
from daemoneye.hashing.events import Restored
from daemoneye.hashing.suspects import CAPACITY, Suspect
from daemoneye.hashing.values import Known
from daemoneye.host.hash_store import FILE_NAME, HashStore
from daemoneye.model.alert import Content
from daemoneye.model.process import FileIdentity
from tests.fakes.forked import in_a_child
from tests.fakes.hashing_floor import content, file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOW_MS = 1_700_000_000_000


class Clock:
    now_ms = NOW_MS

    def __call__(self) -> int:
        return self.now_ms


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[HashStore]:
    with closing(HashStore(tmp_path, clock)) as opened:
        assert opened.load() == Restored()
        yield opened


def reloaded(store: HashStore, tmp_path: Path) -> Restored:
    """What the next pool finds after this one was killed: nothing is closed in between."""
    store.close()
    with closing(HashStore(tmp_path, lambda: NOW_MS)) as later:
        found = later.load()
        assert (later.trouble, later.put_aside) == ("", "")
        return found


def test_everything_comes_back(store: HashStore, tmp_path: Path) -> None:
    """Digests in the order in which they were written, suspects, and what was in hand."""
    without = Known(Content(sha256="0" * 64), "too large")
    with_md5 = Known(Content(sha256="1" * 64), md5="a" * 32)
    suspect = Suspect(file=file(4), deaths=2, ends=1, until_s=1_700_086_400)
    store.write(Journal(begun=file(2)))
    store.write(Journal(begun=file(3)))
    store.write(Journal(ended=file(2), keep=(file(2), content(file(2)))))
    store.write(Journal(keep=(file(1), without)))
    store.write(Journal(keep=(file(5), with_md5)))
    store.write(Journal(ended=file(4), suspect=suspect))
    assert reloaded(store, tmp_path) == Restored(
        kept=((file(2), content(file(2))), (file(1), without), (file(5), with_md5)),
        suspects=(suspect,),
        unfinished=(file(3),),
    )


def test_what_is_written_again_is_written_last(store: HashStore, tmp_path: Path) -> None:
    """The order of forgetting is the order of the last writing, and forgetting is for good."""
    for number in (1, 2, 3):
        store.write(Journal(keep=(file(number), content(file(number)))))
    store.write(Journal(keep=(file(1), content(file(1))), forget=file(2)))
    store.write(Journal(begun=file(1)))
    store.write(Journal(begun=file(1)))
    found = reloaded(store, tmp_path)
    assert [each.ino for each, _ in found.kept] == [3, 1]
    assert found.unfinished == (file(1),)


def test_a_cleared_suspect_is_none(store: HashStore, tmp_path: Path) -> None:
    """What is no longer held against a file leaves no trace, and there is room for so many only."""
    for number in range(CAPACITY + 3):
        store.write(Journal(suspect=Suspect(file=file(number), deaths=1)))
    store.write(Journal(suspect=Suspect(file=file(7), deaths=2)))
    store.write(Journal(suspect=Suspect(file=file(8))))
    found = reloaded(store, tmp_path).suspects
    assert len(found) <= CAPACITY
    assert found[-1] == Suspect(file=file(7), deaths=2)
    assert file(8) not in {each.file for each in found}


@pytest.mark.parametrize(
    "odd",
    [
        FileIdentity(dev=1, ino=2**64 - 1, size=0, mtime_ns=-(10**18), ctime_ns=15_032_385_535 * 10**9),
        FileIdentity(dev=2**64 - 1, ino=1, size=2**63 - 1, mtime_ns=2**70, ctime_ns=0),
    ],
)
def test_any_number_of_a_file_system_can_be_written(store: HashStore, tmp_path: Path, odd: FileIdentity) -> None:
    """Inodes of 64 bits and times of the year 2446 are a file like any other."""
    store.write(Journal(keep=(odd, content(odd))))
    assert reloaded(store, tmp_path).kept == ((odd, content(odd)),)


def test_a_kill_loses_nothing_that_was_written(tmp_path: Path) -> None:
    """Whoever is killed in the middle of a file leaves a note of it."""
    pid = os.fork()
    if pid == 0:
        store = HashStore(tmp_path, lambda: NOW_MS)
        store.load()
        store.write(Journal(begun=file(1)))
        store.write(Journal(begun=file(2), keep=(file(3), content(file(3)))))
        os.kill(os.getpid(), signal.SIGKILL)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    with closing(HashStore(tmp_path, lambda: NOW_MS)) as store:
        found = store.load()
        assert (found.unfinished, [each.ino for each, _ in found.kept]) == ((file(1), file(2)), [3])


def test_the_file_is_for_nobody_else(store: HashStore, tmp_path: Path) -> None:
    """Whatever the umask, others may not read it."""
    assert store.trouble == ""
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o777 == 0o640


def write_garbage(path: Path) -> None:
    path.write_bytes(b"no database at all" * 1000)


def cut_in_half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def scribble_over(path: Path) -> None:
    with path.open("r+b") as database:
        database.seek(4096)
        database.write(b"\xff" * 8192)


def execute(statement: str) -> Callable[[Path], None]:
    def run(path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(statement)

    run.__name__ = statement
    return run


DAMAGES = [
    write_garbage,
    cut_in_half,
    scribble_over,
    execute("CREATE TABLE other (a)"),
    execute("DROP TABLE work"),
    execute("CREATE TRIGGER t AFTER INSERT ON work BEGIN DELETE FROM suspects; END"),
    execute("INSERT INTO work VALUES ('not:a:file')"),
    execute("UPDATE digests SET file = '1:2:3:4:five' WHERE number = 1"),
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_store_is_put_aside(
    store: HashStore, tmp_path: Path, clock: Clock, damage: Callable[[Path], None]
) -> None:
    """It is kept for whoever wants to know, said, and a new one begun; files are simply read once more."""
    for number in range(100):
        store.write(Journal(keep=(file(number), content(file(number)))))
    store.close()
    damage(tmp_path / FILE_NAME)
    with closing(HashStore(tmp_path, clock)) as again:
        assert again.load() == Restored()
        assert again.put_aside.startswith(f"{tmp_path / FILE_NAME}.unusable-20231114T221320000: ")
        assert again.trouble == ""
        again.write(Journal(keep=(file(1), content(file(1)))))
        assert reloaded(again, tmp_path).kept == ((file(1), content(file(1))),)


def test_only_the_last_damaged_store_is_kept(tmp_path: Path, clock: Clock) -> None:
    """What is put aside does not fill the disk."""
    for day in range(4):
        clock.now_ms = NOW_MS + day * 86_400_000
        write_garbage(tmp_path / FILE_NAME)
        with closing(HashStore(tmp_path, clock)) as store:
            store.load()
    assert [each.name for each in tmp_path.glob("*unusable*")] == [f"{FILE_NAME}.unusable-20231117T221320000"]


def test_damage_that_shows_later_is_no_end_either(store: HashStore, tmp_path: Path) -> None:
    """A store that turns out to be damaged while it is written is replaced on the spot."""
    assert store._connection
    with store._connection as connection:  # more than what SQLite keeps in memory
        rows = ((f"{number}:0:0:0:0", b"0" * 32, "x" * 100, "") for number in range(10_000))
        connection.executemany("INSERT INTO digests (file, sha256, ssdeep, no_ssdeep) VALUES (?, ?, ?, ?)", rows)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database = tmp_path / FILE_NAME
    with database.open("r+b") as scribbled:
        scribbled.seek(4096)
        scribbled.write(b"\xff" * (database.stat().st_size - 4096))
    for number in range(0, 10_000, 500):
        store.write(Journal(forget=FileIdentity(dev=number)))
    assert store.put_aside
    assert store.trouble == ""
    store.write(Journal(begun=file(1)))
    assert reloaded(store, tmp_path) == Restored(unfinished=(file(1),))


def test_without_a_directory_the_pool_goes_on_from_memory(tmp_path: Path, clock: Clock) -> None:
    """It is said, nothing is raised, and it is tried again after some seconds, not at every file."""
    with closing(HashStore(tmp_path / "later", clock)) as store:
        assert store.load() == Restored()
        assert store.trouble == f"{tmp_path}/later/{FILE_NAME}: not written: no such file or directory"
        (tmp_path / "later").mkdir()
        store.write(Journal(begun=file(1)))
        assert not (tmp_path / "later" / FILE_NAME).exists()
        clock.now_ms += 3_000
        store.write(Journal(begun=file(2)))
        assert store.trouble == ""
        assert reloaded(store, tmp_path / "later").unfinished == (file(2),)


def test_one_that_another_pool_has_open_is_left_alone(store: HashStore, tmp_path: Path, clock: Clock) -> None:
    """Two pools do not write one store: the second says so and goes on from memory."""
    store.write(Journal(begun=file(1)))
    with closing(HashStore(tmp_path, clock)) as second:
        assert second.load() == Restored()
        assert "locked" in second.trouble
        assert second.put_aside == ""


def as_nobody(directory: Path) -> tuple[list[int], str, str]:
    """What somebody who may only read finds, and is told."""
    (directory / FILE_NAME).chmod(0o644)
    for each in (directory, *directory.parents[:2]):
        each.chmod(each.stat().st_mode | 0o055)

    def look() -> tuple[list[int], str, str]:
        os.setresuid(65534, 65534, 65534)
        store = HashStore(directory, lambda: NOW_MS)
        found = store.load()
        store.write(Journal(begun=file(2)))
        return [each.ino for each, _ in found.kept], store.trouble, store.put_aside

    kept, trouble, put_aside = in_a_child(look)
    return kept, trouble, put_aside


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs to become somebody else")
def test_where_nothing_can_be_written_what_is_known_is_still_used(store: HashStore, tmp_path: Path) -> None:
    """A read-only store answers questions; what is learnt from then on is for this pool alone."""
    store.write(Journal(keep=(file(1), content(file(1)))))
    store.close()
    kept, trouble, put_aside = as_nobody(tmp_path)
    assert (kept, put_aside) == ([1], "")
    assert trouble.startswith(f"{tmp_path / FILE_NAME}: not written: ")


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs to become somebody else")
def test_a_log_that_cannot_be_read_is_not_ignored(store: HashStore, tmp_path: Path) -> None:
    """A file whose log is still there is not the last word: rather nothing is known than something old."""
    store.write(Journal(keep=(file(1), content(file(1)))))
    kept, trouble, put_aside = as_nobody(tmp_path)
    assert (kept, put_aside) == ([], "")
    assert "not written" in trouble


def test_a_full_disk_is_waited_out(store: HashStore, tmp_path: Path, clock: Clock) -> None:
    """Writing begins again when there is room; nothing of a transaction that failed is left."""
    assert store._connection
    store._connection.execute("PRAGMA max_page_count = 1")
    for number in range(2000):
        store.write(Journal(begun=file(number), keep=(file(number), content(file(number)))))
        if store.trouble:
            break
    assert "full" in store.trouble
    clock.now_ms += 3_000
    store.write(Journal(begun=file(5000)))
    assert store.trouble == ""
    assert file(5000) in reloaded(store, tmp_path).unfinished
