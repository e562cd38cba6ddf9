"""Stream sockets that know who is at the other end, from the kernel, on accept and on connect."""

from __future__ import annotations

import errno
import os
import socket
import struct
from typing import TYPE_CHECKING, Any, Final

from daemoneye.actors.transport.kin import Peer

if TYPE_CHECKING:
    from collections.abc import Callable

_UCRED: Final = struct.Struct("3i")  # struct ucred: pid, uid, gid


def peer_of(connected: socket.socket) -> Peer:
    """Of an accepted socket: who connected. Of a connected one: who listens there."""
    return Peer(*_UCRED.unpack(connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)))


class UnixSocket(socket.socket):
    """A socket as Thespian's TCP transport drives it.

    TCP's connect says EINPROGRESS and its result comes with the first send; a local connect knows at once that nobody
    is there or that the backlog is full. Thespian acts promptly on the first way only, so connect answers that way.
    """

    def __init__(
        self,
        path_of: Callable[[str], str] | None = None,
        trusts: Callable[[str, Peer], bool] | None = None,
        fileno: int | None = None,
    ) -> None:
        super().__init__(socket.AF_UNIX, socket.SOCK_STREAM, 0, fileno=fileno)
        self._path_of = path_of
        self._trusts = trusts
        self._pending: str | None = None  # the name we have not reached yet
        self._failure: OSError | None = None
        self.peer: Peer | None = None
        self.used = False

    @classmethod
    def accepted_from(cls, listening: socket.socket) -> UnixSocket:
        connection, _ = listening.accept()
        made = cls(fileno=connection.detach())
        made.peer = peer_of(made)
        return made

    def setsockopt(self, level: int, option: int, *value: Any) -> None:
        if level != socket.IPPROTO_TCP:  # it asks for TCP_NODELAY, and local sockets never wait
            super().setsockopt(level, option, *value)

    def connect(self, address: Any) -> None:
        self._reach(address)
        if self._pending or self._failure:
            raise OSError(errno.EINPROGRESS, os.strerror(errno.EINPROGRESS))

    def _reach(self, name: str) -> None:
        if self._path_of is None or self._trusts is None:
            raise TypeError("an accepted socket does not connect")
        self._pending = None
        try:
            super().connect(self._path_of(name))
            self.peer = peer_of(self)
        except BlockingIOError:
            self._pending = name  # its backlog is full
        except OSError as error:
            self._failure = error
        else:
            if not self._trusts(name, self.peer):
                self._failure = PermissionError(errno.EPERM, f"{name}: pid {self.peer.pid} listens there")

    def send(self, data: Any, flags: int = 0) -> int:
        if self._pending:
            self._reach(self._pending)
        if self._failure:
            raise ConnectionRefusedError(errno.ECONNREFUSED, str(self._failure))  # Thespian: a dead target
        if self._pending:
            raise BlockingIOError(errno.EAGAIN, "backlog full")  # Thespian: try again a little later
        sent = super().send(data, flags)
        self.used = True
        return sent
