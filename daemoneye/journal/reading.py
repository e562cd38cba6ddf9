"""Looking into a journal, whether or not somebody writes it: read-only, and never for long.

A reader that keeps its place keeps the write-ahead log from being emptied, so what is asked for comes in pages: between
two of them nothing is held, however slowly somebody reads what a command prints.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import ExitStack, closing, contextmanager
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from daemoneye.errors import ConfigError, HostileInput, IOFailedError, NoInputError, NoPermissionError
from daemoneye.journal import rows
from daemoneye.journal.anchor import Anchor
from daemoneye.journal.chain import filled
from daemoneye.journal.query import FITS, answers
from daemoneye.journal.schema import MIGRATIONS, schema_version
from daemoneye.sanitize.hostile import printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from daemoneye.journal.query import Query, Recorded

_BODY: Final = -2  # in a row of an entry: before its digest
_SOME: Final = 50  # rows that are looked at before it is asked whether they are large; of the longest, 13 MB
_ENOUGH: Final = 4 << 20  # bytes
_NAMES: Final = 8192  # whose answer is remembered; a busy host has a few hundred


class Reader:
    def __init__(self, path: Path) -> None:
        self.where = printable(str(path))
        self.connection = _connect(path, self.where)
        if (version := schema_version(self.connection)) > len(MIGRATIONS):
            self.connection.close()
            expected = f"at most {len(MIGRATIONS)}: a later daemoneye made it"
            raise ConfigError(self.where, f"schema version {version}", expected)

    def close(self) -> None:
        self.connection.close()

    def entries(self, query: Query) -> Iterator[Recorded]:
        """Yield what fits, page by page."""
        return answers(self.ask, query)

    def ask(self, question: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        """Return the first rows of the answer: all of them, unless they are large."""
        rows: list[tuple[Any, ...]] = []
        size = 0
        with self.failing_politely(), closing(self.connection.execute(question, values)) as cursor:
            while size < _ENOUGH and (some := cursor.fetchmany(_SOME)):
                rows += some
                size += sum(len(row[_BODY]) for row in some if type(row[_BODY]) is bytes)
        return rows

    def anchor(self) -> Anchor:
        """Return what to keep elsewhere, so that nothing up to here can be taken away or changed unnoticed."""
        with self.failing_politely(), self.snapshot():
            found = rows.last_statement(self.connection)
            if found is None:
                raise NoInputError(self.where, "no checkpoint", "a journal that was started once")
            checkpoint, statement = found
            return Anchor(
                chain=statement.chain,
                identity=statement.identity,
                statement=statement.number,
                statement_digest=checkpoint.digest,
                next_seal=statement.next_seal,
                heads=filled(rows.heads(self.connection, statement.chain)),
            )

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """See one state of the file for as long as it takes."""
        self.connection.execute("BEGIN")
        try:
            yield
        finally:
            self.connection.execute("ROLLBACK")

    @contextmanager
    def failing_politely(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, HostileInput) as error:
            raise IOFailedError(self.where, str(error), "an undamaged journal: see `journal verify`") from None


def _connect(path: Path, where: str) -> sqlite3.Connection:
    expected = "a journal"
    try:
        path.stat()
    except FileNotFoundError:
        raise NoInputError(where, "no such file", expected) from None
    except PermissionError:
        raise NoPermissionError(where, "permission denied", expected) from None
    except OSError as error:
        raise IOFailedError(where, (error.strerror or "unreadable").lower(), expected) from None
    # not by opening it: to close a file is to give up all locks that this process has on it, and with them the log
    if not os.access(path, os.R_OK, effective_ids=True):
        raise NoPermissionError(where, "permission denied", expected)
    try:
        return _opened(path, "mode=ro")
    except sqlite3.Error as error:
        if path.with_name(path.name + "-wal").exists():
            raise UnreadableError(where, str(error), expected) from None
    try:
        # where no log is and none can be made, as in a read-only copy, nobody writes either
        return _opened(path, "mode=ro&immutable=1")
    except sqlite3.Error as error:
        raise UnreadableError(where, str(error), expected) from None


def _opened(path: Path, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(f"file:{quote(str(path))}?{mode}", uri=True, isolation_level=None)
    with ExitStack() as undo:
        undo.callback(connection.close)
        connection.text_factory = bytes
        connection.execute("PRAGMA trusted_schema = OFF")
        # not SQLite's GLOB: a pattern of many stars keeps it busy for hours, and an alternative is denied with ^, not !
        connection.create_function(FITS, 2, _fits, deterministic=True)
        connection.execute("SELECT 1 FROM checkpoints").fetchone()
        undo.pop_all()
    return connection


@lru_cache(_NAMES)
def _fits(name: str | None, pattern: str) -> bool:
    return name is not None and fnmatchcase(name, pattern)


class UnreadableError(IOFailedError):
    """SQLite cannot make sense of the file."""
