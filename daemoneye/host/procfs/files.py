"""Reading below ``/proc/PID`` through a descriptor of that directory.

The descriptor belongs to that one process: once it is gone every access answers ENOENT or ESRCH, even when the pid
already means another process. So nothing read through one descriptor can be about two processes.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Concatenate, Final, ParamSpec, TypeVar

from daemoneye.model.process import Unread

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

T = TypeVar("T")
P = ParamSpec("P")

# Nearly everything is shorter. A buffer for the largest that may come costs more than a second reading of the few.
_USUAL: Final = 4096

_REASONS = {
    errno.EACCES: Unread.PERMISSION,
    errno.EPERM: Unread.PERMISSION,
    errno.ENOENT: Unread.GONE,
    errno.ESRCH: Unread.GONE,
    errno.ETIMEDOUT: Unread.TIMEOUT,
    errno.ENOSYS: Unread.UNSUPPORTED,
    # a link that is a file, a file that is a directory: no kernel has them there
    errno.EINVAL: Unread.MALFORMED,
    errno.ENOTDIR: Unread.MALFORMED,
    errno.EISDIR: Unread.MALFORMED,
}


def reason(error: OSError) -> Unread:
    """What kept us from reading; what is our own trouble (descriptors, memory) is not said to be the process's."""
    return _REASONS.get(error.errno or 0, Unread.IO)


class Gaps:
    """Collects why fields are absent."""

    __slots__ = ("_reasons",)

    def __init__(self) -> None:
        self._reasons: dict[str, Unread] = {}

    def note(self, why: Unread, *fields: str) -> None:
        for field in fields:
            self._reasons.setdefault(field, why)

    def attempt(
        self, field: str, read: Callable[Concatenate[int, P], T], directory: int, *args: P.args, **how: P.kwargs
    ) -> T | None:
        """Read something of the process, or note why not."""
        try:
            return read(directory, *args, **how)
        except OSError as error:
            self.note(reason(error), field)
        except ValueError:
            self.note(Unread.MALFORMED, field)
        return None

    def why(self, field: str) -> Unread:
        return self._reasons[field]

    def as_pairs(self) -> tuple[tuple[str, str], ...]:
        return tuple([(field, why.value) for field, why in self._reasons.items()]) if self._reasons else ()


def read_at(directory: int, name: bytes, limit: int) -> bytes:
    """At most ``limit`` bytes of a file that the kernel writes in one go."""
    file = os.open(name, os.O_RDONLY, dir_fd=directory)
    try:
        raw = os.read(file, _USUAL)
        return raw if len(raw) < _USUAL or limit <= _USUAL else raw + os.read(file, limit - _USUAL)
    finally:
        os.close(file)


def chunks_at(directory: int, name: bytes, *, chunk: int, limit: int) -> Generator[bytes]:
    """A file of any length, piece by piece, but never much more than ``limit``."""
    file = os.open(name, os.O_RDONLY, dir_fd=directory)
    try:
        while limit > 0 and (piece := os.read(file, chunk)):
            limit -= len(piece)
            yield piece
    finally:
        os.close(file)


def link_at(directory: int, name: bytes) -> bytes:
    # bytes in, bytes out: a text path would come back with surrogates
    return os.readlink(name, dir_fd=directory)
