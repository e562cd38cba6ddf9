"""The directories and sockets of an agent: made by the main process while it still may, for those who will not be root.

A directory that is missing is made for the account of the agent; one that is there is left as it is, and has to be one
that the account can use. Listening sockets are opened here and inherited, so that they have the right group from the
first instant, and that no caller is turned away while the process that answers is being restarted.
"""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from daemoneye.errors import CannotCreateError, IOFailedError, NoPermissionError, OperatorError
from daemoneye.sanitize.hostile import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

DIRECTORY_MODE: Final = 0o750
PRIVATE_MODE: Final = 0o700
_ABOVE_MODE: Final = 0o755
SOCKET_MODE: Final = 0o660
# Clients that wait while the gateway is restarted, which takes milliseconds; far more than ever call at once.
_BACKLOG: Final = 64
_SEARCH, _WRITE = 0o1, 0o2


class Owner(NamedTuple):
    uid: int
    gid: int


def make_directory(key: str, path: Path, owner: Owner, mode: int = DIRECTORY_MODE) -> None:
    """Make it, with those above it, if it is missing; in any case the owner can work in it."""
    missing = []
    for each in (path, *path.parents):
        if os.path.lexists(each):
            break
        missing.append(each)
    try:
        for each in reversed(missing):
            each.mkdir(mode=PRIVATE_MODE)
            if each == path:
                _give(each, owner, mode)
            else:
                each.chmod(_ABOVE_MODE)  # whatever the umask says: the account has to get through
    except OSError as error:
        raise _cannot_make(key, path, error) from None
    try:
        _check_usable(key, path, owner)
    except OSError as error:  # a link that leads nowhere, or in circles
        raise _cannot_make(key, path, error) from None


def _give(path: Path, owner: Owner, mode: int) -> None:
    path.chmod(mode)  # whatever the umask says
    if (os.geteuid(), os.getegid()) != owner:
        os.chown(path, *owner, follow_symlinks=False)


def _check_usable(key: str, path: Path, owner: Owner) -> None:
    """A way in that is closed would show as a riddle much later, in a process that cannot tell the operator."""
    real = Path(os.path.realpath(path, strict=True))
    for above in reversed(real.parents):
        _require(key, above, owner, _SEARCH)
    if not stat.S_ISDIR(real.stat().st_mode):
        raise CannotCreateError(f"{key}: {printable(str(path))}", "not a directory", "a directory, or nothing")
    _require(key, real, owner, _SEARCH | _WRITE)


def _require(key: str, path: Path, owner: Owner, rights: int) -> None:
    found = path.stat()
    shift = 6 if found.st_uid == owner.uid else 3 if found.st_gid == owner.gid else 0
    if owner.uid != 0 and rights & ~(found.st_mode >> shift):
        what = "write" if rights & _WRITE else "enter"
        raise NoPermissionError(
            f"{key}: {printable(str(path))}",
            f"{stat.filemode(found.st_mode)}, uid {found.st_uid}",
            f"a directory that uid {owner.uid} may {what}",
        )


def _cannot_make(key: str, path: Path, error: OSError) -> OperatorError:
    family = NoPermissionError if isinstance(error, PermissionError) else CannotCreateError
    found = (error.strerror or "error").lower()
    return family(f"{key}: {printable(str(path))}", found, "a directory of the agent, or room for one")


def claim(key: str, path: Path) -> int:
    """One agent per directory: a lock that ends with us, and leaves no file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:  # we may write there, and not read
        raise _cannot_make(key, path, error) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise CannotCreateError(
            f"{key}: {printable(str(path))}", "in use by another agent", "a directory of its own for each agent"
        ) from None
    return descriptor


def listen(path: Path, owner: Owner, kind: int = socket.SOCK_STREAM, mode: int = SOCKET_MODE) -> socket.socket:
    """Whoever holds the lock of the directory may remove what a dead agent left there."""
    listening = socket.socket(socket.AF_UNIX, kind | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    try:
        path.unlink(missing_ok=True)
        before = os.umask(0o777)  # nobody can connect before it is known who may
        try:
            listening.bind(os.fspath(path))
        finally:
            os.umask(before)
        _give(path, owner, mode)
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        if error.errno in {errno.EACCES, errno.EPERM}:
            raise NoPermissionError(printable(str(path)), "permission denied", "a place for a socket") from None
        raise IOFailedError(
            printable(str(path)), (error.strerror or str(error)).lower(), "a place for a socket"
        ) from None
    return listening


def remove(paths: Iterable[Path]) -> None:
    """At the end; what is gone already is as good."""
    for path in paths:
        path.unlink(missing_ok=True)
