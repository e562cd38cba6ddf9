"""A process that is none of the agent's and speaks to its sockets: as root, or with the very uid of the roles."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import socket
import struct
from typing import TYPE_CHECKING, Any, Final

from daemoneye.actors.table import INBOXES, VOCABULARY
from daemoneye.actors.transport.conversation import VOCABULARY as OF_THESPIAN
from daemoneye.actors.transport.frames import ACK, NAK, encode_frame
from tests.actors.living import frame, say
from tests.actors.test_attacks import malicious

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection
    from pathlib import Path

_CONTEXT: Final = multiprocessing.get_context("fork")
WORDS: Final = VOCABULARY | OF_THESPIAN
TAKEN, REFUSED = encode_frame(ACK, 1), encode_frame(NAK, 1)
# Refused by a process, closed on before we had written all, or not let in by the file system.
REFUSALS: Final = {REFUSED, b"", b"ConnectionResetError", b"BrokenPipeError", b"PermissionError"}


def as_uid(uid: int, act: Callable[..., Any], *arguments: Any) -> Any:
    """What ``act`` answers in a process of its own, with that uid."""
    (answer,) = crowd(1, uid, act, *arguments)
    return answer


def crowd(number: int, uid: int, act: Callable[..., Any], *arguments: Any) -> list[Any]:
    """The same, so many at once."""
    pipes = [multiprocessing.Pipe(duplex=False) for _ in range(number)]
    crowd = [_CONTEXT.Process(target=_become, args=(uid, there, act, *arguments), daemon=True) for _, there in pipes]
    for each in crowd:
        each.start()
    for _, there in pipes:
        there.close()
    answers = [here.recv() for here, _ in pipes]
    for each in crowd:
        each.join()
    return answers


def _become(uid: int, there: Connection, act: Callable[..., Any], *arguments: Any) -> None:
    if os.geteuid() != uid:
        os.setgroups(())
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    there.send(act(*arguments))


def poison(marker: Path) -> Iterator[bytes]:
    """Bodies of messages: whichever runs code leaves the marker, or ends the process that ran it."""

    class End:
        def __reduce__(self) -> Any:
            return os._exit, (99,)

    yield from malicious(str(marker)).values()
    yield from (pickle.dumps(End(), protocol) for protocol in range(6))


def garbage() -> Iterator[bytes]:
    """No frames at all, or impossible ones."""
    yield from (b"GET / HTTP/1.0\r\n\r\n", bytes(4096), b"\xff" * 4096, encode_frame(ACK, 1), encode_frame(b"P", 1))
    yield from (struct.pack("<I", length) + b"x" * 64 for length in (0xFFFFFFFF, 4 * 1024 * 1024 + 1))


def from_role(role: str, body: bytes, mark: bytes = b"P") -> bytes:
    """As an address that the sending process does own."""
    return frame(f"{role}.{os.getpid()}.00000000", body, mark)


def said(role: str, message: object, listener: str) -> bytes:
    codec = INBOXES.get(listener)
    if codec:
        return from_role(role, codec.encode(message), codec.mark)
    return from_role(role, WORDS.encode(message))


def send(path: str, sent: bytes, wait_s: float = 5.0) -> bytes:
    return say(path, sent, wait_s=wait_s)


def knock(path: str, datagrams: list[bytes]) -> int:
    """How many of the connections to the main process were closed or not let in; for each datagram there is one."""
    return sum(_closed(path, each) for each in datagrams)


def _closed(path: str, datagram: bytes) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as peer:
        peer.settimeout(2)
        try:
            peer.connect(path)
            peer.send(datagram)
            return peer.recv(1) == b""
        except TimeoutError:
            return False
        except OSError:
            return True
