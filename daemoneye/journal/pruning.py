"""Carries out what ``retention`` decides, a step at a time: so many of the oldest of one lane, and their tombstone."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, Final, NamedTuple

from daemoneye.journal import rows
from daemoneye.journal.chain import Head, Lane
from daemoneye.journal.retention import STEP, Reason, goes_first, is_due, tombstone

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping
    from pathlib import Path

    from daemoneye.journal.retention import Limits

_ROOM: Final = 0.9  # of the budget is left used, so that room is not made for every entry anew
_LEAST: Final = 8  # entries in a step by size, however small the journal
_PART: Final = 16  # or this part of what is kept
# Checkpoints may take a sixteenth of the budget; each is about this large with its row. The newest covers all entries.
_CHECKPOINT_SHARE: Final = 16
_CHECKPOINT_BYTES: Final = 2048
_FEWEST_CHECKPOINTS: Final = 2


class Step(NamedTuple):
    lane: Lane
    through: int  # the last ordinal that goes
    size: int  # how many go
    tombstone: bytes


class Pruning:
    def __init__(self, connection: sqlite3.Connection, path: Path, limits: Limits, log_bytes: int) -> None:
        self._connection = connection
        self._path = path
        self._log = path.with_name(path.name + "-wal")
        self._log_bytes = log_bytes
        self._max_age_ms = limits.max_age_ms
        # beside the log, what one batch and its place in the indexes may add before it is noticed
        self._budget = limits.max_bytes - log_bytes - log_bytes // 4
        self._checkpoints = max(self._budget // _CHECKPOINT_SHARE // _CHECKPOINT_BYTES, _FEWEST_CHECKPOINTS)
        self._making_room = False

    def next_step(self, heads: Mapping[Lane, Head], now_ms: int | None) -> Step | None:
        wants_room = self._wants_room()
        if not wants_room and now_ms is None:
            return None
        cuts = rows.cuts(self._connection)
        filled = _filled(heads, cuts)
        lane = self._overdue(filled, now_ms) if now_ms is not None else None
        if lane is not None and now_ms is not None:
            return self._step(lane, Reason.AGE, STEP, cuts, now_ms - self._max_age_ms)
        # one entry would go to be replaced by its tombstone: no room would be made, again and again
        worthwhile = [lane for lane, count in filled.items() if count > 1]
        if not wants_room or not worthwhile:
            return None
        size = min(STEP, max(_LEAST, sum(filled.values()) // _PART))
        return self._step(goes_first(worthwhile), Reason.SIZE, size, cuts)

    def _wants_room(self) -> bool:
        used = (self._number("page_count") - self._number("freelist_count")) * self._number("page_size")
        self._making_room = used > (self._budget * _ROOM if self._making_room else self._budget)
        return self._making_room

    def _overdue(self, filled: Mapping[Lane, int], now_ms: int) -> Lane | None:
        question = "SELECT occurred_ms FROM entries WHERE stream = ? AND severity = ? ORDER BY ordinal LIMIT 1"
        for lane in filled:
            oldest = self._connection.execute(question, lane).fetchone()
            if oldest and is_due(oldest[0], now_ms, self._max_age_ms):
                return lane
        return None

    def _step(
        self, lane: Lane, reason: Reason, size: int, cuts: Mapping[Lane, Head], before_ms: int | None = None
    ) -> Step | None:
        question = (
            "SELECT ordinal, sequence, digest, occurred_ms FROM entries"
            " WHERE stream = ? AND severity = ? ORDER BY ordinal LIMIT ?"
        )
        found = self._connection.execute(question, (*lane, size))
        going = [Head(*head) for *head, _ in takewhile(lambda row: before_ms is None or row[3] < before_ms, found)]
        if not going:
            return None
        body = tombstone(lane, reason, [head.sequence for head in going], {**cuts, lane: going[-1]})
        return Step(lane, going[-1].ordinal, len(going), body)

    def carry_out(self, step: Step) -> None:
        """Delete, within the transaction that writes the tombstone."""
        self._connection.execute(
            "DELETE FROM entries WHERE stream = ? AND severity = ? AND ordinal <= ?", (*step.lane, step.through)
        )

    def shrink(self) -> None:
        """Bring the file itself down to size, which deleting rows does not."""
        self._connection.execute(
            "DELETE FROM checkpoints WHERE number <= (SELECT max(number) FROM checkpoints) - ?", (self._checkpoints,)
        )
        if self._number("page_count") * self._number("page_size") > self._budget:
            # one page a row, and rows without columns, after the first of which execute() stops
            self._connection.executescript("PRAGMA incremental_vacuum")

    @property
    def disk_bytes(self) -> int:
        return sum(file.stat().st_size for file in (self._path, self._log) if file.exists())

    def empty_log(self) -> None:
        """SQLite empties the log by itself, but not after a transaction that was larger than it should be."""
        if self._log.stat().st_size > self._log_bytes:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _number(self, pragma: str) -> int:
        number: int = self._connection.execute(f"PRAGMA {pragma}").fetchone()[0]
        return number


def _filled(heads: Mapping[Lane, Head], cuts: Mapping[Lane, Head]) -> dict[Lane, int]:
    counts = {lane: head.ordinal - (cuts[lane].ordinal if lane in cuts else 0) for lane, head in heads.items()}
    return {lane: count for lane, count in counts.items() if count}
