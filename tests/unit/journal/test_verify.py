"""What somebody with the right tool can do to the file, and that it is found and named."""

# ruff: noqa: S608 - what is changed in the file is the test's own

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from daemoneye.journal import rows
from daemoneye.journal.chain import LANES, STREAM_SHIFT, Lane, link, origin
from daemoneye.journal.entry import Severity, Stream
from daemoneye.journal.findings import Problem
from tests.fakes.journals import DAY_MS, World

if TYPE_CHECKING:
    import sqlite3

    from daemoneye.journal.findings import Finding
    from daemoneye.journal.verify import Report

COLUMNS = (
    "severity, ordinal, id, occurred_ms, monotonic_ns, pid, kind, boot_id, entity_id, parent_entity_id, name, sha256,"
    " body, digest"
)


@pytest.fixture
def kept(world: World) -> World:
    """Twenty alerts of two severities, mixed, and twenty events, signed at 10, 20, 30 and 40 entries."""
    journal = world.journal(checkpoint_every=10)
    for number in range(20):
        severity = Severity.HIGH if number % 3 else Severity.LOW
        journal.append([world.entry(severity=severity, name=f"program {number}", pid=100 + number)])
        journal.append(world.events(1))
    journal.close()
    return world


def finding(report: Report) -> Finding:
    assert report.finding is not None, "nothing was found"
    return report.finding


def found(report: Report) -> tuple[Problem, str]:
    return finding(report).problem, finding(report).what


def place(sequence: int, stream: Stream = Stream.ALERTS) -> int:
    return (stream << 56) + sequence


def test_what_nobody_touched_is_whole(kept: World) -> None:
    """Verifying says how much there is, and how much of it is signed."""
    report = kept.verified(kept.anchor())
    assert report.finding is None
    assert (report.entries, report.pruned, report.unsigned, report.checkpoints, report.anchors) == (40, 0, 0, 5, 1)


@pytest.mark.parametrize("column", ["body", "id", "digest"])
def test_one_bit_flipped(kept: World, column: str) -> None:
    """A flipped bit is found, and the entry named."""
    with kept.tampering() as connection:
        (content,) = connection.execute(f"SELECT {column} FROM entries WHERE place = ?", (place(7),)).fetchone()
        content = content[:-1] + bytes([content[-1] ^ 0x10])
        connection.execute(f"UPDATE entries SET {column} = ? WHERE place = ?", (content, place(7)))
    assert found(kept.verified(keys=False)) == (Problem.ALTERED, "alerts 7")
    assert finding(kept.verified()).sequence == 7


@pytest.mark.parametrize(
    "change",
    [
        "pid = 1",
        "pid = NULL",
        "name = 'harmless'",
        "name = NULL",
        "sha256 = ''",
        "occurred_ms = occurred_ms + 1",
        "boot_id = ''",
        "kind = 'journal.tombstone'",
    ],
)
def test_a_column_that_is_only_searched_is_proven_too(kept: World, change: str) -> None:
    """An alert cannot be hidden from a query by changing what it is found by."""
    with kept.tampering() as connection:
        connection.execute(f"UPDATE entries SET {change} WHERE place = ?", (place(7),))
    assert kept.verified().finding is not None


def test_one_row_deleted(kept: World) -> None:
    """A hole is found, and called by its number."""
    with kept.tampering() as connection:
        connection.execute("DELETE FROM entries WHERE place = ?", (place(8),))
    assert found(kept.verified(keys=False)) == (Problem.MISSING, "alerts 8")


def test_the_first_row_of_a_lane_deleted(kept: World) -> None:
    """The beginning is as well guarded as the middle."""
    with kept.tampering() as connection:
        connection.execute("DELETE FROM entries WHERE place = ?", (place(1),))
    assert found(kept.verified(keys=False)) == (Problem.MISSING, "alerts 1")


def test_two_rows_swapped(kept: World) -> None:
    """Both entries are genuine, and in the wrong order."""
    with kept.tampering() as connection:
        for before, after in ((8, 99), (9, 8), (99, 9)):
            connection.execute("UPDATE entries SET place = ? WHERE place = ?", (place(after), place(before)))
    assert found(kept.verified(keys=False)) == (Problem.REORDERED, "alerts 8")


def test_the_content_of_two_rows_swapped(kept: World) -> None:
    """It makes no difference to swap all but the numbers."""
    with kept.tampering() as connection:
        rows = [connection.execute("SELECT * FROM entries WHERE place = ?", (place(n),)).fetchone() for n in (8, 9)]
        bodies = [connection.execute("SELECT body, digest FROM entries WHERE place = ?", (place(n),)) for n in (8, 9)]
        (one,), (other,) = (each.fetchall() for each in bodies)
        connection.execute("UPDATE entries SET body = ?, digest = ? WHERE place = ?", (*other, place(8)))
        connection.execute("UPDATE entries SET body = ?, digest = ? WHERE place = ?", (*one, place(9)))
    assert rows[0] != rows[1]
    assert found(kept.verified(keys=False)) == (Problem.ALTERED, "alerts 8")


def test_an_entry_shown_twice(kept: World) -> None:
    """A copy of an entry under another number is no entry."""
    with kept.tampering() as connection:
        connection.execute("DROP INDEX by_lane")
        connection.execute(
            f"INSERT INTO entries (place, {COLUMNS}) SELECT place + 100, severity, ordinal, x'00', occurred_ms,"
            " monotonic_ns, pid, kind, boot_id, entity_id, parent_entity_id, name, sha256, body, digest"
            " FROM entries WHERE place = ?",
            (place(20),),
        )
    assert found(kept.verified(keys=False)) == (Problem.REORDERED, "alerts 120")


def test_an_entry_of_no_stream(kept: World) -> None:
    """What stands outside of every stream is not overlooked."""
    with kept.tampering() as connection:
        connection.execute("UPDATE entries SET place = 5 WHERE place = ?", (place(20),))
    assert found(kept.verified(keys=False)) == (Problem.ALTERED, "place 5")


def test_the_tail_cut_is_found_by_the_checkpoint_that_saw_it(kept: World) -> None:
    """Signed entries cannot be cut off without their signature."""
    with kept.tampering() as connection:
        connection.execute("DELETE FROM entries WHERE place >= ? AND place < ?", (place(18), place(99)))
    assert found(kept.verified(keys=False)) == (Problem.TRUNCATED, "alerts 18")


def test_the_tail_cut_together_with_its_checkpoints(kept: World) -> None:
    """Cutting off the signatures too is found by an anchor from elsewhere, and by the seal of the host."""
    anchor = kept.anchor()
    with kept.tampering() as connection:
        connection.execute("DELETE FROM checkpoints WHERE number > 2")
        connection.execute("DELETE FROM entries WHERE sequence > 10")
    assert kept.verified(keys=False).finding is None, "nothing in the file can tell"
    assert found(kept.verified(anchor, keys=False)) == (Problem.TRUNCATED, "checkpoint 3")
    assert found(kept.verified()) == (Problem.TRUNCATED, "checkpoint 3")


def test_an_unsigned_tail_cut_is_found_by_an_anchor(world: World) -> None:
    """An anchor covers what was not signed yet, to the last entry."""
    journal = world.journal()
    journal.append(world.alerts(10))
    anchor = world.anchor()
    with world.tampering() as connection:
        connection.execute("DELETE FROM entries WHERE sequence > 8")
    assert world.verified(keys=False).finding is None
    assert found(world.verified(anchor)) == (Problem.TRUNCATED, "alerts 9")


def test_the_end_of_one_lane_cut(world: World) -> None:
    """An unsigned low alert cannot be removed behind a high one: the numbers of the stream do not add up."""
    journal = world.journal()
    journal.append([*world.alerts(3, severity=Severity.LOW), *world.alerts(3)])
    with world.tampering() as connection:
        connection.execute("DELETE FROM entries WHERE sequence = 3")
    assert found(world.verified()) == (Problem.MISSING, "alerts 3")


def test_the_whole_file_replaced_by_an_older_copy(world: World) -> None:
    """An anchor shows that the journal has been further than it says."""
    world.journal().append(world.alerts(5))
    world.end()
    shutil.copy(world.path, world.directory / "older")
    shutil.copy(world.directory / "journal.seal", world.directory / "older.seal")
    world.journal().append(world.alerts(5))
    world.end()
    anchor = world.anchor()
    shutil.copy(world.directory / "older", world.path)
    assert found(world.verified()) == (Problem.TRUNCATED, "checkpoint 2"), "the seal knows"
    (world.directory / "journal.seal").unlink()
    shutil.copy(world.directory / "older.seal", world.directory / "journal.seal")
    assert world.verified().finding is None, "with its seal an older copy is consistent"
    assert found(world.verified(anchor)) == (Problem.TRUNCATED, "checkpoint 2")


def test_a_key_swapped(kept: World) -> None:
    """Another key beside the journal, or in it, is not taken for the host's."""
    (kept.directory / "journal.key").unlink()
    (kept.directory / "journal.key").write_bytes(b"k" * 32)
    (kept.directory / "journal.key").chmod(0o400)
    assert found(kept.verified()) == (Problem.REPLACED, "the identity")
    assert kept.verified(keys=False).finding is None


def test_a_key_swapped_in_the_statements(kept: World) -> None:
    """A statement that names another key is not signed by it."""
    with kept.tampering() as connection:
        identity = kept.anchor().identity
        changed = f"CAST(replace(statement, '{identity}', '{'0' * 64}') AS BLOB)"
        connection.execute(f"UPDATE checkpoints SET statement = {changed} WHERE number = 4")
    assert found(kept.verified(keys=False)) == (Problem.ALTERED, "checkpoint 4")


def test_another_journal_in_its_place(kept: World, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A journal with keys of its own is flawless, and not the one that was anchored."""
    anchor = kept.anchor()
    other = World(tmp_path_factory.mktemp("other"))
    other.journal().append(other.alerts(50))
    other.end()
    assert other.verified().finding is None
    assert found(other.verified(anchor)) == (Problem.REPLACED, "anchor 1")
    for name in ("journal.key", "daemoneye.db"):
        shutil.copy(other.directory / name, kept.directory / name)
    assert found(kept.verified()) == (Problem.REPLACED, "the journal"), "the seal is of another chain"


def test_a_chain_rewritten_with_the_keys_of_today(kept: World) -> None:
    """Whoever takes the host over has its key and the present seal; without the seals of the past it shows."""
    anchor = kept.anchor()
    stolen = {name: (kept.directory / name).read_bytes() for name in ("journal.key", "journal.seal")}
    kept.path.unlink()
    (kept.directory / "journal.seal").unlink()
    kept.journal(checkpoint_every=10).append(kept.alerts(40))
    kept.end()
    assert (kept.directory / "journal.key").read_bytes() == stolen["journal.key"]
    assert kept.verified().finding is None, "on the host itself nothing contradicts it"
    assert found(kept.verified(anchor)) == (Problem.REPLACED, "anchor 1")


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("DELETE FROM checkpoints WHERE number = 2", (Problem.MISSING, "checkpoint 2")),
        ("DELETE FROM checkpoints", (Problem.MISSING, "checkpoint")),
        ("UPDATE checkpoints SET statement = x'7b7d' WHERE number = 2", (Problem.ALTERED, "the checkpoint after 1")),
        ("UPDATE checkpoints SET statement = x'7b7d' WHERE number = 0", (Problem.ALTERED, "the first checkpoint")),
        ("UPDATE checkpoints SET signature = x'00' WHERE number = 2", (Problem.ALTERED, "checkpoint 2")),
        ("UPDATE checkpoints SET seal = signature WHERE number = 2", (Problem.ALTERED, "checkpoint 2")),
    ],
)
def test_tampering_with_the_signatures(kept: World, statement: str, expected: tuple[Problem, str]) -> None:
    """The signatures are as well guarded as the entries."""
    with kept.tampering() as connection:
        connection.execute(statement)
    assert found(kept.verified(keys=False)) == expected


def relink(world: World) -> None:
    """Compute every digest anew, as somebody who read the source could."""
    with world.tampering() as connection:
        connection.text_factory = bytes
        chain = world.anchor().chain
        digests = {lane: origin(chain, lane).digest for lane in LANES}
        for row in connection.execute(f"SELECT {rows.COLUMNS} FROM entries ORDER BY place").fetchall():
            lane = Lane(row[0] >> STREAM_SHIFT, row[1])
            digests[lane] = link(digests[lane], row)
            connection.execute("UPDATE entries SET digest = ? WHERE place = ?", (digests[lane], row[0]))


def test_digests_computed_anew_do_not_match_what_was_signed(kept: World) -> None:
    """Changing an entry and everything that follows from it needs the signatures too."""
    with kept.tampering() as connection:
        connection.execute("UPDATE entries SET body = x'7b7d' WHERE place = ?", (place(7),))
    relink(kept)
    problem, what = found(kept.verified(keys=False))
    assert (problem, what) == (Problem.ALTERED, "alerts 10"), "the lane's first head that a checkpoint states"


def test_a_number_of_another_kind_is_an_altered_entry(kept: World) -> None:
    """Values that no column of ours holds are found, not stumbled over."""
    for column, value in (("ordinal", "'x'"), ("occurred_ms", "-1"), ("pid", "x'00'"), ("severity", "11")):
        with kept.tampering() as connection:
            before = connection.execute(f"SELECT {column} FROM entries WHERE place = ?", (place(7),)).fetchone()
            loosen(connection)
        with kept.tampering() as connection:
            connection.execute(f"UPDATE entries SET {column} = {value} WHERE place = ?", (place(7),))
        assert found(kept.verified(keys=False)) == (Problem.ALTERED, "alerts 7"), column
        with kept.tampering() as connection:
            connection.execute(f"UPDATE entries SET {column} = ? WHERE place = ?", (*before, place(7)))


def loosen(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("UPDATE sqlite_schema SET sql = replace(sql, ') STRICT', ')') WHERE name = 'entries'")


def test_an_anchor_at_the_edge_of_what_was_pruned_is_compared(world: World) -> None:
    """The digest that the first kept entry follows is that of the entry the anchor saw."""
    journal = world.journal(max_age_ms=DAY_MS)
    journal.append(world.alerts(5))
    anchor = world.anchor()
    world.wall_ms += 2 * DAY_MS
    journal.append(world.alerts(5))
    journal.checkpoint()
    assert world.verified(anchor).finding is None
    forged = replace(anchor, heads={lane: head._replace(digest=bytes(32)) for lane, head in anchor.heads.items()})
    assert found(world.verified(forged)) == (Problem.ALTERED, "alerts 5")


def test_an_index_that_hides_an_entry(kept: World) -> None:
    """The entry is there, but no query would find it: that is found too."""
    with kept.tampering() as connection:
        connection.execute("PRAGMA writable_schema = ON")
        (definition,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'by_name'").fetchone()
        connection.execute("UPDATE sqlite_schema SET sql = sql || ' WHERE pid != 107' WHERE name = 'by_name'")
    with kept.tampering() as connection:
        connection.execute("REINDEX by_name")
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = 'by_name'", (definition,))
    assert found(kept.verified(keys=False)) == (Problem.DAMAGED, "the file")


def test_damage_of_the_database_itself(kept: World) -> None:
    """Bytes that no database has are a finding, not an error of the verifier."""
    content = bytearray(kept.path.read_bytes())
    content[-12288:] = b"\xa5" * 12288
    kept.path.write_bytes(content)
    assert finding(kept.verified(keys=False)).problem is Problem.DAMAGED


def test_after_pruning_the_rest_is_still_guarded(world: World) -> None:
    """Tombstones explain what the limits took, and nothing else."""
    journal = world.journal(max_age_ms=DAY_MS)
    journal.append([*world.alerts(5), *world.events(5)])
    journal.checkpoint()
    anchor = world.anchor()
    world.wall_ms += 2 * DAY_MS
    journal.append(world.alerts(5))
    journal.checkpoint()
    report = world.verified(anchor)
    assert (report.finding, report.entries, report.pruned) == (None, 7, 10)
    with world.tampering() as connection:
        connection.execute("DELETE FROM entries WHERE place = ?", (place(6),))
    assert found(world.verified(keys=False)) == (Problem.MISSING, "alerts 6")


def test_a_tombstone_cannot_be_changed_to_explain_more(world: World) -> None:
    """A tombstone is an entry of the chain like others."""
    journal = world.journal(max_age_ms=DAY_MS)
    journal.append(world.alerts(5))
    world.wall_ms += 2 * DAY_MS
    journal.append(world.alerts(5))
    journal.close()
    with world.tampering() as connection:
        (digest,) = connection.execute("SELECT hex(digest) FROM entries WHERE place = ?", (place(6),)).fetchone()
        (body,) = connection.execute("SELECT body FROM entries WHERE kind = 'journal.tombstone'").fetchone()
        forged = body.replace(b'"cuts":{"alerts/high":[5,5,', b'"cuts":{"alerts/high":[6,6,')
        forged = forged.replace(forged.split(b'"')[7], digest.lower().encode())
        connection.execute("UPDATE entries SET body = ? WHERE kind = 'journal.tombstone'", (forged,))
        connection.execute("DELETE FROM entries WHERE place = ?", (place(6),))
    assert found(world.verified(keys=False)) == (Problem.ALTERED, "events 1")


def test_a_writer_that_goes_on_meanwhile_is_no_finding(world: World) -> None:
    """The agent need not stop for a verification."""
    journal = world.journal(checkpoint_every=5)
    journal.append(world.alerts(7))
    anchor = world.anchor()
    journal.append(world.alerts(7))
    assert world.verified(anchor).finding is None
    assert world.verified(anchor, anchor).anchors == 2
