"""Opens one file after another in a thread, and is never kept waiting by one that does not open.

A file on a filesystem that does not answer is given up after a while, and its thread left behind: nothing can interrupt
it in the kernel. Another thread goes on with the rest. While one hangs, what would hang as well is not tried: other
programs that run from the same device; the path of the same process, for that leads wherever its owner has mounted
something. When too many of one kind hang, that kind is not tried. All of it ends by itself. What opens too late is
closed.

A thread has one order at a time and keeps it to itself; everything is decided by the actor that owns this.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from contextlib import ExitStack, suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final, NamedTuple

from daemoneye.host.hashing import HashOutcome
from daemoneye.model.process import HashStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from daemoneye.host.opening import Order

# A disk under load may take a second. Hashing has eight files opened at a time and waits thirty seconds for each: even
# if each hangs on a device of its own, all of them are answered by then.
TIMEOUT_S: Final = 3.0
# Threads left behind before nothing more of their kind is tried: anyone can make the path of his own programs hang, and
# must not keep what runs from being hashed. Each holds some stack and a few descriptors, of usually 1024; a machine has
# a handful of mounts that can die.
_GIVE_UP_AT: Final = 16
# Orders that wait. Those who hash have one each, and there are at most some dozens.
_WAITING: Final = 256
_HANGS: Final = HashOutcome(status=HashStatus.TIMEOUT, reason="its filesystem does not answer")
_TOO_MANY_HANG: Final = HashOutcome(status=HashStatus.TIMEOUT, reason="too many files do not open")
_NO_ROOM: Final = HashOutcome(status=HashStatus.BUDGET, reason="too many files to open at once")


class Opened(NamedTuple):
    number: int
    file: int | HashOutcome  # a descriptor, or why there is none


class _Work(NamedTuple):
    number: int
    order: Order
    since_s: float


class _Thread:
    """Opens what it is given."""

    def __init__(self, open_one: Callable[[Order], int | HashOutcome], bell: int) -> None:
        self._open_one, self._bell = open_one, bell
        self._orders: SimpleQueue[Order | None] = SimpleQueue()
        self.result: int | HashOutcome | BaseException | None = None
        self.work: _Work | None = None
        # a daemon: one that is stuck in the kernel must not keep the process from ending
        threading.Thread(target=self._run, name="open", daemon=True).start()

    def start(self, work: _Work) -> None:
        self.work, self.result = work, None
        self._orders.put(work.order)

    def end(self) -> None:
        self._orders.put(None)

    def _run(self) -> None:
        while (order := self._orders.get()) is not None:
            with ExitStack() as stack:
                stack.push(self._over)
                self.result = self._open_one(order)

    def _over(self, _kind: type[BaseException] | None, failure: BaseException | None, _trace: object) -> bool:
        """Keep what went wrong for the actor, which raises it again and ends of it."""
        if failure is not None:
            self.result = failure
        os.eventfd_write(self._bell, 1)
        return True


class Opener:
    def __init__(
        self,
        open_one: Callable[[Order], int | HashOutcome],
        *,
        timeout_s: float = TIMEOUT_S,
        give_up_at: int = _GIVE_UP_AT,
        waiting: int = _WAITING,
    ) -> None:
        self._open_one = open_one
        self._timeout_s = timeout_s
        self._give_up_at = give_up_at
        self._most = waiting
        self.descriptor = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._orders: deque[tuple[int, Order]] = deque()
        self._opened: list[Opened] = []
        self._thread: _Thread | None = None
        self._left_behind: list[_Thread] = []

    def ask(self, number: int, order: Order) -> None:
        if len(self._orders) < self._most:
            self._orders.append((number, order))
        else:
            self._opened.append(Opened(number, _NO_ROOM))

    def forget(self) -> None:
        """Nobody waits for these any more."""
        self._orders.clear()

    @property
    def busy(self) -> bool:
        return self._working is not None or bool(self._orders)

    def settle(self, now_s: float) -> list[Opened]:
        """What has come of the orders since last time; to be asked after each order, at the bell, and now and then."""
        with suppress(BlockingIOError):
            os.eventfd_read(self.descriptor)
        self._left_behind = [each for each in self._left_behind if not _is_back(each)]
        self._collect()
        if self._working and now_s - self._working.since_s > self._timeout_s:
            self._leave_behind()
        while self._orders and self._working is None:
            self._begin(*self._orders.popleft(), now_s)
        opened, self._opened = self._opened, []
        return opened

    def close(self) -> None:
        """Whoever is stuck rings a bell that nobody hears."""
        for thread in (*self._left_behind, *([self._thread] if self._thread else [])):
            thread.end()
        if self._working is None and not self._left_behind:
            os.close(self.descriptor)

    @property
    def _working(self) -> _Work | None:
        return self._thread.work if self._thread else None

    def _begin(self, number: int, order: Order, now_s: float) -> None:
        hanging = [each.work.order for each in self._left_behind if each.work and each.work.order.there == order.there]
        if any(_would_hang_with(order, each) for each in hanging):
            self._opened.append(Opened(number, _HANGS))
        elif len(hanging) >= self._give_up_at:
            self._opened.append(Opened(number, _TOO_MANY_HANG))
        else:
            self._thread = self._thread or _Thread(self._open_one, self.descriptor)
            self._thread.start(_Work(number, order, now_s))

    def _collect(self) -> None:
        thread = self._thread
        if thread is None or thread.work is None or thread.result is None:
            return
        if isinstance(thread.result, BaseException):
            raise thread.result
        self._opened.append(Opened(thread.work.number, thread.result))
        thread.work = None

    def _leave_behind(self) -> None:
        thread, self._thread = self._thread, None
        if thread and thread.work:
            self._left_behind.append(thread)
            reason = f"did not open within {self._timeout_s:g} s"
            self._opened.append(Opened(thread.work.number, HashOutcome(status=HashStatus.TIMEOUT, reason=reason)))


def _would_hang_with(order: Order, other: Order) -> bool:
    return order.pid == other.pid if order.there else order.dev == other.dev


def _is_back(thread: _Thread) -> bool:
    if thread.result is None:
        return False
    if isinstance(thread.result, BaseException):
        raise thread.result
    if isinstance(thread.result, int):
        os.close(thread.result)
    thread.end()
    return True
