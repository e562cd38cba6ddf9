"""The tables of the hash store, and values as rows of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from daemoneye.hashing import suspects
from daemoneye.hashing.events import Restored
from daemoneye.hashing.suspects import Suspect
from daemoneye.hashing.values import Known, key_of
from daemoneye.model.alert import Content
from daemoneye.model.process import FileIdentity

if TYPE_CHECKING:
    import sqlite3

    from daemoneye.hashing.effects import Journal

# A file is named by the five numbers of its key. As text: some file systems have times and inodes beyond 64 bits.
# Rows are numbered in the order in which they were written, which is the order in which they may be forgotten.
TABLES: Final = (
    """CREATE TABLE digests (
        number INTEGER PRIMARY KEY,
        file TEXT NOT NULL UNIQUE,
        sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
        ssdeep TEXT,
        no_ssdeep TEXT NOT NULL,
        md5 BLOB CHECK (length(md5) = 16)
    ) STRICT""",
    "CREATE TABLE work (file TEXT PRIMARY KEY) STRICT, WITHOUT ROWID",
    """CREATE TABLE suspects (
        number INTEGER PRIMARY KEY,
        file TEXT NOT NULL UNIQUE,
        deaths INTEGER NOT NULL,
        ends INTEGER NOT NULL,
        until_s INTEGER
    ) STRICT""",
)


def read(connection: sqlite3.Connection) -> Restored:
    digests = connection.execute("SELECT file, sha256, ssdeep, no_ssdeep, md5 FROM digests ORDER BY number")
    held = connection.execute("SELECT file, deaths, ends, until_s FROM suspects ORDER BY number")
    return Restored(
        kept=tuple(
            (_file(file), Known(Content(sha256=sha256.hex(), ssdeep=ssdeep), why, md5.hex() if md5 else None))
            for file, sha256, ssdeep, why, md5 in digests
        ),
        suspects=tuple(
            Suspect(file=_file(file), deaths=deaths, ends=ends, until_s=until_s) for file, deaths, ends, until_s in held
        ),
        unfinished=tuple(_file(file) for (file,) in connection.execute("SELECT file FROM work")),
    )


def write(connection: sqlite3.Connection, journal: Journal) -> None:
    if journal.begun:
        connection.execute("INSERT OR IGNORE INTO work VALUES (?)", (_text(journal.begun),))
    if journal.ended:
        connection.execute("DELETE FROM work WHERE file = ?", (_text(journal.ended),))
    if journal.forget:
        connection.execute("DELETE FROM digests WHERE file = ?", (_text(journal.forget),))
    if journal.keep:
        _keep(connection, *journal.keep)
    if journal.suspect:
        _suspect(connection, journal.suspect)


def _keep(connection: sqlite3.Connection, file: FileIdentity, known: Known) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO digests (file, sha256, ssdeep, no_ssdeep, md5) VALUES (?, ?, ?, ?, ?)",
        (
            _text(file),
            bytes.fromhex(known.content.sha256),
            known.content.ssdeep,
            known.no_ssdeep,
            bytes.fromhex(known.md5) if known.md5 else None,
        ),
    )


def _suspect(connection: sqlite3.Connection, suspect: Suspect) -> None:
    connection.execute("DELETE FROM suspects WHERE file = ?", (_text(suspect.file),))
    if not suspect.is_cleared:
        connection.execute(
            "INSERT INTO suspects (file, deaths, ends, until_s) VALUES (?, ?, ?, ?)",
            (_text(suspect.file), suspect.deaths, suspect.ends, suspect.until_s),
        )
        connection.execute(
            "DELETE FROM suspects WHERE number <= (SELECT max(number) FROM suspects) - ?", (suspects.CAPACITY,)
        )


def _text(file: FileIdentity) -> str:
    return ":".join(map(str, key_of(file)))


def _file(text: str) -> FileIdentity:
    dev, ino, size, mtime_ns, ctime_ns = map(int, text.split(":"))
    return FileIdentity(dev=dev, ino=ino, size=size, mtime_ns=mtime_ns, ctime_ns=ctime_ns)
