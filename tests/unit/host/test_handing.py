"""Open files that are handed over, and what somebody might send instead."""

from __future__ import annotations

import array
import fcntl
import os
import socket
import struct
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from daemoneye.host import handing
from daemoneye.host.handing import NOBODYS, Handed, prepare_receiver, receive, send_file, send_refusal
from daemoneye.model.process import HashStatus
from tests.fakes.forked import living

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
    prepare_receiver(theirs)
    with ours, theirs:
        yield ours, theirs


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def rights(*numbers: int) -> list[tuple[int, int, bytes]]:
    return [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", numbers).tobytes())]


def head(number: int, status: int) -> bytes:
    return struct.pack("<QB", number, status)


def test_a_file_arrives_with_its_number_and_its_sender(
    ends: tuple[socket.socket, socket.socket], tmp_path: Path
) -> None:
    """The receiver reads the very file, and no program that it starts inherits it."""
    path = tmp_path / "program"
    path.write_bytes(b"what it does")
    with path.open("rb") as file:
        assert send_file(ends[0], 2**64 - 1, file.fileno())
    handed = receive(ends[1])
    assert handed is not None
    assert handed.descriptor is not None
    assert (handed.number, handed.sender_pid, handed.status) == (2**64 - 1, os.getpid(), HashStatus.HASHED)
    assert os.read(handed.descriptor, 100) == b"what it does"
    assert fcntl.fcntl(handed.descriptor, fcntl.F_GETFD) & fcntl.FD_CLOEXEC
    os.close(handed.descriptor)
    assert receive(ends[1]) is None


@pytest.mark.parametrize("status", [each for each in HashStatus if each is not HashStatus.HASHED])
def test_a_refusal_has_its_reason(ends: tuple[socket.socket, socket.socket], status: HashStatus) -> None:
    """In words, whatever the status."""
    assert send_refusal(ends[0], 7, status, "on nfs")
    assert receive(ends[1]) == Handed(7, os.getpid(), None, status, "on nfs")


def test_a_long_reason_is_cut(ends: tuple[socket.socket, socket.socket]) -> None:
    """Also within a character, and one that cannot be written is shown."""
    assert send_refusal(ends[0], 7, HashStatus.GONE, "\udcff" + "ä" * 300)
    handed = receive(ends[1])
    assert handed is not None
    assert handed.number == 7
    assert handed.reason.startswith("\\udcffäää")
    assert len(handed.reason) <= handing.LONGEST_REASON


def test_another_process_cannot_pass_for_the_sender(ends: tuple[socket.socket, socket.socket]) -> None:
    """It is the kernel that says who sent a packet."""
    with living(lambda: send_refusal(ends[0], 7, HashStatus.GONE, "")) as child:
        handed = receive(ends[1])
    assert handed is not None
    assert handed.sender_pid == child.pid != os.getpid()


@pytest.mark.parametrize(
    ("packet", "files"),
    [
        (b"", 0),
        (b"\0" * 8, 0),
        (head(1, HashStatus.HASHED), 0),
        (head(1, HashStatus.HASHED), 2),
        (head(1, HashStatus.HASHED), 3),
        (head(1, HashStatus.HASHED), 100),
        (head(1, HashStatus.GONE), 1),
        (head(1, 13), 0),
        (head(1, 255), 1),
        (b"", 1),
        (head(1, HashStatus.HASHED) + b"x" * 201, 1),
        (head(1, HashStatus.GONE) + b"x" * 100_000, 0),
    ],
)
def test_what_has_another_form_matches_nothing(
    ends: tuple[socket.socket, socket.socket], packet: bytes, files: int
) -> None:
    """Too short, too long, a file too many or one too few: its files are closed, and the next packet is read."""
    before = descriptors()
    ends[0].sendmsg([packet], rights(*[ends[0].fileno()] * files) if files else [])
    handed = receive(ends[1])
    assert handed == Handed(NOBODYS, os.getpid(), None, HashStatus.UNSPECIFIED, "")
    assert descriptors() == before
    assert send_refusal(ends[0], 2, HashStatus.GONE, "")
    assert receive(ends[1]) == Handed(2, os.getpid(), None, HashStatus.GONE, "")


def test_who_sent_before_anybody_asked_is_unknown() -> None:
    """A packet from before the receiver was there has no sender, so it cannot be the right one."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
    with ours, theirs:
        assert send_refusal(ours, 7, HashStatus.GONE, "")
        prepare_receiver(theirs)
        assert receive(theirs) == Handed(7, 0, None, HashStatus.GONE, "")


def test_a_receiver_that_does_not_read_blocks_nobody(ends: tuple[socket.socket, socket.socket]) -> None:
    """The sender is told, keeps its file, and can go on when the other does."""
    before = descriptors()
    sent = 0
    while send_file(ends[0], sent, ends[0].fileno()):
        sent += 1
    assert 0 < sent < 100_000
    assert descriptors() == before
    handed = receive(ends[1])
    assert handed is not None
    assert handed.descriptor is not None
    os.close(handed.descriptor)
    assert send_refusal(ends[0], 1, HashStatus.GONE, "")


def test_a_peer_that_is_gone_is_told_of() -> None:
    """On either side, and without a signal."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
    with ours, theirs:
        prepare_receiver(theirs)
        ours.close()
        assert receive(theirs) is None
        assert not send_refusal(theirs, 1, HashStatus.GONE, "")


def test_what_is_no_socket_is_an_error_of_ours() -> None:
    """It is not taken for a peer that is busy."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.close()
    with theirs, pytest.raises(OSError, match="descriptor"):
        send_refusal(ours, 1, HashStatus.GONE, "")
