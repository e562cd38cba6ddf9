"""The journal when the disk, the file or somebody with access to them does not play along."""

# ruff: noqa: S608 - what is changed in the file is the test's own

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from daemoneye.journal.aside import put_away
from daemoneye.journal.entry import Stream
from daemoneye.journal.journal import CHAIN_BEGAN
from daemoneye.journal.trouble import Degraded, Trouble, degraded_by
from daemoneye.journal.waiting import DROPPED
from tests.fakes.journals import World, sequences, trouble

if TYPE_CHECKING:
    from pathlib import Path

    from daemoneye.journal.journal import Journal


def fill_the_disk(journal: Journal) -> None:
    """Let SQLite find no page more, which it reports as it reports a full disk."""
    connection = journal._opened()._connection
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")


def aside(world: World) -> list[Path]:
    return put_away(world.path)


def began(world: World) -> dict[str, str]:
    (said,) = [json.loads(each.entry.body) for each in world.recorded(kind=CHAIN_BEGAN)]
    assert isinstance(said, dict)
    return said


def test_a_full_disk_loses_nothing_and_passes(world: World) -> None:
    """While the disk is full entries wait in memory, the journal says so, and goes on by itself once there is room."""
    journal = world.journal()
    journal.append(world.alerts(5))
    fill_the_disk(journal)
    waiting = world.alerts(50, size=2000)
    assert journal.append(waiting) == []
    assert trouble(journal) is Trouble.DISK_FULL
    assert journal.waiting.entries == 50
    answers = journal.flush()  # the file is opened again, without the limit
    assert sequences(answers) == list(range(6, 56))
    assert trouble(journal) is None
    assert world.bodies()[5:] == [entry.body for entry in waiting]
    assert world.verified().finding is None


def test_what_does_not_fit_into_memory_meanwhile_is_counted_once(world: World) -> None:
    """However often the disk is tried, the count of what was dropped is right."""
    journal = world.journal(waiting_entries=10)
    journal.append(world.alerts(5))
    for _ in range(3):
        fill_the_disk(journal)
        assert journal.append(world.events(10, size=3000)) == []
    journal.flush()
    journal.flush()
    said = [json.loads(each.entry.body) for each in world.recorded(kind=DROPPED)]
    assert sum(each["count"] for each in said) == 20
    assert len(world.recorded(stream=Stream.EVENTS)) == 10 + len(said)


def test_without_a_directory_entries_wait_until_there_is_one(world: World) -> None:
    """The journal can be started before its disk is mounted."""
    world.directory = world.directory / "later"
    journal = world.journal()
    assert journal.append(world.alerts(2)) == []
    assert trouble(journal) is Trouble.UNAVAILABLE
    world.directory.mkdir()
    assert sequences(journal.flush()) == [1, 2]


def test_a_second_writer_waits_for_the_first(world: World) -> None:
    """Two agents on one directory do not mix their entries."""
    first, second = world.journal(), world.journal()
    first.append(world.alerts(1))
    assert second.append(world.alerts(1)) == []
    assert trouble(second) is Trouble.LOCKED
    first.close()
    assert sequences(second.flush()) == [2]


def test_a_key_that_others_can_read_is_named(world: World) -> None:
    """The operator is told which file is wrong and what is expected of it."""
    (world.directory / "journal.key").write_bytes(b"k" * 32)
    (world.directory / "journal.key").chmod(0o644)
    journal = world.journal()
    assert journal.append(world.alerts(1)) == []
    assert journal.condition is not None
    assert "journal.key: mode 0644 lets others at it" in journal.condition.detail
    (world.directory / "journal.key").chmod(0o400)
    assert sequences(journal.flush()) == [1]


@pytest.mark.parametrize(
    "damage", [b"not a database, and long enough to look like a header of one" * 100, b"\x00" * 8192]
)
def test_a_file_that_is_no_database_is_set_aside(world: World, damage: bytes) -> None:
    """A corrupt file stops nothing: it is kept as evidence, and a new chain names the old one and its last head."""
    world.journal().append(world.alerts(3))
    world.end()
    before = world.anchor()
    world.path.write_bytes(damage)
    assert sequences(world.journal().append(world.alerts(1))) == [1]
    (evidence,) = aside(world)
    assert evidence.name.startswith("daemoneye.db.corrupt-")
    assert evidence.read_bytes() == damage
    said = began(world)
    assert (said["chain"], said["statement"]) == (before.chain, before.statement_digest)
    assert (said["reason"], said["file"]) == ("corrupt", evidence.name)
    assert world.verified().finding is None


def test_pages_that_go_bad_while_it_runs_are_noticed_and_nothing_waits_in_vain(world: World) -> None:
    """The entry that met the damage is recorded in the new file."""
    journal = world.journal()
    journal.append(world.alerts(200, size=500))
    journal.close()
    content = bytearray(world.path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    world.path.write_bytes(content)
    entry = world.entry()
    assert sequences(world.journal().append([entry])) == [1]
    assert [each.entry for each in world.recorded(stream=Stream.ALERTS)] == [entry]
    assert began(world)["reason"] == "corrupt"


def test_a_file_taken_away_while_it_runs_is_noticed(world: World) -> None:
    """Writing into a deleted file would succeed, and record nothing."""
    journal = world.journal()
    journal.append(world.alerts(3))
    journal.checkpoint()
    before = world.anchor()
    for part in ("", "-wal", "-shm"):
        world.path.with_name(world.path.name + part).unlink()
    assert sequences(journal.append(world.alerts(1))) == [1]
    assert (began(world)["reason"], began(world)["chain"]) == ("missing", before.chain)


def test_an_older_copy_is_not_continued(world: World) -> None:
    """Whoever puts an old journal in place of the new one is found out at the next start."""
    world.journal().append(world.alerts(3))
    world.end()
    shutil.copy(world.path, world.directory / "copy")
    world.journal().append(world.alerts(3))
    world.end()
    newest = world.anchor()
    shutil.copy(world.directory / "copy", world.path)
    assert sequences(world.journal().append(world.alerts(1))) == [1]
    assert began(world)["reason"] == "rolled_back"
    assert began(world)["statement"] == newest.statement_digest, "what the host remembers, not what the copy says"


@pytest.mark.parametrize(("name", "reason"), [("journal.key", "other_key"), ("journal.seal", "other_seal")])
def test_a_lost_key_begins_a_new_chain(world: World, name: str, reason: str) -> None:
    """Without its keys nobody can go on in the name of the old chain, not even the agent."""
    world.journal().append(world.alerts(3))
    world.end()
    before = world.anchor()
    (world.directory / name).unlink()
    assert sequences(world.journal().append(world.alerts(1))) == [1]
    assert (began(world)["reason"], began(world)["chain"]) == (reason, before.chain)
    assert world.verified().finding is None


def test_a_kill_between_the_signature_and_the_new_key_is_no_break(world: World) -> None:
    """Of a checkpoint and the key that sealed it, the checkpoint is written first; a start completes the rest."""
    world.journal().append(world.alerts(3))
    world.end()
    seal = world.directory / "journal.seal"
    before = seal.read_bytes()
    world.journal().append(world.alerts(3))
    world.end()
    seal.chmod(0o600)
    seal.write_bytes(before)  # as if the second checkpoint had not come to this
    assert sequences(world.journal().append(world.alerts(1))) == [7]
    world.end()
    assert world.verified().finding is None
    assert aside(world) == []


def test_a_forged_checkpoint_is_not_continued(world: World) -> None:
    """What the journal goes on from has to be its own statement."""
    world.journal().append(world.alerts(3))
    world.end()
    with world.tampering() as connection:
        changed = "CAST(replace(statement, '\"made_ms\":1', '\"made_ms\":2') AS BLOB)"
        connection.execute(f"UPDATE checkpoints SET statement = {changed}")
    world.journal().append(world.alerts(1))
    assert began(world)["reason"] == "corrupt"


def test_entries_without_a_statement_are_not_continued(world: World) -> None:
    """Taking all checkpoints away does not make the agent sign the entries of another chain."""
    world.journal().append(world.alerts(3))
    world.end()
    with world.tampering() as connection:
        connection.execute("DELETE FROM checkpoints")
    assert sequences(world.journal().append(world.alerts(1))) == [1]
    assert began(world)["reason"] == "corrupt"


def test_somebody_elses_trigger_is_not_run(world: World) -> None:
    """A schema that is not ours is not trusted with a single entry."""
    world.journal().append(world.alerts(3))
    world.end()
    with world.tampering() as connection:
        connection.execute("CREATE TRIGGER t AFTER INSERT ON entries BEGIN DELETE FROM entries; END")
    world.journal().append(world.alerts(2))
    assert began(world)["reason"] == "corrupt"
    assert len(world.bodies()) == 2


def test_an_entry_slipped_in_by_somebody_else_ends_the_chain(world: World) -> None:
    """The single writer notices that it is not alone."""
    journal = world.journal()
    journal.append(world.alerts(2))
    with world.tampering() as connection:
        connection.execute(
            "INSERT INTO entries (place, severity, ordinal, id, occurred_ms, monotonic_ns, kind, boot_id, body, digest)"
            " SELECT place + 1, severity, ordinal + 1, x'00', occurred_ms, monotonic_ns, kind, boot_id, body, digest"
            " FROM entries WHERE sequence = 2"
        )
    assert sequences(journal.append(world.alerts(1))) == [1]
    assert began(world)["reason"] == "corrupt"


def test_what_was_set_aside_does_not_fill_the_disk(world: World) -> None:
    """The last three are kept, each with its log."""
    for _ in range(5):
        world.wall_ms += 1000
        world.path.write_bytes(b"garbage" * 1000)
        world.journal().append(world.alerts(1))
        world.end()
    assert len(aside(world)) == 3


def test_a_journal_of_a_later_version_is_left_alone(world: World) -> None:
    """After a downgrade the file waits for the newer program; it is neither changed nor put away."""
    world.journal().append(world.alerts(1))
    world.end()
    with world.tampering() as connection:
        connection.execute("PRAGMA user_version = 99")
    before = world.path.read_bytes()
    journal = world.journal()
    assert journal.append(world.alerts(1)) == []
    assert journal.condition == Degraded(Trouble.NEWER, "schema version 99: at most 1")
    assert world.path.read_bytes() == before


def test_a_bug_is_not_taken_for_a_bad_disk() -> None:
    """What no error code accounts for ends the process that has it."""
    with closing(sqlite3.connect(":memory:")) as connection, pytest.raises(sqlite3.OperationalError) as caught:
        connection.execute("SELECT nonsense FROM nowhere")
    with pytest.raises(sqlite3.OperationalError):
        degraded_by(caught.value)
