"""What somebody has to record, until the journal has recorded it.

Whatever is given in here stays until it was acknowledged, and all of it is said again to a journal that was restarted.
Alerts go out before events, each of the two in the order in which they came. There is room for so much: when it is
full, what goes is of low severity and old first, events before alerts. How many of what were lost, and from when to
when, is itself an entry, which goes out as soon as one can. No clock and no actor in here.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from daemoneye.messages.observation import Occupancy
from daemoneye.messages.record import BATCH_BYTES, BATCH_ENTRIES, WINDOW, Keep, Kept
from daemoneye.model.alert import Severity
from daemoneye.model.record import Stream
from daemoneye.outputs import recorded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from daemoneye.model.record import Entry, Moment

# The first look at a machine with 30,000 processes; 20 s of the fastest stream that the journal takes for certain.
MOST: Final = 32_768
MOST_BYTES: Final = 32 << 20
LOST: Final = "record.lost"
_OVERHEAD: Final = 600  # bytes that an entry takes beside its body [measured]

_Lane: TypeAlias = tuple[bool, int]  # whether alerts, and the severity: the order in which they are given up


@dataclass(slots=True)
class _Lost:
    """What there was no room for, since that was last said; times are milliseconds since 1970."""

    kinds: Counter[str] = field(default_factory=Counter)
    first_ms: int = 0
    last_ms: int = 0

    def add(self, entry: Entry) -> None:
        when = entry.occurred.wall_ms
        self.first_ms = min(self.first_ms, when) if self.kinds else when
        self.last_ms = max(self.last_ms, when)
        self.kinds[entry.kind] += 1


@dataclass(slots=True)
class _Held:
    arrival: int
    entry: Entry


class Settled(NamedTuple):
    """What has become of a batch, by id."""

    recorded: tuple[str, ...]
    refused: tuple[str, ...]  # and would be refused again


class Custody:
    def __init__(
        self,
        new_id: Callable[[], str],
        now: Callable[[], Moment],
        *,
        most: int = MOST,
        most_bytes: int = MOST_BYTES,
        window: int = WINDOW,
        batch: int = BATCH_ENTRIES,
        name: str = "entries for the journal",
    ) -> None:
        self._name = name
        self._new_id = new_id
        self._now = now
        self._most = most
        self._most_bytes = most_bytes
        self._window = window
        self._batch = batch
        self._present = False
        self._lanes: dict[_Lane, deque[_Held]] = {}
        self._sent: dict[int, list[_Held]] = {}
        self._number = self._arrivals = 0
        self._lost = _Lost()
        self._entries = self._bytes = 0
        self.shed: Counter[str] = Counter()  # by kind; since the start, like
        self.refused: Counter[str] = Counter()

    def take(self, entry: Entry) -> tuple[str, ...]:
        """Keep it until the journal does; return the ids of those for which there is no room any more."""
        gone: list[str] = []
        self._arrivals += 1
        self._lane(entry).append(_Held(self._arrivals, entry))
        self._entries += 1
        self._bytes += _weight(entry)
        while self._entries > self._most or self._bytes > self._most_bytes:
            if (shed := self._shed_one()) is None:
                break
            gone.append(shed.id)
        return tuple(gone)

    def arrived(self) -> None:
        """The journal is there, or another one in its place, which may know nothing of what was on its way."""
        self._present = True
        for batch in reversed(self._sent.values()):
            for held in reversed(batch):
                self._lane(held.entry).appendleft(held)
        self._sent.clear()

    def to_say(self) -> Iterator[Keep]:
        """To be sent at once, all of it; each is made when the one before is on its way."""
        while self._present and len(self._sent) < self._window and (batch := self._next_batch()):
            self._number += 1
            self._sent[self._number] = batch
            yield Keep(batch=self._number, entries=tuple(held.entry for held in batch))

    def kept(self, message: Kept) -> Settled | None:
        """Let go of what is recorded; ``None`` for what was not on its way."""
        batch = self._sent.pop(message.batch, None)
        if batch is None:
            return None
        for held in batch:
            self._forget(held.entry)
        refused = [held.entry for held in batch if held.entry.id in message.refused]
        self.refused.update(entry.kind for entry in refused)
        ids = tuple(entry.id for entry in refused)
        return Settled(tuple(held.entry.id for held in batch if held.entry.id not in ids), ids)

    @property
    def empty(self) -> bool:
        return not self._entries and not self._lost.kinds

    @property
    def occupancy(self) -> Occupancy:
        return Occupancy(name=self._name, entries=self._entries, capacity=self._most, evictions=self.shed.total())

    def _lane(self, entry: Entry) -> deque[_Held]:
        return self._lanes.setdefault((entry.stream is Stream.ALERTS, entry.severity), deque())

    def _forget(self, entry: Entry) -> None:
        self._entries -= 1
        self._bytes -= _weight(entry)

    def _shed_one(self) -> Entry | None:
        """What is on its way stays: it is bounded by the window, and may be recorded already."""
        filled = [lane for lane, waiting in self._lanes.items() if waiting]
        if not filled:
            return None
        gone = self._lanes[min(filled)].popleft().entry
        self._forget(gone)
        self._lost.add(gone)
        self.shed[gone.kind] += 1
        return gone

    def _next_batch(self) -> list[_Held]:
        batch: list[_Held] = []
        size = 0
        if self._lost.kinds:
            batch.append(self._notice())
        while (lane := self._first_lane()) and len(batch) < self._batch:
            size += len(lane[0].entry.body)
            if batch and size > BATCH_BYTES:
                break
            batch.append(lane.popleft())
        return batch

    def _notice(self) -> _Held:
        """The record has a hole, and says so."""
        lost, self._lost = self._lost, _Lost()
        entry = recorded.of_the_agent(
            LOST,
            Severity.HIGH,
            id=self._new_id(),
            occurred=self._now(),
            message=f"At most {lost.kinds.total()} entries are missing: there was no room while nobody recorded them.",
            lost=dict(sorted(lost.kinds.items())),
            first_ms=lost.first_ms,
            last_ms=lost.last_ms,
        )
        self._entries += 1
        self._bytes += _weight(entry)
        return _Held(0, entry)  # before all that is still here

    def _first_lane(self) -> deque[_Held] | None:
        """The one whose turn it is: of the alerts the oldest, then of the events."""
        filled = [(not is_alert, lane[0].arrival, lane) for (is_alert, _), lane in self._lanes.items() if lane]
        return min(filled, key=itemgetter(0, 1))[2] if filled else None


def _weight(entry: Entry) -> int:
    return len(entry.body) + _OVERHEAD
