"""Copies to the system's own log, by its local socket, which is of datagrams or a stream, as syslog(3) finds out too.

A copy is sent, or it is told why not; nobody waits who has not said for how long.
"""

from __future__ import annotations

import errno
import select
import socket
from contextlib import suppress
from typing import Final

from daemoneye.outputs.trouble import Failed, Trouble, Written, failed

_END: Final = b"\0"  # of a message in a stream, as the C library writes it: the text may have line feeds
_FULL: Final = Failed(trouble=Trouble.BUSY, detail="it does not read, and its queue is full")


class LocalSyslog:
    def __init__(self, path: str) -> None:
        self._path = path
        self._socket: socket.socket | None = None
        self._is_stream = False
        self._rest = b""  # of a message of which a stream has taken a part

    def try_out(self) -> Written | Failed:
        """Find out whether there is a logger before there is something for it."""
        try:
            self._connected()
        except OSError as error:
            return failed(error)
        return Written(lines=0) if self.wait_for_room(0) else _FULL

    def send(self, message: bytes) -> Written | Failed:
        try:
            return self._send(message)
        except OSError:
            self.close()  # the logger was restarted, and its old socket is dead
        try:
            return self._send(message)
        except OSError as error:
            self.close()
            return failed(error)

    def wait_for_room(self, seconds: float) -> bool:
        if self._socket is None:
            return False
        waiting = select.poll()
        waiting.register(self._socket, select.POLLOUT)
        return bool(waiting.poll(seconds * 1000))

    def close(self) -> None:
        if self._socket:
            self._socket.close()
            self._socket, self._rest = None, b""

    def _send(self, message: bytes) -> Written | Failed:
        connected = self._connected()
        if self._is_stream:
            if not self._flushed(connected):
                return _FULL
            self._rest = message + _END
            self._flushed(connected)  # what does not fit goes before the next one
            return Written()
        try:
            connected.send(message)
        except BlockingIOError:
            return _FULL
        return Written()

    def _flushed(self, connected: socket.socket) -> bool:
        with suppress(BlockingIOError):
            while self._rest:
                self._rest = self._rest[connected.send(self._rest) :]
        return not self._rest

    def _connected(self) -> socket.socket:
        if self._socket is None:
            try:
                self._socket, self._is_stream = _opened(self._path, socket.SOCK_DGRAM), False
            except OSError as error:
                if error.errno != errno.EPROTOTYPE:
                    raise
                self._socket, self._is_stream = _opened(self._path, socket.SOCK_STREAM), True
        return self._socket


def _opened(path: str, kind: socket.SocketKind) -> socket.socket:
    fresh = socket.socket(socket.AF_UNIX, kind | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    try:
        fresh.connect(path)
    except OSError:
        fresh.close()
        raise
    return fresh
