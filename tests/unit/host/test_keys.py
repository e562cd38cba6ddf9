"""The key file of a host: made once, in full, and refused when anybody else could know it."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from daemoneye.errors import CannotCreateError, ConfigError, IOFailedError, NoPermissionError
from daemoneye.host.keys import KEY_BYTES, read_or_create_key

if TYPE_CHECKING:
    from pathlib import Path


def test_a_key_is_made_once_and_read_ever_after(tmp_path: Path) -> None:
    """Tags stay comparable across restarts."""
    path = tmp_path / "redact.key"
    key = read_or_create_key(path)
    assert len(key) == KEY_BYTES
    assert read_or_create_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o400
    assert [entry.name for entry in tmp_path.iterdir()] == ["redact.key"]


def test_two_hosts_have_two_keys(tmp_path: Path) -> None:
    """A tag cannot be compared with another host's."""
    assert read_or_create_key(tmp_path / "a") != read_or_create_key(tmp_path / "b")


def test_many_starters_agree_on_one_key(tmp_path: Path) -> None:
    """Starting twice at once neither fails nor makes two keys."""
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(read_or_create_key, [tmp_path / "redact.key"] * 32))
    assert len(found) == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["redact.key"]


def test_the_key_of_whoever_was_first_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that appears while ours is being written wins."""
    path = tmp_path / "redact.key"
    link = os.link

    def lose(draft: Path, place: Path) -> None:
        place.write_bytes(b"k" * KEY_BYTES)
        place.chmod(0o400)
        link(draft, place)

    monkeypatch.setattr(os, "link", lose)
    assert read_or_create_key(path) == b"k" * KEY_BYTES


@pytest.mark.parametrize("mode", [0o440, 0o404, 0o420, 0o644])
def test_a_key_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    """A key somebody may have read is no key."""
    path = tmp_path / "redact.key"
    path.write_bytes(b"k" * KEY_BYTES)
    path.chmod(mode)
    with pytest.raises(ConfigError, match=f"mode {mode:04o} lets others at it: a file of 32 bytes"):
        read_or_create_key(path)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_key_of_the_wrong_size_is_refused(tmp_path: Path, size: int) -> None:
    """Half a key is not stretched, and a long one not cut."""
    path = tmp_path / "redact.key"
    path.write_bytes(b"k" * size)
    path.chmod(0o400)
    with pytest.raises(ConfigError, match=f"{size} bytes"):
        read_or_create_key(path)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """Nobody can make the host use a key they know."""
    target = tmp_path / "known"
    target.write_bytes(b"k" * KEY_BYTES)
    target.chmod(0o400)
    path = tmp_path / "redact.key"
    path.symlink_to(target)
    with pytest.raises(ConfigError, match="a symbolic link"):
        read_or_create_key(path)


def test_a_dangling_link_is_not_filled(tmp_path: Path) -> None:
    """Nobody can make the host write its key where they like."""
    path = tmp_path / "redact.key"
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="a symbolic link"):
        read_or_create_key(path)
    assert not (tmp_path / "elsewhere").exists()


def test_a_pipe_or_a_directory_is_refused_at_once(tmp_path: Path) -> None:
    """A pipe without a writer does not hold the start."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)
    with pytest.raises(ConfigError, match="not a regular file"):
        read_or_create_key(pipe)
    with pytest.raises(ConfigError, match="not a regular file"):
        read_or_create_key(tmp_path)


def test_a_key_of_another_account_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that another user put there is known to them."""
    path = tmp_path / "redact.key"
    key = read_or_create_key(path)
    owner = path.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    if owner == 0:
        assert read_or_create_key(path) == key  # root's own key may serve an account that root lets read it
    else:
        with pytest.raises(ConfigError, match=f"owned by uid {owner}"):
            read_or_create_key(path)


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The operator learns which directory to make, in one line."""
    with pytest.raises(CannotCreateError, match=r"no such file or directory: a directory this account may write"):
        read_or_create_key(tmp_path / "missing" / "redact.key")


@pytest.mark.parametrize(
    ("error", "family"),
    [(PermissionError(13, "Permission denied"), NoPermissionError), (OSError(5, "I/O error"), IOFailedError)],
)
def test_a_key_that_cannot_be_read_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, family: type[Exception]
) -> None:
    """What the system refuses reaches the operator as its own words."""

    def refuse(*_: object) -> int:
        raise error

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(family, match=str(error.strerror).lower()):
        read_or_create_key(tmp_path / "redact.key")
