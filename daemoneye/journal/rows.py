"""The questions and commands in SQL that more than one part asks. Connections give texts as bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from daemoneye.journal.chain import LANES, Fields, Head, Lane, origin
from daemoneye.journal.retention import cuts_of
from daemoneye.journal.statement import Checkpoint, Statement

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

COLUMNS: Final = (
    "place, severity, ordinal, id, occurred_ms, monotonic_ns, pid,"
    " kind, boot_id, entity_id, parent_entity_id, name, sha256, body"
)
_PLACEHOLDERS: Final = ", ".join(["?"] * 7 + ["CAST(? AS TEXT)"] * 6 + ["?"] * 2)
_INSERT: Final = f"INSERT INTO entries ({COLUMNS}, digest) VALUES ({_PLACEHOLDERS})"  # noqa: S608 - constants
_SIGNED: Final = "SELECT statement, signature, seal FROM checkpoints ORDER BY number"


def insert(connection: sqlite3.Connection, rows: Iterable[tuple[Fields, bytes]]) -> None:
    connection.executemany(_INSERT, ((*fields, digest) for fields, digest in rows))


def with_ids(connection: sqlite3.Connection, ids: Sequence[bytes]) -> dict[bytes, Fields]:
    marks = ",".join("?" * len(ids))
    question = f"SELECT {COLUMNS} FROM entries WHERE id IN ({marks})"  # noqa: S608 - nothing but question marks
    return {fields[3]: fields for fields in connection.execute(question, ids)}


def last_of(connection: sqlite3.Connection, lane: Lane) -> Head | None:
    question = (
        "SELECT ordinal, sequence, digest FROM entries WHERE stream = ? AND severity = ? ORDER BY ordinal DESC LIMIT 1"
    )
    found = connection.execute(question, lane).fetchone()
    return Head(*found) if found else None


def cuts(connection: sqlite3.Connection) -> dict[Lane, Head]:
    """Return where the lanes begin of which something has gone, as the last tombstone has it."""
    question = "SELECT body FROM entries WHERE kind = 'journal.tombstone' ORDER BY place DESC LIMIT 1"
    found = connection.execute(question).fetchone()
    return cuts_of(found[0]) if found else {}


def beginnings(connection: sqlite3.Connection, chain: str) -> dict[Lane, Head]:
    """Return what the first entry of each lane follows."""
    return {lane: origin(chain, lane) for lane in LANES} | cuts(connection)


def heads(connection: sqlite3.Connection, chain: str) -> dict[Lane, Head]:
    begins = beginnings(connection, chain)
    return {lane: last_of(connection, lane) or begins[lane] for lane in LANES}


def insert_checkpoint(connection: sqlite3.Connection, number: int, checkpoint: Checkpoint) -> None:
    values = (number, checkpoint.statement, checkpoint.signature, checkpoint.seal)
    connection.execute("INSERT INTO checkpoints VALUES (?, ?, ?, ?)", values)


def checkpoints(connection: sqlite3.Connection) -> Iterable[Checkpoint]:
    return (Checkpoint(*row) for row in connection.execute(_SIGNED))


def last_checkpoint(connection: sqlite3.Connection) -> Checkpoint | None:
    found = connection.execute(f"{_SIGNED} DESC LIMIT 1").fetchone()
    return Checkpoint(*found) if found else None


def last_statement(connection: sqlite3.Connection) -> tuple[Checkpoint, Statement] | None:
    checkpoint = last_checkpoint(connection)
    return (checkpoint, Statement.of_bytes(checkpoint.statement)) if checkpoint else None
