"""Who works here: all at the start, since there is most to do then; later as many as there is something to do for.

Who has had nothing to do for a while is let go. Who dies is replaced, be there something to do or not: whoever looks
for a worker that was there a moment ago is to find one.

A worker counts from the moment it is wanted until it is reported dead: one that was killed and does not die, because
the kernel cannot let go of it, takes the place of another, but only one.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from daemoneye.hashing.effects import KillWorker, LetWorkerGo, WantWorker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemoneye.hashing.effects import Effect

IDLE_S: Final = 60.0  # some scans; a fork that has everything loaded is ready within milliseconds
START_S: Final = 30.0  # whoever is not ready by then, be it told or not, is not coming
# Between starts, when one after the other dies without having done anything: doubling, the first at once.
_FIRST_WAIT_S: Final = 0.1
_LONGEST_WAIT_S: Final = 30.0
_DOUBLINGS: Final = 10  # 0.1 s doubled so often is beyond the longest; more would only overflow
_FORGIVEN_S: Final = 60.0  # after as long as it takes to be let go, the next to die is the first


class Roster:
    def __init__(self) -> None:
        self.idle: dict[str, float] = {}  # since when; who was busy last stands last
        self._busy: set[str] = set()
        self._leaving: set[str] = set()
        self._starting: deque[float] = deque()  # until when each may take
        self._standing = float("inf")  # as many as are kept, whatever there is to do
        self._failures = 0
        self._start_at_s = float("-inf")

    def __len__(self) -> int:
        return len(self.idle) + len(self._busy) + len(self._leaving) + len(self._starting)

    def ready(self, worker: str, now_s: float) -> None:
        if worker in self.idle or worker in self._busy or worker in self._leaving:
            return
        if self._starting:
            self._starting.popleft()
        self.idle[worker] = now_s

    def failed(self, now_s: float) -> None:
        if self._starting:
            self._starting.popleft()
            self._fail(now_s)

    def died(self, worker: str, now_s: float, *, blameless: bool) -> None:
        if worker in self._leaving:
            self._leaving.remove(worker)
        elif worker in self.idle or worker in self._busy:
            self.idle.pop(worker, None)
            self._busy.discard(worker)
            if not blameless:
                self._fail(now_s)

    def call_in(self) -> None:
        self._standing = self._present + 1

    def employ(self) -> str:
        """Whoever was busy last: so that the others may become superfluous."""
        worker, _ = self.idle.popitem()
        self._busy.add(worker)
        return worker

    def finished(self, worker: str, now_s: float) -> None:
        self._busy.remove(worker)
        self.idle[worker] = now_s
        self._failures = 0

    def kill(self, worker: str) -> KillWorker:
        self._busy.remove(worker)
        self._leaving.add(worker)
        return KillWorker(worker)

    def adjust(self, limit: int, jobs: int, now_s: float) -> Iterator[Effect]:
        """Let go and start, so that there are as many as are of use, and never too many."""
        while self._starting and self._starting[0] <= now_s:
            self._starting.popleft()
            self._fail(now_s)
        while self.idle and (self._present > limit or now_s >= next(iter(self.idle.values())) + IDLE_S):
            worker = next(iter(self.idle))
            del self.idle[worker]
            self._leaving.add(worker)
            self._standing = self._present
            yield LetWorkerGo(worker)
        while self._is_short(limit, jobs) and now_s >= self._start_at_s:
            self._starting.append(now_s + START_S)
            self._standing = max(self._standing, self._present)
            yield WantWorker()

    def wake_s(self, limit: int, jobs: int) -> Iterator[float]:
        if self.idle:
            yield next(iter(self.idle.values())) + IDLE_S
        if self._starting:
            yield self._starting[0]
        if self._is_short(limit, jobs):
            yield self._start_at_s

    def _is_short(self, limit: int, jobs: int) -> bool:
        if len(self) >= limit:
            return False
        return self._present < self._standing or len(self.idle) + len(self._starting) < jobs

    @property
    def _present(self) -> int:
        return len(self) - len(self._leaving)

    def _fail(self, now_s: float) -> None:
        if now_s >= self._start_at_s + _FORGIVEN_S:
            self._failures = 0
        self._failures += 1
        wait_s = _FIRST_WAIT_S * 2.0 ** min(self._failures - 2, _DOUBLINGS) if self._failures > 1 else 0.0
        self._start_at_s = now_s + min(wait_s, _LONGEST_WAIT_S)
