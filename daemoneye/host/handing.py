"""Handing an open file to another process, or saying why there is none: one packet each, over a sequenced socket.

    u64 LE number | u8 HashStatus | reason, UTF-8, at most 200 bytes        + SCM_RIGHTS: one descriptor, or none

``HASHED`` means that the file comes with it, anything else that it does not. The kernel says which process sent a
packet. What is cut off, has another form, or brings more than one file is answered for by nobody: its files are closed,
and its number is one that was never asked for.
"""

from __future__ import annotations

import array
import errno
import os
import socket
import struct
from typing import TYPE_CHECKING, Final, NamedTuple

from daemoneye.model.process import HashStatus

if TYPE_CHECKING:
    from collections.abc import Iterator

# Says why a file was not opened, in a few words: a kernel's error text has 50 characters.
LONGEST_REASON: Final = 200
NUMBERS: Final = range(2**64)  # what a packet can carry
NOBODYS: Final = -1  # it cannot carry this
_HEAD: Final = struct.Struct("<QB")
_LONGEST: Final = _HEAD.size + LONGEST_REASON
_CREDENTIALS: Final = struct.Struct("iII")  # struct ucred: pid, uid, gid
_INT: Final = array.array("i").itemsize
# Room for two descriptors, so that a second one is noticed; the kernel never installs those that there is no room for.
_ANCILLARY: Final = socket.CMSG_SPACE(_CREDENTIALS.size) + socket.CMSG_SPACE(2 * _INT)
# The peer does not read, or is gone, or the kernel has too many descriptors on their way: none is an error of ours.
_NOT_NOW: Final = frozenset({
    *(errno.EAGAIN, errno.ENOBUFS, errno.ENOMEM, errno.ETOOMANYREFS),
    *(errno.EPIPE, errno.ECONNRESET, errno.ECONNREFUSED, errno.ENOTCONN),
})  # fmt: skip


class Handed(NamedTuple):
    number: int
    sender_pid: int  # 0: not to be told
    descriptor: int | None  # the receiver's, to be closed by whoever takes this
    status: HashStatus
    reason: str


def prepare_receiver(sock: socket.socket) -> None:
    """Have the kernel say who sends, from the next packet on."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)


def send_file(sock: socket.socket, number: int, fd: int) -> bool:
    """Hand over a copy of the descriptor; ``False``: not now, and perhaps never."""
    return _send(sock, _HEAD.pack(number, HashStatus.HASHED), [(socket.SOL_SOCKET, socket.SCM_RIGHTS, _ints(fd))])


def send_refusal(sock: socket.socket, number: int, status: HashStatus, reason: str) -> bool:
    words = reason.encode("utf-8", "backslashreplace")[:LONGEST_REASON]
    return _send(sock, _HEAD.pack(number, status) + words, [])


def receive(sock: socket.socket) -> Handed | None:
    """Take one packet; ``None``: nothing is there."""
    try:
        data, ancillary, flags, _ = sock.recvmsg(_LONGEST, _ANCILLARY, socket.MSG_DONTWAIT | socket.MSG_CMSG_CLOEXEC)
    except (BlockingIOError, ConnectionResetError):
        return None
    if not data and not ancillary:
        return None  # the other end is closed: every packet has its sender with it
    sender, descriptors = _sender(ancillary), list(_descriptors(ancillary))
    cut = flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC)
    handed = None if cut else _read(data, sender, descriptors)
    if handed is None:
        for each in descriptors:
            os.close(each)
        return Handed(NOBODYS, sender, None, HashStatus.UNSPECIFIED, "")
    return handed


def _send(sock: socket.socket, packet: bytes, ancillary: list[tuple[int, int, bytes]]) -> bool:
    try:
        sock.sendmsg([packet], ancillary, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
    except OSError as error:
        if error.errno not in _NOT_NOW:
            raise
        return False
    return True


def _read(data: bytes, sender: int, descriptors: list[int]) -> Handed | None:
    if len(data) < _HEAD.size:
        return None
    number, code = _HEAD.unpack_from(data)
    status = HashStatus(code)
    comes_with_it = int(status is HashStatus.HASHED)
    if len(descriptors) != comes_with_it or not status.recognised:
        return None
    reason = data[_HEAD.size :].decode("utf-8", "replace")  # cut by bytes, perhaps within a character
    return Handed(number, sender, descriptors[0] if descriptors else None, status, reason)


def _sender(ancillary: list[tuple[int, int, bytes]]) -> int:
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS) and len(data) == _CREDENTIALS.size:
            pid: int = _CREDENTIALS.unpack(data)[0]
            return pid
    return 0


def _descriptors(ancillary: list[tuple[int, int, bytes]]) -> Iterator[int]:
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            whole = array.array("i", data[: len(data) - len(data) % _INT])
            yield from whole


def _ints(*numbers: int) -> bytes:
    return array.array("i", numbers).tobytes()
