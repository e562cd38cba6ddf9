"""One thread beside an actor's own, for what takes long.

The actor stays able to answer. It watches ``descriptor`` and collects there; nothing else passes between the two
threads. What is raised by the job is raised again in the actor, for which it is as much the end as an error of its own.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from contextlib import ExitStack
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Worker(Generic[T]):
    """Does one job at a time."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.descriptor = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._results: deque[T] = deque()
        self._failures: deque[BaseException] = deque()
        self.busy = False

    def start(self, job: Callable[[], T]) -> None:
        if self.busy:
            raise RuntimeError(f"{self._name}: busy: expected one job at a time")
        self.busy = True
        # a daemon: one that is stuck in the kernel must not keep the process from ending
        threading.Thread(target=self._work, args=(job,), name=self._name, daemon=True).start()

    def _work(self, job: Callable[[], T]) -> None:
        with ExitStack() as stack:
            stack.push(self._end)
            self._results.append(job())

    def _end(self, _kind: type[BaseException] | None, failure: BaseException | None, _trace: object) -> bool:
        if failure is not None:
            self._failures.append(failure)
        os.eventfd_write(self.descriptor, 1)
        return True

    def collect(self) -> T | None:
        """Take what has become of the job; ``None`` if that is not known yet."""
        try:
            os.eventfd_read(self.descriptor)
        except BlockingIOError:
            return None
        self.busy = False
        if self._failures:
            raise self._failures.popleft()
        return self._results.popleft()

    def close(self) -> None:
        if self.busy:
            raise RuntimeError(
                f"{self._name}: busy: its descriptor will still be written to, and may be another's by then"
            )
        os.close(self.descriptor)
