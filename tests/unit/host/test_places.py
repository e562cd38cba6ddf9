"""Directories and sockets: made as they have to be, or refused in a line that says why."""

from __future__ import annotations

import errno
import os
import socket
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from daemoneye.errors import CannotCreateError, IOFailedError, NoPermissionError
from daemoneye.host import places
from daemoneye.host.places import Owner, claim, listen, make_directory, remove
from tests.system.zoo import as_root

if TYPE_CHECKING:
    from collections.abc import Iterator

US = Owner(os.geteuid(), os.getegid())
NOBODY = Owner(65534, 65534)


@pytest.fixture
def open_place() -> Iterator[Path]:
    """That other accounts can reach, which those of pytest are not; and short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="de-") as directory:
        Path(directory).chmod(0o755)
        yield Path(directory)


def mode(path: Path) -> str:
    return stat.filemode(path.stat().st_mode)


def test_a_missing_directory_is_made_with_those_above_it(tmp_path: Path) -> None:
    """Whatever the umask says: closed where it is ours, and a way through above."""
    before = os.umask(0o077)
    try:
        make_directory("paths.x", tmp_path / "a/b/c", US)
    finally:
        os.umask(before)
    assert mode(tmp_path / "a/b/c") == "drwxr-x---"
    assert mode(tmp_path / "a") == mode(tmp_path / "a/b") == "drwxr-xr-x"
    make_directory("paths.x", tmp_path / "a/b/c", US, 0o700)  # it is there: left as it is
    assert mode(tmp_path / "a/b/c") == "drwxr-x---"


@as_root
def test_it_belongs_to_the_account(open_place: Path) -> None:
    """And what is above it does not."""
    make_directory("paths.x", open_place / "a/b", NOBODY)
    assert ((open_place / "a/b").stat().st_uid, (open_place / "a").stat().st_uid) == (65534, 0)


def a_file(place: Path) -> Path:
    (place / "f").write_text("")
    return place / "f"


def below_a_file(place: Path) -> Path:
    return a_file(place) / "x"


def a_link_to_nowhere(place: Path) -> Path:
    (place / "l").symlink_to("missing")
    return place / "l"


def a_link_to_itself(place: Path) -> Path:
    (place / "l").symlink_to("l")
    return place / "l"


def a_name_without_end(place: Path) -> Path:
    return place / ("n" * 300)


@pytest.mark.parametrize("where", [a_file, below_a_file, a_link_to_nowhere, a_link_to_itself, a_name_without_end])
def test_what_cannot_be_a_directory_is_refused(tmp_path: Path, where: Any) -> None:
    """With the key, the path, what is there and what was expected."""
    with pytest.raises(CannotCreateError) as refused:
        make_directory("paths.x", where(tmp_path), US)
    assert refused.value.where.startswith(f"paths.x: {tmp_path}")
    assert refused.value.exit_code == 73


@as_root
@pytest.mark.parametrize(
    ("above", "itself", "expected"),
    [
        (0o700, 0o777, "drwx------, uid 0: a directory that uid 65534 may enter"),
        (0o755, 0o755, "drwxr-xr-x, uid 0: a directory that uid 65534 may write"),
        (0o755, 0o776, "drwxrwxrw-, uid 0: a directory that uid 65534 may write"),
    ],
)
def test_what_the_account_cannot_use_is_refused_now(open_place: Path, above: int, itself: int, expected: str) -> None:
    """And not found out later, by a process that cannot tell anybody."""
    path = open_place / "a" / "b"
    path.mkdir(parents=True)
    (open_place / "a").chmod(above)
    path.chmod(itself)
    with pytest.raises(NoPermissionError, match=expected):
        make_directory("paths.x", path, NOBODY)
    make_directory("paths.x", path, Owner(0, 0))  # for root it is good enough


@as_root
def test_owner_group_and_others_are_told_apart(open_place: Path) -> None:
    """As the kernel does: the first that fits decides."""
    path = open_place / "a"
    path.mkdir()
    os.chown(path, 65534, 7)
    path.chmod(0o077)
    with pytest.raises(NoPermissionError):
        make_directory("paths.x", path, NOBODY)
    make_directory("paths.x", path, Owner(8, 7))
    path.chmod(0o707)
    with pytest.raises(NoPermissionError):
        make_directory("paths.x", path, Owner(8, 7))
    make_directory("paths.x", path, Owner(8, 8))


def test_a_directory_that_may_not_be_made_is_a_matter_of_permission(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a different exit code."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(NoPermissionError, match="permission denied") as refused:
        make_directory("paths.x", tmp_path / "a", US)
    assert refused.value.exit_code == 77


def test_one_agent_to_a_directory(tmp_path: Path) -> None:
    """The lock ends with its holder and leaves no file."""
    held = claim("paths.x", tmp_path)
    with pytest.raises(CannotCreateError, match="in use by another agent"):
        claim("paths.x", tmp_path)
    os.close(held)
    os.close(claim("paths.x", tmp_path))
    assert [*tmp_path.iterdir()] == []


def test_what_cannot_be_opened_cannot_be_claimed(tmp_path: Path) -> None:
    """It was there a moment ago."""
    with pytest.raises(CannotCreateError, match="no such file"):
        claim("paths.x", tmp_path / "gone")


def test_a_socket_has_its_mode_from_the_first_instant(open_place: Path) -> None:
    """And takes the place of what a dead agent left there."""
    path = open_place / "s"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with listen(path, US) as listening, socket.socket(socket.AF_UNIX) as client:
        assert mode(path) == "srw-rw----"
        assert not listening.getblocking()
        assert not listening.get_inheritable()
        client.connect(str(path))
    with listen(path, US, socket.SOCK_SEQPACKET, 0o600) as listening:
        assert mode(path) == "srw-------"
        assert listening.type == socket.SOCK_SEQPACKET


@as_root
def test_a_socket_belongs_to_those_who_may_call(open_place: Path) -> None:
    """Its group decides who gets as far as to be asked who he is."""
    with listen(open_place / "s", Owner(65534, 7)):
        found = (open_place / "s").stat()
        assert (found.st_uid, found.st_gid) == (65534, 7)


@pytest.mark.parametrize(
    ("name", "family"), [("missing/s", IOFailedError), ("n" * 120, IOFailedError), ("directory", IOFailedError)]
)
def test_a_place_that_is_no_good_for_a_socket_is_refused(open_place: Path, name: str, family: type) -> None:
    """In one line, and the umask is what it was."""
    (open_place / "directory").mkdir()
    before = os.umask(0o022)
    try:
        with pytest.raises(family, match="a place for a socket"):
            listen(open_place / name, US)
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(before)


def test_a_socket_that_may_not_be_made_is_a_matter_of_permission(
    open_place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else's group, for instance."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(places, "_give", refuse)
    with pytest.raises(NoPermissionError, match="a place for a socket"):
        listen(open_place / "s", US)


def test_what_is_gone_already_is_as_good_as_removed(tmp_path: Path) -> None:
    """The end does not stumble over it."""
    (tmp_path / "a").write_text("")
    remove([tmp_path / "a", tmp_path / "b"])
    assert [*tmp_path.iterdir()] == []
