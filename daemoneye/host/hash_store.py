"""What the hashing pool remembers, on disk: ``<state_dir>/hashes.db``.

All of it can be had again by reading files, so nothing here is worth stopping for. A store that is damaged, or not made
by this release, is put aside and a new one begun; where nothing can be written, the pool goes on from memory, and it is
tried again from time to time. ``trouble`` says so.

Commits survive the end of any process, but are not forced to the disk one by one: the last ones may be lost when the
power fails, the ones before them may not, and none comes back half.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Final

from daemoneye.hashing.events import Restored
from daemoneye.host import hash_rows as rows
from daemoneye.host.own_database import OwnDatabase, UnusableError, is_beyond_use, reason

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from daemoneye.hashing.effects import Journal

FILE_NAME: Final = "hashes.db"
_BUSY_S: Final = 1.0  # the pool before this one may be about to end
_RETRY_MS: Final = 3_000  # opening may take as long as waiting for a lock; so it is no more than a third
_PUT_ASIDE: Final = 1  # files; of digests that are made again anyway


class HashStore:
    def __init__(self, directory: Path, wall_ms: Callable[[], int]) -> None:
        self._database = OwnDatabase(
            path=directory / FILE_NAME, tables=rows.TABLES, logged=True, busy_s=_BUSY_S, kept_aside=_PUT_ASIDE
        )
        self._wall_ms = wall_ms
        self._connection: sqlite3.Connection | None = None
        self._failed_ms: int | None = None
        self.trouble = ""  # why nothing is written at the moment
        self.put_aside = ""  # what became of a file that could not be used

    def load(self) -> Restored:
        """Open it, or begin it, or put it aside and begin anew."""
        try:
            return rows.read(self._opened())
        except (sqlite3.Error, OSError, ValueError) as error:
            self._recover(error)
        return Restored() if self._connection else self._read_only()

    def write(self, journal: Journal) -> None:
        """In one transaction, or not at all. Be it nothing: in time of trouble that tells whether it is over."""
        if self._connection is None and not self._is_due():
            return
        try:
            connection = self._opened()
            with connection:
                rows.write(connection, journal)
            self.trouble, self._failed_ms = "", None
        except (sqlite3.Error, OSError, UnusableError) as error:
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
            self._connection = self._database.open()
        return self._connection

    def _read_only(self) -> Restored:
        try:
            with closing(self._database.open_read_only()) as connection:
                return rows.read(connection)
        except (sqlite3.Error, OSError, ValueError):
            return Restored()

    def _recover(self, error: Exception) -> None:
        self.close()
        try:
            if not is_beyond_use(error):
                raise error
            aside = self._database.set_aside(self._wall_ms())
            self._opened()
            self.put_aside = f"{aside}: {error}: begun anew: every file is read once more"
        except (sqlite3.Error, OSError, UnusableError) as failure:
            self.trouble = f"{self._database.path}: not written: {reason(failure)}"
            self._failed_ms = self._wall_ms()
