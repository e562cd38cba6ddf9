"""Which TCP and UDP sockets a process listens on: its open sockets, joined with the tables of its network namespace.

Unix sockets are left out. Their table shows names as they are, and one with a newline in it makes a line of its own,
which may claim any socket of any process.
"""

from __future__ import annotations

import os
import re
import socket
import struct
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from daemoneye.host.procfs.files import chunks_at, link_at
from daemoneye.model.process import ListeningSocket

if TYPE_CHECKING:
    from collections.abc import Iterator

# Only listening and unconnected sockets are kept, but every connection is a line of 150 bytes: 50,000 connections.
_TABLE_LIMIT: Final = 8 << 20
# A busy proxy has some ten thousand descriptors, and its listening sockets were opened first.
_LINKS_LIMIT: Final = 4096
_SOCKET: Final = re.compile(rb"socket:\[(\d{1,19})\]")
_LISTENING, _UNCONNECTED = b"0A", b"07"  # TCP_LISTEN, and TCP_CLOSE as UDP has it, in include/net/tcp_states.h

Table = dict[int, ListeningSocket]


class Tables:
    """The tables of each network namespace, parsed once however many processes share it. One per scan."""

    def __init__(self) -> None:
        self._by_namespace: dict[bytes, Table] = {}

    def of(self, directory: int) -> Table:
        namespace = link_at(directory, b"ns/net")
        if namespace not in self._by_namespace:
            self._by_namespace[namespace] = _read_tables(directory)
        return self._by_namespace[namespace]


class Descriptors(NamedTuple):
    total: int
    first: tuple[bytes, ...]  # their numbers


def read_descriptors(directory: int) -> Descriptors:
    names = _descriptors(directory)
    first = tuple(islice(names, _LINKS_LIMIT))
    count = len(first)
    if count == _LINKS_LIMIT:
        # since Linux 6.2 the size of the directory is the count; before, it is 0 and the rest has to be listed
        size = os.stat("fd", dir_fd=directory).st_size
        count = size if size >= count else count + sum(1 for _ in names)
    return Descriptors(count, first)


def listening(directory: int, descriptors: Descriptors, tables: Tables) -> tuple[ListeningSocket, ...]:
    inodes = set(_socket_inodes(directory, descriptors.first))
    if not inodes:
        return ()
    table = tables.of(directory)
    found = {table[inode] for inode in inodes if inode in table}
    return tuple(sorted(found, key=lambda each: (each.protocol, each.port, each.address)))


def _descriptors(directory: int) -> Iterator[bytes]:
    folder = os.open("fd", os.O_RDONLY | os.O_DIRECTORY, dir_fd=directory)
    try:
        # an iterator: a process may have a million
        with os.scandir(folder) as entries:
            yield from (entry.name.encode() for entry in entries)
    finally:
        os.close(folder)


def _socket_inodes(directory: int, descriptors: tuple[bytes, ...]) -> Iterator[int]:
    for descriptor in descriptors:
        try:
            match = _SOCKET.fullmatch(link_at(directory, b"fd/" + descriptor))
        except PermissionError:
            raise  # whoever may list them may still be kept from following them
        except OSError:
            continue  # closed since it was listed
        if match:
            yield int(match[1])


def _read_tables(directory: int) -> Table:
    table: Table = {}
    for protocol, wanted in (("tcp", _LISTENING), ("tcp6", _LISTENING), ("udp", _UNCONNECTED), ("udp6", _UNCONNECTED)):
        for line in _lines(directory, protocol):
            _add_internet(table, protocol, wanted, line.split())
    return table


def _lines(directory: int, protocol: str) -> list[bytes]:
    try:
        raw = b"".join(chunks_at(directory, b"net/" + protocol.encode(), chunk=1 << 16, limit=_TABLE_LIMIT))
    except FileNotFoundError:
        return []  # a kernel without this protocol
    return raw.split(b"\n")[1:]


def _add_internet(table: Table, protocol: str, wanted: bytes, fields: list[bytes]) -> None:
    # sl, local address, remote address, state, queues, timer, retransmits, uid, timeout, inode
    try:
        if fields[3] == wanted:
            address, port = fields[1].split(b":")
            here = ListeningSocket(protocol=protocol, address=_address(address), port=int(port, 16))
            table.setdefault(int(fields[9]), here)
    except (IndexError, ValueError, struct.error):
        return  # a line cut short, or not one


def _address(text: bytes) -> str:
    """Turn words in hexadecimal, each in the machine's byte order, into an address."""
    words = [int(text[at : at + 8], 16) for at in range(0, len(text), 8)]
    packed = struct.pack(f"={len(words)}I", *words)
    return socket.inet_ntop(socket.AF_INET if len(words) == 1 else socket.AF_INET6, packed)
