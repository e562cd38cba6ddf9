"""Looking at what is trusted, whether or not somebody writes it: read-only, and never for long.

Without a write-ahead log a reader keeps the writer from committing, so what is asked for comes in pages: one is read in
milliseconds, and between two nothing is held. For two readers: the gateway, and a command where there is no agent.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final

from daemoneye.errors import IOFailedError, NoInputError, NoPermissionError
from daemoneye.host import baseline_rows as rows
from daemoneye.host.baseline_store import FILE_NAME
from daemoneye.host.own_database import OwnDatabase
from daemoneye.integrity.baselines import Key
from daemoneye.model.trust import BaselineEntry, Baselines
from daemoneye.sanitize.hostile import printable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from daemoneye.integrity.baselines import Baseline
    from daemoneye.model.trust import BaselinesRequest

_MOST: Final = 1000  # of a page; 10,000 are read in ten of them
_BUSY_S: Final = 1.0  # its writer commits
_AROUND: Final = 256  # bytes of one in a frame beside its texts: both digests, times, tags and lengths; 210 at most
# a lock that is held for long, and what a killed writer left for its successor to put right
_PASSING: Final = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}
_EXPECTED: Final = "what an agent has seen"


def stretch(directory: Path, request: BaselinesRequest, most_bytes: int) -> Baselines:
    """Go on where the request says, as far as that many bytes go."""
    path = directory / FILE_NAME
    where = printable(str(path))
    _demand_readable(path, where)
    after = None
    if request.after_path is not None:
        after = Key(request.after_namespace or "", request.after_path)
    try:
        with closing(_database(path).open_read_only()) as connection:
            found = rows.page(connection, after=after, path=request.path, most=_MOST)
    except (sqlite3.Error, ValueError) as error:
        passing = (getattr(error, "sqlite_errorcode", 0) & 0xFF) in _PASSING
        how = "and nobody at work on it: try again" if passing else "undamaged"
        raise IOFailedError(where, str(error).lower(), f"{_EXPECTED}, {how}") from None
    fitting = tuple(_fitting(map(_entry, found), most_bytes))
    return Baselines(baselines=fitting, last=len(fitting) == len(found) < _MOST)


def _demand_readable(path: Path, where: str) -> None:
    try:
        path.stat()
        readable = os.access(path, os.R_OK, effective_ids=True)
    except FileNotFoundError:
        raise NoInputError(where, "no such file", _EXPECTED) from None
    except PermissionError:
        readable = False
    except OSError as error:
        raise IOFailedError(where, (error.strerror or "unreadable").lower(), _EXPECTED) from None
    if not readable:
        raise NoPermissionError(where, "permission denied", _EXPECTED)


def _database(path: Path) -> OwnDatabase:
    return OwnDatabase(path=path, tables=rows.TABLES, logged=False, busy_s=_BUSY_S, kept_aside=0)


def _fitting(entries: Iterable[BaselineEntry], room: int) -> Iterable[BaselineEntry]:
    """At least one: what is larger than any frame is for whoever sends it to refuse."""
    for number, entry in enumerate(entries):
        room -= _weight(entry)
        if room < 0 and number:
            return
        yield entry


def _weight(entry: BaselineEntry) -> int:
    texts = (entry.namespace, entry.path, entry.ssdeep, entry.last_ssdeep, entry.package, entry.version)
    return _AROUND + sum(len(text.encode()) for text in texts if text)


def _entry(baseline: Baseline) -> BaselineEntry:
    package = baseline.package
    return BaselineEntry(
        namespace=baseline.key.namespace,
        path=baseline.key.path,
        sha256=baseline.reference.sha256,
        ssdeep=baseline.reference.ssdeep,
        last_sha256=baseline.last.sha256,
        last_ssdeep=baseline.last.ssdeep,
        source=baseline.source.value,
        since_ms=baseline.moved_ms,
        first_seen_ms=baseline.first_seen_ms,
        last_seen_ms=baseline.last_seen_ms,
        open=baseline.open,
        ownership=package.ownership.value if package else None,
        package=package.name if package else None,
        version=package.version if package else None,
    )
