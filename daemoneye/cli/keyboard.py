"""Single keys from a terminal, given back as it was found."""

from __future__ import annotations

import os
import select
import signal
import sys
import termios
import tty
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def keys() -> Iterator[Callable[[float], str]]:
    """Yield a function that waits up to so many seconds for a key, and answers '' when none came."""
    if not sys.stdin.isatty():
        yield _no_keyboard
        return
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    tty.setcbreak(descriptor)  # not raw: Ctrl-C stays Ctrl-C
    try:
        yield lambda timeout_s: _key(descriptor, timeout_s)
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def _key(descriptor: int, timeout_s: float) -> str:
    readable, _, _ = select.select([descriptor], [], [], timeout_s)
    return os.read(descriptor, 1).decode("latin-1") if readable else ""


def _no_keyboard(timeout_s: float) -> str:
    select.select([], [], [], timeout_s)
    return ""


@contextmanager
def orderly_end() -> Iterator[None]:
    """Let what was set up at the terminal be undone when we are told to go."""
    told = (signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, _leave) for number in told}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(number: int, _frame: object) -> NoReturn:
    raise SystemExit(128 + number)  # what a shell reports for a death by that signal
