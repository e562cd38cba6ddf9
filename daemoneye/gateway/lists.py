"""Lists of all processes on their way from the collector to clients, part by part.

The collector is told that a part was taken when its reader has made room for another: so a list is nowhere in memory as
a whole, and a reader that stops, stops the collector's part of its list and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from daemoneye.model.agent import Envelope, Processes
from daemoneye.wire.codec import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from daemoneye.model.coverage import Coverage
    from daemoneye.model.process import ProcessRecord

# At a time: as many as the collector makes, and with their parts few enough for one peer to have in its inbox.
LISTS: Final = 4
# From one part to the next, of a client that reads. The collector makes one in milliseconds, between two looks.
PART_S: Final = 10.0
# What the frame around the records takes at most: ids, numbers, a coverage with every reason. Measured: 242 bytes.
_AROUND: Final = 1024


class Asker(NamedTuple):
    """Who waits for an answer: a connection, and its number for the request."""

    client: int
    number: int


@dataclass(slots=True, kw_only=True)
class Listing:
    """One list, as far as it is."""

    asker: Asker | None  # None: it went away
    due_s: float
    expected: int = 0  # the collector's next part
    untold: list[int] = field(default_factory=list)  # parts taken, while the reader has no room for another
    ended: bool = False
    part: int = 0  # our own next one: a large part becomes several
    left_out: int = 0

    def frames(
        self, records: Sequence[ProcessRecord], largest: int, coverage: Coverage | None = None, *, last: bool
    ) -> Iterator[Processes]:
        """The records in as many parts as it takes for each to fit a frame."""
        self.ended = last
        groups = list(self._fitting(records, largest - _AROUND))
        if last and not groups:
            groups.append(())
        for group in groups:
            final = last and group is groups[-1]
            yield Processes(
                records=tuple(group),
                part=self.part,
                last=final,
                coverage=coverage if final else None,
                left_out=self.left_out if final else 0,
            )
            self.part += 1

    def _fitting(self, records: Sequence[ProcessRecord], largest: int) -> Iterator[Sequence[ProcessRecord]]:
        if not records:
            return
        if _fits(records, largest):
            yield records
        elif len(records) == 1:
            self.left_out += 1
        else:
            middle = len(records) // 2
            yield from self._fitting(records[:middle], largest)
            yield from self._fitting(records[middle:], largest)


def _fits(records: Sequence[ProcessRecord], largest: int) -> bool:
    try:
        return len(encode(Envelope.around(Processes(records=tuple(records))))) <= largest
    except ValueError:  # a number or a text that the wire has no place for: its neighbours can be shown all the same
        return False


class Lists:
    """By the number under which the collector knows each."""

    def __init__(self) -> None:
        self._open: dict[int, Listing] = {}

    def __len__(self) -> int:
        return len(self._open)

    def open(self, request: int, asker: Asker, now_s: float) -> None:
        self._open[request] = Listing(asker=asker, due_s=now_s + PART_S)

    def of(self, client: int) -> bool:
        return any(each.asker is not None and each.asker.client == client for each in self._open.values())

    def take(self, request: int, part: int, now_s: float) -> Listing | None:
        """The list that this part continues; ``None`` for one that nobody waits for, and for a part told twice."""
        found = self._open.get(request)
        if found is None or part != found.expected:
            return None
        found.expected, found.due_s = part + 1, now_s + PART_S
        found.untold.append(part)
        return found

    def close(self, request: int) -> Asker | None:
        found = self._open.pop(request, None)
        return found.asker if found else None

    def acknowledge(self, has_room: Callable[[int], bool], now_s: float) -> Iterator[tuple[int, int]]:
        """Request and part, of every list whose reader is ready for more, or gone."""
        for request, each in self._open.items():
            if each.untold and (each.asker is None or has_room(each.asker.client)):
                yield from ((request, part) for part in each.untold)
                each.untold.clear()
                each.due_s = now_s + PART_S
        self._open = {request: each for request, each in self._open.items() if each.untold or not each.ended}

    def forget(self, client: int) -> None:
        """Its lists come to their end all the same: the collector knows no other way to be rid of one."""
        for each in self._open.values():
            if each.asker is not None and each.asker.client == client:
                each.asker = None

    def clear(self) -> list[Asker]:
        """Nobody will continue any of them."""
        askers = [each.asker for each in self._open.values() if each.asker and not each.ended]
        self._open.clear()
        return askers

    def expired(self, now_s: float) -> list[Asker]:
        """Lists that the collector does not continue. One that waits for its reader is the session's to judge."""
        late = [request for request, each in self._open.items() if not each.untold and now_s >= each.due_s]
        return [asker for request in late if (asker := self.close(request))]
