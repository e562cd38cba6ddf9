"""rpm's headers, in SQLite: read without a trace, one row at a time.

rpm writes what it has done into a log (``-wal``) and empties that when it is through. While there is something in it,
the database is read together with the log through rpm's own shared memory, which is only read; if that cannot be opened
nothing is known. An empty log says that the file alone is the truth. Then it is read as what does not change: without
locks, and without the right to write beside it, which a reader of a database with a log would need. Whether it did
change is for the caller to see, by ``mark``.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final

from daemoneye.host.packages.mark import mark_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Several times what a header of 100,000 files takes; rpm itself would take 256 MiB. SQLite refuses what is larger.
_MOST_BYTES: Final = 64 * 1024 * 1024
_AT_ONCE_S: Final = 0.1  # readers do not wait for writers in a database with a log
# A view, or a table that a module makes up, could compute for ever.
_IS_TABLE: Final = "SELECT 1 FROM sqlite_schema WHERE name = 'Packages' AND type = 'table' AND sql LIKE 'CREATE TABLE%'"
# By rowid, which `hnum` is another name of: that is a number whatever the table says of itself.
_LIST: Final = "SELECT rowid FROM Packages LIMIT ?"
_ONE: Final = "SELECT CAST(blob AS BLOB) FROM Packages WHERE rowid = ?"


class RpmDatabase:
    def __init__(self, file: Path) -> None:
        self._file = file
        self._log = file.with_name(f"{file.name}-wal")
        self.lock = file.with_name(".rpm.lock")

    def mark(self) -> tuple[object, ...]:
        return mark_of(self._file), mark_of(self._log)

    def headers(self, most: int) -> Iterator[tuple[int, bytes]]:
        """One more than ``most`` at the most."""
        with closing(self._open()) as connection:
            if not connection.execute(_IS_TABLE).fetchone():
                raise sqlite3.DataError("it has no table of packages")
            for (number,) in connection.execute(_LIST, (most + 1,)).fetchall():
                yield number, _blob(connection, number)

    def header(self, number: int) -> bytes:
        """Empty: there is none."""
        with closing(self._open()) as connection:
            return _blob(connection, number)

    def _open(self) -> sqlite3.Connection:
        log = mark_of(self._log)
        how = "readonly_shm" if log and log[1] else "immutable"
        connection = sqlite3.connect(f"{self._file.absolute().as_uri()}?mode=ro&{how}=1", uri=True, timeout=_AT_ONCE_S)
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_BYTES)
        connection.execute("PRAGMA trusted_schema = OFF")
        return connection


def _blob(connection: sqlite3.Connection, number: int) -> bytes:
    row = connection.execute(_ONE, (number,)).fetchone()
    return bytes(row[0]) if row and row[0] else b""
