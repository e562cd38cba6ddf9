"""A child process to do in what cannot be undone."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import signal
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def in_a_child(work: Callable[[], Any]) -> Any:
    """What the work returned there, as JSON has it; what it raised fails the test."""
    with living(work) as child:
        return child.outcome


class Child:
    def __init__(self, pid: int, outcome: Any) -> None:
        self.pid, self.outcome = pid, outcome


@contextlib.contextmanager
def living(work: Callable[[], Any]) -> Iterator[Child]:
    """A child that has done the work and then stays until the test has looked at it."""
    answers, answer = os.pipe()
    stay, leave = os.pipe()
    pid = _fork()
    if pid == 0:
        os.close(leave)
        os.close(answers)
        _live(work, answer, stay)
    os.close(answer)
    os.close(stay)
    try:
        with open(answers, encoding="utf-8") as pipe:  # noqa: PTH123 - a descriptor is no path
            done, outcome = json.loads(pipe.readline())
        assert done, outcome
        yield Child(pid, outcome)
    finally:
        os.close(leave)
        os.kill(pid, signal.SIGKILL)  # it may be stuck in the work
        os.waitpid(pid, 0)


def _fork() -> int:
    with warnings.catch_warnings():
        # another test may have left a thread behind; the child only makes system calls and ends
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _live(work: Callable[[], Any], answer: int, stay: int) -> None:
    try:
        outcome = (True, work())
    except BaseException as error:  # noqa: BLE001 - the parent raises it, whatever it is
        outcome = (False, f"{type(error).__name__}: {error}")
    try:
        os.write(answer, json.dumps(outcome).encode() + b"\n")
        os.read(stay, 1)
    finally:
        os._exit(0)  # the runner of the tests must not run on in two processes


def errno_name(attempt: Callable[[], Any]) -> str:
    """``ok``, or the name of what the system refused it with."""
    try:
        attempt()
    except OSError as error:
        return errno.errorcode[error.errno or 0]
    return "ok"
