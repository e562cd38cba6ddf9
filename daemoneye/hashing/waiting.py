"""Jobs that wait, in the order in which they will be done.

Who is more urgent goes first, but waiting counts: each step of urgency is worth a minute. So a job of the background
goes before any alert that comes more than three minutes after it, and nobody waits for ever behind those who come
later. Within one priority it is first come, first served, which makes everything here a look at four ends.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from daemoneye.hashing.values import Priority

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemoneye.hashing.job import Job
    from daemoneye.hashing.values import Key

STEP_S: Final = 60.0  # a first look at a whole host takes as long; an alert goes before all of it


def turn(since_s: float, priority: Priority) -> float:
    """The less the sooner."""
    return since_s + priority * STEP_S


def _turn(job: Job) -> float:
    return turn(job.since_s, job.priority)


class Waiting:
    def __init__(self) -> None:
        self._queues: tuple[OrderedDict[Key, Job], ...] = tuple(OrderedDict() for _ in Priority)

    def __len__(self) -> int:
        return sum(map(len, self._queues))

    def add(self, job: Job, now_s: float) -> None:
        job.since_s = now_s
        self._queues[job.priority][job.key] = job

    def put_back(self, job: Job) -> None:
        """It had its turn and could not use it."""
        self._queues[job.priority][job.key] = job
        self._queues[job.priority].move_to_end(job.key, last=False)

    def remove(self, job: Job) -> None:
        del self._queues[job.priority][job.key]

    def hurry(self, job: Job, priority: Priority, now_s: float) -> None:
        """Somebody wants it more urgently; it never loses by that."""
        if turn(now_s, priority) < _turn(job):
            self.remove(job)
            job.priority = priority
            self.add(job, now_s)

    def first(self) -> Job | None:
        return min(self._heads(), key=_turn, default=None)

    def last(self) -> Job | None:
        return max((queue[next(reversed(queue))] for queue in self._queues if queue), key=_turn, default=None)

    def longest(self) -> Job | None:
        """Who has waited longest, however urgent."""
        return min(self._heads(), key=lambda job: job.since_s, default=None)

    def _heads(self) -> Iterator[Job]:
        return (next(iter(queue.values())) for queue in self._queues if queue)
