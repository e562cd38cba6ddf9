"""Asking psutil about one process without ever being interrupted by the answer.

Each question is put on its own. One that fails leaves its fields unknown and says why, so that a process which guards
its working directory still shows its name. Which exception means what was read from psutil's source, per platform.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import psutil

from daemoneye.model.process import Unread

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

# First match wins: ZombieProcess is a NoSuchProcess, NotImplementedError a RuntimeError, PermissionError an OSError.
_MEANINGS: tuple[tuple[tuple[type[Exception], ...], Unread], ...] = (
    ((psutil.AccessDenied, PermissionError), Unread.PERMISSION),
    ((psutil.NoSuchProcess, ProcessLookupError, FileNotFoundError), Unread.GONE),
    ((NotImplementedError, AttributeError), Unread.UNSUPPORTED),  # psutil leaves out what a platform cannot answer
    ((psutil.Error, OSError), Unread.IO),
)
# What psutil's C code and its parsers raise when the system's answer has a shape they did not expect.
_MISSHAPEN = (SystemError, RuntimeError, ValueError, TypeError, LookupError, ArithmeticError, AssertionError)
FAILURES = (psutil.Error, OSError, AttributeError, *_MISSHAPEN)


def why(error: BaseException) -> Unread:
    """The reason that goes into the record."""
    if isinstance(error, SystemError) and error.__cause__ is not None:
        # macOS, psutil 7.2: cmdline() may set AccessDenied and yet report success, which CPython wraps in this
        return why(error.__cause__)
    return next((reason for kinds, reason in _MEANINGS if isinstance(error, kinds)), Unread.MALFORMED)


class Answers:
    """What could not be had of one process, noted while asking for all of it."""

    def __init__(self) -> None:
        self._unread: dict[str, str] = {}

    def ask(self, question: Callable[[], T], otherwise: T, *fields: str) -> T:
        """The answer; or ``otherwise``, with the reason noted for the fields that hang on it."""
        try:
            return question()
        except FAILURES as error:
            self.note(why(error), *fields)
            return otherwise

    def note(self, reason: Unread, *fields: str) -> None:
        self._unread.update(dict.fromkeys(fields, reason.value))

    def __contains__(self, field: str) -> bool:
        return field in self._unread

    @property
    def unread(self) -> tuple[tuple[str, str], ...]:
        return tuple(sorted(self._unread.items()))
