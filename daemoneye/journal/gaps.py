"""Which sequence is not there: looked for only once something is known to be missing, to call it by its number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemoneye.journal.chain import place
from daemoneye.journal.entry import Stream
from daemoneye.journal.retention import gone_of

if TYPE_CHECKING:
    import sqlite3


def first_gap(connection: sqlite3.Connection, stream: int, first: int, end: int | None) -> int:
    """Return the first sequence from ``first`` on that is neither there nor named by a tombstone still kept.

    Without ``end`` the search goes to the end of the stream. Old tombstones go too: if one of them named what is
    missing before ``first``, nobody can tell any more, so the search begins where its caller still knows.
    """
    expected = first
    spans = _present(connection, stream, first, end) + _gone(connection, stream)
    for begin, last in sorted(spans):
        if begin > expected:
            break
        expected = max(expected, last + 1)
    return expected


def _present(connection: sqlite3.Connection, stream: int, first: int, end: int | None) -> list[tuple[int, int]]:
    """Return runs of neighbours, which SQL finds by their common difference to their rank."""
    question = (
        "SELECT min(sequence), max(sequence) FROM"
        " (SELECT sequence, sequence - row_number() OVER (ORDER BY place) AS run FROM entries"
        "  WHERE place >= ? AND place < ?) GROUP BY run"
    )
    last = place(stream + 1, 0) if end is None else place(stream, end)
    return [(low, high) for low, high in connection.execute(question, (place(stream, first), last))]


def _gone(connection: sqlite3.Connection, stream: int) -> list[tuple[int, int]]:
    bodies = connection.execute("SELECT body FROM entries WHERE kind = 'journal.tombstone'")
    said = [gone_of(body) for (body,) in bodies]
    return [span for word, spans in said if word == Stream(stream).word for span in spans]
