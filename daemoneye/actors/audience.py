"""What the collector says to its one listener, and when: never more than that listener shows to hear.

Between the actor, which knows addresses and clocks, and the streams, which know neither. Whatever is due is given back
by ``to_say``, in the order in which it has to be sent.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import replace
from typing import TYPE_CHECKING

from daemoneye.actors.streaming import InFlight, Outbox
from daemoneye.messages.observation import SnapshotRefusal, SnapshotRefused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemoneye.actors.streaming import Shed, Show
    from daemoneye.messages.observation import FromCollector, Scanned


class Audience:
    def __init__(self) -> None:
        self.shed: Counter[str] = Counter()  # since the start, whoever was listening
        self.show: Show | None = None  # as long as there is nothing to show, questions wait
        self._present = False
        self._latest: Scanned | None = None
        self._forget()

    def _forget(self) -> None:
        self._in_flight = InFlight()
        self._outbox = Outbox(self._in_flight)
        self._refused: deque[SnapshotRefused] = deque()
        self._untold = self._latest is not None
        self._told: tuple[int, int] | None = None  # a look that was told of, and the number of that message

    def arrived(self) -> None:
        """The listener is there, or another one in its place, which knows nothing of what the one before was told."""
        self.shed["snapshots not taken"] += self._outbox.occupancy.entries
        self._forget()
        self._present = True

    def news(self, scanned: Scanned) -> None:
        """Only the latest is worth telling; what was not told at all is told with it."""
        self.shed["looks not told of"] += self._untold and self._present
        occupancies = (*scanned.occupancies, self._outbox.occupancy)
        shed = self.shed + Counter(dict(scanned.shed))
        self._latest = replace(scanned, occupancies=occupancies, shed=tuple(sorted(shed.items())))
        self._untold = True

    def ask(self, request: int) -> None:
        if self._outbox.is_repeated(request):
            self.shed["strays"] += 1
            return
        refusal = self._outbox.open(request)
        if refusal is not None:
            self._refuse(request, refusal)

    def part_taken(self, request: int, part: int, now_s: float) -> None:
        self.shed["strays"] += not self._outbox.taken(request, part, now_s)

    def scan_taken(self, scan: int) -> None:
        if self._told is None or self._told[0] != scan:
            self.shed["strays"] += 1
            return
        self._in_flight.heard(self._told[1])
        self._told = None

    def shed_overdue(self, now_s: float) -> tuple[Shed, ...]:
        late = self._outbox.shed_overdue(now_s)
        self.shed["snapshots not taken"] += len(late)
        for each in late:
            self._refuse(each.request, SnapshotRefusal.NOT_TAKEN)
        return late

    def patience_left_s(self, now_s: float) -> float | None:
        return self._outbox.patience_left_s(now_s)

    def _refuse(self, request: int, reason: SnapshotRefusal) -> None:
        if reason is SnapshotRefusal.BUSY:
            self.shed["requests turned away"] += 1
        if self._in_flight.say() is None:
            self.shed["refusals not told"] += 1  # it does not listen anyway
        else:
            self._refused.append(SnapshotRefused(request=request, reason=reason))

    def to_say(self, now_s: float) -> Iterator[FromCollector]:
        """To be sent at once, all of it; each is made when the one before is on its way."""
        if not self._present:
            return
        while self._refused:
            yield self._refused.popleft()
        if self._latest is not None and self._untold and self._told is None:
            number = self._in_flight.say()
            if number is not None:
                self._told, self._untold = (self._latest.scan, number), False
                yield self._latest
        while self.show and (part := self._outbox.next_part(self.show, now_s)):
            yield part
