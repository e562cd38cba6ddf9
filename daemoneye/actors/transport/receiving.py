"""The way in: a connection, a frame, a message; refused at the first thing that is wrong, counted, and carried on."""
# ruff: noqa: N802, N815 - the names and signatures are Thespian's

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING, Any, ClassVar, Final

from thespian.actors import ActorAddress
from thespian.system.transport import ReceiveEnvelope, Thespian__UpdateWork

from daemoneye.actors.transport import conversation
from daemoneye.actors.transport.connections import Incoming
from daemoneye.actors.transport.envelope import read, unseal
from daemoneye.actors.transport.frames import ACK, NAK, encode_frame
from daemoneye.actors.transport.kin import ForeignAddressError, Kin, Peer
from daemoneye.actors.transport.loans import ProcessEnd
from daemoneye.actors.transport.refusals import Refusal, Refusals, Refused
from daemoneye.actors.transport.sockets import UnixSocket

if TYPE_CHECKING:
    from daemoneye.actors.transport.agreed import Site

# One per pair of actors, and a tree has about a dozen; far below the 1,024 descriptors that a process usually has.
MAX_CONNECTIONS: Final = 256
# What one process may hold of them, so that none keeps the others out. A runner with a thread per request needs most.
MAX_CONNECTIONS_PER_PEER: Final = 64
# When the kernel has no descriptor left: give up that many idle connections, and do not spin.
_SHED: Final = 8
_WITHOUT_DESCRIPTORS_S: Final = 0.01


class Receiving:
    site: ClassVar[Site]
    kin: ClassVar[Kin]
    refusals: Refusals
    socket: UnixSocket
    _parentAddr: Any
    _incomingSockets: dict[int, Any]
    _openSockets: dict[Any, Any]
    _incomingEnvelopes: list[Any]

    def _acceptNewIncoming(self) -> None:
        connection = self._accept()
        self._check_indicators()  # type: ignore[attr-defined]
        if connection is None:
            self._incomingEnvelopes.append(Thespian__UpdateWork())
            return
        assert connection.peer  # noqa: S101 - an accepted one has one
        if refusal := self._unwelcome(connection.peer):
            self.refusals.add(refusal, f"pid {connection.peer.pid} of uid {connection.peer.uid}: connection closed")
            connection.close()
            return
        connection.setblocking(False)
        self._incomingSockets[connection.fileno()] = self._incoming(ActorAddress(None), connection)

    def _accept(self) -> UnixSocket | None:
        try:
            return UnixSocket.accepted_from(self.socket)
        except (BlockingIOError, ConnectionAbortedError):
            return None
        except OSError:  # no descriptor, no memory: it will be there again when we have made room
            self.close_oldest_idle_sockets(_SHED)  # type: ignore[attr-defined]
            time.sleep(_WITHOUT_DESCRIPTORS_S)
            return None

    def _unwelcome(self, peer: Peer) -> Refusal | None:
        if not self.kin.may_enter(peer.uid):
            return Refusal.STRANGER
        held = [each.socket.peer for each in (*self._incomingSockets.values(), *self._openSockets.values())]
        crowded = len(held) >= MAX_CONNECTIONS or sum(each == peer for each in held) >= MAX_CONNECTIONS_PER_PEER
        return Refusal.CROWD if crowded else None

    def _incoming(self, sender: Any, connection: UnixSocket) -> Incoming:
        return Incoming(sender, connection, self.site.max_frame)

    def _handlePossibleIncoming(
        self, incoming: Any, fileno: int, closed: bool = False, has_exclusive_flag: bool = False
    ) -> Any:
        """Read if it is readable; otherwise see how long it has been silent. What is returned is kept."""
        if isinstance(incoming, ProcessEnd):
            return self._miss(incoming) if incoming.fileno() == fileno else incoming
        if not isinstance(incoming, Incoming):  # Thespian makes one of its own from an idle connection
            incoming = self._incoming(incoming.fromAddress, incoming.socket)
        if closed or incoming.socket is None:
            incoming.close()
            return None
        if incoming.socket.fileno() == fileno:
            return self._read(incoming, has_exclusive_flag)
        if incoming.delay():
            return incoming
        if incoming.begun:
            self.refusals.add(Refusal.SILENCE, f"pid {incoming.peer.pid}: half a frame, then silence")
        incoming.close()
        return None

    def _miss(self, _end: ProcessEnd) -> None:
        """A borrowed child has ended: Thespian shall look at all of them, as it does when a signal comes."""
        self._checkChildren = True
        self._check_indicators()  # type: ignore[attr-defined]

    def _read(self, incoming: Incoming, has_exclusive_flag: bool) -> Incoming | None:
        try:
            payload = incoming.read()
            if payload is None:
                return incoming
            self.take(payload, incoming.connection, has_exclusive_flag)
        except Refused as refused:
            self._refuse(refused, incoming.connection)
        except OSError:
            pass  # gone; what was whole has been taken, what was not is sent again
        else:
            incoming.fromAddress = ActorAddress(unseal(payload).sender)
            self._finishIncoming(incoming, incoming.fromAddress)  # type: ignore[attr-defined]
            return None
        incoming.close()
        return None

    def take(self, payload: bytes, connection: UnixSocket, has_exclusive_flag: bool = False) -> None:
        """A whole frame that is no answer: a message to us, or ``Refused``."""
        assert connection.peer  # noqa: S101 - a connection has one
        envelope = self._admit(payload, connection.peer)
        _answer(connection, ACK)
        self._processReceivedEnvelope(envelope, has_exclusive_flag=has_exclusive_flag)  # type: ignore[attr-defined]

    def _admit(self, payload: bytes, peer: Peer) -> Any:
        envelope = unseal(payload)
        sender, listener = envelope.sender, self.kin.role
        if not self.kin.owns(peer, sender, self._look_for_admin):  # type: ignore[attr-defined]
            raise ForeignAddressError(f"pid {peer.pid} of uid {peer.uid} as {sender}: expected an address of its own")
        message = read(envelope, self.site.codec_of(listener))
        if peer.pid != os.getpid():
            parent = self._parentAddr.addressDetails if self._parentAddr else None
            self.site.policy.check(self.kin.speaker(peer, sender, parent), type(message), listener)
            conversation.check_subject(sender, message)
        return ReceiveEnvelope(ActorAddress(sender), message)

    def _refuse(self, refused: Refused, connection: UnixSocket) -> None:
        peer = connection.peer
        self.refusals.add(refused.kind, f"{refused} (pid {peer.pid}, uid {peer.uid})" if peer else str(refused))
        _answer(connection, NAK)


def _answer(connection: UnixSocket, answer: bytes) -> None:
    with contextlib.suppress(OSError):  # it may be gone: the last words of a process are a message like any other
        connection.sendall(encode_frame(answer, len(answer)))
