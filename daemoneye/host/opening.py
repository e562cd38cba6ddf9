"""Opening the file that a process runs, or the one that lies in its place now, for somebody who may not do it himself.

Nobody names a path here, only a process and the file that was seen: with another device or inode nothing is opened. A
pid that is used again makes no difference to that.

What lies at a program's path was put there by whoever may write there, and we may read more than they may. So no
symbolic link on the way is followed (the kernel's text had none), and the process must be allowed to read the file, or
execute it, itself: otherwise a user could have the secrets of others opened by putting them in a program's place. What
a process runs, it was allowed to execute.

Any of this may hang on a filesystem that does not answer: call it where that can be borne.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from daemoneye.host.filesystems import remote
from daemoneye.host.hashing import HashOutcome, failed, open_for_hashing
from daemoneye.host.procfs.files import link_at
from daemoneye.host.procfs.image import Disk, Examination
from daemoneye.host.procfs.machine import own_mount_namespace
from daemoneye.host.procfs.owner import read_status
from daemoneye.model.process import HashStatus

if TYPE_CHECKING:
    from daemoneye.model.process import Credentials

_PLACE: Final = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
_READ_OR_EXECUTE: Final = 0o5
_MOVED: Final = HashOutcome(status=HashStatus.GONE, reason="another file lies there by now")
_NOT_THEIRS: Final = HashOutcome(status=HashStatus.PERMISSION, reason="not for the process in whose place it lies")


class Order(NamedTuple):
    proc: bytes  # where the proc filesystem is
    pid: int
    there: bool  # not what it runs, but what lies at its path
    dev: int
    ino: int


def open_image(order: Order) -> int | HashOutcome:
    """Return a descriptor to read from, or why there is none."""
    try:
        with ExitStack() as held:
            proc = _hold(held, order.proc)
            directory = _hold(held, b"%d" % order.pid, proc)
            if not order.there:
                return open_for_hashing(b"exe", below=directory, refuse=partial(_refuse, order, None))
            return _open_there(order, directory, own_mount_namespace(proc))
    except OSError as error:
        return failed(error)
    except ValueError as error:
        return HashOutcome(status=HashStatus.UNSPECIFIED, reason=str(error))


def _open_there(order: Order, directory: int, home: bytes | None) -> int | HashOutcome:
    credentials = read_status(directory, confinement=False).credentials
    examination = Examination(directory, link_at(directory, b"root"), Disk(), frozenset(), home)
    outcome: int | HashOutcome = _MOVED
    for path in examination.paths():
        outcome = _open_at(order, directory, examination.origin, path, credentials)
        if isinstance(outcome, int):
            break
    return outcome


def _open_at(order: Order, directory: int, origin: bytes, path: bytes, credentials: Credentials) -> int | HashOutcome:
    *above, name = [part for part in path.split(b"/") if part]
    place = os.open(origin, _PLACE, dir_fd=directory)
    try:
        for part in above:
            below = os.open(part, _PLACE | os.O_NOFOLLOW, dir_fd=place)
            os.close(place)  # not kept: a path may be longer than we may have descriptors
            place = below
        refuse = partial(_refuse, order, credentials)
        return open_for_hashing(name, follow_symlinks=False, below=place, refuse=refuse)
    except OSError as error:
        return failed(error)
    finally:
        os.close(place)


def _hold(held: ExitStack, path: bytes, below: int | None = None) -> int:
    descriptor = os.open(path, _PLACE, dir_fd=below)
    held.callback(os.close, descriptor)
    return descriptor


def _refuse(order: Order, credentials: Credentials | None, found: int) -> HashOutcome | None:
    status = os.fstat(found)
    if (status.st_dev, status.st_ino) != (order.dev, order.ino):
        return _MOVED
    if filesystem := remote(found):
        reason = f"on {filesystem}, which another machine or process serves"
        return HashOutcome(status=HashStatus.REMOTE_FILESYSTEM, reason=reason)
    return _NOT_THEIRS if credentials and not _is_open_to(credentials, status) else None


def _is_open_to(credentials: Credentials, status: os.stat_result) -> bool:
    """Go by the mode alone: lists of access rights and capabilities would allow more."""
    if credentials.fsuid == 0:
        return True
    shift = 0
    if credentials.fsuid == status.st_uid:
        shift = 6
    elif status.st_gid in (credentials.fsgid, *credentials.groups):
        shift = 3
    return bool(status.st_mode >> shift & _READ_OR_EXECUTE)
