"""What can be wrong with what we write to, a file or a local socket, in the words of a status line.

All of it can pass: try again later.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Trouble(StrEnum):
    DISK_FULL = "disk_full"
    READ_ONLY = "read_only"
    IO_ERROR = "io_error"
    NOT_ALLOWED = "not_allowed"
    NOT_A_FILE = "not_a_file"  # a symbolic link, a directory, a pipe: something is there that we did not make
    IN_USE = "in_use"  # another process writes it
    TOO_LONG = "too_long"  # a line that no file of this size can take
    BUSY = "busy"  # a logger that does not read
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    lines: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """``lines`` of what was asked for are in the file nevertheless, the first ones; of the others there is no trace."""

    trouble: Trouble
    detail: str
    lines: int = 0


_BY_NUMBER: Final = {
    errno.ENOSPC: Trouble.DISK_FULL,
    errno.EDQUOT: Trouble.DISK_FULL,
    errno.EFBIG: Trouble.DISK_FULL,  # of a limit on the size of files, which is met like a full disk
    errno.EROFS: Trouble.READ_ONLY,
    errno.EIO: Trouble.IO_ERROR,
    errno.EACCES: Trouble.NOT_ALLOWED,
    errno.EPERM: Trouble.NOT_ALLOWED,
    errno.ELOOP: Trouble.NOT_A_FILE,
    errno.EISDIR: Trouble.NOT_A_FILE,
    errno.ENXIO: Trouble.NOT_A_FILE,  # a pipe that nobody reads
    errno.EWOULDBLOCK: Trouble.IN_USE,
}


def failed(error: OSError, lines: int = 0) -> Failed:
    trouble = _BY_NUMBER.get(error.errno or 0, Trouble.UNAVAILABLE)
    return Failed(trouble=trouble, detail=error.strerror or str(error), lines=lines)
