"""The way out: connect, send, wait for the answer. The numbered steps are Thespian's, called by their number."""
# ruff: noqa: N802 - the names are Thespian's

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from thespian.system.transport import SendStatus, Thespian__UpdateWork

from daemoneye.actors.transport.connections import read_frame
from daemoneye.actors.transport.envelope import seal
from daemoneye.actors.transport.frames import ACK, NAK, Inbound, encode_frame
from daemoneye.actors.transport.refusals import Refused

if TYPE_CHECKING:
    from daemoneye.actors.transport.addresses import UnixAddress
    from daemoneye.actors.transport.agreed import Site

# For what goes to ourselves, and is handed over as it is. Thespian takes an empty one for "nothing to send".
_NOT_SENT = memoryview(b"-")


class Sending:
    site: ClassVar[Site]
    myAddress: Any  # noqa: N815 - Thespian's word
    _address: UnixAddress

    def serializer(self, intent: Any) -> memoryview:
        """The frame, as a view: what is left of it after a partial send is no copy."""
        if intent.targetAddr == self.myAddress or isinstance(intent.message, Thespian__UpdateWork):
            return _NOT_SENT
        codec = self.site.codec_of(intent.targetAddr.addressDetails.role)
        return memoryview(encode_frame(seal(self._address, intent.message, codec), self.site.max_frame))

    def _next_XMIT_2(self, intent: Any) -> Any:
        """Send, or go on sending."""
        connection = getattr(intent, "socket", None)
        if connection is None:
            return self._retry(intent)
        reused = connection.used
        try:
            intent.amtSent += connection.send(intent.serMsg[intent.amtSent :])
        except BlockingIOError:
            intent.backoffPause(True)
            return True
        except ConnectionRefusedError:
            return self._finishIntent(intent, SendStatus.DeadTarget)  # type: ignore[attr-defined]
        except OSError:
            return self._reconnect(intent) if reused and not intent.amtSent else self._retry(intent)
        if intent.amtSent >= len(intent.serMsg):
            intent.stage = self._XMITStepShutdownWrite  # type: ignore[attr-defined]
        return True

    def _next_XMIT_3(self, intent: Any) -> bool:
        """All is sent: be ready for the answer."""
        intent.ackbuf = Inbound(self.site.max_frame)  # the other side may begin a message of its own before it answers
        intent.stage = self._XMITStepWaitForAck  # type: ignore[attr-defined]
        return True

    def _next_XMIT_4(self, intent: Any) -> Any:
        """Read until the answer is there."""
        try:
            while (payload := read_frame(intent.socket, intent.ackbuf)) not in {ACK, NAK}:
                if payload is None:
                    return True
                self.take(payload, intent.socket)  # type: ignore[attr-defined]
                intent.ackbuf = Inbound(self.site.max_frame)
        except Refused as refused:
            self._refuse(refused, intent.socket)  # type: ignore[attr-defined]
            return self._retry(intent)
        except OSError:
            return self._retry(intent)
        intent.result = SendStatus.Sent if payload == ACK else SendStatus.BadPacket
        intent.stage = self._XMITStepFinishCleanup  # type: ignore[attr-defined]
        return self._nextTransmitStep(intent)  # type: ignore[attr-defined]

    def _reconnect(self, intent: Any) -> Any:
        """An idle connection that the other side has closed meanwhile says nothing about the other side."""
        intent.socket.close()
        del intent.socket
        intent.stage = self._XMITStepSendConnect  # type: ignore[attr-defined]
        return self._nextTransmitStep(intent)  # type: ignore[attr-defined]

    def _retry(self, intent: Any) -> Any:
        intent.backoffPause(True)
        intent.stage = self._XMITStepRetry  # type: ignore[attr-defined]
        return self._nextTransmitStep(intent)  # type: ignore[attr-defined]
