"""The tables of the baseline store, and values as rows of them. Digests are kept as bytes, half as long as text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from daemoneye.integrity.baselines import Baseline, Key, Source
from daemoneye.integrity.dedup import Occasions, Window
from daemoneye.integrity.kept import Kept
from daemoneye.model.alert import Content, Ownership, PackageVerdict, Phase, Shortfall

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping

    from daemoneye.integrity.kept import Changes

_SHA256_BYTES: Final = 32

TABLES: Final = (
    """CREATE TABLE baselines (
        namespace TEXT NOT NULL,
        path TEXT NOT NULL,
        sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
        ssdeep TEXT,
        last_sha256 BLOB NOT NULL CHECK (length(last_sha256) = 32),
        last_ssdeep TEXT,
        source TEXT NOT NULL,
        first_seen_ms INTEGER NOT NULL,
        last_seen_ms INTEGER NOT NULL,
        moved_ms INTEGER NOT NULL,
        former BLOB NOT NULL CHECK (length(former) % 32 = 0),
        open INTEGER NOT NULL,
        ownership TEXT,
        package TEXT,
        version TEXT,
        database TEXT,
        reason TEXT,
        PRIMARY KEY (namespace, path)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE windows (
        key BLOB PRIMARY KEY,
        alert_id TEXT NOT NULL,
        committed_ms INTEGER,
        suppressed INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE occasions (
        entity_id TEXT NOT NULL,
        key BLOB NOT NULL,
        PRIMARY KEY (entity_id, key)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE shortfalls (
        cause TEXT PRIMARY KEY,
        began_ms INTEGER NOT NULL,
        counts TEXT NOT NULL
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE alerts (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        body BLOB NOT NULL
    ) STRICT""",
)


def read(connection: sqlite3.Connection) -> Kept:
    return Kept(
        baselines=tuple(map(_baseline, connection.execute("SELECT * FROM baselines"))),
        windows=tuple(
            Window(key=key, alert_id=alert_id, committed_ms=committed_ms, suppressed=suppressed)
            for key, alert_id, committed_ms, suppressed in connection.execute("SELECT * FROM windows")
        ),
        occasions=tuple(_occasions(connection.execute("SELECT * FROM occasions"))),
        shortfalls=tuple(
            Shortfall(cause=cause, phase=Phase.START, began_ms=began_ms, counts=tuple(json.loads(counts).items()))
            for cause, began_ms, counts in connection.execute("SELECT * FROM shortfalls")
        ),
    )


def page(connection: sqlite3.Connection, *, after: Key | None, path: str | None, most: int) -> list[Baseline]:
    """Some of the baselines, in the order of namespace and path; of ``path`` alone if it is given."""
    found = connection.execute(
        "SELECT * FROM baselines WHERE (namespace, path) > (?, ?) AND path = coalesce(?, path)"
        " ORDER BY namespace, path LIMIT ?",
        (*(after or ("", "")), path, most),
    )
    return list(map(_baseline, found))


def alerts(connection: sqlite3.Connection) -> list[tuple[str, bytes]]:
    return connection.execute("SELECT id, body FROM alerts ORDER BY number").fetchall()


def write(
    connection: sqlite3.Connection,
    changes: Changes,
    *,
    sent: Iterable[tuple[str, bytes]],
    done: Iterable[str],
    overwrite: bool,
) -> None:
    kept, forgotten = _parted(changes.baselines)
    connection.executemany("DELETE FROM baselines WHERE namespace = ? AND path = ?", forgotten)
    connection.executemany(
        f"INSERT OR {'REPLACE' if overwrite else 'IGNORE'} INTO baselines VALUES ({', '.join('?' * 17)})",  # noqa: S608 - nothing from outside
        map(_row, kept),
    )
    windows, closed = _parted(changes.windows)
    connection.executemany("DELETE FROM windows WHERE key = ?", ((key,) for key in closed))
    connection.executemany(
        "INSERT OR REPLACE INTO windows VALUES (?, ?, ?, ?)",
        ((each.key, each.alert_id, each.committed_ms, each.suppressed) for each in windows),
    )
    connection.executemany("DELETE FROM occasions WHERE entity_id = ?", ((each,) for each in changes.occasions))
    connection.executemany(
        "INSERT INTO occasions VALUES (?, ?)",
        ((each.entity_id, key) for each in changes.occasions.values() if each for key in each.keys),
    )
    connection.execute("DELETE FROM shortfalls")
    connection.executemany(
        "INSERT INTO shortfalls VALUES (?, ?, ?)",
        ((each.cause, each.began_ms, json.dumps(dict(each.counts))) for each in changes.shortfalls),
    )
    connection.executemany("INSERT OR REPLACE INTO alerts (id, body) VALUES (?, ?)", sent)
    connection.executemany("DELETE FROM alerts WHERE id = ?", ((each,) for each in done))


def _parted(changes: Mapping[Any, Any]) -> tuple[list[Any], list[Any]]:
    return [each for each in changes.values() if each], [key for key, each in changes.items() if not each]


def _row(baseline: Baseline) -> tuple[object, ...]:
    package = baseline.package
    owned = (package.ownership, package.name, package.version, package.database, package.reason) if package else None
    return (
        *baseline.key,
        bytes.fromhex(baseline.reference.sha256),
        baseline.reference.ssdeep,
        bytes.fromhex(baseline.last.sha256),
        baseline.last.ssdeep,
        baseline.source,
        baseline.first_seen_ms,
        baseline.last_seen_ms,
        baseline.moved_ms,
        bytes.fromhex("".join(baseline.former)),
        baseline.open,
        *(owned or (None,) * 5),
    )


def _baseline(row: tuple[Any, ...]) -> Baseline:
    namespace, path, sha256, ssdeep, last_sha256, last_ssdeep, source, first, last, moved, former, open_, *owned = row
    reference = Content(sha256=sha256.hex(), ssdeep=ssdeep)
    same = last_sha256 == sha256 and last_ssdeep == ssdeep
    return Baseline(
        key=Key(namespace, path),
        reference=reference,
        last=reference if same else Content(sha256=last_sha256.hex(), ssdeep=last_ssdeep),
        source=Source(source),
        first_seen_ms=first,
        last_seen_ms=last,
        moved_ms=moved,
        package=_package(*owned) if owned[0] is not None else None,
        former=tuple(former[place : place + _SHA256_BYTES].hex() for place in range(0, len(former), _SHA256_BYTES)),
        open=bool(open_),
    )


def _package(
    ownership: str, name: str | None, version: str | None, database: str | None, reason: str | None
) -> PackageVerdict:
    return PackageVerdict(
        ownership=Ownership(ownership), name=name, version=version, database=database or "", reason=reason or ""
    )


def _occasions(found: Iterable[tuple[str, bytes]]) -> Iterable[Occasions]:
    keys: dict[str, set[bytes]] = {}
    for entity_id, key in found:
        keys.setdefault(entity_id, set()).add(key)
    return (Occasions(entity_id=entity_id, keys=frozenset(each)) for entity_id, each in keys.items())
