"""An incoming connection: a frame on its way in, and how long its sender may keep silent about the rest."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from thespian.system.timing import ExpirationTimer

from daemoneye.actors.transport.frames import Inbound
from daemoneye.actors.transport.rebinds import tcp

if TYPE_CHECKING:
    from daemoneye.actors.transport.kin import Peer
    from daemoneye.actors.transport.sockets import UnixSocket

# A stopped sender must not cost a healthy one its message (it sends again), nor hold its place for long.
SILENCE: Final = timedelta(seconds=10)


def read_frame(connection: UnixSocket, frame: Inbound) -> bytes | None:
    """Read on: the payload when it is whole, ``None`` when there is no more for now. A peer that is gone raises."""
    while wanted := frame.wanted:
        try:
            data = connection.recv(wanted)
        except BlockingIOError:
            return None
        if not data:
            raise ConnectionResetError("closed within a frame" if frame.begun else "closed")
        frame.feed(data)
    return frame.payload


class Incoming(tcp.TCPIncomingPersistent):
    """What Thespian's main loop keeps of a connection that is read from."""

    def __init__(self, sender: Any, connection: UnixSocket, max_frame: int) -> None:
        frame = Inbound(max_frame)
        super().__init__(sender, connection, frame)
        self._frame = frame
        self._be_patient()

    @property
    def connection(self) -> UnixSocket:
        connection: UnixSocket = self.socket
        return connection

    @property
    def peer(self) -> Peer | None:
        return self.connection.peer

    @property
    def begun(self) -> bool:
        return self._frame.begun

    def read(self) -> bytes | None:
        payload = read_frame(self.connection, self._frame)
        self._be_patient()
        return payload

    def _be_patient(self) -> None:
        self._expires = ExpirationTimer(SILENCE)
