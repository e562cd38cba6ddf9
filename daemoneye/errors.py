"""Every way this program says no, on one page.

Three families, three fates:

- ``OperatorError``: the person running it can mend it. One line, ``where: what was found: what was expected``, an exit
  code of sysexits(3), no traceback. ``__main__`` turns it into both; nothing else catches it.
- ``HostileInput``: a peer, a file or a process sent something that cannot be. It is dropped, counted and reported; the
  state before it is the state after it.
- Anything else is a bug. It ends the process that has it (exit code 70 at the command line).
"""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """The exit codes of the contract, named as sysexits(3) names them."""

    OK = 0
    FINDINGS = 1
    USAGE = 64
    NO_INPUT = 66
    UNREACHABLE = 69
    INTERNAL = 70
    CANNOT_CREATE = 73
    IO = 74
    NO_PERMISSION = 77
    CONFIG = 78


class DaemoneyeError(Exception):
    """The root of the family."""


class OperatorError(DaemoneyeError):
    """Something the person at the keyboard can mend."""

    exit_code: Exit = Exit.INTERNAL

    def __init__(self, where: str, found: str, expected: str) -> None:
        super().__init__(f"{where}: {found}: {expected}")
        self.where = where
        self.found = found
        self.expected = expected


class UsageError(OperatorError):
    exit_code = Exit.USAGE


class NoInputError(OperatorError):
    exit_code = Exit.NO_INPUT


class UnreachableError(OperatorError):
    exit_code = Exit.UNREACHABLE


class CannotCreateError(OperatorError):
    exit_code = Exit.CANNOT_CREATE


class IOFailedError(OperatorError):
    exit_code = Exit.IO


class NoPermissionError(OperatorError):
    exit_code = Exit.NO_PERMISSION


class ConfigError(OperatorError):
    """One thing wrong with the settings; a rejected document carries all of them."""

    exit_code = Exit.CONFIG


class HostileInput(DaemoneyeError):  # noqa: N818 - it names what came in, not what went wrong in here
    """Input from outside that cannot be what it claims to be."""
