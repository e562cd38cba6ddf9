"""The end of a transport, which Thespian does not always survive."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, Any

from daemoneye.actors.transport import transport as module
from daemoneye.actors.transport.addresses import UnixAddress
from daemoneye.actors.transport.transport import UnixTransport

if TYPE_CHECKING:
    from pathlib import Path


class Unsent:
    """A message whose sender, told that it was not sent, sends another."""

    socket = None

    def __init__(self, transport: Any, number: int) -> None:
        self._transport, self._number = transport, number

    def tx_done(self, _status: object) -> None:
        self._transport._transmitIntents[self._number + 1] = Unsent(self._transport, self._number + 1)


def test_a_transport_ends_with_messages_unsent(tmp_path: Path) -> None:
    """The dictionary that grows while it is read would end the process in a traceback."""
    transport: Any = object.__new__(UnixTransport)
    transport._prepare_loop()
    transport._owner_pid, transport._address = os.getpid(), UnixAddress.fresh("echo")
    transport.site = type("Site", (), {"path_of": lambda _, address: str(tmp_path / address.name)})()
    transport.socket = socket.socket(socket.AF_UNIX)
    transport._transmitIntents[1] = Unsent(transport, 1)
    module._open.add(transport)
    transport.close()
    assert transport not in module._open
    assert not hasattr(transport, "_transmitIntents")
