"""The hashing processes, each in a place of its own: how they are started, heard and ended, and how that is told.

Places have names that stay, ``hasher_1`` and so on; who comes takes the lowest that is free. What the pool calls a
worker is good for one life only: the place and the number of the life.
"""

from __future__ import annotations

import select
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from daemoneye.actors.hasher import Hasher
from daemoneye.hashing.events import WorkerFailed
from daemoneye.logs import log
from daemoneye.model.reports import WorkerReport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from daemoneye.hashing.events import Event
    from daemoneye.host.offspring import Offspring

_NAME: Final = "hasher_{}"
# To be let go, and to be dead when killed. Who has nothing in hand needs a millisecond; who has is killed.
_LEAVE_S: Final = 0.5
_DIE_S: Final = 1.0


@dataclass(slots=True)
class _Place:
    name: str
    life: Hasher | None = None
    generation: int = 0
    restarts: int = 0
    vacant: bool = False  # whoever was here did not go because somebody wanted it to
    last_words: str = ""

    def report(self) -> WorkerReport:
        life = self.life
        return WorkerReport(
            name=self.name,
            pid=life.process.pid if life else None,
            state=life.state if life else "backing_off" if self.vacant else "idle",
            restarts=self.restarts,
            generation=self.generation,
            began_s=life.began_s if life else None,
            heard_s=life.heard_s if life else None,
            last_words=self.last_words,
        )


class Hashers:
    def __init__(self, start: Callable[[str], Offspring]) -> None:
        self._start = start
        self._places: list[_Place] = []
        self._count = 0
        self._are_filled = True

    def have_places(self, count: int, *, filled: bool) -> None:
        """Whoever is in one too many keeps it until it goes."""
        self._count, self._are_filled = count, filled
        self._places += (_Place(_NAME.format(number + 1)) for number in range(len(self._places), count))
        self._remove_places()
        for place in self._places:
            place.vacant &= filled

    def _remove_places(self) -> None:
        while len(self._places) > self._count and self._places[-1].life is None:
            self._places.pop()

    def start(self, now_s: float) -> Iterator[Event]:
        place = next((each for each in self._places if each.life is None), None)
        if place is None:  # somebody was given up at the start, and does not die
            yield WorkerFailed()
            return
        try:
            process = self._start(place.name)
        except OSError as error:
            log("warning", "hashing.worker_not_started", worker=place.name, because=error.strerror or str(error))
            yield WorkerFailed()
            return
        place.generation += 1
        place.restarts += place.vacant
        place.vacant = False
        place.life = Hasher(f"{place.name}.{place.generation}", process, now_s)

    def of(self, worker: str) -> Hasher | None:
        return next((each for each in self._lives if each.name == worker), None)

    def in_place(self, name: str) -> Hasher | None:
        return next((each.life for each in self._places if each.name == name), None)

    def hear(self, descriptors: tuple[int, ...]) -> Iterator[Event]:
        """What they say, and that they are dead, of those whose descriptors have something."""
        for place in self._places:
            if place.life and not {*place.life.descriptors}.isdisjoint(descriptors):
                yield from self._hear(place, place.life, is_dead=place.life.process.pidfd in descriptors)
        self._remove_places()

    def look_after(self, now_s: float) -> Iterator[Event]:
        """What they have said comes first: somebody who was kept from reading it must not take them for silent."""
        yield from self.hear(_readable(self.descriptors, 0))
        for life in self._lives:
            life.look_after(now_s)

    def look_for_stopped(self) -> Iterator[Event]:
        for life in self._lives:
            yield from life.look_whether_stopped()

    def stop(self) -> None:
        """All of them, be it by force. Who cannot die now will with us, when the kernel lets go of it."""
        for life in self._lives:
            life.let_go()
        self._await_ends(_LEAVE_S)
        for life in self._lives:
            life.kill("")
        self._await_ends(_DIE_S)

    @property
    def descriptors(self) -> tuple[int, ...]:
        return tuple(each for life in self._lives for each in life.descriptors)

    @property
    def reports(self) -> tuple[WorkerReport, ...]:
        return tuple(place.report() for place in self._places)

    @property
    def _lives(self) -> list[Hasher]:
        return [place.life for place in self._places if place.life]

    def _hear(self, place: _Place, life: Hasher, *, is_dead: bool) -> Iterator[Event]:
        yield from life.hear()
        status = life.process.reap() if is_dead else None
        if status is None:
            return
        yield from life.bury(status)
        place.life = None
        place.vacant = self._are_filled and not life.is_to_go
        if not life.is_to_go:
            place.last_words = life.because
            log("warning", "hashing.worker_lost", worker=place.name, because=life.because)

    def _await_ends(self, patience_s: float) -> None:
        until_s = time.monotonic() + patience_s
        while self._lives and (left_s := until_s - time.monotonic()) > 0:
            for _ in self.hear(_readable(self.descriptors, left_s)):
                pass  # it is too late for news


def _readable(descriptors: tuple[int, ...], timeout_s: float) -> tuple[int, ...]:
    poll = select.poll()
    for each in descriptors:
        poll.register(each, select.POLLIN)
    return tuple(descriptor for descriptor, _ in poll.poll(timeout_s * 1000))
