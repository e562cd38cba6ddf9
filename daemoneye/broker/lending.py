"""The other side: how the supervisor borrows a process from main, and how the two talk.

A lease is held, not remembered: as long as this object is open its process may live. ``kill`` gives the process back
and still hears how it ended; ``close`` gives it back and asks no more.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from daemoneye.broker.datagrams import receive, receive_handed, say
from daemoneye.broker.forking import LONGEST_LAST_WORDS, signal_name
from daemoneye.broker.words import (
    MAIN,
    ControlRequest,
    Exited,
    FirstWord,
    Killed,
    MainWord,
    NotStarted,
    Started,
    StartRequest,
    SupervisorWord,
    format_word,
    parse,
)
from daemoneye.errors import DaemoneyeError
from daemoneye.host.text import decode
from daemoneye.sanitize.hostile import printable

if TYPE_CHECKING:
    from pathlib import Path


class LeaseRefusedError(DaemoneyeError):
    """Main lends no process: the name of an errno, or that it hung up."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a borrowed process ended; neither code nor signal if nobody could tell any more."""

    code: int | None = None
    signal: int | None = None
    last_words: str = ""

    def __str__(self) -> str:
        if self.signal is not None:
            end = f"killed by {signal_name(self.signal)}"
        else:
            end = "ended" if self.code is None else f"exited with {self.code}"
        return f"{end}: {self.last_words}" if self.last_words else end


class Lease:
    def __init__(self, connection: socket.socket, pid: int, pidfd: int, last_words: int) -> None:
        self._connection = connection
        self.pid = pid
        self.pidfd = pidfd
        self.last_words = last_words

    def fileno(self) -> int:
        """Of the process: readable when it is dead."""
        return self.pidfd

    def kill(self) -> None:
        with contextlib.suppress(OSError):  # it has ended by itself
            self._connection.shutdown(socket.SHUT_WR)

    def outcome(self, timeout_s: float) -> Outcome:
        """Wait for the end; ``TimeoutError`` if it does not come in that time."""
        end = self._end(timeout_s)
        code = end.code if isinstance(end, Exited) else None
        number = end.signal if isinstance(end, Killed) else None
        return Outcome(code, number, self._heard())

    def _end(self, timeout_s: float) -> MainWord | None:
        if not select.select([self._connection], [], [], timeout_s)[0]:
            raise TimeoutError(f"process {self.pid} did not end within {timeout_s:g} s")
        datagram = receive(self._connection)
        return parse(datagram, MAIN) if datagram else None

    def _heard(self) -> str:
        """What is there; who holds the other end open after the death has nothing to add."""
        try:
            text = decode(os.read(self.last_words, LONGEST_LAST_WORDS))
        except BlockingIOError:
            return ""
        return printable(text.strip())

    def close(self) -> None:
        self._connection.close()
        for descriptor in (self.pidfd, self.last_words):
            if descriptor >= 0:
                os.close(descriptor)
        self.pidfd = self.last_words = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def take_lease(path: Path, request: StartRequest, timeout_s: float) -> Lease:
    """A new process; ``LeaseRefusedError`` or ``OSError`` if there is none, and then there is nothing to close."""
    with contextlib.ExitStack() as undo:
        connection = undo.enter_context(_connected(path, timeout_s, request))
        datagram, descriptors = receive_handed(connection, 2)
        for descriptor in descriptors:
            undo.callback(os.close, descriptor)
        answer = parse(datagram, MAIN) if datagram else None
        if not isinstance(answer, Started) or len(descriptors) != 2:
            raise LeaseRefusedError(answer.error if isinstance(answer, NotStarted) else "main hung up")
        undo.pop_all()
    connection.setblocking(False)
    pidfd, last_words = descriptors
    return Lease(connection, answer.pid, pidfd, last_words)


class Control:
    """The one connection over which main asks and is told."""

    def __init__(self, path: Path, timeout_s: float = 5.0) -> None:
        self._connection = _connected(path, timeout_s, ControlRequest())
        self._connection.setblocking(False)

    def fileno(self) -> int:
        return self._connection.fileno()

    def receive(self) -> MainWord | None:
        """The next word, or None when main is gone; ``BlockingIOError`` when it has said nothing."""
        datagram = receive(self._connection)
        return parse(datagram, MAIN) if datagram else None

    def say(self, word: SupervisorWord) -> bool:
        """Whether it is on its way."""
        return say(self._connection, word)

    def close(self) -> None:
        self._connection.close()


def _connected(path: Path, timeout_s: float, first: FirstWord) -> socket.socket:
    """A connection on which that was said."""
    with contextlib.ExitStack() as undo:
        connection = undo.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))
        connection.settimeout(timeout_s)
        connection.connect(str(path))
        connection.send(format_word(first))
        undo.pop_all()
    return connection
