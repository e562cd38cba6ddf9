"""Copies to the system's own log, by its datagram socket. A copy never delays what it is of: it is sent or lost."""

from __future__ import annotations

import socket
from typing import Final

from daemoneye.outputs.trouble import Failed, Written, failed

DEV_LOG: Final = "/dev/log"


class LocalSyslog:
    """Counts what was lost; the journal still has it."""

    def __init__(self, path: str = DEV_LOG) -> None:
        self._path = path
        self._socket: socket.socket | None = None
        self.sent = 0
        self.lost = 0

    def send(self, message: bytes) -> Written | Failed:
        try:
            self._send(message)
        except OSError:
            try:
                self.close()  # the logger was restarted, and its old socket is dead
                self._send(message)
            except OSError as error:
                self.lost += 1
                return failed(error)
        self.sent += 1
        return Written()

    def close(self) -> None:
        if self._socket:
            self._socket.close()
            self._socket = None

    def _send(self, message: bytes) -> None:
        if self._socket is None:
            fresh = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
            try:
                fresh.connect(self._path)
            except OSError:
                fresh.close()
                raise
            self._socket = fresh
        self._socket.send(message)
