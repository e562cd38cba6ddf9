"""A receiver that may be anybody: what it does with each connection is the test's to say."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable

    Behaviour = Callable[[socket.socket, int], None]


class Hostile:
    """Calls the behaviour with each connection and its number, one after another; closes it afterwards."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._present: socket.socket | None = None
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self.port: int = self._listening.getsockname()[1]
        self.connections = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        if self._present:
            with contextlib.suppress(OSError):
                self._present.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)

    def _serve(self) -> None:
        with contextlib.suppress(OSError):  # not listening any more
            while True:
                self._present, _ = self._listening.accept()
                self.connections += 1
                with self._present, contextlib.suppress(OSError):
                    self._present.settimeout(10)
                    self._behaviour(self._present, self.connections)


def relp_frames(connection: socket.socket) -> list[tuple[int, str, bytes]]:
    """What has come, as frames; blocks until there is one."""
    held = b""
    while True:
        data = connection.recv(65536)
        if not data:
            raise ConnectionResetError
        held += data
        frames, rest = _parsed(held)
        if frames and not rest:
            return frames


def _parsed(held: bytes) -> tuple[list[tuple[int, str, bytes]], bytes]:
    frames = []
    while held:
        parts = held.split(b" ", 3) if held.count(b" ") > 2 else [*held.split(b" ", 2), b""]
        if len(parts) < 4:
            break
        number, command, length, rest = parts
        if not rest and length.endswith(b"\n"):
            frames.append((int(number), command.decode(), b""))
            return frames, b""
        if len(rest) <= int(length):
            break
        frames.append((int(number), command.decode(), rest[: int(length)]))
        held = rest[int(length) + 1 :]
    return frames, held


def relp_answer(number: int, text: str) -> bytes:
    return f"{number} rsp {len(text)} {text}\n".encode()


OPENED = "200 OK\nrelp_version=0\ncommands=syslog"
