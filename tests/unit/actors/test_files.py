"""What hashing asks to have opened, over a real socket."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from daemoneye.actors.files import Files
from daemoneye.actors.opener import Opened
from daemoneye.host.handing import prepare_receiver, receive
from daemoneye.host.hashing import HashOutcome
from daemoneye.host.opening import Order
from daemoneye.lifecycle.tracker import Scan, Tracker
from daemoneye.messages.hashing import OpenFile
from daemoneye.model.process import HashStatus
from tests.fakes.snapshots import process, snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemoneye.host.handing import Handed

DISABLED = HashOutcome(status=HashStatus.PERMISSION, reason="no")


class Opener:
    """Answers at once: odd pids with a file."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, Order]] = []
        self.busy = False

    def ask(self, number: int, order: Order) -> None:
        self.asked.append((number, order))

    def settle(self, now_s: float) -> list[Opened]:
        assert now_s == 1.0
        opened = [
            Opened(number, os.open("/dev/null", os.O_RDONLY) if order.pid % 2 else DISABLED)
            for number, order in self.asked
        ]
        self.asked = []
        return opened

    def forget(self) -> None:
        self.asked.clear()


class Desk:
    def __init__(self) -> None:
        ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
        self.ours = ours
        prepare_receiver(self.theirs)
        self.opener = Opener()
        self.files = Files(ours, self.opener)  # type: ignore[arg-type]
        self.scan: Scan | None = Tracker().observe(snapshot(process(1), process(2), process(3)))

    def ask(self, number: int, pid: int, start_ticks: int = 1000, *, there: bool = False) -> None:
        wanted = OpenFile(number=number, pid=pid, start_ticks=start_ticks, there=there, dev=8, ino=9)
        self.files.ask(wanted, self.scan, "/proc")

    def settle(self) -> bool:
        return self.files.settle(1.0)

    def received(self) -> list[Handed]:
        handed: list[Handed] = []
        while each := receive(self.theirs):
            handed.append(each)
            if each.descriptor is not None:
                os.close(each.descriptor)
        return handed


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    with desk.ours, desk.theirs:
        yield desk


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208


def test_a_file_or_the_reason_goes_out(desk: Desk) -> None:
    """Once each, under the number of the order, and nothing stays open here."""
    before = descriptors()
    desk.ask(10, 1)
    desk.ask(11, 2, there=True)
    assert [order for _, order in desk.opener.asked] == [
        Order(b"/proc", 1, False, 8, 9),
        Order(b"/proc", 2, True, 8, 9),
    ]
    assert not desk.settle()
    file, refusal = desk.received()
    assert (file.number, file.status, file.descriptor is None) == (10, HashStatus.HASHED, False)
    assert (refusal.number, refusal.status, refusal.reason) == (11, HashStatus.PERMISSION, "no")
    assert descriptors() == before
    desk.settle()
    assert desk.received() == []


def test_only_processes_that_are_there_can_be_asked_for(desk: Desk) -> None:
    """Nobody has files opened by numbers that he made up."""
    desk.ask(10, 4)
    desk.ask(11, 1, start_ticks=1001)
    assert desk.opener.asked == []
    assert not desk.settle()
    assert [(each.number, each.status) for each in desk.received()] == [(10, HashStatus.GONE), (11, HashStatus.GONE)]


def test_who_cannot_be_read_for_the_moment_is_there(desk: Desk) -> None:
    """And before the first look nobody can say who is: a collector that was restarted takes nobody for ended."""
    desk.scan = Tracker().observe(snapshot(unseen=frozenset({1})))
    desk.ask(10, 1)
    desk.scan = None
    desk.ask(11, 3)
    assert [order.pid for _, order in desk.opener.asked] == [1, 3]


@pytest.mark.parametrize("number", [-1, 2**64])
def test_a_number_that_no_packet_can_carry_is_nobodys(desk: Desk, number: int) -> None:
    """And no reason to fail."""
    desk.ask(number, 1)
    assert not desk.settle()
    assert desk.received() == []


def test_who_does_not_read_gets_the_latest(desk: Desk) -> None:
    """Answers wait, so many of them, and go out when there is room; the oldest are dropped, and closed."""
    before = descriptors()
    for number in range(1000):
        desk.ask(number, 1)
    assert desk.settle()
    assert desk.files.dropped > 0
    assert descriptors() <= before + 64
    first = desk.received()
    assert not desk.settle()
    rest = desk.received()
    assert len(first) + len(rest) == 1000 - desk.files.dropped
    assert [each.number for each in rest] == list(range(1000 - len(rest), 1000))
    assert descriptors() == before


def test_another_hashing_gets_nothing_that_it_did_not_ask_for(desk: Desk) -> None:
    """What was for its forerunner is closed."""
    before = descriptors()
    for number in range(1000):
        desk.ask(number, 1)
    desk.settle()
    desk.ask(2000, 1)
    desk.received()
    desk.files.arrived()
    assert not desk.settle()
    assert desk.received() == []
    assert descriptors() == before


def test_while_something_is_being_opened_it_wants_to_be_asked_again(desk: Desk) -> None:
    """Otherwise what does not open would never be given up."""
    desk.opener.busy = True
    assert desk.settle()
