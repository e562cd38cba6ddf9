"""Where entries wait for the disk: bounded, in the order they came, and honest about what did not fit.

What waits has not been acknowledged; its sender still has it. When there is no more room the least important entry
goes, in the order of ``retention``, and is counted: the count is recorded once recording is possible again.
"""

from __future__ import annotations

import heapq
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Final

from daemoneye.journal.chain import LANES, Lane
from daemoneye.journal.entry import canonical
from daemoneye.journal.retention import goes_first

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from daemoneye.journal.entry import Entry

DROPPED: Final = "journal.dropped"


class WaitingRoom:
    def __init__(self, max_entries: int, max_bytes: int) -> None:
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._lanes: dict[Lane, dict[Entry, int]] = {lane: {} for lane in LANES}
        self._arrivals = 0
        self.entries = 0
        self.bytes = 0
        self.dropped: Counter[Lane] = Counter()

    def add(self, entry: Entry) -> None:
        lane = self._lanes[Lane(entry.stream, entry.severity)]
        if entry in lane:
            return  # sent again by somebody who got no answer
        self._arrivals += 1
        lane[entry] = self._arrivals
        self.entries += 1
        self.bytes += len(entry.body)
        while self.entries > self._max_entries or self.bytes > self._max_bytes:
            self._drop_one()

    def _drop_one(self) -> None:
        lane = goes_first(lane for lane, waiting in self._lanes.items() if waiting)
        self.dropped[lane] += 1
        self.remove([next(iter(self._lanes[lane]))])

    def batch(self, max_entries: int, max_bytes: int) -> list[Entry]:
        """Return what came first, at least one if there is any. It stays until it is removed."""
        chosen: list[Entry] = []
        size = 0
        for entry in islice(self._in_order(), max_entries):
            size += len(entry.body)
            if chosen and size > max_bytes:
                break
            chosen.append(entry)
        return chosen

    def _in_order(self) -> Iterator[Entry]:
        lanes = [[(arrival, entry) for entry, arrival in lane.items()] for lane in self._lanes.values() if lane]
        return (entry for _, entry in heapq.merge(*lanes))

    def remove(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            del self._lanes[Lane(entry.stream, entry.severity)][entry]
            self.entries -= 1
            self.bytes -= len(entry.body)


def dropped_as_json(dropped: Counter[Lane]) -> bytes:
    return canonical(
        {
            "reason": "memory_full",
            "count": dropped.total(),
            "dropped": {lane.word: count for lane, count in sorted(dropped.items())},
        }
    )
