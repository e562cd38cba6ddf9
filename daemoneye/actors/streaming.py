"""Many records from one actor to another, part by part, at the pace of the one that takes them.

The sender makes a part only when it may go out, so of a snapshot in transit there is never more than its window in
memory, and whoever stops taking gets no more. The transport loses nothing between two living actors, but it may repeat;
therefore everything is numbered, and what comes twice counts once. No clock and no actor in here: ``now_s`` is a
parameter, and parts are returned to be sent.
"""

from __future__ import annotations

from collections import deque
from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from daemoneye.messages.observation import Occupancy, SnapshotPart, SnapshotRefusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from daemoneye.model.process import ProcessRecord

# A record takes 350 to 900 bytes (measured), so that most parts are full by number; making and encoding one takes 3 ms.
RECORDS: Final = 250
# One with 32 KiB of arguments, 64 variables and thousands of sockets takes up to 2 MiB, and then travels alone: half of
# the transport's frame. Others stop at what the transport takes in with one call.
PART_BYTES: Final = 256 * 1024
# One is being taken while the next is on its way.
WINDOW: Final = 2
# Each holds on to the snapshot that it shows; the gateway shows one to several askers.
STREAMS: Final = 4
# A part is taken within milliseconds. This is for a gateway that waits for a slow client of its own.
PATIENCE_S: Final = 10.0
# Twenty messages to a peer that does not read make Thespian mute towards everybody: all windows, a message about a look
# and three refusals leave it eight.
IN_FLIGHT: Final = 12

Chunk: TypeAlias = "tuple[tuple[ProcessRecord, ...], bool]"
Show: TypeAlias = "Callable[[], Iterator[Chunk]]"


def in_parts(
    records: Iterable[ProcessRecord],
    weigh: Callable[[ProcessRecord], int],
    *,
    most: int = RECORDS,
    most_bytes: int = PART_BYTES,
) -> Iterator[Chunk]:
    """Cut, and say of each part whether it is the last. Nothing at all is one empty part."""
    held: list[ProcessRecord] = []
    size = 0
    for record in records:
        weight = weigh(record)
        if held and (len(held) >= most or size + weight > most_bytes):
            yield tuple(held), False
            held, size = [], 0
        held.append(record)
        size += weight
    yield tuple(held), True


class InFlight:
    """How much was said to a peer that it has not shown to have heard.

    Messages to one peer arrive in their order, so whoever answers one has heard all before it.
    """

    def __init__(self, capacity: int = IN_FLIGHT) -> None:
        self._capacity = capacity
        self._said = self._heard = 0

    def say(self) -> int | None:
        """Number the next message; ``None``: there is no room for it."""
        if self._said - self._heard >= self._capacity:
            return None
        self._said += 1
        return self._said

    def heard(self, number: int) -> None:
        self._heard = max(self._heard, number)

    def has_heard(self, number: int) -> bool:
        return number <= self._heard


class _Given(NamedTuple):
    """A part on its way."""

    message: int  # its number among all messages to the peer
    records: int


class _Stream:
    def __init__(self) -> None:
        self.parts: Iterator[Chunk] | None = None  # until the first may go out
        self.given = 0
        self.exhausted = False
        self.on_the_way: deque[_Given] = deque()
        self.waits_since_s = 0.0
        self.records_taken = 0

    def next_part(self, request: int, message: int, show: Show, now_s: float) -> SnapshotPart:
        self.parts = self.parts or show()
        records, self.exhausted = next(self.parts)
        if not self.on_the_way:
            self.waits_since_s = now_s
        self.on_the_way.append(_Given(message, len(records)))
        self.given += 1
        return SnapshotPart(request=request, part=self.given - 1, last=self.exhausted, records=records)

    def expects(self, part: int) -> bool:
        return bool(self.on_the_way) and part == self.given - len(self.on_the_way)


class Shed(NamedTuple):
    request: int
    records_taken: int


class Outbox:
    """The sending side: a few snapshots at once, to one peer."""

    def __init__(
        self, in_flight: InFlight, *, window: int = WINDOW, streams: int = STREAMS, patience_s: float = PATIENCE_S
    ) -> None:
        self._in_flight = in_flight
        self._window = window
        self._capacity = streams
        self._patience_s = patience_s
        self._streams: dict[int, _Stream] = {}
        # Shed with parts on their way: when one of these is acknowledged late, its receiver has begun to read again.
        self._lost: dict[int, _Stream] = {}
        self._latest = -1
        self._shed = 0

    def is_repeated(self, request: int) -> bool:
        """Numbers only rise, so this one was asked before."""
        return request <= self._latest

    def open(self, request: int) -> SnapshotRefusal | None:
        """Begin, or say why not. A number that was used before is the caller's to ignore."""
        if self.is_repeated(request):
            raise ValueError(f"snapshot {request}: repeated: expected a number above {self._latest}")
        self._latest = request
        if len(self._streams) >= self._capacity:
            return SnapshotRefusal.BUSY
        self._streams[request] = _Stream()
        return None

    def next_part(self, show: Show, now_s: float) -> SnapshotPart | None:
        """What may go out now, of the stream that has waited longest; ask until there is nothing.

        What a stream shows is decided when its first part goes out.
        """
        for request, stream in self._streams.items():
            if stream.exhausted or len(stream.on_the_way) >= self._window:
                continue
            message = self._in_flight.say()
            if message is None:
                return None
            self._streams[request] = self._streams.pop(request)  # to the end: each in its turn
            return stream.next_part(request, message, show, now_s)
        return None

    def taken(self, request: int, part: int, now_s: float) -> bool:
        """Acknowledge, in order; anything else opens no window and is answered with ``False``."""
        stream = self._streams.get(request) or self._lost.get(request)
        if stream is None or not stream.expects(part):
            return False
        given = stream.on_the_way.popleft()
        self._in_flight.heard(given.message)
        if request in self._lost:
            self._forget_lost()
            return False
        stream.records_taken += given.records
        stream.waits_since_s = now_s
        if stream.exhausted and not stream.on_the_way:
            del self._streams[request]
        return True

    def shed_overdue(self, now_s: float) -> tuple[Shed, ...]:
        """Let go of those of which nothing was taken for too long."""
        late = [each for each, stream in self._streams.items() if self._due_s(stream, now_s) <= now_s]
        self._shed += len(late)
        self._lost |= {each: self._streams.pop(each) for each in late}
        shed = tuple(Shed(each, self._lost[each].records_taken) for each in late)
        self._forget_lost()
        return shed

    def _forget_lost(self) -> None:
        """Those that have nothing to prove any more; of the others there are at most as many as messages in flight."""
        self._lost = {
            request: stream
            for request, stream in self._lost.items()
            if stream.on_the_way and not self._in_flight.has_heard(stream.on_the_way[-1].message)
        }

    def patience_left_s(self, now_s: float) -> float | None:
        """When the next may be overdue; ``None`` when there is none."""
        return min((self._due_s(each, now_s) - now_s for each in self._streams.values()), default=None)

    def _due_s(self, stream: _Stream, now_s: float) -> float:
        # of which nothing is on the way, nothing can be taken
        return (stream.waits_since_s if stream.on_the_way else now_s) + self._patience_s

    @property
    def occupancy(self) -> Occupancy:
        return Occupancy(
            name="snapshots on the way", entries=len(self._streams), capacity=self._capacity, evictions=self._shed
        )


class Verdict(Enum):
    TAKEN = "taken"  # new and in order: to be acknowledged
    REPEATED = "repeated"  # known already: nothing to do
    FOREIGN = "foreign"  # of another snapshot
    BROKEN = "broken"  # there is a gap, or too much: this snapshot will never be whole


class Incoming:
    """The taking side of one snapshot. Holds at most ``most`` records; ``release`` makes room."""

    def __init__(self, request: int, *, most: int) -> None:
        self._request = request
        self._most = most
        self._next = 0
        self._broken = False
        self._held: list[ProcessRecord] = []
        self.complete = False

    def take(self, part: SnapshotPart) -> Verdict:
        if part.request != self._request:
            return Verdict.FOREIGN
        if not self._broken and part.part < self._next:
            return Verdict.REPEATED
        too_much = len(self._held) + len(part.records) > self._most
        if self._broken or self.complete or part.part > self._next or too_much:
            self._broken, self.complete = True, False
            self._held.clear()
            return Verdict.BROKEN
        self._next += 1
        self._held += part.records
        self.complete = part.last
        return Verdict.TAKEN

    def release(self) -> tuple[ProcessRecord, ...]:
        """What has come since the last time, in order."""
        held = tuple(self._held)
        self._held.clear()
        return held
