"""The sockets of the gateway: lets clients in, moves bytes, closes. What the bytes mean, the sessions know.

All descriptors are in one epoll, so that the actor has a single one to watch. Nothing here waits, and each turn does a
bounded amount of work: whatever clients do, the next heartbeat is answered in time.
"""

from __future__ import annotations

import errno
import select
import socket
import struct
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from daemoneye.actors.transport.sockets import peer_of
from daemoneye.gateway.admission import Admission
from daemoneye.gateway.session import Drop, Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from daemoneye.actors.transport.kin import Peer
    from daemoneye.model.agent import Answer, Envelope

# Of one turn. A request that is one takes 10 us (measured), the worst that can be sent in its place 0.7 ms.
_FRAMES: Final = 16
_FRAMES_OF_ONE: Final = 4
_EVENTS: Final = 64
_ACCEPTS: Final = 16
_PIECE: Final = 64 * 1024  # read at once from one client
# linux/socket.h; Python has no name for it, and gives at most 1,024 bytes: 256 groups. Whoever is in more, is in none.
_SO_PEERGROUPS: Final = 59
_GROUPS_BYTES: Final = 1024
# accept cannot do its work now; the client waits in the backlog, and asking again at once would only keep us busy
_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


@dataclass(slots=True, kw_only=True)
class _Client:
    socket: socket.socket
    session: Session
    peer: Peer
    interest: int = 0


class Reception:
    def __init__(self, doors: Iterable[socket.socket], server: str, report: Callable[[Drop, Peer], None]) -> None:
        self._epoll = select.epoll()
        self._doors = {door.fileno(): door for door in doors}
        self._server = server
        self._report = report
        self._clients: dict[int, _Client] = {}  # by a number of their own: descriptors are reused
        self._numbers: dict[int, int] = {}  # by descriptor
        self._gone: list[int] = []
        self._closed_doors = False
        self.admission = Admission()
        self.max_clients = 0
        self.max_frame = 0
        self.admitted = 0
        self.dropped: Counter[Drop] = Counter()
        for door in self._doors.values():
            door.setblocking(False)
            self._epoll.register(door, select.EPOLLIN)

    def fileno(self) -> int:
        return self._epoll.fileno()

    def __len__(self) -> int:
        return len(self._clients)

    def turn(self, now_s: float) -> list[tuple[int, Envelope]]:
        """Let in who is at the door, read what came; the requests among it, with the client of each."""
        for descriptor, events in self._epoll.poll(0, _EVENTS):
            if descriptor in self._doors:
                self._let_in(self._doors[descriptor], now_s)
            elif events & (select.EPOLLHUP | select.EPOLLERR):
                self._close(self._numbers[descriptor])
            elif events & select.EPOLLIN:
                self._read(self._numbers[descriptor], now_s)
        return self._requests(now_s)

    @property
    def has_more(self) -> bool:
        """There is work that no descriptor will announce."""
        return any(client.session.can_go_on for client in self._clients.values())

    def answer(self, client: int, number: int, answer: Answer, now_s: float, *, last: bool = True) -> None:
        if found := self._clients.get(client):
            found.session.answer(number, answer, now_s, last=last)

    def peer(self, client: int) -> Peer:
        """Who that is; it has to be here."""
        return self._clients[client].peer

    def has_room(self, client: int) -> bool:
        found = self._clients.get(client)
        return found is not None and found.session.has_room

    def settle(self, now_s: float) -> list[int]:
        """Write what can be written, end what is over; who is gone since the last time."""
        for number in list(self._clients):
            self._write(number, now_s)
        for number, client in list(self._clients.items()):
            if client.session.over:
                self._close(number)
            else:
                self._listen(client)
        gone, self._gone = self._gone, []
        return gone

    @property
    def needs_watching(self) -> bool:
        """Somebody's patience, or ours, may end without a byte moving."""
        return self._closed_doors or any(client.session.due_s is not None for client in self._clients.values())

    def expire(self, now_s: float) -> None:
        for client in self._clients.values():
            client.session.expire(now_s)
        if self._closed_doors:
            self._closed_doors = False
            for door in self._doors.values():
                self._epoll.modify(door, select.EPOLLIN)

    def close(self) -> None:
        for number in list(self._clients):
            self._close(number)
        self._epoll.close()

    # -- the door

    def _let_in(self, door: socket.socket, now_s: float) -> None:
        for _ in range(_ACCEPTS):
            try:
                connection, _ = door.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in _EXHAUSTED:
                    self._rest()
                    return
                continue  # it was gone before we looked
            self._admit(connection, now_s)

    def _rest(self) -> None:
        self._closed_doors = True
        for door in self._doors.values():
            self._epoll.modify(door, 0)

    def _admit(self, connection: socket.socket, now_s: float) -> None:
        peer = peer_of(connection)
        if not self.admission.admits(peer.uid, peer.gid, _groups_of(connection)):
            self._turn_away(Drop.STRANGER, connection, peer)
        elif len(self._clients) >= self.max_clients:
            self._turn_away(Drop.CROWD, connection, peer)
        else:
            connection.setblocking(False)
            session = Session(max_frame=self.max_frame, server=self._server, now_s=now_s)
            client = _Client(socket=connection, session=session, peer=peer)
            self.admitted += 1
            self._clients[self.admitted] = client
            self._numbers[connection.fileno()] = self.admitted
            self._epoll.register(connection, 0)
            self._listen(client)

    def _turn_away(self, why: Drop, connection: socket.socket, peer: Peer) -> None:
        connection.close()
        self._drop(why, peer)

    def _drop(self, why: Drop, peer: Peer) -> None:
        self.dropped[why] += 1
        self._report(why, peer)

    # -- bytes

    def _read(self, number: int, now_s: float) -> None:
        client = self._clients[number]
        try:
            client.session.receive(client.socket.recv(_PIECE), now_s)
        except BlockingIOError:
            return
        except OSError:
            self._close(number)

    def _requests(self, now_s: float) -> list[tuple[int, Envelope]]:
        found: list[tuple[int, Envelope]] = []
        ready = [number for number, client in self._clients.items() if client.session.can_go_on]
        for number in ready[: _FRAMES // _FRAMES_OF_ONE]:
            client = self._clients[number] = self._clients.pop(number)  # to the end: each in its turn
            found += ((number, request) for request in client.session.requests(_FRAMES_OF_ONE, now_s))
        return found

    def _write(self, number: int, now_s: float) -> None:
        client = self._clients[number]
        outbox = client.session.outbox
        try:
            while outbox:
                outbox.sent(client.socket.send(outbox.first), now_s)
        except BlockingIOError:
            return
        except OSError:
            self._close(number)

    def _listen(self, client: _Client) -> None:
        interest = select.EPOLLIN * client.session.wants_input | select.EPOLLOUT * bool(client.session.outbox)
        if interest != client.interest:
            client.interest = interest
            self._epoll.modify(client.socket, interest)

    def _close(self, number: int) -> None:
        client = self._clients.pop(number)
        del self._numbers[client.socket.fileno()]
        client.socket.close()  # which takes it out of the epoll, too
        self._gone.append(number)
        if client.session.dropped:
            self._drop(client.session.dropped, client.peer)


def _groups_of(connection: socket.socket) -> tuple[int, ...]:
    """Those of the process at the other end, as the kernel knows them: no directory service is asked."""
    try:
        raw = connection.getsockopt(socket.SOL_SOCKET, _SO_PEERGROUPS, _GROUPS_BYTES)
    except OSError:
        return ()
    return struct.unpack(f"={len(raw) // 4}I", raw)
