"""Which files the collector was asked to open, for whom, and since when.

A few are asked for at a time, for a collector that does not read must not have twenty messages on their way to it. One
that was restarted is asked again: it knows nothing of what its forerunner was asked. While there is none, everybody
waits. No clock and no actor in here.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from daemoneye.messages.hashing import OpenFile, Question

if TYPE_CHECKING:
    from collections.abc import Iterator

AT_ONCE: Final = 8
# A collector that hangs is noticed and replaced within nine seconds by default; then it is asked again.
PATIENCE_S: Final = 30.0


@dataclass(slots=True)
class Opening:
    number: int
    worker: str
    job: int
    question: Question
    said_s: float = 0.0
    wanted: bool = True  # by somebody who still waits

    @property
    def order(self) -> OpenFile:
        asked = self.question
        return OpenFile(
            number=self.number,
            pid=asked.pid,
            start_ticks=asked.start_ticks,
            there=asked.there,
            dev=asked.file.dev,
            ino=asked.file.ino,
        )


class Openings:
    def __init__(self, before: int) -> None:
        """The first number is the one after ``before``: no packet of an earlier life is to fit."""
        self._number = before
        self._present = False
        self._waiting: deque[Opening] = deque()
        self._said: dict[int, Opening] = {}

    def __len__(self) -> int:
        return len(self._waiting) + len(self._said)

    def want(self, worker: str, job: int, question: Question) -> None:
        self._number += 1
        self._waiting.append(Opening(self._number, worker, job, question))

    def arrived(self) -> None:
        """The collector is there, or another one in its place."""
        self._present = True
        self._waiting.extendleft(each for each in reversed(self._said.values()) if each.wanted)
        self._said.clear()

    def to_say(self, now_s: float) -> Iterator[OpenFile]:
        while self._present and self._waiting and len(self._said) < AT_ONCE:
            opening = self._waiting.popleft()
            opening.said_s = now_s
            self._said[opening.number] = opening
            yield opening.order

    def came(self, number: int) -> Opening | None:
        """The answer to this one, if anybody waits for it."""
        opening = self._said.pop(number, None)
        return opening if opening and opening.wanted else None

    def forget(self, worker: str) -> None:
        """It is dead. What was said for it is still on its way, and counts."""
        self._waiting = deque(each for each in self._waiting if each.worker != worker)
        for opening in self._said.values():
            opening.wanted &= opening.worker != worker

    def overdue(self, now_s: float) -> list[Opening]:
        late = [each for each in self._said.values() if each.wanted and now_s - each.said_s >= PATIENCE_S]
        for opening in late:
            opening.wanted = False
        return late
