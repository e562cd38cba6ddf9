"""Files of former versions, and of later ones."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from daemoneye.journal import schema
from daemoneye.journal.anchor import parse
from daemoneye.journal.schema import MIGRATIONS, open_for_writing
from daemoneye.journal.trouble import CannotContinue, NewerSchema
from tests.fakes.journals import DAY_MS, World, sequences

DATA = Path(__file__).parents[2] / "data" / "journal"
MIB = 1 << 20


@pytest.fixture
def version_1(world: World) -> World:
    """A journal written by version 1: 5 alerts and 10 events that have gone, 5 alerts and 12 events that have not."""
    for name in ("daemoneye.db", "journal.key", "journal.seal"):
        shutil.copy(DATA / "version-1" / name, world.directory / name)
        (world.directory / name).chmod(0o640 if name.endswith("db") else 0o400)
    world.wall_ms += 2 * DAY_MS
    world.ids = 1000
    return world


def test_a_journal_of_version_1_is_continued(version_1: World) -> None:
    """What the first version recorded is read, verified against its anchor, and gone on from, without a break."""
    anchors = parse((DATA / "version-1" / "anchor").read_text(encoding="utf-8"))
    report = version_1.verified(*anchors)
    assert (report.finding, report.entries, report.pruned) == (None, 17, 15)
    assert sequences(version_1.journal().append(version_1.alerts(1))) == [11]
    version_1.end()
    assert version_1.verified(*anchors).finding is None
    assert [each.sequence for each in version_1.recorded(name="program")] == list(range(13, 23))


def test_a_migration_runs_once_and_keeps_what_is_there(version_1: World) -> None:
    """An update of the program updates the file at its first start, in a transaction."""
    later = (*MIGRATIONS, ("ALTER TABLE checkpoints ADD COLUMN note TEXT", "CREATE TABLE extra (x INTEGER) STRICT"))
    for _ in range(2):
        with closing(open_for_writing(version_1.path, MIB, 8 * MIB, later)) as connection:
            assert schema.schema_version(connection) == 2
            assert connection.execute("SELECT count(*) FROM entries").fetchone() == (17,)
            assert connection.execute("SELECT count(*) FROM extra").fetchone() == (0,)
    with pytest.raises(NewerSchema):
        open_for_writing(version_1.path, MIB, 8 * MIB)


def test_a_migration_that_fails_changes_nothing(version_1: World) -> None:
    """A half-done update does not exist: the old program can go on with the file."""
    broken = (*MIGRATIONS, ("CREATE TABLE extra (x INTEGER) STRICT", "ALTER TABLE nowhere ADD COLUMN x TEXT"))
    with pytest.raises(Exception, match="nowhere"):
        open_for_writing(version_1.path, MIB, 8 * MIB, broken)
    with closing(open_for_writing(version_1.path, MIB, 8 * MIB)) as connection:
        assert schema.schema_version(connection) == 1
    assert version_1.verified().finding is None


def test_a_schema_that_is_not_of_its_version_is_not_used(version_1: World) -> None:
    """One index less and queries would miss entries; one trigger more and it would do what it likes."""
    with version_1.tampering() as connection:
        connection.execute("DROP INDEX by_name")
    with pytest.raises(CannotContinue):
        open_for_writing(version_1.path, MIB, 8 * MIB)
