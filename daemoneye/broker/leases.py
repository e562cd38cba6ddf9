"""Processes that are lent: a connection each, and the process lives no longer than the connection.

The connection is the whole state. Its holder closes it, or half of it, or dies: the process is killed. The process
ends: its holder is told how, and the connection is closed. One word is said in each direction, the request and the
answer; whatever else comes over a lease ends it.
"""

from __future__ import annotations

import errno
import os
import signal
from functools import partial
from typing import TYPE_CHECKING, Final

from daemoneye.broker.datagrams import hand_over, say
from daemoneye.broker.forking import last_words
from daemoneye.broker.words import Exited, Killed, NotStarted, Started

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from daemoneye.broker.watcher import Watcher
    from daemoneye.broker.words import StartRequest

    Fork = Callable[[Callable[[], None], Callable[[str], None]], int]

# A tree has six children and a hasher per processor; this is that, tenfold, and far below any limit of descriptors.
MOST_LEASES: Final = 64


class Leases:
    def __init__(self, watcher: Watcher, fork: Fork, begin: Callable[[StartRequest, int], None]) -> None:
        self._watcher = watcher
        self._fork = fork
        self._begin = begin
        self._held: dict[int, socket.socket] = {}

    def lend(self, connection: socket.socket, request: StartRequest) -> None:
        """The connection is ours from here on."""
        try:
            pid = self._start(connection, request)
        except OSError as error:
            say(connection, NotStarted(errno.errorcode.get(error.errno or 0, "EIO")))
            connection.close()
        else:
            self._held[pid] = connection
            self._watcher.watch(connection, partial(self._ended, pid))

    def _start(self, connection: socket.socket, request: StartRequest) -> int:
        if len(self._held) >= MOST_LEASES:
            raise OSError(errno.EUSERS, os.strerror(errno.EUSERS))
        # not waiting: who reads the last words must not have to, nor who dies
        reading, writing = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)

        def live() -> None:
            connection.close()
            os.close(reading)
            self._begin(request, writing)

        try:
            pid = self._fork(live, lambda text: _write(writing, text))
            self._hand_over(connection, pid, reading)
            return pid
        finally:
            os.close(reading)
            os.close(writing)

    def _hand_over(self, connection: socket.socket, pid: int, reading: int) -> None:
        try:
            handle = os.pidfd_open(pid)
            try:
                hand_over(connection, Started(pid), handle, reading)
            finally:
                os.close(handle)
        except OSError:
            os.kill(pid, signal.SIGKILL)  # nobody holds it; it is reaped like everybody
            raise

    def _ended(self, pid: int) -> None:
        """Closed by its holder, dead or alive; or something was said, and there is nothing to say."""
        self._watcher.unwatch(self._held[pid])  # a closed connection is readable for ever
        os.kill(pid, signal.SIGKILL)  # not reaped yet, so this number is still its own

    def reaped(self, pid: int, status: int) -> None:
        connection = self._held.pop(pid, None)
        if connection:
            code = os.waitstatus_to_exitcode(status)
            say(connection, Exited(code) if code >= 0 else Killed(-code))
            self._watcher.unwatch(connection)
            connection.close()

    def drop(self) -> None:
        """All of them, and without a kill: that is done to everybody."""
        for connection in self._held.values():
            self._watcher.unwatch(connection)
            connection.close()
        self._held.clear()

    @property
    def pids(self) -> Iterator[int]:
        return iter(self._held)


def _write(descriptor: int, text: str) -> None:
    os.write(descriptor, last_words(text))
