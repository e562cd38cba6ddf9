from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from daemoneye.outputs import textfile
from daemoneye.outputs.trouble import Failed, Trouble, Written
from tests.fakes.flaky_disk import FlakyDisk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = "daemoneye.prom"


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[int]:
    descriptor = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    yield descriptor
    os.close(descriptor)


def test_a_file_is_replaced(directory: int, tmp_path: Path) -> None:
    """A reader finds the new text under the name, readable for others, and nothing else in the directory."""
    before = os.umask(0o077)
    try:
        assert textfile.replace(directory, NAME, "old 1\n") == Written(lines=1)
        assert textfile.replace(directory, NAME, "new 1\nnew 2\n") == Written(lines=2)
    finally:
        os.umask(before)
    assert [path.name for path in tmp_path.iterdir()] == [NAME]
    assert (tmp_path / NAME).read_text() == "new 1\nnew 2\n"
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o644


def test_who_reads_the_old_one_goes_on_reading_it(directory: int, tmp_path: Path) -> None:
    """A file that is being read does not change under the reader."""
    textfile.replace(directory, NAME, "old\n")
    with (tmp_path / NAME).open() as reader:
        textfile.replace(directory, NAME, "new\n")
        assert reader.read() == "old\n"


@pytest.mark.parametrize("room", [0, 3])
def test_a_full_disk_leaves_the_old_text(
    directory: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    """When there is no room for the new text, the old one stays and nothing is left over."""
    textfile.replace(directory, NAME, "old\n")
    FlakyDisk(room=room).install(monkeypatch)
    assert textfile.replace(directory, NAME, "new and longer\n") == Failed(
        trouble=Trouble.DISK_FULL, detail=os.strerror(errno.ENOSPC)
    )
    assert [path.name for path in tmp_path.iterdir()] == [NAME]
    assert (tmp_path / NAME).read_text() == "old\n"


def test_a_link_in_the_way_is_not_followed(directory: int, tmp_path: Path) -> None:
    """Neither name leads the writer to another file: a link there is replaced, what it leads to is not touched."""
    (tmp_path / "victim").write_text("precious")
    (tmp_path / f".{NAME}.new").symlink_to(tmp_path / "victim")
    (tmp_path / NAME).symlink_to(tmp_path / "victim")
    assert textfile.replace(directory, NAME, "new\n") == Written(lines=1)
    assert (tmp_path / "victim").read_text() == "precious"
    assert not (tmp_path / NAME).is_symlink()


def test_a_directory_in_the_way(directory: int, tmp_path: Path) -> None:
    """A directory under the name is a failure that is said, and stays."""
    (tmp_path / NAME).mkdir()
    outcome = textfile.replace(directory, NAME, "x\n")
    assert isinstance(outcome, Failed)
    assert outcome.trouble is Trouble.NOT_A_FILE
    assert (tmp_path / NAME).is_dir()
