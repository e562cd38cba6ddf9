"""Questions to the record, and how they are answered: a stretch of it at a time.

The indexes are cut into *buckets* of consecutive entries. While it records, the journal then touches only the few pages
of the present bucket, however large the file has grown, and a question goes through all buckets, which are few.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import merge
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

from daemoneye.journal.chain import SEQUENCE_MASK, STREAM_SHIFT, place
from daemoneye.journal.entry import Entry, Moment, Severity, Stream
from daemoneye.journal.rows import COLUMNS
from daemoneye.journal.schema import BUCKET_SHIFT, PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Ask = Callable[[str, tuple[Any, ...]], list[tuple[Any, ...]]]

_PAGE: Final = 1000  # entries; a page is read in a few milliseconds
_PLACE: Final = 0  # in a row
# Two questions: SQLite goes straight to the least or the greatest key, but not to both at once.
ENDS: Final = (
    "SELECT (SELECT min(place) FROM entries WHERE place >= ? AND place < ?),"
    " (SELECT max(place) FROM entries WHERE place >= ? AND place < ?)"
)
# Not beyond so many, which takes 0.3 s [measured]: then everything is read instead, most of which is wanted anyway.
_COUNTED: Final = 2_000_000
_OF_TIME: Final = (
    "SELECT min(place), max(place), count(*) FROM (SELECT place FROM entries INDEXED BY by_time"  # noqa: S608
    f" WHERE occurred_ms >= ? AND occurred_ms < ? AND +place >= ? AND +place < ? LIMIT {_COUNTED})"
)
_FOREVER: Final = 2**63 - 1
FITS: Final = "fits"  # what the connection knows it as: whether a name fits a pattern


class Recorded(NamedTuple):
    sequence: int
    entry: Entry
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """AND between what is given. Answers come as recorded, the two streams merged by time."""

    stream: Stream | None = None
    after: int | None = None  # sequence; only what follows it
    through: int | None = None  # sequence; nothing behind it
    since_ms: int | None = None
    until_ms: int | None = None
    at_least: int | None = None  # severity
    kind: str | None = None
    pid: int | None = None
    name: str | None = None
    name_glob: str | None = None
    sha256: str | None = None
    entity_id: str | None = None
    parent_entity_id: str | None = None

    @property
    def selective(self) -> dict[str, int | str]:
        """Return the conditions that have an index."""
        sought: dict[str, int | str | None] = {"pid = ?": self.pid, "name = ?": self.name}
        sought[f"{FITS}(name, ?)"] = self.name_glob
        for column in ("sha256", "entity_id", "parent_entity_id"):
            wanted = getattr(self, column)
            sought[f"substr({column}, 1, {PREFIX}) = ?"] = wanted and wanted[:PREFIX]
        return _given(sought)

    @property
    def remaining(self) -> dict[str, int | str]:
        """Return the others: +, so that no index is chosen for them, nor their value put in where one is needed."""
        return _given(
            {
                "+occurred_ms >= ?": self.since_ms,
                "+occurred_ms < ?": self.until_ms,
                "+severity >= ?": self.at_least,
                "+kind = ?": self.kind,
                "+sha256 = ?": self.sha256,
                "+entity_id = ?": self.entity_id,
                "+parent_entity_id = ?": self.parent_entity_id,
            }
        )


def _given(conditions: dict[str, int | str | None]) -> dict[str, int | str]:
    return {condition: value for condition, value in conditions.items() if value is not None}


def answers(ask: Ask, query: Query) -> Iterator[Recorded]:
    streams = Stream if query.stream is None else (query.stream,)
    found = [_of_stream(ask, query, stream) for stream in streams]
    return merge(*found, key=lambda each: each.entry.occurred.wall_ms)


def _of_stream(ask: Ask, query: Query, stream: Stream) -> Iterator[Recorded]:
    first = place(stream, (query.after or 0) + 1)
    end = place(stream + 1, 0) if query.through is None else place(stream, query.through + 1)
    remaining, selective = query.remaining, query.selective
    if selective:
        buckets = _buckets(ask, first, end)
        conditions = ["bucket = ?", *selective, *remaining, "+place >= ?", "+place < ?"]
    else:
        buckets = [()]  # all of the time that is asked for has to be read
        conditions = [*remaining, "place >= ?", "place < ?"]
        if query.through is None:  # who names an end has looked for it
            first, end = within(ask, query, first, end)
    index = "INDEXED BY by_name " if query.name_glob else ""  # no other has the names to compare with
    question = (
        f"SELECT {COLUMNS}, digest FROM entries {index}WHERE {' AND '.join(conditions)} ORDER BY place LIMIT {_PAGE}"  # noqa: S608
    )
    for bucket in buckets:
        while page := ask(question, (*bucket, *selective.values(), *remaining.values(), first, end)):
            yield from map(_recorded, page)
            first = page[-1][_PLACE] + 1


def _buckets(ask: Ask, first: int, end: int) -> list[tuple[int, ...]]:
    """Return those from the first entry there to the last one."""
    ((begin, last),) = ask(ENDS, (first, end, first, end))
    return [] if begin is None else [(bucket,) for bucket in range(begin >> BUCKET_SHIFT, (last >> BUCKET_SHIFT) + 1)]


def within(ask: Ask, query: Query, first: int, end: int) -> tuple[int, int]:
    """Return the first place and the end of all that is of that time, in whatever order: clocks are set back."""
    if query.since_ms is None and query.until_ms is None:
        return first, end
    since, until = query.since_ms or 0, _FOREVER if query.until_ms is None else query.until_ms
    ((begin, last, count),) = ask(_OF_TIME, (since, until, first, end))
    if count == _COUNTED:
        return first, end
    return (end, end) if begin is None else (begin, last + 1)


def _recorded(row: tuple[Any, ...]) -> Recorded:
    where, severity, _, id_, wall, monotonic, pid, kind, boot, entity, parent, name, sha256, body, digest = row
    entry = Entry(
        id=str(UUID(bytes=id_)),
        stream=Stream(where >> STREAM_SHIFT),
        severity=Severity(severity),
        kind=kind.decode(),
        occurred=Moment(wall_ms=wall, monotonic_ns=monotonic, boot_id=boot.decode()),
        body=body,
        pid=pid,
        entity_id=_text(entity),
        parent_entity_id=_text(parent),
        name=_text(name),
        sha256=_text(sha256),
    )
    return Recorded(where & SEQUENCE_MASK, entry, digest)


def _text(stored: bytes | None) -> str | None:
    return None if stored is None else stored.decode("utf-8", "backslashreplace")
