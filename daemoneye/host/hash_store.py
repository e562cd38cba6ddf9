"""What the hashing pool remembers, on disk: ``<state_dir>/hashes.db``.

All of it can be had again by reading files, so nothing here is worth stopping for. A store that is damaged, or not made
by this release, is put aside and a new one begun; where nothing can be written, the pool goes on from memory, and it is
tried again from time to time. ``trouble`` says so.

Commits survive the end of any process, but are not forced to the disk one by one: the last ones may be lost when the
power fails, the ones before them may not, and none comes back half.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from daemoneye.hashing.events import Restored
from daemoneye.host import hash_rows as rows

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from daemoneye.hashing.effects import Journal

FILE_NAME: Final = "hashes.db"
_MODE: Final = 0o640
_BUSY_S: Final = 1.0  # the pool before this one may be about to end
_RETRY_MS: Final = 30_000  # opening may take as long as waiting for a lock; so it is no more than a thirtieth
_CACHE_KIB: Final = 512  # it is read once, and written a row at a time
_PUT_ASIDE: Final = 1  # files; of digests that are made again anyway
_PARTS: Final = ("-wal", "-shm", "")  # the log is part of the data; the file itself last, or a kill would part them
_BEYOND_USE: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH}


class _Unusable(Exception):  # noqa: N818 - it says what a file is, and never leaves this module
    pass


class HashStore:
    def __init__(self, directory: Path, wall_ms: Callable[[], int]) -> None:
        self._path = directory / FILE_NAME
        self._wall_ms = wall_ms
        self._connection: sqlite3.Connection | None = None
        self._failed_ms: int | None = None
        self.trouble = ""  # why nothing is written at the moment
        self.put_aside = ""  # what became of a file that could not be used

    def load(self) -> Restored:
        """Open it, or begin it, or put it aside and begin anew."""
        try:
            return rows.read(self._opened())
        except (
            sqlite3.Error,
            OSError,
            ValueError,
            _Unusable,
        ) as error:  # ValueError: a row that nobody wrote like this
            self._recover(error)
        return Restored() if self._connection else self._read_only()

    def write(self, journal: Journal) -> None:
        """In one transaction, or not at all."""
        if self._connection is None and not self._is_due():
            return
        try:
            connection = self._opened()
            with connection:
                rows.write(connection, journal)
            self.trouble, self._failed_ms = "", None
        except (sqlite3.Error, OSError, _Unusable) as error:
            self._recover(error)

    def close(self) -> None:
        if self._connection:
            with suppress(sqlite3.Error):  # it empties the log, for which there may be no room
                self._connection.close()
            self._connection = None

    def _is_due(self) -> bool:
        return self._failed_ms is None or not 0 <= self._wall_ms() - self._failed_ms < _RETRY_MS

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            _create(self._path)
            with ExitStack() as undo:
                connection = sqlite3.connect(f"file:{quote(str(self._path))}?mode=rw", uri=True, timeout=_BUSY_S)
                undo.callback(connection.close)
                _prepare(connection)
                undo.pop_all()
            self._connection = connection
        return self._connection

    def _read_only(self) -> Restored:
        """A file that has a log is not all there is, and the log cannot be read where nothing can be written."""
        log = self._path.with_name(f"{self._path.name}-wal")
        try:
            if log.exists() and log.stat().st_size:
                return Restored()
            connection = sqlite3.connect(f"file:{quote(str(self._path))}?mode=ro&immutable=1", uri=True)
            try:
                return rows.read(connection) if _is_ours(connection) else Restored()
            finally:
                connection.close()
        except (sqlite3.Error, OSError, ValueError):
            return Restored()

    def _recover(self, error: Exception) -> None:
        self.close()
        beyond_use = isinstance(error, _Unusable | ValueError) or _code(error) in _BEYOND_USE
        try:
            if not beyond_use:
                raise error
            aside = _set_aside(self._path, self._wall_ms())
            self._opened()
            self.put_aside = f"{aside}: {error}: begun anew: every file is read once more"
        except (sqlite3.Error, OSError, _Unusable) as failure:
            text = (failure.strerror if isinstance(failure, OSError) else None) or str(failure)
            self.trouble = f"{self._path}: not written: {text.lower()}"
            self._failed_ms = self._wall_ms()


def _prepare(connection: sqlite3.Connection) -> None:
    exclusive = "locking_mode = EXCLUSIVE"  # nobody else has any business in it, and the log needs no shared memory
    for pragma in (exclusive, "trusted_schema = OFF", "cell_size_check = ON", f"cache_size = -{_CACHE_KIB}"):
        connection.execute(f"PRAGMA {pragma}")
    if not rows.schema(connection):
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript("BEGIN IMMEDIATE;" + ";".join(rows.TABLES) + ";COMMIT")
    if not _is_ours(connection):
        raise _Unusable("not the tables of this release")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("BEGIN IMMEDIATE")  # finds out whether anything can be written
    connection.rollback()


def _is_ours(connection: sqlite3.Connection) -> bool:
    model = sqlite3.connect(":memory:")
    try:
        for table in rows.TABLES:
            model.execute(table)
        return rows.schema(connection) == rows.schema(model)
    finally:
        model.close()


def _code(error: Exception) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _create(path: Path) -> None:
    with suppress(FileExistsError):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _MODE)
        try:
            os.fchmod(descriptor, _MODE)  # whatever the umask says; SQLite gives its log the same mode
        finally:
            os.close(descriptor)


def _set_aside(path: Path, now_ms: int) -> Path:
    when = datetime.fromtimestamp(now_ms / 1000, UTC).strftime("%Y%m%dT%H%M%S%f")[:-3]
    target = path.with_name(f"{path.name}.unusable-{when}")
    for part in _PARTS:
        with suppress(FileNotFoundError):
            path.with_name(path.name + part).rename(target.with_name(target.name + part))
    found = sorted(
        each for each in path.parent.glob(f"{path.name}.unusable-*") if not each.name.endswith(("-wal", "-shm"))
    )
    for old in found[:-_PUT_ASIDE]:
        for part in _PARTS:
            old.with_name(old.name + part).unlink(missing_ok=True)
    return target
