"""The secret keys of this host: 32 random bytes in a file that only its owner may read.

A key is written in full beside its place and then linked there, which fails if something is in the way: two starters
agree on one key, and nobody ever reads half of one. A file that others could have read or put there is refused.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from typing import TYPE_CHECKING, Final

from daemoneye.errors import (
    CannotCreateError,
    ConfigError,
    IOFailedError,
    NoInputError,
    NoPermissionError,
    OperatorError,
)
from daemoneye.sanitize.hostile import printable

if TYPE_CHECKING:
    from pathlib import Path

KEY_BYTES: Final = 32  # the output size of SHA-256: a longer HMAC key adds nothing
_MODE: Final = 0o400
_EXPECTED: Final = f"a file of {KEY_BYTES} bytes that only its owner may read"


def read_or_create_key(path: Path) -> bytes:
    """Return the key at ``path``; make one if there is none."""
    try:
        return read_key(path)
    except NoInputError:
        _create(path)
        return read_key(path)


def read_key(path: Path) -> bytes:
    try:
        # O_NOFOLLOW: a link could lead to a file whose content somebody knows; O_NONBLOCK: a pipe must not hold us
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise NoInputError(printable(str(path)), "no such file", _EXPECTED) from None
    except OSError as error:
        raise _refusal(path, error) from None
    try:
        _inspect(path, os.fstat(descriptor))
        return os.read(descriptor, KEY_BYTES)  # a regular file of this size comes in one piece
    finally:
        os.close(descriptor)


def _inspect(path: Path, status: os.stat_result) -> None:
    found = ""
    if not stat.S_ISREG(status.st_mode):
        found = "not a regular file"
    elif status.st_mode & 0o077:
        found = f"mode {stat.S_IMODE(status.st_mode):04o} lets others at it"
    elif status.st_uid not in (os.geteuid(), 0):
        found = f"owned by uid {status.st_uid}"
    elif status.st_size != KEY_BYTES:
        found = f"{status.st_size} bytes"
    if found:
        raise ConfigError(printable(str(path)), found, _EXPECTED)


def _create(path: Path) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _MODE)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_bytes(KEY_BYTES))
                file.flush()
                os.fsync(file.fileno())
            os.link(draft, path)
        finally:
            draft.unlink()
    except FileExistsError:
        return  # somebody else was first: theirs is the key
    except OSError as error:
        raise _refusal(path, error, creating=True) from None


def _refusal(path: Path, error: OSError, *, creating: bool = False) -> OperatorError:
    where, found = printable(str(path)), (error.strerror or "unreadable").lower()
    if error.errno == errno.ELOOP:
        return ConfigError(where, "a symbolic link", _EXPECTED)
    if isinstance(error, PermissionError):
        return NoPermissionError(where, found, _EXPECTED)
    if creating:
        return CannotCreateError(where, found, "a directory this account may write")
    return IOFailedError(where, found, _EXPECTED)
