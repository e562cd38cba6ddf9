"""Files that open at once, late, and never; real threads, and no real filesystem."""

from __future__ import annotations

import os
import select
import threading
from typing import TYPE_CHECKING

import pytest

from daemoneye.actors.opener import TIMEOUT_S, Opened, Opener
from daemoneye.host.hashing import HashOutcome
from daemoneye.host.opening import Order
from daemoneye.model.process import HashStatus

if TYPE_CHECKING:
    from collections.abc import Iterator

GONE = HashOutcome(status=HashStatus.GONE, reason="gone")


def order(pid: int, dev: int = 1, *, there: bool = False) -> Order:
    return Order(b"/proc", pid, there, dev, 10)


class Disks:
    """Opens what a test allows; a device hangs until it is let go. By pid: -1 raises."""

    def __init__(self) -> None:
        self.hanging: dict[int, threading.Event] = {}
        self.begun: list[int] = []
        self.came = threading.Semaphore(0)

    def hang(self, dev: int) -> threading.Event:
        return self.hanging.setdefault(dev, threading.Event())

    def open_one(self, order: Order) -> int | HashOutcome:
        self.begun.append(order.pid)
        self.came.release()
        if event := self.hanging.get(order.dev):
            event.wait(20)
        if order.pid < 0:
            raise RuntimeError("an error of ours")
        return os.open("/dev/null", os.O_RDONLY) if order.pid % 2 else GONE

    def free(self) -> None:
        for event in self.hanging.values():
            event.set()


@pytest.fixture
def disks() -> Iterator[Disks]:
    disks = Disks()
    yield disks
    disks.free()


def bell(opener: Opener) -> None:
    ready, _, _ = select.select([opener.descriptor], [], [], 20)
    assert ready


def all_of(opener: Opener, now_s: float = 0.0) -> list[Opened]:
    """Wait for the rest."""
    opened = opener.settle(now_s)
    while opener.busy:
        bell(opener)
        opened += opener.settle(now_s)
    return opened


def test_one_after_another_in_their_order(disks: Disks) -> None:
    """With what came of each; one thread is enough."""
    opener = Opener(disks.open_one)
    for number in range(5):
        opener.ask(100 + number, order(number))
    before = threading.active_count()
    opened = all_of(opener)
    assert threading.active_count() == before + 1
    assert [each.number for each in opened] == [100, 101, 102, 103, 104]
    assert [isinstance(each.file, int) for each in opened] == [False, True, False, True, False]
    assert opened[0].file == GONE
    for each in opened:
        if isinstance(each.file, int):
            os.close(each.file)
    opener.close()


def test_who_hangs_is_given_up_and_the_others_go_on(disks: Disks) -> None:
    """One answer after the deadline, and no waiting for those behind it."""
    disks.hang(7)
    opener = Opener(disks.open_one)
    opener.ask(1, order(2, dev=7))
    opener.ask(2, order(4))
    opener.ask(3, order(6, dev=7))
    assert opener.settle(0.0) == []
    assert opener.settle(TIMEOUT_S) == []
    (late,) = opener.settle(TIMEOUT_S + 0.1)
    assert late == Opened(1, HashOutcome(status=HashStatus.TIMEOUT, reason="did not open within 3 s"))
    second, third = all_of(opener, TIMEOUT_S + 0.1)
    assert second == Opened(2, GONE)
    assert third == Opened(3, HashOutcome(status=HashStatus.TIMEOUT, reason="its filesystem does not answer"))
    assert disks.begun == [2, 4]


def test_too_many_paths_that_hang_leave_what_runs(disks: Disks) -> None:
    """Anyone can mount something over his own programs; so the two kinds are counted apart."""
    disks.hang(7)
    opener = Opener(disks.open_one, give_up_at=1)
    opener.ask(1, order(2, dev=7, there=True))
    opener.settle(0.0)
    opener.settle(TIMEOUT_S + 1)
    for number, wanted in enumerate(
        (order(2, dev=8, there=True), order(4, dev=8, there=True), order(2, dev=8)), start=2
    ):
        opener.ask(number, wanted)
    reasons = {each.number: each.file for each in all_of(opener, TIMEOUT_S + 1)}
    assert {number: isinstance(file, HashOutcome) and file.reason for number, file in reasons.items()} == {
        2: "its filesystem does not answer",
        3: "too many files do not open",
        4: "gone",
    }


def test_what_opens_too_late_is_closed_and_the_device_is_tried_again(disks: Disks) -> None:
    """A server that was away for a while is no reason to do without it for good."""
    free = disks.hang(7)
    opener = Opener(disks.open_one)
    opener.ask(1, order(1, dev=7))
    opener.settle(0.0)
    assert [each.number for each in opener.settle(TIMEOUT_S + 1)] == [1]
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    free.set()
    bell(opener)
    assert opener.settle(TIMEOUT_S + 2) == []
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
    opener.ask(2, order(2, dev=7))
    assert all_of(opener) == [Opened(2, GONE)]


def test_too_many_that_hang_stop_the_trying(disks: Disks) -> None:
    """Threads are bounded; when one comes back, so does the trying."""
    opener = Opener(disks.open_one, give_up_at=2)
    events = [disks.hang(dev) for dev in (1, 2)]
    now_s = 0.0
    for number, dev in enumerate((1, 2)):
        opener.ask(number, order(2, dev=dev))
        opener.settle(now_s)
        now_s += TIMEOUT_S + 1
        assert [each.number for each in opener.settle(now_s)] == [number]
    opener.ask(3, order(2, dev=3))
    (refused,) = opener.settle(now_s)
    assert refused == Opened(3, HashOutcome(status=HashStatus.TIMEOUT, reason="too many files do not open"))
    events[0].set()
    bell(opener)
    opener.settle(now_s)
    opener.ask(4, order(2, dev=3))
    assert all_of(opener, now_s) == [Opened(4, GONE)]


def test_orders_that_wait_are_bounded(disks: Disks) -> None:
    """Whoever asks for too much at once is told so."""
    disks.hang(1)
    opener = Opener(disks.open_one, waiting=2)
    for number in range(3):
        opener.ask(number, order(2))
    (refused,) = opener.settle(0.0)
    assert (refused.number, refused.file) == (
        2,
        HashOutcome(status=HashStatus.BUDGET, reason="too many files to open at once"),
    )
    opener.forget()
    disks.free()
    assert [each.number for each in all_of(opener)] == [0]


@pytest.mark.parametrize("late", [False, True])
def test_an_error_of_ours_is_raised_where_it_is_noticed(disks: Disks, late: bool) -> None:
    """In the actor, which ends of it."""
    free = disks.hang(1)
    opener = Opener(disks.open_one)
    opener.ask(1, order(-1))
    opener.settle(0.0)
    if late:
        opener.settle(TIMEOUT_S + 1)
    free.set()
    bell(opener)
    with pytest.raises(RuntimeError, match="an error of ours"):
        opener.settle(TIMEOUT_S + 1)


def test_a_closed_one_leaves_nothing_behind(disks: Disks) -> None:
    """Its thread ends with it; one that was never needed has none."""
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    threads = set(threading.enumerate())
    Opener(disks.open_one).close()
    opener = Opener(disks.open_one)
    opener.ask(1, order(2))
    all_of(opener)
    (thread,) = set(threading.enumerate()) - threads
    opener.close()
    thread.join(20)
    assert not thread.is_alive()
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


def test_who_hangs_does_not_keep_the_process_from_ending(disks: Disks) -> None:
    """Its descriptor stays, because the thread may still ring."""
    free = disks.hang(1)
    opener = Opener(disks.open_one)
    opener.ask(1, order(2))
    opener.settle(0.0)
    opener.close()
    free.set()
    bell(opener)
    os.close(opener.descriptor)
