"""The tables, version by version, and opening a file of them for writing.

A migration is added to the list and never changed: every file in the world was made by some beginning of it. A file
whose schema is not exactly what its version says is not trusted: a trigger would be code of somebody else's.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from daemoneye.journal.trouble import CannotContinue, Ended, NewerSchema

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

FILE_NAME: Final = "daemoneye.db"
_MODE: Final = 0o640
_BUSY_S: Final = 1.0  # the writer is alone; a reader that recovers the log holds it for a moment
_CACHE_KIB: Final = 8192  # [measured] with SQLite's own 2 MB the indexes of a million entries halve the rate
_PAGE_BYTES: Final = 4096
_SMALL_PAGE_BYTES: Final = 1024
_SMALL: Final = 1 << 20  # bytes; below it, pages of 4 KiB would leave room for little but the empty tables

BUCKET_SHIFT: Final = 14  # 16,384 entries: their part of an index is some hundred pages, which fit the cache
PREFIX: Final = 12  # hex digits of a digest or an entity in an index: 48 bits find one among millions

_VERSION_1: Final = (
    """CREATE TABLE entries (
        place INTEGER PRIMARY KEY,
        stream INTEGER AS (place >> 56) VIRTUAL,
        sequence INTEGER AS (place & 72057594037927935) VIRTUAL,
        severity INTEGER NOT NULL,
        bucket INTEGER AS (place >> 14) VIRTUAL,
        ordinal INTEGER NOT NULL,
        id BLOB NOT NULL,
        occurred_ms INTEGER NOT NULL,
        monotonic_ns INTEGER NOT NULL,
        pid INTEGER,
        kind TEXT NOT NULL,
        boot_id TEXT NOT NULL,
        entity_id TEXT,
        parent_entity_id TEXT,
        name TEXT,
        sha256 TEXT,
        body BLOB NOT NULL,
        digest BLOB NOT NULL
    ) STRICT""",
    "CREATE UNIQUE INDEX by_id ON entries (id)",
    "CREATE UNIQUE INDEX by_lane ON entries (stream, severity, ordinal)",
    "CREATE INDEX by_time ON entries (occurred_ms)",
    # Within a bucket, so that what is being written stays in few pages; a prefix, because it finds the row as well.
    # [measured] without either, a million entries are written at a third of the rate
    "CREATE INDEX by_name ON entries (bucket, name)",
    "CREATE INDEX by_pid ON entries (bucket, pid)",
    "CREATE INDEX by_entity ON entries (bucket, substr(entity_id, 1, 12))",
    "CREATE INDEX by_parent ON entries (bucket, substr(parent_entity_id, 1, 12))",
    "CREATE INDEX by_sha256 ON entries (bucket, substr(sha256, 1, 12))",
    "CREATE INDEX tombstones ON entries (place) WHERE kind = 'journal.tombstone'",
    """CREATE TABLE checkpoints (
        number INTEGER PRIMARY KEY,
        statement BLOB NOT NULL,
        signature BLOB NOT NULL,
        seal BLOB NOT NULL
    ) STRICT""",
)
MIGRATIONS: Final[tuple[Sequence[str], ...]] = (_VERSION_1,)


def open_for_writing(
    path: Path, log_bytes: int, max_bytes: int, migrations: Sequence[Sequence[str]] = MIGRATIONS
) -> sqlite3.Connection:
    """Open or create the file, with its write-ahead log kept near ``log_bytes``."""
    _create(path)
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode=rw", uri=True, isolation_level=None, timeout=_BUSY_S, check_same_thread=False
    )
    with ExitStack() as undo:
        undo.callback(connection.close)
        connection.text_factory = bytes  # what is hashed is bytes
        version = _known_version(connection, migrations)
        for pragma in (*_pragmas(log_bytes, max_bytes), *(() if version else _pragmas_of_a_new_file(max_bytes))):
            connection.execute(f"PRAGMA {pragma}")
        _migrate(connection, version, migrations)
        undo.pop_all()
    return connection


def _pragmas_of_a_new_file(max_bytes: int) -> Sequence[str]:
    return f"page_size = {_page_bytes(max_bytes)}", "auto_vacuum = INCREMENTAL", "journal_mode = WAL"


def _pragmas(log_bytes: int, max_bytes: int) -> Sequence[str]:
    return (
        "trusted_schema = OFF",
        "temp_store = MEMORY",  # the writer may write beside the file and nowhere else
        "cell_size_check = ON",
        f"cache_size = -{_CACHE_KIB}",
        f"wal_autocheckpoint = {log_bytes // _page_bytes(max_bytes) // 2}",
        f"journal_size_limit = {log_bytes}",
    )


def _page_bytes(max_bytes: int) -> int:
    return _SMALL_PAGE_BYTES if max_bytes < _SMALL else _PAGE_BYTES


def _create(path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _MODE)
    except FileExistsError:
        return
    try:
        os.fchmod(descriptor, _MODE)  # whatever the umask says; SQLite gives its log the same mode
    finally:
        os.close(descriptor)
    sync_directory(path.parent)


def sync_log(path: Path) -> None:
    """Have the disk keep what was committed without waiting for it."""
    descriptor = os.open(path.with_name(path.name + "-wal"), os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fdatasync(descriptor)
    finally:
        os.close(descriptor)


def sync_directory(path: Path) -> None:
    """Without it a power cut may take back a name that was given."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:  # neither committed, nor rolled back by the error itself
            connection.execute("ROLLBACK")


def _migrate(connection: sqlite3.Connection, version: int, migrations: Sequence[Sequence[str]]) -> None:
    if schema_of(connection) != _schema_at(version, migrations):
        raise CannotContinue(Ended.CORRUPT)
    for number, statements in enumerate(migrations[version:], start=version + 1):
        with transaction(connection):
            for statement in statements:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")


def _known_version(connection: sqlite3.Connection, migrations: Sequence[Sequence[str]]) -> int:
    version = schema_version(connection)
    if version > len(migrations):
        raise NewerSchema(f"schema version {version}: at most {len(migrations)}")
    return version


def schema_version(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def schema_of(connection: sqlite3.Connection) -> list[tuple[bytes, ...]]:
    question = "SELECT CAST(type AS BLOB), CAST(name AS BLOB), CAST(sql AS BLOB) FROM sqlite_schema ORDER BY name"
    return connection.execute(question).fetchall()


def _schema_at(version: int, migrations: Sequence[Sequence[str]]) -> list[tuple[bytes, ...]]:
    model = sqlite3.connect(":memory:", isolation_level=None)
    try:
        for statements in migrations[:version]:
            for statement in statements:
                model.execute(statement)
        return schema_of(model)
    finally:
        model.close()
