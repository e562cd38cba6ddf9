"""Answering one question for entries: as far as a stretch goes that is short in bytes, in number and in time.

For two readers: the gateway, which answers clients that may not read the file, and a command that may.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from daemoneye.errors import HostileInput, IOFailedError
from daemoneye.journal.chain import SEQUENCE_MASK, place
from daemoneye.journal.entry import Stream
from daemoneye.journal.query import ENDS, Query, within
from daemoneye.journal.schema import BUCKET_SHIFT
from daemoneye.model.lookup import Entries, EntriesRequest, RecordedEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from daemoneye.journal.query import Recorded
    from daemoneye.journal.reading import Reader

# A thousand fill a screen ten times, and are read in 6 ms [measured on a million].
_MOST: Final = 1000
# Whoever waits for the next stretch is served after this one; and it is long enough for most questions as a whole.
_PATIENCE_S: Final = 0.1
# Of a step, as powers of two: a bucket, since an index has to be asked for each; 4,096 entries where none helps and all
# are read, which takes 6 ms [measured].
_INDEXED: Final = BUCKET_SHIFT
_READ: Final = 12
_AROUND: Final = 128  # bytes of an entry in a frame beside these texts: id, numbers, tags and lengths; 112 at most
NEWEST: Final = SEQUENCE_MASK - 1  # nothing follows it, in this stream
_STREAMS: Final = {stream.word: stream for stream in Stream}


def stretch(
    reader: Reader, request: EntriesRequest, most_bytes: int, clock: Callable[[], float] = time.monotonic
) -> Entries:
    """``HostileInput`` for a question that makes no sense."""
    query = query_of(request)
    first, end = _range(reader, query)
    found = _Found(reached=min(first - 1, end), room=most_bytes)
    until_s = clock() + _PATIENCE_S
    try:
        for last in _steps(first, end, _INDEXED if query.selective else _READ):
            found.add(reader.entries(replace(query, after=found.reached, through=last)), last)
            if found.full or clock() >= until_s:
                break
    except (ValueError, TypeError, AttributeError) as error:  # a row that was never written by us
        expected = "an undamaged journal: see `journal verify`"
        raise IOFailedError(reader.where, f"not an entry ({type(error).__name__})", expected) from None
    return Entries(entries=tuple(found.entries), reached=found.reached, end=end, left_out=found.left_out)


def _range(reader: Reader, query: Query) -> tuple[int, int]:
    """Return the first sequence to look at, and the last."""
    stream = query.stream or Stream.EVENTS
    bounds = place(stream, 0), place(stream + 1, 0)
    ((oldest, newest),) = reader.ask(ENDS, (*bounds, *bounds))
    if newest is None:
        return 1, 0
    first, end = max(place(stream, (query.after or 0) + 1), oldest), newest + 1
    if query.through is not None:
        end = min(end, place(stream, query.through) + 1)
    elif query.after is None and not query.selective:  # who goes on has been told where
        first, end = within(reader.ask, query, first, end)
    return first & SEQUENCE_MASK, (end - 1) & SEQUENCE_MASK


def _steps(first: int, end: int, shift: int) -> Iterator[int]:
    """Yield the last sequence of each step."""
    while first <= end:
        last = min(first | (1 << shift) - 1, end)
        yield last
        first = last + 1


@dataclass(slots=True, kw_only=True)
class _Found:
    reached: int
    room: int
    entries: list[RecordedEntry] = field(default_factory=list)
    left_out: int = 0
    full: bool = False

    def add(self, found: Iterator[Recorded], last: int) -> None:
        """Take what fits of what was found up to there."""
        for recorded in found:
            entry = _on_the_wire(recorded)
            size = _weight(entry)
            if len(self.entries) == _MOST or (self.entries and size > self.room):
                self.full = True
                return
            if size > self.room:
                self.left_out += 1
            else:
                self.room -= size
                self.entries.append(entry)
            self.reached = entry.sequence
        self.reached = last


def query_of(request: EntriesRequest) -> Query:
    if request.stream not in _STREAMS:
        raise HostileInput(f"stream '{request.stream[:20]}': alerts or events")
    numbers = (request.after, request.through, request.since_ms, request.until_ms)
    if any(number is not None and number > NEWEST for number in numbers):
        raise HostileInput("a number beyond every sequence and time")
    return Query(
        stream=_STREAMS[request.stream],
        after=request.after,
        through=request.through,
        since_ms=request.since_ms,
        until_ms=request.until_ms,
        at_least=request.at_least,
        kind=request.kind,
        pid=request.pid,
        name=request.name,
        name_glob=request.name_glob,
        sha256=request.sha256,
        entity_id=request.entity_id,
        parent_entity_id=request.parent_entity_id,
    )


def _on_the_wire(recorded: Recorded) -> RecordedEntry:
    sequence, entry, _ = recorded
    return RecordedEntry(
        stream=entry.stream.word,
        sequence=sequence,
        id=entry.id,
        severity=entry.severity,
        kind=entry.kind,
        wall_ms=entry.occurred.wall_ms,
        monotonic_ns=entry.occurred.monotonic_ns,
        boot_id=entry.occurred.boot_id,
        body=entry.body.decode("utf-8", "backslashreplace"),
        pid=entry.pid,
        entity_id=entry.entity_id,
        parent_entity_id=entry.parent_entity_id,
        name=entry.name,
        sha256=entry.sha256,
    )


def _weight(entry: RecordedEntry) -> int:
    texts = (entry.body, entry.kind, entry.boot_id, entry.entity_id, entry.parent_entity_id, entry.name, entry.sha256)
    return _AROUND + sum(len(text) if text.isascii() else len(text.encode()) for text in texts if text)
