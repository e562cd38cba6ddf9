"""Whether a path still leads to the file that was looked at."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from daemoneye.host.presence import is_there
from daemoneye.host.procfs.image import file_identity

if TYPE_CHECKING:
    from pathlib import Path

    from daemoneye.model.process import FileIdentity


@pytest.fixture
def seen(tmp_path: Path) -> tuple[Path, FileIdentity]:
    path = tmp_path / "file"
    path.write_bytes(b"x")
    return path, file_identity(path.stat())


def test_a_file_that_nobody_touched(seen: tuple[Path, FileIdentity]) -> None:
    """It is there; so it is under another owner, or with another name beside this one."""
    path, file = seen
    assert is_there(str(path), file)
    path.chmod(0o700)
    path.with_name("other").hardlink_to(path)
    assert is_there(str(path), file)


def test_a_file_that_was_written_exchanged_or_removed(seen: tuple[Path, FileIdentity]) -> None:
    """None of these is what was looked at."""
    path, file = seen
    path.write_bytes(b"longer")
    assert not is_there(str(path), file)
    os.replace(path, path.with_name("aside"))  # noqa: PTH105 - as others do
    path.write_bytes(b"x")
    assert not is_there(str(path), file)
    path.unlink()
    assert not is_there(str(path), file)
    assert not is_there("/no\0path", file)


def test_where_nobody_lets_us_look(seen: tuple[Path, FileIdentity], monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is known to have changed."""
    path, file = seen

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(type(path), "stat", refuse)
    assert is_there(str(path), file)
