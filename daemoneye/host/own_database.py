"""A SQLite file of our own: made for us and our group alone, with our tables and no others, or not used at all.

Whose file cannot be used puts it aside, where whoever wants to know why finds it, and begins anew. What is in the
tables, and what to do when nothing can be written, is the business of the stores.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

if TYPE_CHECKING:
    from pathlib import Path

_MODE: Final = 0o640
_CACHE_KIB: Final = 512  # they are read once, and written a few rows at a time
_LOG: Final = ("-wal", "-shm")
_PARTS: Final = (*_LOG, "")  # the log is part of the data; the file itself last, or a kill would part them
_BEYOND_USE: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH}


class UnusableError(ValueError):
    """It is a database, but not one that we can use. A row that nobody wrote like this is no better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnDatabase:
    path: Path
    tables: tuple[str, ...]  # as statements that make them
    logged: bool  # with a write-ahead log, for us alone: quicker, and what came last may be lost when the power fails
    busy_s: float
    kept_aside: int  # files

    def open(self) -> sqlite3.Connection:
        """Open it for writing, or make it: an error says that it cannot be written, or not be used."""
        _create(self.path)
        with ExitStack() as if_it_fails:
            connection = self._connected("mode=rw")
            if_it_fails.callback(connection.close)
            self._prepare(connection)
            if_it_fails.pop_all()
        return connection

    def open_read_only(self) -> sqlite3.Connection:
        """Open it where nothing can be written. There a log cannot be read, and without it a file is not the truth."""
        if self.logged and _size(self._beside("-wal")):
            raise UnusableError("its log cannot be read")
        with ExitStack() as if_it_fails:
            connection = self._connected("mode=ro&immutable=1" if self.logged else "mode=ro")
            if_it_fails.callback(connection.close)
            self._verify(connection)
            if_it_fails.pop_all()
        return connection

    def set_aside(self, now_ms: int) -> Path:
        """Rename it with all that belongs to it, forget the oldest of those put aside before; return its new name."""
        when = datetime.fromtimestamp(now_ms / 1000, UTC).strftime("%Y%m%dT%H%M%S%f")[:-3]
        target = self._beside(f".unusable-{when}")
        self._beside("-journal").unlink(missing_ok=True)  # it would be played back into the new file
        for part in _PARTS:
            with suppress(FileNotFoundError):
                self._beside(part).rename(target.with_name(target.name + part))
        found = sorted(self.path.parent.glob(f"{self.path.name}.unusable-*"))
        for old in [each for each in found if not each.name.endswith(_LOG)][: -self.kept_aside]:
            for part in _PARTS:
                old.with_name(old.name + part).unlink(missing_ok=True)
        return target

    def _beside(self, part: str) -> Path:
        return self.path.with_name(self.path.name + part)

    def _connected(self, how: str) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{quote(str(self.path))}?{how}", uri=True, timeout=self.busy_s)

    def _prepare(self, connection: sqlite3.Connection) -> None:
        if self.logged:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")  # first of all: the log then needs no shared memory
        for pragma in ("trusted_schema = OFF", "cell_size_check = ON", f"cache_size = -{_CACHE_KIB}"):
            connection.execute(f"PRAGMA {pragma}")
        if not _schema(connection):
            connection.execute(f"PRAGMA journal_mode = {'WAL' if self.logged else 'TRUNCATE'}")
            connection.executescript("BEGIN IMMEDIATE;" + ";".join(self.tables) + ";COMMIT")
        self._verify(connection)
        if self.logged:
            connection.execute("PRAGMA synchronous = NORMAL")
        # finds out whether anything can be written: a lock alone does not, nor does what is not committed
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("PRAGMA user_version = 1")

    def _verify(self, connection: sqlite3.Connection) -> None:
        model = sqlite3.connect(":memory:")
        try:
            for table in self.tables:
                model.execute(table)
            if _schema(connection) != _schema(model):
                raise UnusableError("not the tables of this release")
        finally:
            model.close()


def is_beyond_use(error: Exception) -> bool:
    """Whether the file is to blame: waiting will not help, beginning anew will."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return isinstance(error, ValueError) or code in _BEYOND_USE


def reason(error: Exception) -> str:
    return ((error.strerror if isinstance(error, OSError) else None) or str(error)).lower()


def _schema(connection: sqlite3.Connection) -> list[tuple[Any, ...]]:
    return connection.execute("SELECT type, name, sql FROM sqlite_schema ORDER BY name").fetchall()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _create(path: Path) -> None:
    with suppress(FileExistsError):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _MODE)
        try:
            os.fchmod(descriptor, _MODE)  # whatever the umask says; SQLite gives what it lays beside it the same mode
        finally:
            os.close(descriptor)
