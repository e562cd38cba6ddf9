"""A connection to a RELP receiver: a socket around ``outputs.relp``, with TLS unless told otherwise.

Connecting blocks, for the thread has nothing else to do meanwhile; from there on nothing does.
"""

from __future__ import annotations

import encodings.idna  # noqa: F401 - what a name is looked up with; it would be imported then
import select
import socket
import ssl
import time
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Final

from daemoneye.forwarding.line import NoConnection
from daemoneye.forwarding.rendering import AsSyslog
from daemoneye.forwarding.security import client_context, why
from daemoneye.outputs.relp import Closed, Opened, RelpSession
from daemoneye.outputs.syslog import Syslog

if TYPE_CHECKING:
    from daemoneye.forwarding.line import Told
    from daemoneye.model.record import Stream
    from daemoneye.outputs.origin import Origin
    from daemoneye.outputs.relp import Event
    from daemoneye.settings.outputs import RELP

_PIECE: Final = 64 * 1024
_MOST_UNSENT: Final = 4 * _PIECE  # bytes; the kernel's own buffer holds about as much
_WOULD_BLOCK: Final = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class RelpReceiver:
    name = "relp"

    def __init__(self, settings: RELP, origin: Origin) -> None:
        self._settings = settings
        self.timeout_s = settings.timeout
        self.render = AsSyslog(Syslog(origin=origin, limit=settings.max_message))

    def connect(self) -> RelpLine:
        try:
            connection = self._connected()
        except (OSError, ValueError) as error:  # a host name that cannot be one is a ValueError
            raise NoConnection(f"{self._settings.host}:{self._settings.port}: {why(error)}") from None
        line = RelpLine(connection, self._settings.window)
        line.open(time.monotonic() + self.timeout_s)
        return line

    def _connected(self) -> socket.socket:
        given = self._settings
        host = given.host or ""
        context = client_context(given.tls) if given.tls.enabled else None
        with ExitStack() as undo:
            raw = undo.enter_context(socket.create_connection((host, given.port), self.timeout_s))
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)  # while nothing happens a dead peer is noticed
            connection = context.wrap_socket(raw, server_hostname=given.tls.server_name or host) if context else raw
            connection.setblocking(False)
            undo.pop_all()
        return connection


class RelpLine:
    def __init__(self, connection: socket.socket, window: int) -> None:
        self._connection = connection
        self._session = RelpSession(window=window)
        self._unsent = bytearray()
        self._poll = select.poll()
        self._events: list[Event] = []

    def open(self, deadline_s: float) -> None:
        self._unsent += self._session.open()
        while not self._events and (left_s := deadline_s - time.monotonic()) > 0:
            self._exchange(left_s, None)
        if self._events != [Opened()]:
            self._connection.close()
            closed = (event.why for event in self._events if isinstance(event, Closed))
            raise NoConnection(next(closed, "the receiver does not answer"))
        self._events.clear()

    @property
    def room(self) -> int:
        return self._session.room if len(self._unsent) < _MOST_UNSENT else 0

    def send(self, identity: str, stream: Stream, message: bytes) -> None:  # noqa: ARG002 - it is in the message
        self._unsent += self._session.send(identity, message)

    def tell(self, identity: str, health: bytes) -> None:
        """A log has no place for it."""

    def wait(self, seconds: float, wake: int) -> list[Told]:
        if not self._events:
            self._exchange(seconds, wake)
        told, self._events = self._events, []
        return [each for each in told if not isinstance(each, Opened)]

    def close(self) -> None:
        """Say so, if that can be done at once."""
        with suppress(RuntimeError, OSError):
            self._unsent += self._session.close()
            self._connection.send(self._unsent)
        self._connection.close()

    def _exchange(self, seconds: float, wake: int | None) -> None:
        self._write()
        self._poll.register(self._connection, select.POLLIN | (select.POLLOUT if self._unsent else 0))
        if wake is not None:
            self._poll.register(wake, select.POLLIN)
        ready = dict(self._poll.poll(max(0.0, seconds) * 1000))
        if self._connection.fileno() in ready:
            self._read()
            self._write()

    def _write(self) -> None:
        """What cannot be sent, because the other side is gone, is found out by reading: it may have said more."""
        with suppress(*_WOULD_BLOCK, ConnectionError, ssl.SSLError):
            while self._unsent:
                del self._unsent[: self._connection.send(self._unsent[:_PIECE])]

    def _read(self) -> None:
        try:
            while not self._session.closed:
                self._events += self._session.receive_data(self._connection.recv(_PIECE))
        except _WOULD_BLOCK:
            pass
        except OSError as error:
            self._events += self._session.connection_lost(why(error))
