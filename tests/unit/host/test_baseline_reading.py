"""What is trusted can be looked at while it is being written, by whoever may read the file and no one else."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from daemoneye.errors import IOFailedError, NoInputError, NoPermissionError, OperatorError
from daemoneye.host import baseline_reading
from daemoneye.host.baseline_reading import stretch
from daemoneye.host.baseline_store import FILE_NAME
from daemoneye.model.agent import Envelope
from daemoneye.model.trust import BaselineEntry, BaselinesRequest, pages
from daemoneye.wire.codec import encode
from tests.fakes.forked import in_a_child
from tests.fakes.trusting import NOW_MS, Integrity, content, of_package, seen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MIB = 1 << 20
ALL = BaselinesRequest()


@pytest.fixture
def integrity(tmp_path: Path) -> Iterator[Integrity]:
    integrity = Integrity(tmp_path, seen("/b"), of_package("/a"), seen("/a", "container:0f"))
    yield integrity
    integrity.close()


def read(directory: Path, request: BaselinesRequest = ALL, most_bytes: int = MIB) -> list[BaselineEntry]:
    return [each for page in pages(request, lambda r: stretch(directory, r, most_bytes)) for each in page.baselines]


@pytest.mark.usefixtures("integrity")
def test_everything_is_told_in_one_order(tmp_path: Path) -> None:
    """Two exports of the same can be compared line by line."""
    found = read(tmp_path)
    assert [(each.namespace, each.path) for each in found] == [("", "/a"), ("", "/b"), ("container:0f", "/a")]
    assert found[0] == BaselineEntry(
        path="/a",
        sha256=content("/a").sha256,
        ssdeep=content("/a").ssdeep,
        last_sha256=content("/a").sha256,
        last_ssdeep=content("/a").ssdeep,
        source="package",
        since_ms=NOW_MS + 60_000,
        first_seen_ms=NOW_MS,
        last_seen_ms=NOW_MS + 60_000,
        ownership="matches",
        package="coreutils",
        version="9.1-1",
    )


@pytest.mark.usefixtures("integrity")
def test_one_path_is_found_in_every_namespace(tmp_path: Path) -> None:
    """A path alone does not say whose it is."""
    assert [each.namespace for each in read(tmp_path, BaselinesRequest(path="/a"))] == ["", "container:0f"]
    assert read(tmp_path, BaselinesRequest(path="/nothing")) == []


def test_pages_are_bounded_and_nothing_is_between_them(tmp_path: Path) -> None:
    """In bytes, so that each fits a frame, and in number."""
    paths = [f"/{number:04}" + "ä" * 500 for number in range(baseline_reading._MOST + 7)]
    with closing(Integrity(tmp_path, *map(seen, paths))):
        sizes = []

        def ask(request: BaselinesRequest) -> object:
            answer = stretch(tmp_path, request, 60_000)
            sizes.append(len(encode(Envelope.around(answer, 2**64 - 1))))
            return answer

        found = [each.path for page in pages(ALL, ask) for each in page.baselines]  # type: ignore[arg-type]
        assert found == sorted(paths)
        assert max(sizes) < 60_000
        assert len(stretch(tmp_path, ALL, 64 * MIB).baselines) == baseline_reading._MOST
        assert not stretch(tmp_path, ALL, 64 * MIB).last


def test_more_than_a_frame_is_still_told(integrity: Integrity, tmp_path: Path) -> None:
    """One at a time, and whoever sends it sees whether it fits."""
    integrity.know(seen("/" + "x" * 5000))
    assert len(read(tmp_path, most_bytes=1000)) == 4


def test_what_is_committed_between_two_looks_is_seen(integrity: Integrity, tmp_path: Path) -> None:
    """The writer is not held up, and a look holds nothing."""
    assert not read(tmp_path, BaselinesRequest(path="/b"))[0].open
    for number in range(50):
        integrity.know(seen(f"/new/{number}"))
        assert len(read(tmp_path)) == 4 + number


def test_a_look_in_the_middle_of_a_commit_waits_for_it(integrity: Integrity, tmp_path: Path) -> None:
    """Half of a change is never shown; a writer that does not come to its end is told as that."""
    writer = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)
    with closing(writer):
        writer.execute("BEGIN EXCLUSIVE")
        writer.execute("DELETE FROM baselines")
        with pytest.raises(IOFailedError, match=r"database is locked: .*nobody at work on it: try again"):
            read(tmp_path)
        writer.execute("ROLLBACK")
    assert len(read(tmp_path)) == 3
    integrity.know(seen("/new"))


def test_what_a_killed_writer_left_is_not_taken_for_the_truth(integrity: Integrity, tmp_path: Path) -> None:
    """Who may only read cannot put it right, and says so; who writes does, and then it is shown."""
    integrity.close()
    connection = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)
    connection.execute("PRAGMA cache_size = 1")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("UPDATE baselines SET source = 'operator'")
    connection.executemany(
        "INSERT INTO windows VALUES (?, 'x', NULL, 0)", ((number.to_bytes(400, "little"),) for number in range(500))
    )
    cut = tmp_path / "cut"
    cut.mkdir(mode=0o755)
    for name in (FILE_NAME, f"{FILE_NAME}-journal"):
        shutil.copyfile(tmp_path / name, cut / name)
    connection.close()
    for each in (tmp_path, *tmp_path.parents[:3]):
        each.chmod(each.stat().st_mode | 0o711)
    if os.geteuid() == 0:
        said = in_a_child(lambda: said_to_nobody(cut))
        assert said.startswith(f"{cut / FILE_NAME}: ")
        assert said.endswith("nobody at work on it: try again")
    with closing(Integrity(cut)):
        assert {each.source for each in read(cut)} == {"seeded", "package"}


def said_to_nobody(directory: Path) -> str:
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
    try:
        read(directory)
    except OperatorError as error:
        return str(error)
    return "nothing"


def test_where_there_is_none_it_is_said(tmp_path: Path) -> None:
    """Not the same as nothing trusted."""
    with pytest.raises(NoInputError, match=r"baselines.db: no such file: what an agent has seen"):
        read(tmp_path)
    file = tmp_path / "file"
    file.write_bytes(b"")
    with pytest.raises(IOFailedError, match="not a directory"):
        read(file)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to become somebody else")
def test_who_may_not_read_it_is_told_so(integrity: Integrity, tmp_path: Path) -> None:
    """By the file's mode, or by that of a directory above it."""
    integrity.close()
    for each in (tmp_path, *tmp_path.parents[:3]):
        each.chmod(each.stat().st_mode | 0o711)
    assert in_a_child(lambda: said_to_nobody(tmp_path)).endswith("permission denied: what an agent has seen")
    tmp_path.chmod(0o700)
    assert in_a_child(lambda: said_to_nobody(tmp_path)).endswith("permission denied: what an agent has seen")
    assert issubclass(NoPermissionError, OperatorError)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to become somebody else")
def test_reading_needs_no_right_to_write(integrity: Integrity, tmp_path: Path) -> None:
    """The gateway has none."""
    (tmp_path / FILE_NAME).chmod(0o644)
    for each in (tmp_path, *tmp_path.parents[:3]):
        each.chmod((each.stat().st_mode | 0o711) & ~0o022)
    assert in_a_child(lambda: said_to_nobody(tmp_path)) == "nothing"
    integrity.know(seen("/new"))


@pytest.mark.parametrize(
    "damage",
    [
        b"\xa5" * 9000,
        b"",
        "CREATE TABLE more (x)",
        "UPDATE baselines SET source = 'guessed'",
        "UPDATE baselines SET path = CAST(x'ff' AS TEXT) WHERE path = '/b'",
    ],
)
def test_what_nobody_of_ours_wrote_is_an_error_with_a_name(
    integrity: Integrity, tmp_path: Path, damage: bytes | str
) -> None:
    """And never a wrong answer."""
    integrity.close()
    path = tmp_path / FILE_NAME
    if isinstance(damage, bytes):
        path.write_bytes(damage)
    else:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute(damage)
    with pytest.raises(IOFailedError) as raised:
        read(tmp_path)
    assert str(raised.value).startswith(f"{path}: ")
    assert str(raised.value).endswith(": what an agent has seen, undamaged")
