"""Visiting many things of which any one may block for ever, and coming back all the same.

The visits happen one after another in a thread, so the usual case costs no hand-over per visit. The caller only watches
how long the present visit has taken. One that outlasts the deadline is left behind together with its thread, which
cannot be interrupted in the kernel; a new thread repeats that visit cautiously and carries on with the rest. While a
thread hangs, the thing it hangs on is visited cautiously from the start, or not at all if caution did not help either.

Waiting within a deadline is progress, because it ends by itself: whoever watches the rounds from outside is told of it
again and again while a round gets on, and of nothing when something hangs that this module does not guard.

Each of them is waited for once: the first round that finds N hanging takes about N deadlines, twice that if caution
does not help, and never more than 64. Later rounds wait for new ones only.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")

# How many hang before every further visit is cautious. Anyone can make processes hang, and a handful must not blind us
# for all the others: thirty-two are no accident any more.
_CAUTIOUS_FROM: Final = 32
# Threads left behind before the round gives up: each of those may have left one more behind when visited cautiously.
# A thread in the kernel costs the little of its stack that it touched and three or four descriptors, of usually 1024.
_GIVE_UP_AT: Final = 64
# How often progress is told. The shortest heartbeat of the settings, 100 ms with one missed, is asked for every 50 ms.
_TELL_EVERY_S: Final = 0.025


class Round(NamedTuple, Generic[T]):
    results: dict[int, T]
    timeouts: frozenset[int]  # visited in vain, or not at all


class _Lane(Generic[T]):
    """One thread that empties a queue; what it is doing and since when."""

    def __init__(self, queue: deque[int], visit: Callable[[int, bool], T], *, cautious: bool) -> None:
        self._queue, self._visit = queue, visit
        self._lock = threading.Lock()
        self._abandoned = False
        self.cautious = cautious
        self.current = queue.popleft()
        self._since = time.monotonic()
        self.results: dict[int, T] = {}
        self.done = threading.Event()
        self.failure: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="visits", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        with ExitStack() as stack:
            stack.push(self._end)
            self._visit_all()

    def _end(self, _kind: type[BaseException] | None, failure: BaseException | None, _trace: object) -> bool:
        """Keep what went wrong for the caller, who is in another thread and raises it there."""
        self.failure = failure
        self.done.set()
        return True

    def _visit_all(self) -> None:
        while True:
            result = self._visit(self.current, self.cautious)
            # under the lock, so that a visit is either over or left behind, never both
            with self._lock:
                if self._abandoned:
                    return
                self.results[self.current] = result
                if not self._queue:
                    self._since = math.inf
                    return
                self.current = self._queue.popleft()
                self._since = time.monotonic()

    def abandon_if_older(self, timeout_s: float) -> bool:
        with self._lock:
            self._abandoned = time.monotonic() - self._since > timeout_s
            return self._abandoned

    @property
    def hangs(self) -> bool:
        return self._thread.is_alive()


class Rounds(Generic[T]):
    """``visit(item, cautious)`` for every item, round after round."""

    def __init__(
        self, visit: Callable[[int, bool], T], timeout_s: float, progress: Callable[[], None] = lambda: None
    ) -> None:
        self._visit = visit
        self._timeout_s = timeout_s
        self._progress = progress
        self._left_behind: list[_Lane[T]] = []
        self.threads_started = 0

    def run(self, items: Sequence[int]) -> Round[T]:
        self._left_behind = [lane for lane in self._left_behind if lane.hangs]
        hanging = {lane.current for lane in self._left_behind}
        hopeless = {lane.current for lane in self._left_behind if lane.cautious}
        plain = deque(item for item in items if item not in hanging)
        careful = deque(item for item in items if item in hanging - hopeless)
        results: dict[int, T] = {}
        while plain and sum(not lane.cautious for lane in self._left_behind) < _CAUTIOUS_FROM:
            careful.extend(self._drain(plain, results, cautious=False))
        careful.extend(plain)
        while careful and len(self._left_behind) < _GIVE_UP_AT:
            self._drain(careful, results, cautious=True)
        return Round(results, frozenset(items) - results.keys())

    def _drain(self, queue: deque[int], results: dict[int, T], *, cautious: bool) -> tuple[int, ...]:
        """Empty the queue, or leave behind the visit that would not end."""
        lane = _Lane(queue, self._visit, cautious=cautious)
        self.threads_started += 1
        stuck: tuple[int, ...] = ()
        # four looks per deadline: a stuck visit is noticed at most a quarter late
        while not stuck and not lane.done.wait(min(self._timeout_s / 4, _TELL_EVERY_S)):
            self._progress()
            if lane.abandon_if_older(self._timeout_s):
                self._left_behind.append(lane)
                stuck = (lane.current,)
        results.update(lane.results)
        if not stuck and lane.failure is not None:
            raise lane.failure
        return stuck
