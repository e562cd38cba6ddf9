"""Datagrams in and out of sockets that never make us wait."""

from __future__ import annotations

import contextlib
import os
import socket
from array import array
from typing import TYPE_CHECKING

from daemoneye.broker.words import LONGEST, format_word

if TYPE_CHECKING:
    from daemoneye.broker.words import Word


def receive(connection: socket.socket) -> bytes:
    """The next datagram; empty when the other side has left; ``BlockingIOError`` when there is nothing yet."""
    while True:
        try:
            return connection.recv(LONGEST + 1)  # a longer one arrives cut, and is refused for its length
        except ConnectionResetError:
            # they left with something of ours unread. The kernel tells it once, and ahead of what they said before
            continue


def say(connection: socket.socket, word: Word) -> bool:
    """Whether it is on its way; there may be nobody any more, or somebody who does not listen."""
    with contextlib.suppress(OSError):
        connection.send(format_word(word), socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
        return True
    return False


# Not socket.send_fds and socket.recv_fds: they take flags, and lose them (CPython up to 3.13).


def hand_over(connection: socket.socket, word: Word, *descriptors: int) -> None:
    rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array("i", descriptors))
    connection.sendmsg([format_word(word)], [rights], socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)


def receive_handed(connection: socket.socket, most: int) -> tuple[bytes, list[int]]:
    """A datagram and the descriptors with it, which are the caller's to close."""
    descriptors = array("i")
    room = socket.CMSG_LEN(most * descriptors.itemsize)
    datagram, controls, _, _ = connection.recvmsg(LONGEST + 1, room, socket.MSG_CMSG_CLOEXEC)
    for _level, _kind, data in controls:
        descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
    return datagram, list(descriptors)


def hand(connection: socket.socket, word: Word, parcel: bytes) -> bool:
    """The same, with something that is too large for a datagram and none of our business."""
    with contextlib.suppress(OSError):
        descriptor = os.memfd_create("parcel", os.MFD_CLOEXEC)
        try:
            with open(descriptor, "wb", closefd=False) as memory:
                memory.write(parcel)
            os.lseek(descriptor, 0, os.SEEK_SET)
            hand_over(connection, word, descriptor)
        finally:
            os.close(descriptor)
        return True
    return False
