"""Speaks to the init system that started us, if it wants to be spoken to (sd_notify(3)).

The address and the watchdog's interval come in the environment, from which they are taken: what is started by us must
not speak for us. Nothing here waits, and nothing here fails: an init system that does not listen is not our trouble.
"""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import MutableMapping


class InitSystem:
    """Without an address: nobody."""

    def __init__(self, address: str | None = None, watchdog_s: float | None = None) -> None:
        self.watchdog_s = watchdog_s  # within which it wants a sign of life
        self._address = _socket_address(address) if address else None
        self._socket: socket.socket | None = None
        if self._address is not None:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)

    @classmethod
    def taken_from(cls, environment: MutableMapping[str, str], pid: int) -> InitSystem:
        address = environment.pop("NOTIFY_SOCKET", None)
        interval = environment.pop("WATCHDOG_USEC", "")
        addressee = environment.pop("WATCHDOG_PID", str(pid))
        meant = addressee == str(pid) and interval.isdecimal() and int(interval) > 0
        return cls(address, int(interval) / 1_000_000 if meant else None)

    def notify(self, *assignments: str) -> None:
        """In one message; a line each."""
        if self._socket is None or self._address is None:
            return
        message = "\n".join(" ".join(each.splitlines()) for each in assignments).encode("utf-8", "replace")
        with contextlib.suppress(OSError):
            self._socket.sendto(message, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL, self._address)

    def close(self) -> None:
        if self._socket:
            self._socket.close()
            self._socket = None


def _socket_address(text: str) -> bytes | None:
    """A path, or with ``@`` a name outside the file system; anything else (vsock, since systemd 254) is not for us."""
    if text[:1] not in {"/", "@"} or len(text) < 2:
        return None
    name = text.encode("utf-8", "surrogateescape")
    return b"\0" + name[1:] if name.startswith(b"@") else name
