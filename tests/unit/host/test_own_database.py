"""A database of ours is used only if it is one, and what is not is kept for whoever wants to know why."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from daemoneye.host.own_database import OwnDatabase, UnusableError, is_beyond_use, reason

if TYPE_CHECKING:
    from pathlib import Path

NOW_MS = 1_700_000_000_000
TABLES = ("CREATE TABLE one (a TEXT PRIMARY KEY) STRICT",)


@pytest.fixture(params=[True, False], ids=["with a log", "without a log"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> OwnDatabase:
    path = tmp_path / "our? own#.db"  # a path is not a URI
    return OwnDatabase(path=path, tables=TABLES, logged=request.param, busy_s=0.01, kept_aside=2)


def put(database: OwnDatabase, text: str) -> None:
    with closing(database.open()) as connection, connection:
        connection.execute("INSERT INTO one VALUES (?)", (text,))


def held(connection: sqlite3.Connection) -> list[str]:
    return [each for (each,) in connection.execute("SELECT a FROM one ORDER BY a")]


def test_what_was_put_in_is_there_again(database: OwnDatabase) -> None:
    """It is made once, with our tables, for us and our group, whatever its path looks like."""
    put(database, "x")
    put(database, "y")
    with closing(database.open()) as connection:
        assert held(connection) == ["x", "y"]
    with closing(database.open_read_only()) as connection:
        assert held(connection) == ["x", "y"]
    assert [each.name for each in database.path.parent.iterdir() if each.stat().st_size] == [database.path.name]
    assert database.path.stat().st_mode & 0o777 == 0o640


def test_reading_writes_nothing(database: OwnDatabase) -> None:
    """Whoever opens it only to read can do no harm."""
    put(database, "x")
    with closing(database.open_read_only()) as connection, pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("DELETE FROM one")


@pytest.mark.parametrize("change", ["CREATE TABLE two (a)", "DROP TABLE one", "CREATE INDEX i ON one (a)"])
def test_other_tables_are_not_ours(database: OwnDatabase, change: str) -> None:
    """A database of somebody else, or of another release, is neither written nor believed."""
    put(database, "x")
    with closing(sqlite3.connect(database.path)) as other, other:
        other.execute(f"{change}")
        other.execute("CREATE TABLE IF NOT EXISTS three (a)")
    for opening in (database.open, database.open_read_only):
        with pytest.raises(UnusableError, match="not the tables of this release") as raised:
            opening()
        assert is_beyond_use(raised.value)


def test_no_database_at_all(database: OwnDatabase) -> None:
    """What is damaged is told from what is only locked, or full, or missing."""
    database.path.write_bytes(b"no database" * 1000)
    for opening in (database.open, database.open_read_only):
        with pytest.raises(sqlite3.DatabaseError) as raised:
            opening()
        assert is_beyond_use(raised.value)
        assert reason(raised.value) == "file is not a database"


def test_one_that_is_locked_is_only_waited_for(database: OwnDatabase) -> None:
    """Waiting helps, so nothing is put aside."""
    put(database, "x")
    with closing(sqlite3.connect(database.path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlite3.OperationalError, match="locked") as raised:
            database.open()
    assert not is_beyond_use(raised.value)


def test_a_directory_that_is_not_there(tmp_path: Path) -> None:
    """It is said in the words of the system, without numbers."""
    database = OwnDatabase(path=tmp_path / "no/where", tables=TABLES, logged=True, busy_s=0.01, kept_aside=1)
    with pytest.raises(FileNotFoundError) as raised:
        database.open()
    assert (is_beyond_use(raised.value), reason(raised.value)) == (False, "no such file or directory")


def test_a_log_is_part_of_the_data(tmp_path: Path) -> None:
    """Where it cannot be read, the rest is not believed either."""
    database = OwnDatabase(path=tmp_path / "db", tables=TABLES, logged=True, busy_s=0.01, kept_aside=1)
    with closing(database.open()) as connection:
        with connection:
            connection.execute("INSERT INTO one VALUES ('x')")
        with pytest.raises(UnusableError, match="log"):
            database.open_read_only()


def test_put_aside_with_all_that_belongs_to_it(database: OwnDatabase) -> None:
    """The last ones are kept, the oldest go, and nothing is left that would be played back into a new one."""
    home = database.path.parent
    for day in range(4):
        for part in ("", "-wal", "-shm", "-journal"):
            (home / (database.path.name + part)).write_text(f"{day}{part}")
        database.set_aside(NOW_MS + day * 86_400_000)
    aside = home / f"{database.path.name}.unusable-20231117T221320000"
    kept = [
        f"{database.path.name}.unusable-202311{day}T221320000{part}"
        for day in (16, 17)
        for part in ("", "-shm", "-wal")
    ]
    assert sorted(each.name for each in home.iterdir()) == kept
    assert (aside.read_text(), aside.with_name(aside.name + "-wal").read_text()) == ("3", "3-wal")
    put(database, "x")


def test_putting_aside_what_is_gone(database: OwnDatabase) -> None:
    """Somebody else was quicker: that is no reason to fail."""
    database.set_aside(NOW_MS)
    put(database, "x")
