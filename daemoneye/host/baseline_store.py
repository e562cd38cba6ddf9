"""What integrity remembers, on disk: ``<state_dir>/baselines.db``.

One process has it open, so there is no write-ahead log, and the file can be read where nothing can be written. A store
that is damaged, or not made by this release, is put aside for whoever wants to know why, and a new one is begun; one
that cannot be written serves what it holds. Either way the agent goes on, and ``trouble`` says so.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from daemoneye.host import baseline_rows as rows
from daemoneye.integrity.kept import Kept, Saved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from daemoneye.integrity.kept import Changes

FILE_NAME: Final = "baselines.db"
_MODE: Final = 0o640
_BUSY_S: Final = 1.0  # somebody looks at it with another program
_CACHE_KIB: Final = 512  # it is read once, and written a few rows at a time
_PUT_ASIDE: Final = 3  # files; evidence, but it must not fill the disk
_BEYOND_USE: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH}


class _Unusable(Exception):  # noqa: N818 - it says what a file is, and never leaves this module
    pass


class BaselineStore:
    def __init__(self, directory: Path, wall_ms: Callable[[], int]) -> None:
        self._path = directory / FILE_NAME
        self._wall_ms = wall_ms
        self._connection: sqlite3.Connection | None = None
        self._file = (0, 0)
        self._read = True
        self.trouble = ""  # why nothing is written at the moment
        self.put_aside = ""  # what became of a file that could not be used, for as long as we live

    def load(self) -> Kept:
        """Open, or begin, or put aside and begin anew."""
        try:
            return rows.read(self._opened())
        except (_Unusable, ValueError) as error:  # ValueError: a row that nobody wrote like this
            self._begin_anew(str(error))
        except (sqlite3.Error, OSError) as error:
            if not _is_beyond_use(error):
                self._fail(error)
                return self._read_only()
            self._begin_anew(str(error))
        return Kept()

    def on_their_way(self) -> list[tuple[str, bytes]]:
        return rows.alerts(self._connection) if self._connection else []

    def save(self, changes: Changes, *, sent: Iterable[tuple[str, bytes]] = (), done: Iterable[str] = ()) -> Saved:
        try:
            moved = self._connection is not None and not self._is_in_place()
            connection = self._opened(again=moved)
            if moved:
                return Saved.STARTED_OVER
            with connection:  # one transaction
                # what could not be read is older than what we saw since, and is what to hold against next time
                rows.write(connection, changes, sent=sent, done=done, overwrite=self._read)
        except (sqlite3.Error, OSError, _Unusable) as error:
            return self._failed(error)
        self.trouble = ""
        return Saved.WRITTEN

    def close(self) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None

    def _opened(self, *, again: bool = False) -> sqlite3.Connection:
        if self._connection and not again:
            return self._connection
        self.close()
        _create(self._path)
        connection = sqlite3.connect(f"file:{quote(str(self._path))}?mode=rw", uri=True, timeout=_BUSY_S)
        with ExitStack() as if_it_fails:
            if_it_fails.callback(connection.close)
            _prepare(connection)
            self._file = _identity(self._path)
            if_it_fails.pop_all()
        self._connection = connection
        return connection

    def _is_in_place(self) -> bool:
        """Tell whether the path still leads to the open file: writing into a deleted one would succeed, for nothing."""
        try:
            return _identity(self._path) == self._file
        except FileNotFoundError:
            return False

    def _read_only(self) -> Kept:
        try:
            connection = sqlite3.connect(f"file:{quote(str(self._path))}?mode=ro", uri=True, timeout=_BUSY_S)
            try:
                return rows.read(connection) if _is_ours(connection) else Kept()
            finally:
                connection.close()
        except (sqlite3.Error, ValueError):
            self._read = not self._path.exists()
            return Kept()

    def _failed(self, error: Exception) -> Saved:
        if isinstance(error, _Unusable) or _is_beyond_use(error):
            self._begin_anew(str(error))
            return Saved.STARTED_OVER if self._connection else Saved.FAILED
        self._fail(error)
        return Saved.FAILED

    def _fail(self, error: Exception) -> None:
        self.close()
        text = (error.strerror if isinstance(error, OSError) else None) or str(error)
        self.trouble = f"{self._path}: not written: {text.lower()}"

    def _begin_anew(self, why: str) -> None:
        self.close()
        try:
            aside = _set_aside(self._path, self._wall_ms())
            self._opened()
        except (sqlite3.Error, OSError, _Unusable) as error:
            self._fail(error)
            return
        self.put_aside = f"{aside}: {why}: begun anew, and every program is trusted as it is now"


def _prepare(connection: sqlite3.Connection) -> None:
    for pragma in ("trusted_schema = OFF", "cell_size_check = ON", f"cache_size = -{_CACHE_KIB}"):
        connection.execute(f"PRAGMA {pragma}")
    if not rows.schema(connection):
        connection.execute("PRAGMA journal_mode = TRUNCATE")
        connection.executescript("BEGIN IMMEDIATE;" + ";".join(rows.TABLES) + ";COMMIT")
    if not _is_ours(connection):
        raise _Unusable("not the tables of this release")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("PRAGMA user_version = 1")  # finds out whether anything can be written; a lock alone does not
    connection.rollback()


def _is_ours(connection: sqlite3.Connection) -> bool:
    model = sqlite3.connect(":memory:")
    try:
        for table in rows.TABLES:
            model.execute(table)
        return rows.schema(connection) == rows.schema(model)
    finally:
        model.close()


def _is_beyond_use(error: Exception) -> bool:
    return (getattr(error, "sqlite_errorcode", 0) & 0xFF) in _BEYOND_USE


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino


def _create(path: Path) -> None:
    with suppress(FileExistsError):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _MODE)
        try:
            os.fchmod(descriptor, _MODE)  # whatever the umask says; SQLite gives its journal the same mode
        finally:
            os.close(descriptor)


def _set_aside(path: Path, now_ms: int) -> Path:
    when = datetime.fromtimestamp(now_ms / 1000, UTC).strftime("%Y%m%dT%H%M%S%f")[:-3]
    target = path.with_name(f"{path.name}.unusable-{when}")
    path.rename(target)
    path.with_name(f"{path.name}-journal").unlink(missing_ok=True)  # it would be played back into the new file
    for old in sorted(path.parent.glob(f"{path.name}.unusable-*"))[:-_PUT_ASIDE]:
        old.unlink(missing_ok=True)
    return target
