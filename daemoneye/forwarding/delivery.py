"""One receiver's share of the journal: what goes next, what is on its way, how far it has acknowledged.

Alerts go before events, each in the order of its stream. What was on its way when the connection ended goes again. The
cursor of a stream moves over everything that is settled without a gap: acknowledged, or set aside.

**Poison.** A record that the receiver refuses, or at which it hangs up, would be sent for ever and hold up the rest. So
it is let go behind the others, then sent alone, so that it is known what the answer is to; and after so many tries it
is set aside. But a receiver whose disk is full refuses everything, and nothing may be given up for that. A try
therefore counts only if the receiver has acknowledged another record of the same stream that was sent *after* this one
first was: then the receiver is well, and the record is not. A connection that ended counts only if nothing else was on
its way.

No clock and no socket in here.
"""

from __future__ import annotations

from enum import Enum, auto
from math import inf
from typing import TYPE_CHECKING, Final, NamedTuple

from daemoneye.forwarding.cursor import Cursor
from daemoneye.forwarding.lane import Lane, Parcel
from daemoneye.messages.forwarding import Stretch
from daemoneye.model.record import Stream

if TYPE_CHECKING:
    from daemoneye.forwarding.pace import Pace
    from daemoneye.messages.forwarding import Passage, Pulled
    from daemoneye.supervisor.restarts import Backoff

TRIES: Final = 5  # that count: the waits between them are 1.5 s together at most, and so long a cursor stands


class Appetite(Enum):
    NONE = auto()
    FOR_NEWS = auto()
    FOR_WHAT_IS_THERE = auto()


class SetAside(NamedTuple):
    """The receiver does not get this one; the journal still has it."""

    parcel: Parcel
    reason: str


class Delivery:
    def __init__(self, cursor: Cursor, pace: Pace, backoff: Backoff) -> None:
        self.cursor = cursor
        self._pace = pace
        self._backoff = backoff
        self._lanes = {stream: Lane() for stream in Stream}
        self._in_flight: dict[str, Parcel] = {}
        self._suspect: Parcel | None = None  # in flight, alone
        self._asked = {stream: Stretch(after=0, entries=0) for stream in Stream}
        self._sendings = 0
        self._newly_connected = True
        self.acked = self.set_aside = self.retries = 0

    # -- from the journal

    @property
    def appetite(self) -> Appetite:
        roomy = [stream for stream in Stream if self._lanes[stream].room]
        if any(self._lanes[stream].newest > self._after(stream) for stream in roomy):
            return Appetite.FOR_WHAT_IS_THERE
        return Appetite.FOR_NEWS if roomy else Appetite.NONE

    def question(self) -> tuple[Stretch, Stretch]:
        """What to ask the journal for: alerts and events."""
        self._asked = {
            stream: Stretch(after=self._after(stream), entries=lane.room) for stream, lane in self._lanes.items()
        }
        return self._asked[Stream.ALERTS], self._asked[Stream.EVENTS]

    def _after(self, stream: Stream) -> int:
        span = self._lanes[stream].span
        return span[-1].sequence if span else self.cursor.of(stream)

    def arrived(self, pulled: Pulled) -> bool:
        """Take it; false if this is not the journal that we know, and all has to be asked for anew."""
        recorded = {Stream.ALERTS: pulled.last_alert, Stream.EVENTS: pulled.last_event}
        beyond = any(self._after(stream) > last for stream, last in recorded.items())
        if pulled.chain != self.cursor.chain or beyond:
            self._begin_anew(pulled.chain)
            return False
        for stream, last in recorded.items():
            self._lanes[stream].newest = last
            if self._newly_connected:
                self._lanes[stream].backlog = last
        self._newly_connected = False
        for passage in (*pulled.alerts, *pulled.events):
            self._hold(passage)
        self._skip_gap(Stream.ALERTS, pulled.last_alert, nothing=not pulled.alerts)
        self._skip_gap(Stream.EVENTS, pulled.last_event, nothing=not pulled.events)
        return True

    def _skip_gap(self, stream: Stream, last: int, *, nothing: bool) -> None:
        """Where nothing is shown, what there was has gone from the journal; a tombstone tells of it."""
        if nothing and self._asked[stream].entries and not self._lanes[stream].span:
            self.cursor = self.cursor.moved(stream, max(last, self.cursor.of(stream)))

    def _begin_anew(self, chain: str) -> None:
        self.cursor = Cursor(chain=chain)
        self._lanes = {stream: Lane() for stream in Stream}
        self._in_flight.clear()
        self._suspect = None
        self._newly_connected = True

    def _hold(self, passage: Passage) -> None:
        entry = passage.entry
        if passage.sequence > self._after(entry.stream):  # otherwise it is said twice
            self._lanes[entry.stream].hold(Parcel(entry.stream, passage.sequence, entry.id, entry))

    # -- to the receiver

    def connected(self) -> None:
        """Whatever is recorded by now has piled up; what comes later has not."""
        self._newly_connected = True
        for lane in self._lanes.values():
            lane.backlog = max(lane.backlog, lane.newest)

    def take(self, now_s: float) -> Parcel | None:
        """Give the next to send; nothing, if nothing waits or it is too early."""
        if self._suspect is not None:
            return None
        suspect = self._due(now_s)
        if suspect and self._in_flight:
            return None  # it goes alone
        waiting = (lane.waiting[0] for lane in self._lanes.values() if lane.waiting)
        parcel = suspect or next(waiting, None)
        if parcel is None or (self._is_backlog(parcel) and not self._pace.take(now_s)):
            return None
        self._suspect = suspect
        lane = self._lanes[parcel.stream]
        lane.deferred.remove(parcel) if suspect else lane.waiting.popleft()
        return self._sent(parcel)

    def _due(self, now_s: float) -> Parcel | None:
        """One that was let go behind the others, and whose turn has come: others got through, or there are none."""
        deferred = [each for lane in self._lanes.values() for each in lane.deferred]
        if not deferred:
            return None
        others = bool(self._in_flight) or any(lane.waiting for lane in self._lanes.values())
        due = (each for each in deferred if each.not_before_s <= now_s)
        allowed = (each for each in due if not others or self.acked > each.acks_before)
        return min(allowed, key=lambda each: each.not_before_s, default=None)  # who waits longest, of whatever stream

    def _is_backlog(self, parcel: Parcel) -> bool:
        return parcel.sequence <= self._lanes[parcel.stream].backlog

    def _sent(self, parcel: Parcel) -> Parcel:
        self._sendings += 1
        self.retries += parcel.first_sending > 0
        parcel.first_sending = parcel.first_sending or self._sendings
        parcel.last_sending = self._sendings
        self._in_flight[parcel.id] = parcel
        return parcel

    def due_s(self, now_s: float) -> float:
        """When something is due that is too early now; never, if only the outside can change anything."""
        times_s = [each.not_before_s for lane in self._lanes.values() for each in lane.deferred]
        if any(lane.waiting and self._is_backlog(lane.waiting[0]) for lane in self._lanes.values()):
            times_s.append(self._pace.next_s)
        return min((each for each in times_s if each > now_s), default=inf)

    # -- what becomes of it

    def acknowledged(self, identity: str) -> None:
        parcel = self._landed(identity)
        if parcel:
            self.acked += 1
            lane = self._lanes[parcel.stream]
            lane.acked_sending = max(lane.acked_sending, parcel.last_sending)
            self._settle(parcel)

    def refused(self, identity: str, reason: str, now_s: float) -> SetAside | None:
        parcel = self._landed(identity)
        return self._failed(parcel, reason, now_s) if parcel else None

    def unfit(self, parcel: Parcel, reason: str) -> SetAside:
        """Nothing can be sent of it, to nobody, ever."""
        self._landed(parcel.id)
        return self._put_aside(parcel, reason)

    def lost(self, reason: str, now_s: float) -> SetAside | None:
        """The connection ended. If it was for a record, then for the first that was not answered."""
        returning, alone = list(self._in_flight.values()), self._suspect is not None
        self._in_flight.clear()
        self._suspect = None
        for parcel in sorted(returning, key=lambda each: each.sequence, reverse=True):
            if parcel is not returning[0]:
                self._lanes[parcel.stream].waiting.appendleft(parcel)
        if not returning:
            return None
        if returning[0].tries:
            return self._failed(returning[0], reason, now_s, counts=alone)
        returning[0].tries = 1  # a receiver may be restarted at any moment: that alone makes nobody a suspect
        self._lanes[returning[0].stream].waiting.appendleft(returning[0])
        return None

    def _landed(self, identity: str) -> Parcel | None:
        parcel = self._in_flight.pop(identity, None)
        if parcel is self._suspect:
            self._suspect = None
        return parcel

    def _failed(self, parcel: Parcel, reason: str, now_s: float, *, counts: bool = True) -> SetAside | None:
        lane = self._lanes[parcel.stream]
        parcel.tries += 1
        parcel.counted += counts and lane.acked_sending > parcel.first_sending
        if parcel.counted >= TRIES:
            return self._put_aside(parcel, reason)
        parcel.not_before_s = now_s + self._backoff.delay_s(parcel.tries)
        parcel.acks_before = self.acked
        lane.deferred.append(parcel)
        return None

    def _put_aside(self, parcel: Parcel, reason: str) -> SetAside:
        self.set_aside += 1
        self._settle(parcel)
        return SetAside(parcel, reason)

    def _settle(self, parcel: Parcel) -> None:
        if sequence := self._lanes[parcel.stream].settle(parcel):
            self.cursor = self.cursor.moved(parcel.stream, sequence)

    # -- how it stands

    @property
    def in_flight(self) -> int:
        return len(self._in_flight)

    @property
    def suspects(self) -> int:
        return sum(len(lane.deferred) for lane in self._lanes.values()) + (self._suspect is not None)

    @property
    def held(self) -> int:
        return sum(lane.entries for lane in self._lanes.values())

    def recorded(self, stream: Stream) -> int:
        return self._lanes[stream].newest

    @property
    def behind(self) -> int:
        """How many sequences there are between cursor and journal; of some the entry may have gone by now."""
        return sum(max(0, lane.newest - self.cursor.of(stream)) for stream, lane in self._lanes.items())
