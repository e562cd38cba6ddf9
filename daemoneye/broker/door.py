"""Who may talk to main: the supervisor of the present tree, and nobody else.

The runner names its pid. From then on we hold a descriptor of that very process, so that its number cannot come to mean
somebody else unnoticed, and compare with what the kernel says about each connection.
"""

from __future__ import annotations

import os
import select
import socket
import struct
from typing import Final

from daemoneye.errors import HostileInput

_UCRED: Final = struct.Struct("iII")  # linux/socket.h: pid, uid, gid


class Door:
    def __init__(self, listening: socket.socket, uid: int) -> None:
        self._uid = uid
        self.listening = listening
        self.listening.setblocking(False)
        self.expected_pid: int | None = None
        self.handle: int | None = None  # a pidfd

    def expect(self, pid: int) -> int:
        """``ProcessLookupError`` if it is dead already."""
        if self.handle is not None:
            raise HostileInput(f"supervisor {pid}: there is one already: one in each tree")
        self.handle = os.pidfd_open(pid)
        self.expected_pid = pid
        return self.handle

    def forget(self) -> None:
        if self.handle is not None:
            os.close(self.handle)
        self.handle = self.expected_pid = None

    def admit(self) -> tuple[socket.socket, int]:
        """A connection, and the pid behind it."""
        connection, _ = self.listening.accept()
        pid, uid, _ = _UCRED.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
        if uid != self._uid or pid != self.expected_pid or not self._lives:
            connection.close()
            raise HostileInput(f"pid {pid}, uid {uid}: expected pid {self.expected_pid}, uid {self._uid}")
        connection.setblocking(False)
        return connection, pid

    @property
    def _lives(self) -> bool:
        return self.handle is not None and not select.select([self.handle], [], [], 0)[0]
