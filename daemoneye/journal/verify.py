"""Is everything there that was recorded, as it was recorded, in the order in which it was recorded?

The first thing that is wrong is named, and ends the search. What is compared: every entry with the chain of its lane,
the chains with every checkpoint kept, the checkpoints with their two signatures and each other, all of it with the key
and the seal of this host, if they can be read, and with anchors from elsewhere, if there are any. Without an anchor,
whoever owns the host can still cut off the end or put another journal in its place; see docs/journal.md.
"""

from __future__ import annotations

import sqlite3
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from daemoneye.errors import HostileInput
from daemoneye.journal import rows
from daemoneye.journal.chain import LANES, SEQUENCE_MASK, STREAM_SHIFT, Head, Lane, last_sequence, link
from daemoneye.journal.entry import Stream
from daemoneye.journal.findings import Finding, Found, Problem, found, found_entry
from daemoneye.journal.gaps import first_gap
from daemoneye.journal.signatures import check_anchor, check_host, check_statements

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from daemoneye.journal.anchor import Anchor
    from daemoneye.journal.reading import Reader
    from daemoneye.journal.seal import Epoch

_EVERYTHING: Final = f"SELECT {rows.COLUMNS}, digest FROM entries ORDER BY place"  # noqa: S608 - a constant


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    finding: Finding | None
    chain: str = ""
    entries: int = 0
    pruned: int = 0  # gone by the limits, as the tombstones say
    unsigned: int = 0  # in the chain, but after the last checkpoint
    checkpoints: int = 0
    anchors: int = 0


class _Track:
    """One lane while it is walked along. A plain object: it is touched once for every entry."""

    __slots__ = ("digest", "marks", "ordinal", "sequence")

    def __init__(self, begin: Head) -> None:
        self.ordinal, self.sequence, self.digest = begin
        self.marks: dict[int, tuple[bytes, str]] = {}  # ordinal: the digest it must have, and who says so

    def mark(self, head: Head, witness: str) -> None:
        if head.ordinal >= self.ordinal:  # else it has gone since
            self.marks.setdefault(head.ordinal, (head.digest, witness))


def verify(
    reader: Reader, *, anchors: Sequence[Anchor] = (), identity: str | None = None, epoch: Epoch | None = None
) -> Report:
    """Check everything. ``epoch`` has to be read before the reader is made: a writer may go on meanwhile."""
    try:
        with reader.snapshot():
            return _verify(reader.connection, anchors, identity, epoch)
    except Found as end:
        return Report(finding=end.finding, anchors=len(anchors))
    except (sqlite3.DatabaseError, HostileInput) as error:
        finding = Finding(problem=Problem.DAMAGED, what="the file", detail=str(error))
        return Report(finding=finding, anchors=len(anchors))


def _verify(
    connection: sqlite3.Connection, anchors: Sequence[Anchor], identity: str | None, epoch: Epoch | None
) -> Report:
    statements = check_statements(rows.checkpoints(connection))
    check_host(statements, identity, epoch)
    for number, anchor in enumerate(anchors, start=1):
        check_anchor(statements, anchor, number)
    last, _ = statements[max(statements)]
    begins = rows.beginnings(connection, last.chain)
    tracks = {lane: _Track(begins[lane]) for lane in LANES}
    for statement, _ in statements.values():
        _mark(tracks, statement.heads, f"checkpoint {statement.number}")
    for number, anchor in enumerate(anchors, start=1):
        _mark(tracks, anchor.heads, f"anchor {number}")
    _walk(connection, tracks)
    _check_ends(connection, tracks)
    _check_indexes(connection)
    recorded = sum(track.ordinal for track in tracks.values())
    pruned = sum(head.ordinal for head in begins.values())
    return Report(
        finding=None,
        chain=last.chain,
        entries=recorded - pruned,
        pruned=pruned,
        unsigned=recorded - sum(head.ordinal for head in last.heads.values()),
        checkpoints=len(statements),
        anchors=len(anchors),
    )


def _mark(tracks: Mapping[Lane, _Track], heads: Mapping[Lane, Head], witness: str) -> None:
    for lane, head in heads.items():
        track = tracks[lane]
        track.mark(head, witness)
        if head.ordinal == track.ordinal and head.digest != track.digest:
            detail = f"{witness} has seen another entry where the kept ones begin"
            raise found_entry(Problem.ALTERED, lane.stream, head.sequence, detail)


def _walk(connection: sqlite3.Connection, tracks: Mapping[Lane, _Track]) -> None:
    by_lane: dict[tuple[int, ...], _Track] = {tuple(lane): track for lane, track in tracks.items()}
    for row in connection.execute(_EVERYTHING):
        track = by_lane.get((row[0] >> STREAM_SHIFT, row[1]))
        if track is None or row[2] != track.ordinal + 1 or _digest(track.digest, row) != row[14]:
            raise _explained(connection, track, row)
        track.ordinal, track.sequence, track.digest = row[2], row[0] & SEQUENCE_MASK, row[14]
        if track.ordinal in track.marks:
            _compare(track, row)


def _digest(previous: bytes, row: Any) -> bytes | None:
    try:
        return link(previous, row[:14])
    except (struct.error, TypeError):  # what no column of ours holds
        return None


def _compare(track: _Track, row: Any) -> None:
    digest, witness = track.marks[track.ordinal]
    if digest != track.digest:
        detail = f"{witness} has seen another entry here, or others before it"
        raise found_entry(Problem.ALTERED, row[0] >> STREAM_SHIFT, track.sequence, detail)


def _explained(connection: sqlite3.Connection, track: _Track | None, row: Any) -> Found:
    """Say what is wrong with an entry that does not follow the one before it in its lane."""
    stream, sequence = row[0] >> STREAM_SHIFT, row[0] & SEQUENCE_MASK
    if stream not in list(Stream):
        return found(Problem.ALTERED, f"place {row[0]}", "no stream has such a place")
    if track is None or not isinstance(row[2], int) or row[2] == track.ordinal + 1:
        return found_entry(Problem.ALTERED, stream, sequence, "it is not what was recorded")
    if row[2] <= track.ordinal:
        return found_entry(
            Problem.REORDERED, stream, sequence, f"it has the number {row[2]} of its lane, as one before"
        )
    question = "SELECT sequence FROM entries WHERE stream = ? AND severity = ? AND ordinal = ?"
    elsewhere = connection.execute(question, (stream, row[1], track.ordinal + 1)).fetchone()
    if elsewhere:
        return found_entry(Problem.REORDERED, stream, sequence, f"what belongs before it is at {elsewhere[0]}")
    gap = first_gap(connection, stream, track.sequence + 1, sequence)
    return found_entry(Problem.MISSING, stream, gap, f"{row[2] - track.ordinal - 1} before {sequence} are not there")


def _check_ends(connection: sqlite3.Connection, tracks: Mapping[Lane, _Track]) -> None:
    for lane, track in tracks.items():
        unseen = {ordinal: witness for ordinal, (_, witness) in track.marks.items() if ordinal > track.ordinal}
        if unseen:
            gap = first_gap(connection, lane.stream, track.sequence + 1, None)
            detail = f"{unseen[max(unseen)]} has seen {max(unseen) - track.ordinal} more of its severity"
            raise found_entry(Problem.TRUNCATED, lane.stream, gap, detail)
    heads = {lane: Head(track.ordinal, track.sequence, track.digest) for lane, track in tracks.items()}
    for stream in Stream:
        highest = max(head.sequence for lane, head in heads.items() if lane.stream == stream)
        if highest != last_sequence(heads, stream):
            shortest = min(head.sequence for lane, head in heads.items() if lane.stream == stream and head.ordinal)
            gap = first_gap(connection, stream, shortest + 1, highest)
            raise found_entry(Problem.MISSING, stream, gap, "no tombstone accounts for it")


def _check_indexes(connection: sqlite3.Connection) -> None:
    """Hold the indexes against the entries: an answer to a query would hide what an index does not have."""
    complaint = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if complaint != b"ok":
        raise found(Problem.DAMAGED, "the file", complaint.decode("utf-8", "backslashreplace"))
