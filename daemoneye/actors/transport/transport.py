"""Thespian's TCP transport, with everything replaced that knew of TCP, of pickle, or of trust.

What stays is its queue of transmissions and its main loop, which drives the methods below by their names. A connection
carries one message at a time: a frame, and a frame of one byte back that says taken or refused. Both ends may start at
once on the same connection; each then takes the other's message while it waits for its own answer.

This file is where a transport begins, listens and ends; ``receiving.py`` and ``sending.py`` are the two directions.
"""
# ruff: noqa: N802 - the names are Thespian's

from __future__ import annotations

import contextlib
import os
import socket
import time
import weakref
from typing import TYPE_CHECKING, Any, ClassVar, Final

from thespian.actors import ActorAddress
from thespian.system.transport import ExternalInterfaceTransportInit, SendStatus

from daemoneye.actors.transport.addresses import ADMIN, UnixAddress
from daemoneye.actors.transport.identity import filesystem_uid
from daemoneye.actors.transport.processes import tie_to_adopter
from daemoneye.actors.transport.rebinds import tcp
from daemoneye.actors.transport.receiving import Receiving
from daemoneye.actors.transport.refusals import Refusals
from daemoneye.actors.transport.sending import Sending
from daemoneye.actors.transport.sockets import UnixSocket, peer_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemoneye.actors.transport.agreed import Site
    from daemoneye.actors.transport.kin import Kin, Peer
    from daemoneye.actors.transport.loans import ProcessEnd

_BACKLOG: Final = 128  # connections that wait to be accepted while an actor is busy; a tree has a dozen actors
_PROBE_S: Final = 2.0  # a local connect succeeds or fails at once, unless the backlog of a stopped admin is full

_open: weakref.WeakSet[UnixTransport] = weakref.WeakSet()


def forget_inherited() -> None:
    """After a fork, in the child: close what the parent's transports have open, first of all where they listen.

    Thespian leaves the admin's listening socket to its logger, so that a dead admin's address stays taken.
    """
    for transport in tuple(_open):
        transport.abandon()
    _open.clear()


def close_own() -> None:
    """At the end of a process: multiprocessing leaves without a word, and sockets have names that stay."""
    for transport in tuple(_open):
        transport.close()


def await_end(end: ProcessEnd) -> None:
    """Look at our children when that process has ended, as at a SIGCHLD."""
    for transport in _open:
        transport._incomingSockets[end.fileno()] = end  # noqa: SLF001 - ours


class UnixTransport(Receiving, Sending, tcp.TCPTransport):
    site: ClassVar[Site]  # set by the subclass that base.py makes for each system
    kin: ClassVar[Kin]

    def __init__(self, beginning: Any, *args: Any) -> None:
        super(tcp.TCPTransport, self).__init__()  # not TCP's own: it opens a port
        self.txOnly = False
        self._parentAddr = None
        assigned = None
        if isinstance(beginning, ExternalInterfaceTransportInit):
            self._adminAddr = self.getAdminAddr(args[0])
        elif isinstance(beginning, tcp.TCPEndpoint):
            _, assigned, self._parentAddr, self._adminAddr, *_ = beginning.args
        else:
            self._adminAddr = args[0]
        if assigned:
            self._become_admin()
        self._address = assigned.addressDetails if assigned else UnixAddress.fresh(self.kin.role)
        self.myAddress = ActorAddress(self._address)
        self.kin.own_uid = filesystem_uid()  # by now the role has its identity, and keeps it
        self.refusals = Refusals(self.site.report, time.monotonic)
        self._prepare_loop()
        self._owner_pid = os.getpid()
        self.socket = self._listen()
        _open.add(self)

    def _become_admin(self) -> None:
        """We are the second fork: the first is gone or about to go."""
        first_child, self.kin.own_pid = self.kin.own_pid, os.getpid()
        self.kin.admin_pid = os.getpid()
        tie_to_adopter(first_child, self.site.adopter)

    def _prepare_loop(self) -> None:
        """What the main loop keeps its books in."""
        self._transmitIntents: dict[int, Any] = {}
        self._waitingTransmits: list[Any] = []
        self._incomingSockets: dict[int, Any] = {}
        self._incomingEnvelopes: list[Any] = []
        self._finished_intents: list[Any] = []
        self._watches: list[int] = []
        self._openSockets: dict[UnixAddress, Any] = {}
        self._checkChildren = self._shutdownSignalled = False

    def _listen(self) -> UnixSocket:
        path = self.site.path_of(self._address)
        if self._address.name == ADMIN and os.path.lexists(path):
            os.unlink(path)  # noqa: PTH108 - of a dead one: base.py has looked
        listening = UnixSocket()
        listening.bind(path)
        os.chmod(path, self.site.socket_mode)  # noqa: PTH101 - nobody can connect before listen()
        listening.listen(_BACKLOG)
        listening.setblocking(False)
        return listening

    def close(self) -> None:
        if getattr(self, "_owner_pid", None) != os.getpid() or not hasattr(self, "socket"):
            return
        self._unlink(self._address)
        _open.discard(self)
        connections = tuple(self._connections())
        self._give_up_sending()
        super().close()
        for connection in connections:  # Thespian means to, and does not
            connection.close()

    def _give_up_sending(self) -> None:
        """Whoever hears that a message was not sent may want to send another; Thespian would stumble over it."""
        unsent, self._transmitIntents = self._transmitIntents, {}
        for each in unsent.values():
            each.tx_done(SendStatus.Failed)
        self._transmitIntents.clear()

    def abandon(self) -> None:
        """Close without a word to anybody: these connections are our parent's."""
        for connection in self._connections():
            connection.close()
        self._prepare_loop()

    def _connections(self) -> Iterator[socket.socket]:
        yield self.socket
        for books in (self._transmitIntents, self._incomingSockets, self._openSockets):
            yield from (each.socket for each in books.values() if getattr(each, "socket", None))

    def _unlink(self, address: UnixAddress) -> None:
        with contextlib.suppress(FileNotFoundError, PermissionError):  # gone already; or another user's, for his broker
            os.unlink(self.site.path_of(address))  # noqa: PTH108 - on the path of every exit

    def childResetFileNumList(self) -> list[int]:
        return []  # forget_inherited was before; by now these numbers may be somebody else's

    @staticmethod
    def getAdminAddr(_capabilities: object) -> Any:
        return ActorAddress(UnixAddress(ADMIN))

    @staticmethod
    def getConventionAddress(_capabilities: object) -> None:
        return None

    @staticmethod
    def getAddressFromString(address: str, _admin_routing: bool = False) -> Any:
        return ActorAddress(UnixAddress(address))

    def external_transport_clone(self) -> UnixTransport:
        return type(self)(tcp.ExternalTransportCopy(), self._adminAddr)

    @classmethod
    def admin_listens(cls) -> bool:
        return cls._look_for_admin() is not None

    def probeAdmin(self, _address: object) -> bool:
        return self.admin_listens()

    @classmethod
    def _look_for_admin(cls) -> int | None:
        """The process that listens as the admin."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(_PROBE_S)
            try:
                probe.connect(cls.site.path_of(UnixAddress(ADMIN)))
            except OSError:
                return None
            return peer_of(probe).pid

    def trusts_listener(self, name: str, peer: Peer) -> bool:
        return self.kin.owns(peer, UnixAddress(name), self._look_for_admin)

    def new_socket(self, make: Any, *args: Any, **settings: Any) -> Any:
        if make is not socket.socket:
            return super().new_socket(make, *args, **settings)
        return super().new_socket(UnixSocket, self._path, self.trusts_listener)

    def _path(self, name: str) -> str:
        return self.site.path_of(UnixAddress(name))


def bound_to(site: Site, kin: Kin) -> type[UnixTransport]:
    """Thespian hands on the class of a transport, not an instance: what a system agrees on is in the class."""

    class SiteTransport(UnixTransport):
        pass

    SiteTransport.site, SiteTransport.kin = site, kin
    return SiteTransport
