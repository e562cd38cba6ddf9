"""What is held of one stream for one receiver, from the cursor to the newest that was pulled."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from daemoneye.messages.forwarding import LARGEST_ANSWER, MOST_ENTRIES

if TYPE_CHECKING:
    from daemoneye.model.record import Entry, Stream

# While one answer of the journal goes out, the next comes in.
_MOST: Final = 2 * MOST_ENTRIES
_MOST_BYTES: Final = 2 * LARGEST_ANSWER
# What may be settled behind one that is not: what a backlog sends in the time of all tries, several times over.
_LONGEST_SPAN: Final = 20_000


@dataclass(slots=True, eq=False)
class Parcel:
    stream: Stream
    sequence: int
    id: str
    entry: Entry
    settled: bool = False  # then only its place counts
    tries: int = 0  # that failed, and
    counted: int = 0  # those of them that speak against it
    first_sending: int = 0
    last_sending: int = 0
    not_before_s: float = 0.0
    acks_before: int = 0  # how many there had been when it was let go behind the others

    @property
    def size(self) -> int:
        return len(self.entry.body)


class Lane:
    """What is held of one stream."""

    def __init__(self) -> None:
        self.span: deque[Parcel] = deque()  # all after the cursor, the settled ones too
        self.waiting: deque[Parcel] = deque()
        self.deferred: list[Parcel] = []
        self.entries = 0  # not settled, and
        self.bytes = 0  # theirs
        self.newest = 0  # recorded, as far as we know
        self.backlog = 0  # what was recorded before the connection was made
        self.acked_sending = 0

    @property
    def room(self) -> int:
        full = self.bytes >= _MOST_BYTES or len(self.span) >= _LONGEST_SPAN
        room = 0 if full else _MOST - self.entries
        return min(room, MOST_ENTRIES) if room >= MOST_ENTRIES else 0

    def hold(self, parcel: Parcel) -> None:
        self.span.append(parcel)
        self.waiting.append(parcel)
        self.entries += 1
        self.bytes += parcel.size

    def settle(self, parcel: Parcel) -> int:
        """Answer how far everything is settled now; 0 for no further than before."""
        self.entries -= 1
        self.bytes -= parcel.size
        parcel.settled = True
        settled = 0
        while self.span and self.span[0].settled:
            settled = self.span.popleft().sequence
        if settled < parcel.sequence:
            parcel.entry = replace(parcel.entry, body=b"")  # it may stay for a while
        return settled
