"""What can be wrong with the file, in the words of a status line, and whether the same file will be right again.

``Degraded`` is a condition that passes: the disk has room again, the file system can be written again; the next attempt
finds out. ``CannotContinue`` is for ever: this file will not take another entry, and is set aside for a new one.
"""

from __future__ import annotations

import errno
import sqlite3
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from daemoneye.errors import DaemoneyeError, OperatorError


class Trouble(StrEnum):
    DISK_FULL = "disk_full"
    READ_ONLY = "read_only"
    IO_ERROR = "io_error"
    UNAVAILABLE = "unavailable"  # no directory, no permission, no key
    LOCKED = "locked"  # another process writes this journal
    NEWER = "newer"  # a later version of this program made it, and would not be understood


class Ended(StrEnum):
    """Why a chain could not go on."""

    CORRUPT = "corrupt"
    MISSING = "missing"  # the file was taken away; the seal remembers it
    ROLLED_BACK = "rolled_back"  # the file is older than the seal: a copy of former days was put in its place
    OTHER_KEY = "other_key"  # another identity signed it
    OTHER_SEAL = "other_seal"  # the seal is lost, or of another journal


@dataclass(frozen=True, slots=True)
class Degraded:
    trouble: Trouble
    detail: str


class CannotContinue(DaemoneyeError):  # noqa: N818 - it says what is to be done, not what went wrong
    def __init__(self, why: Ended, chain: str = "", statement: str = "") -> None:
        super().__init__(why.value)
        self.why = why
        self.chain = chain
        self.statement = statement


class NewerSchema(DaemoneyeError):  # noqa: N818 - the same
    pass


PASSING: Final = (sqlite3.Error, OSError, OperatorError, NewerSchema)

# Result codes of SQLite, without the part that says where in its code.
_SQLITE: Final = {
    sqlite3.SQLITE_FULL: Trouble.DISK_FULL,
    sqlite3.SQLITE_READONLY: Trouble.READ_ONLY,
    sqlite3.SQLITE_IOERR: Trouble.IO_ERROR,
    sqlite3.SQLITE_CANTOPEN: Trouble.UNAVAILABLE,
    sqlite3.SQLITE_PERM: Trouble.UNAVAILABLE,
    sqlite3.SQLITE_BUSY: Trouble.LOCKED,
    sqlite3.SQLITE_LOCKED: Trouble.LOCKED,
}
# CONSTRAINT: a place or an id is taken that the heads say is free, so somebody else wrote into the file
_BEYOND_USE: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH}
_ERRNO: Final = {
    errno.ENOSPC: Trouble.DISK_FULL,
    errno.EDQUOT: Trouble.DISK_FULL,
    errno.EROFS: Trouble.READ_ONLY,
    errno.EIO: Trouble.IO_ERROR,
    errno.EWOULDBLOCK: Trouble.LOCKED,
}


def degraded_by(error: BaseException) -> Degraded:
    """Name a condition that passes. What no code accounts for is ours, and is raised again."""
    if isinstance(error, NewerSchema):
        return Degraded(Trouble.NEWER, str(error))
    if isinstance(error, OSError):
        return Degraded(_ERRNO.get(error.errno or 0, Trouble.UNAVAILABLE), error.strerror or "unknown")
    if isinstance(error, OperatorError):
        return Degraded(Trouble.UNAVAILABLE, str(error))
    trouble = _SQLITE.get(_code(error))
    if trouble is None:
        raise error
    return Degraded(trouble, str(error))


def is_beyond_use(error: sqlite3.Error) -> bool:
    return _code(error) in _BEYOND_USE


def _code(error: BaseException) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
