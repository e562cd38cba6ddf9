"""Digests of one open file: what may be read, whether it held still, and how it went.

A file is opened without being read from, looked at, and only then opened for reading, through the descriptor: a FIFO
never blocks, a device is never woken, and no path is resolved twice. It is looked at again after the read: one that was
written to meanwhile has no digest, because the digest would be of no content it ever had.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from daemoneye.host.filesystems import remote
from daemoneye.integrity.digests import Digester, Digests, engines
from daemoneye.model.process import FileIdentity, HashStatus

if TYPE_CHECKING:
    from collections.abc import Callable

# bytes read at a time: large enough that calls cost nothing, small enough that both digests find them in the cache,
# and that a budget and a deadline are looked at every few milliseconds
CHUNK: Final = 256 * 1024
_OF_ERRNO: Final = {
    errno.ENOENT: HashStatus.GONE,
    errno.ENOTDIR: HashStatus.GONE,
    errno.ESRCH: HashStatus.GONE,  # the process whose /proc entry was asked
    errno.ESTALE: HashStatus.GONE,
    errno.ELOOP: HashStatus.NOT_REGULAR,
    errno.EACCES: HashStatus.PERMISSION,
    errno.EPERM: HashStatus.PERMISSION,
}
_KINDS: Final = {
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFCHR: "a character device",
    stat.S_IFBLK: "a block device",
    stat.S_IFSOCK: "a socket",
    stat.S_IFLNK: "a symbolic link",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HashOutcome:
    """How it went. The digests are there if the status is ``HASHED``, else the reason is."""

    status: HashStatus
    reason: str = ""
    digests: Digests | None = None
    file: FileIdentity | None = None  # as it was before the read; what was hashed, if it was
    bytes_read: int = 0


class _Refused(Exception):  # noqa: N818 - it names an outcome, and never leaves this module
    def __init__(self, status: HashStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def prepare() -> str:
    """Load what hashing needs, while its files can still be read; return what a user should know about it."""
    # numpy's linear algebra, of no use here, starts a thread for each processor when loaded: no fork should meet those
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    return engines().NOTICE


def hash_file(path: str | bytes, *, pace: Callable[[int], bool] | None = None) -> HashOutcome:
    """Hash what somebody named: symbolic links are followed, no size is too large and no filesystem too far."""
    descriptor = open_for_hashing(path)
    if isinstance(descriptor, HashOutcome):
        return descriptor
    try:
        return hash_descriptor(descriptor, allow_remote=True, pace=pace)
    finally:
        os.close(descriptor)


def open_for_hashing(
    path: str | bytes,
    *,
    follow_symlinks: bool = True,
    below: int | None = None,
    refuse: Callable[[int], HashOutcome | None] = lambda _: None,
) -> int | HashOutcome:
    """Open a regular file for reading, or say why not. What it is on is looked at by ``hash_descriptor``.

    ``refuse`` may have reasons of its own, about a descriptor through which nothing can be read yet.
    """
    try:
        flags = os.O_PATH | os.O_CLOEXEC | (0 if follow_symlinks else os.O_NOFOLLOW)
        found = os.open(path, flags, dir_fd=below)
        try:
            if refusal := refuse(found):
                return refusal
            _regular(os.fstat(found))
            return os.open(f"/proc/self/fd/{found}", os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        finally:
            os.close(found)
    except _Refused as refusal:
        return HashOutcome(status=refusal.status, reason=str(refusal))
    except OSError as error:
        return failed(error)


def hash_descriptor(
    descriptor: int,
    *,
    max_size: int | None = None,
    want_ssdeep: bool = True,
    want_md5: bool = False,
    allow_remote: bool = False,
    timeout_s: float | None = None,
    clock: Callable[[], float] = time.monotonic,
    piece: int = CHUNK,
    pace: Callable[[int], bool] | None = None,
) -> HashOutcome:
    """Hash a file from its beginning, wherever the descriptor stands.

    ``pace`` is told of every piece read, each of so many bytes at most; it may wait, which does not count towards the
    timeout, and ends the work by returning ``False``.
    """
    work = _Work(descriptor, timeout_s=timeout_s, clock=clock, piece=piece, pace=pace)
    outcome = HashOutcome(status=HashStatus.HASHED)
    try:
        work.look(max_size=max_size, allow_remote=allow_remote)
        outcome = replace(outcome, digests=work.read(want_ssdeep=want_ssdeep, want_md5=want_md5))
    except _Refused as refusal:
        outcome = HashOutcome(status=refusal.status, reason=str(refusal))
    except OSError as error:
        outcome = failed(error)
    return replace(outcome, file=work.file, bytes_read=work.bytes_read)


class _Work:
    """One file: reads as many bytes as it had at the start, not one more, and within its time."""

    def __init__(
        self,
        descriptor: int,
        *,
        timeout_s: float | None,
        clock: Callable[[], float],
        piece: int,
        pace: Callable[[int], bool] | None,
    ) -> None:
        self.file: FileIdentity | None = None
        self.bytes_read = 0
        self._descriptor = descriptor
        self._left_s = timeout_s
        self._clock = clock
        self._piece = min(piece, CHUNK)
        self._pace = pace

    def look(self, *, max_size: int | None, allow_remote: bool) -> None:
        self.file = _identity(_regular(os.fstat(self._descriptor)))
        if not allow_remote and (filesystem := remote(self._descriptor)):
            raise _Refused(HashStatus.REMOTE_FILESYSTEM, f"on {filesystem}, which another machine or process serves")
        if max_size is not None and self.file.size > max_size:
            raise _Refused(HashStatus.TOO_LARGE, f"{self.file.size} bytes, more than {max_size}")

    def read(self, *, want_ssdeep: bool, want_md5: bool) -> Digests:
        size = self.file.size if self.file else 0
        digester = Digester(expected_size=size, want_ssdeep=want_ssdeep, want_md5=want_md5)
        buffer = memoryview(bytearray(min(self._piece, size)))
        while self.bytes_read < size:
            begin = self._clock()
            count = self._read_piece(buffer[: size - self.bytes_read], digester)
            self._spend(self._clock() - begin)
            if self._pace and not self._pace(count):
                raise _Refused(HashStatus.BUDGET, f"stopped after {self.bytes_read} bytes")
        if os.pread(self._descriptor, 1, size):  # it grew, or is one of those of /proc, which claim to be empty
            raise _Refused(HashStatus.CHANGED_WHILE_READ, f"holds more than the {size} bytes it had when opened")
        if _identity(os.fstat(self._descriptor)) != self.file:
            raise _Refused(HashStatus.CHANGED_WHILE_READ, "written to, renamed or relinked while it was read")
        return digester.finish()

    def _read_piece(self, buffer: memoryview, digester: Digester) -> int:
        count = os.preadv(self._descriptor, [buffer], self.bytes_read)
        if not count:
            raise _Refused(HashStatus.CHANGED_WHILE_READ, f"ended after {self.bytes_read} bytes")
        digester.update(buffer[:count])
        self.bytes_read += count
        return count

    def _spend(self, spent_s: float) -> None:
        if self._left_s is None:
            return
        self._left_s -= spent_s
        if self._left_s < 0:
            raise _Refused(HashStatus.TIMEOUT, f"out of time after {self.bytes_read} bytes")


def _regular(status: os.stat_result) -> os.stat_result:
    if not stat.S_ISREG(status.st_mode):
        raise _Refused(HashStatus.NOT_REGULAR, _KINDS.get(stat.S_IFMT(status.st_mode), "no regular file"))
    return status


def _identity(status: os.stat_result) -> FileIdentity:
    return FileIdentity(
        dev=status.st_dev,
        ino=status.st_ino,
        size=status.st_size,
        mtime_ns=status.st_mtime_ns,
        ctime_ns=status.st_ctime_ns,
    )


def failed(error: OSError) -> HashOutcome:
    # an errno that none of the words fits (EIO, EMFILE, ...) is told by its reason alone
    status = _OF_ERRNO.get(error.errno or 0, HashStatus.UNSPECIFIED)
    return HashOutcome(status=status, reason=(error.strerror or str(error)).lower())
