"""The journal under every order of events."""

# ruff: noqa: S608 - the names of columns are the test's own

from __future__ import annotations

import shutil
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemoneye.journal.chain import LANES, Chain, Lane, link, origin
from daemoneye.journal.entry import Entry, Severity, Stream
from daemoneye.journal.ids import Ids, uuid7
from daemoneye.journal.retention import ranges
from daemoneye.journal.waiting import WaitingRoom
from tests.fakes.journals import DAY_MS, World

if TYPE_CHECKING:
    from daemoneye.journal.journal import Journal

MIB = 1 << 20
quick = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@given(st.integers(0, 2**48 - 1), st.integers(0, 4095), st.integers(0, 2**62 - 1))
def test_an_id_is_a_uuid_that_keeps_its_parts(unix_ms: int, counter: int, tail: int) -> None:
    """No two of time, count and chance make the same id, and the time can be read from it."""
    made = UUID(uuid7(unix_ms, counter, tail))
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert (made.int >> 80, made.int >> 64 & 0xFFF, made.int & (1 << 62) - 1) == (unix_ms, counter, tail)


@given(st.lists(st.integers(0, 2**40), min_size=1, max_size=200), st.binary(min_size=10, max_size=10))
def test_ids_rise_whatever_the_clock_does(clock: list[int], entropy: bytes) -> None:
    """The order of ids is the order of making them."""
    times = iter(clock)
    ids = Ids(lambda: next(times), lambda _: entropy)
    made = [ids() for _ in clock]
    assert made == sorted(set(made))


@given(st.sets(st.integers(1, 300)))
def test_ranges_are_the_numbers(numbers: set[int]) -> None:
    """A tombstone names what went, all of it and nothing else, as shortly as can be."""
    written = ranges(sorted(numbers))
    assert {number for first, last in written for number in range(first, last + 1)} == numbers
    assert all(after[0] > before[1] + 1 for before, after in pairwise(written))


texts = st.none() | st.text(max_size=8)


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    world = World(Path("/nowhere"), ids=draw(st.integers(0, 10**6)))
    return world.entry(
        stream=draw(st.sampled_from(Stream)),
        severity=draw(st.sampled_from(Severity)),
        body=draw(st.binary(max_size=8)),
        pid=draw(st.none() | st.integers(0, 3)),
        entity_id=draw(texts),
        parent_entity_id=draw(texts),
        name=draw(texts),
        sha256=draw(texts),
    )


@given(entries(), entries())
def test_two_entries_have_two_digests(one: Entry, other: Entry) -> None:
    """Whatever they contain: what is hashed can be read in one way only."""
    heads = {lane: origin("ab" * 16, lane) for lane in LANES}
    (fields, digest), (others, digest_of_other) = Chain(heads).extend(one), Chain(heads).extend(other)
    assert (link(bytes(32), fields) == link(bytes(32), others)) == (fields == others)
    assert (digest == digest_of_other) == (one == other)


@given(st.lists(st.tuples(st.sampled_from(LANES), st.integers(0, 300)), max_size=60), st.integers(1, 10))
def test_the_waiting_room_keeps_the_best_and_counts_the_rest(arrivals: list[tuple[Lane, int]], room_for: int) -> None:
    """Its bounds hold at every moment, and every entry is either in it or counted."""
    world, room = World(Path("/nowhere")), WaitingRoom(room_for, 1000)
    for count, (lane, size) in enumerate(arrivals, start=1):
        room.add(world.entry(Stream(lane.stream), Severity(lane.severity), size=size))
        assert room.entries <= room_for
        assert room.bytes <= 1000
        assert room.entries + room.dropped.total() == count
    waiting = room.batch(100, 10**6)
    assert [entry.id for entry in waiting] == sorted(entry.id for entry in waiting), "in the order they came"


steps = st.one_of(
    st.tuples(st.just("append"), st.sampled_from(LANES), st.integers(1, 40), st.integers(0, 2000)),
    st.tuples(st.just("again"), st.integers(0, 10**6)),
    st.tuples(st.just("checkpoint"), st.integers(0, 2 * DAY_MS)),
    st.tuples(st.just("restart"), st.booleans()),
)


@quick
@given(st.lists(steps, min_size=1, max_size=30))
def test_whatever_happens_the_chain_holds_and_the_numbers_add_up(history: list[tuple[object, ...]]) -> None:
    """Appending, repeating, pruning by size and age, stopping and dying leave a journal that verifies."""
    directory = Path(tempfile.mkdtemp())
    world = World(directory)
    journal = world.journal(max_bytes=MIB, max_age_ms=DAY_MS, checkpoint_every=30)
    journal.flush()
    recorded: list[Entry] = []
    last = dict.fromkeys(Stream, 0)
    try:
        for step in history:
            match step:
                case ("append", (int(stream), int(severity)), int(count), int(size)):
                    batch = [world.entry(Stream(stream), Severity(severity), size=size) for _ in range(count)]
                    answers = journal.append(batch)
                    assert [each.id for each in answers] == [entry.id for entry in batch]
                    recorded += batch
                case ("again", int(number)) if recorded:
                    assert len(journal.append([recorded[number % len(recorded)]])) == 1
                case ("checkpoint", int(later)):
                    world.wall_ms += later
                    journal.checkpoint()
                case ("restart", bool(in_order)):
                    journal = _restarted(world, journal, in_order=in_order)
            assert journal.condition is None
            report = world.verified()
            assert report.finding is None, report.finding
            for each in world.recorded():
                last[each.entry.stream] = max(last[each.entry.stream], each.sequence)
            assert sum(last.values()) >= report.entries
    finally:
        world.end()
        shutil.rmtree(directory)


def _restarted(world: World, journal: Journal, *, in_order: bool) -> Journal:
    if in_order:
        journal.close()
    else:  # as after SIGKILL: nothing is signed or said, the kernel closes the files
        journal._close_store()
        journal._close_seal()
    world.open.clear()
    return world.journal(max_bytes=MIB, max_age_ms=DAY_MS, checkpoint_every=30)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 39), st.sampled_from(["body", "digest", "id", "name", "kind", "boot_id"]), st.integers(0, 10**6))
def test_any_flipped_bit_of_any_entry_is_found(row: int, column: str, bit: int) -> None:
    """It does not matter where the bit is."""
    directory = Path(tempfile.mkdtemp())
    world = World(directory)
    try:
        world.journal(checkpoint_every=7).append([*world.alerts(20, name="n"), *world.events(20, name="n")])
        world.end()
        with world.tampering() as connection:
            found = f"SELECT place, CAST({column} AS BLOB) FROM entries LIMIT 1 OFFSET {row}"
            place, content = connection.execute(found).fetchone()
            flipped = bytearray(content)
            flipped[bit // 8 % len(flipped)] ^= 1 << bit % 8
            kind = "BLOB" if column in {"body", "digest", "id"} else "TEXT"
            connection.execute(f"UPDATE entries SET {column} = CAST(? AS {kind}) WHERE place = ?", (flipped, place))
        finding = world.verified().finding
        assert finding is not None
        assert finding.problem == "altered"
    finally:
        world.end()
        shutil.rmtree(directory)
