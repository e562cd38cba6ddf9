"""How main makes a process: a fork that starts with nothing of main's in its hands, and cannot come back."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Final

from daemoneye.broker.signals import CAUGHT
from daemoneye.errors import Exit

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from daemoneye.broker.signals import Signals

# A line of log. It fits a pipe in one piece (PIPE_BUF is 4096), so that whoever dies never waits for a reader.
LONGEST_LAST_WORDS: Final = 512


def fork(
    signals: Signals, leave_behind: Callable[[], None], live: Callable[[], None], say: Callable[[str], None]
) -> int:
    """Live that life in a new process and end it; ``say`` is for the reason, if it ends in an exception."""
    # a signal to the newborn must not run main's handler, which would write it on main's socket
    before = signal.pthread_sigmask(signal.SIG_BLOCK, CAUGHT)
    try:
        pid = os.fork()
        if not pid:
            with Departure(say):
                signals.forget()
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
                leave_behind()
                os.setpgid(0, 0)  # Ctrl-C at a terminal is for main, who stops the others in their order
                live()
        return pid
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Departure:
    """Whatever happens in here, the process ends with it, and never runs a line of its parent's."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        code = _exit_code(error)
        try:
            if error is not None and not isinstance(error, SystemExit):
                self._say(_reason(error, where))
        finally:
            os._exit(code)


def _exit_code(error: BaseException | None) -> int:
    if error is None:
        return Exit.OK
    if isinstance(error, SystemExit) and (error.code is None or isinstance(error.code, int)):
        return error.code or Exit.OK
    return Exit.INTERNAL


def _reason(error: BaseException, where: TracebackType | None) -> str:
    while where and where.tb_next:
        where = where.tb_next
    place = f" ({Path(where.tb_frame.f_code.co_filename).name}:{where.tb_lineno})" if where else ""
    return " ".join(f"{type(error).__name__}: {error}".split())[: LONGEST_LAST_WORDS - len(place)] + place


def last_words(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")[:LONGEST_LAST_WORDS]


def describe(status: int) -> str:
    """What waitpid says of an end."""
    code = os.waitstatus_to_exitcode(status)
    return f"exited with {code}" if code >= 0 else f"killed by {signal_name(-code)}"


def signal_name(number: int) -> str:
    return signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"
