"""Looking into the journal."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from daemoneye.errors import ConfigError, HostileInput, IOFailedError, NoInputError, OperatorError
from daemoneye.journal.anchor import parse
from daemoneye.journal.entry import Severity, Stream
from daemoneye.journal.query import Query
from daemoneye.journal.reading import Reader, UnreadableError

if TYPE_CHECKING:
    from tests.fakes.journals import World


@pytest.fixture
def history(world: World) -> World:
    journal = world.journal()
    for number in range(30):
        world.wall_ms += 1000
        journal.append(
            world.events(
                1,
                pid=number % 3,
                name=f"program {number % 5}",
                sha256=f"{number % 2:064x}",
                entity_id=f"{number:032x}",
                parent_entity_id=f"{number // 10:032x}",
                kind="process.started",
            )
        )
        journal.append(world.alerts(1, severity=list(Severity)[number % 5]))
    journal.close()
    return world


BEGIN = 1_800_000_000_000


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({}, 60),
        ({"stream": Stream.ALERTS}, 30),
        ({"pid": 1}, 10),
        ({"name": "program 3"}, 6),
        ({"name": "program 3", "since_ms": BEGIN + 20_000}, 2),
        ({"since_ms": BEGIN + 20_000, "until_ms": BEGIN + 25_000}, 10),
        ({"sha256": "0" * 63 + "1"}, 15),
        ({"entity_id": f"{7:032x}"}, 1),
        ({"parent_entity_id": f"{2:032x}"}, 10),
        ({"parent_entity_id": f"{2:012x}"}, 0),
        ({"at_least": Severity.HIGH, "stream": Stream.ALERTS}, 12),
        ({"kind": "process.started", "pid": 2}, 10),
        ({"stream": Stream.ALERTS, "after": 25}, 5),
        ({"name": "nobody"}, 0),
    ],
)
def test_what_is_asked_for_is_what_comes(history: World, query: dict[str, Any], count: int) -> None:
    """Every column can be asked for, alone and together."""
    assert len(history.recorded(**query)) == count


def test_answers_come_in_the_order_of_time(history: World) -> None:
    """A reader sees what happened first first, across the streams."""
    times = [each.entry.occurred.wall_ms for each in history.recorded()]
    assert times == sorted(times)


def test_a_clock_set_back_hides_nothing(world: World) -> None:
    """What was recorded while the clock was wrong is found by the time it says."""
    journal = world.journal()
    journal.append(world.events(3))
    world.wall_ms -= 10_000
    journal.append(world.events(3, name="late"))
    world.wall_ms += 20_000
    journal.append(world.events(3))
    assert [each.sequence for each in world.recorded(since_ms=world.wall_ms - 25_000, until_ms=world.wall_ms)] == [
        *range(1, 7)
    ]
    assert [each.sequence for each in world.recorded(since_ms=world.wall_ms - 15_000)] == [1, 2, 3, 7, 8, 9]
    assert [each.sequence for each in world.recorded(since_ms=world.wall_ms - 25_000, name="late")] == [4, 5, 6]


def test_a_question_reaches_across_buckets(world: World) -> None:
    """However much lies between them, all answers come, in order."""
    journal = world.journal()
    for _ in range(5):
        journal.append(world.events(1, name="seldom", pid=7))
        journal.append(world.events(9000, name="often"))
    assert [each.sequence for each in world.recorded(name="seldom")] == [1, 9002, 18003, 27004, 36005]
    assert [each.sequence for each in world.recorded(name="seldom", pid=7, after=9002, stream=Stream.EVENTS)] == [
        18003,
        27004,
        36005,
    ]
    assert len(world.recorded(name="often")) == 45_000


def test_pages_do_not_show(world: World) -> None:
    """Thousands of entries with one time stamp come once each, in whatever order they are asked for."""
    world.journal().append(world.events(2500))
    assert [each.sequence for each in world.recorded()] == list(range(1, 2501))
    assert [each.sequence for each in world.recorded(stream=Stream.EVENTS, after=100)] == list(range(101, 2501))


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ({"name": "a", "since_ms": 1}, "by_name"),
        ({"pid": 1, "since_ms": 1}, "by_pid"),
        ({"sha256": "a"}, "by_sha256"),
        ({"entity_id": "a"}, "by_entity"),
        ({"parent_entity_id": "a"}, "by_parent"),
        ({"since_ms": 1}, "by_time"),
        ({"stream": Stream.ALERTS, "after": 1}, "PRIMARY KEY"),
    ],
)
def test_questions_of_a_responder_have_an_index(world: World, query: dict[str, Any], index: str) -> None:
    """An answer does not take longer because much else was recorded."""
    world.journal().append(world.alerts(1))
    with closing(Reader(world.path)) as reader:
        asked: list[str] = []
        reader.connection.set_trace_callback(asked.append)
        list(reader.entries(Query(**query)))
        reader.connection.set_trace_callback(None)
        plans = str([reader.connection.execute(f"EXPLAIN QUERY PLAN {question}").fetchall() for question in asked])
    assert index in plans
    assert "SCAN entries" not in plans
    assert "TEMP B-TREE" not in plans


def test_a_reader_does_not_hold_up_the_log(world: World) -> None:
    """Somebody who reads slowly does not make the log of the writer grow."""
    journal = world.journal()
    journal.append(world.events(2500))
    with closing(Reader(world.path)) as reader:
        slow = reader.entries(Query())
        next(slow)
        with world.tampering() as connection:
            assert connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
        assert len(list(slow)) == 2499


def test_a_copy_that_cannot_be_written_can_be_read(history: World) -> None:
    """Evidence on a read-only medium is read as it is."""
    content = history.path.read_bytes()
    elsewhere = history.directory / "copy"
    elsewhere.mkdir()
    (elsewhere / "daemoneye.db").write_bytes(content)
    with closing(Reader(elsewhere / "daemoneye.db")) as reader:
        assert len(list(reader.entries(Query()))) == 60


def test_what_is_no_journal_is_refused_in_one_line(world: World) -> None:
    """A wrong path is told from a wrong file, and both from a later version."""
    with pytest.raises(NoInputError, match="no such file: a journal"):
        Reader(world.path)
    world.path.write_bytes(b"hello" * 1000)
    with pytest.raises(UnreadableError, match="not a database: a journal"):
        Reader(world.path)
    with pytest.raises(OperatorError):
        Reader(world.directory)
    world.path.unlink()
    with closing(sqlite3.connect(world.path)) as other:
        other.execute("CREATE TABLE t (x)")
    with pytest.raises(UnreadableError, match="no such table: checkpoints"):
        Reader(world.path)


def test_a_journal_of_a_later_version_is_not_guessed_at(history: World) -> None:
    """What a later version wrote, this one does not claim to understand."""
    with history.tampering() as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(ConfigError, match="schema version 99: at most 1"):
        Reader(history.path)


def test_damage_in_the_middle_ends_in_one_line(history: World) -> None:
    """A query on a damaged file says so instead of showing half of it as the whole."""
    content = bytearray(history.path.read_bytes())
    content[-8192:] = os.urandom(8192)
    history.path.write_bytes(content)
    with closing(Reader(history.path)) as reader, pytest.raises(IOFailedError, match="an undamaged journal"):
        list(reader.entries(Query()))


def test_a_file_without_a_checkpoint_has_no_anchor(world: World) -> None:
    """There is nothing to keep before the first start."""
    world.journal().append(world.alerts(1))
    world.end()
    with world.tampering() as connection:
        connection.execute("DELETE FROM checkpoints")
    with pytest.raises(NoInputError, match="no checkpoint"):
        world.anchor()


def test_an_anchor_is_read_back_as_it_was(history: World) -> None:
    """What was kept is what is compared; several lines are several anchors."""
    anchor = history.anchor()
    assert parse(f"{anchor.line()}\n\n{anchor.line()}\n") == [anchor, anchor]


@pytest.mark.parametrize(
    "text",
    [
        *("", "\n", "null", "{}", "[]", "hello", "[" * 100_000),
        '{"format":"daemoneye.journal.anchor.v2"}',
        '{"format":"daemoneye.journal.anchor.v1","chain":1}',
    ],
)
def test_what_is_no_anchor_is_hostile(text: str) -> None:
    """A wrong file is not taken for an anchor that agrees."""
    with pytest.raises(HostileInput, match="anchor"):
        parse(text)
