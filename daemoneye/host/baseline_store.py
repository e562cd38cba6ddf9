"""What integrity remembers, on disk: ``<state_dir>/baselines.db``.

One process has it open, so there is no write-ahead log, and the file can be read where nothing can be written. A store
that is damaged, or not made by this release, is put aside for whoever wants to know why, and a new one is begun; one
that cannot be written serves what it holds. Either way the agent goes on, and ``trouble`` says so.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final

from daemoneye.host import baseline_rows as rows
from daemoneye.host.own_database import OwnDatabase, UnusableError, is_beyond_use, reason
from daemoneye.integrity.kept import Kept, Saved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from daemoneye.integrity.kept import Changes

FILE_NAME: Final = "baselines.db"
_BUSY_S: Final = 1.0  # somebody looks at it with another program
_PUT_ASIDE: Final = 3  # files; evidence, but it must not fill the disk


class BaselineStore:
    def __init__(self, directory: Path, wall_ms: Callable[[], int]) -> None:
        self._database = OwnDatabase(
            path=directory / FILE_NAME, tables=rows.TABLES, logged=False, busy_s=_BUSY_S, kept_aside=_PUT_ASIDE
        )
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
        except (sqlite3.Error, OSError, ValueError) as error:
            if not is_beyond_use(error):
                self._fail(error)
                return self._read_only()
            self._begin_anew(str(error))
        return Kept()

    def on_their_way(self) -> list[tuple[str, bytes]]:
        """Of a damaged file, none: the next ``save`` finds the damage as well, and puts it aside."""
        try:
            return rows.alerts(self._connection) if self._connection else []
        except sqlite3.DatabaseError:
            return []

    def save(self, changes: Changes, *, sent: Iterable[tuple[str, bytes]] = (), done: Iterable[str] = ()) -> Saved:
        try:
            moved = self._connection is not None and not self._is_in_place()
            connection = self._opened(again=moved)
            if moved:
                return Saved.STARTED_OVER
            with connection:  # one transaction
                # what could not be read is older than what we saw since, and is what to hold against next time
                rows.write(connection, changes, sent=sent, done=done, overwrite=self._read)
        except (sqlite3.Error, OSError, UnusableError) as error:
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
        self._connection = self._database.open()
        self._file = _identity(self._database.path)
        return self._connection

    def _is_in_place(self) -> bool:
        """Tell whether the path still leads to the open file: writing into a deleted one would succeed, for nothing."""
        try:
            return _identity(self._database.path) == self._file
        except FileNotFoundError:
            return False

    def _read_only(self) -> Kept:
        try:
            with closing(self._database.open_read_only()) as connection:
                return rows.read(connection)
        except UnusableError:  # whoever can write will begin anew
            return Kept()
        except (sqlite3.Error, ValueError):
            self._read = not self._database.path.exists()
            return Kept()

    def _failed(self, error: Exception) -> Saved:
        if is_beyond_use(error):
            self._begin_anew(str(error))
            return Saved.STARTED_OVER if self._connection else Saved.FAILED
        self._fail(error)
        return Saved.FAILED

    def _fail(self, error: Exception) -> None:
        self.close()
        self.trouble = f"{self._database.path}: not written: {reason(error)}"

    def _begin_anew(self, why: str) -> None:
        self.close()
        try:
            aside = self._database.set_aside(self._wall_ms())
            self._opened()
        except (sqlite3.Error, OSError, UnusableError) as error:
            self._fail(error)
            return
        self.put_aside = f"{aside}: {why}: begun anew, and every program is trusted as it is now"


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino
