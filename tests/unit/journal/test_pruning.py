"""What goes when the journal is full or old, and that the rest stays provable."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from daemoneye.journal.entry import Severity, Stream
from daemoneye.journal.retention import TOMBSTONE
from tests.fakes.journals import DAY_MS, World, sequences

if TYPE_CHECKING:
    from typing import Any

MIB = 1 << 20


def size(world: World) -> int:
    files = (world.path, world.path.with_name(world.path.name + "-wal"))
    return sum(each.stat().st_size for each in files if each.exists())


def tombstones(world: World) -> list[dict[str, Any]]:
    return [json.loads(each.entry.body) for each in world.recorded(kind=TOMBSTONE)]


def gone(world: World, stream: str) -> set[int]:
    spans = [span for each in tombstones(world) if each["stream"] == stream for span in each["sequences"]]
    return {sequence for first, last in spans for sequence in range(first, last + 1)}


@pytest.mark.parametrize("max_bytes", [MIB, 4 * MIB])
def test_the_files_stay_within_their_limit(world: World, max_bytes: int) -> None:
    """File and log together never take more than they may, however much is recorded."""
    journal = world.journal(max_bytes=max_bytes, checkpoint_every=500)
    peak = 0
    for _ in range(max_bytes // MIB * 60):
        assert len(journal.append([*world.events(30, size=700), *world.alerts(3, size=700)])) == 33
        peak = max(peak, size(world))
    assert max_bytes // 2 < peak <= max_bytes
    assert journal.pruned > 0
    assert world.verified().finding is None


def test_alerts_of_all_severities_make_room_for_one_another(world: World) -> None:
    """Each goes in its turn, with tombstones of every severity, and there is always an end to it."""
    journal = world.journal(max_bytes=MIB, checkpoint_every=500)
    for _ in range(300):
        assert len(journal.append([world.entry(severity=each, size=600) for each in Severity])) == 5
    assert size(world) <= MIB
    assert journal.pruned > 500
    kept = Counter(each.entry.severity for each in world.recorded(stream=Stream.ALERTS))
    assert kept[Severity.INFO] < kept[Severity.CRITICAL] == 300
    assert world.verified().finding is None


def test_low_severity_goes_and_high_stays(world: World) -> None:
    """A flood of events does not push an alert out."""
    journal = world.journal(max_bytes=MIB)
    alerts = world.alerts(20, size=500)
    journal.append(alerts)
    for _ in range(80):
        journal.append(world.events(20, size=1000))
    assert world.bodies() == [entry.body for entry in alerts]
    assert len(world.recorded(stream=Stream.EVENTS)) < 1600
    assert world.verified().finding is None


def test_tombstones_say_exactly_what_went(world: World) -> None:
    """Every number of a stream is either there or named, once."""
    journal = world.journal(max_bytes=MIB)
    for _ in range(40):
        journal.append([*world.events(20, size=1000), *world.alerts(2, severity=Severity.INFO)])
    events = {each.sequence for each in world.recorded(stream=Stream.EVENTS)}
    named = gone(world, "events")
    assert named
    assert not events & named
    assert events | named == set(range(1, max(events) + 1))
    assert sum(each["count"] for each in tombstones(world)) == journal.pruned
    assert {each["reason"] for each in tombstones(world)} == {"size"}


def test_even_the_most_important_goes_at_last_but_nothing_in_silence(world: World) -> None:
    """A journal full of critical alerts keeps the newest of them."""
    journal = world.journal(max_bytes=MIB)
    for _ in range(60):
        journal.append(world.alerts(30, severity=Severity.CRITICAL, size=600))
    kept = [each.sequence for each in world.recorded(stream=Stream.ALERTS)]
    assert kept == list(range(kept[0], 1801))
    *_, last = tombstones(world)
    assert last["cuts"]["alerts/critical"][:2] == [kept[0] - 1, kept[0] - 1]
    assert world.verified().finding is None


def test_what_is_too_old_goes_at_the_next_checkpoint(world: World) -> None:
    """Nothing is kept for longer than the operator allowed and a thirty-second of that."""
    journal = world.journal(max_age_ms=10 * DAY_MS)
    journal.append([*world.alerts(3, severity=Severity.CRITICAL), *world.events(2)])
    world.wall_ms += 5 * DAY_MS
    journal.append(world.alerts(2, severity=Severity.CRITICAL))
    world.wall_ms += 5 * DAY_MS + 1
    journal.checkpoint()
    assert journal.pruned == 0
    world.wall_ms += DAY_MS
    journal.checkpoint()
    assert journal.pruned == 5
    assert [each.sequence for each in world.recorded(stream=Stream.ALERTS)] == [4, 5]
    assert {each["reason"] for each in tombstones(world)} == {"age"}
    assert world.verified().finding is None


def test_a_stream_that_went_altogether_goes_on_counting(world: World) -> None:
    """A receiver sees the next number, not the first again, also after a restart."""
    journal = world.journal(max_age_ms=DAY_MS)
    journal.append([*world.alerts(7), *world.events(3)])
    world.wall_ms += 2 * DAY_MS
    journal.checkpoint()
    assert world.bodies() == []
    assert sequences(journal.append(world.alerts(1))) == [8]
    world.end()
    assert sequences(world.journal(max_age_ms=DAY_MS).append(world.alerts(1))) == [9]
    assert world.verified().finding is None


def test_tombstones_go_like_others_and_the_rest_stays_provable(world: World) -> None:
    """The newest tombstone is enough, so that old ones do not pile up for ever."""
    journal = world.journal(max_age_ms=DAY_MS)
    for _ in range(40):
        journal.append([*world.alerts(2), *world.events(5)])
        world.wall_ms += DAY_MS // 4
        journal.checkpoint()
    assert 0 < len(tombstones(world)) < 20
    report = world.verified()
    assert (report.finding, report.pruned) == (None, journal.pruned)


def test_a_clock_set_back_prunes_nothing(world: World) -> None:
    """Entries of a future that was a mistake are kept, and nothing fails."""
    journal = world.journal(max_age_ms=DAY_MS)
    journal.append(world.alerts(3))
    world.wall_ms -= 300 * DAY_MS
    journal.append(world.alerts(3))
    journal.checkpoint()
    assert journal.pruned == 0
    assert Counter(each.entry.stream for each in world.recorded()) == {Stream.ALERTS: 6}
    assert world.verified().finding is None


def test_a_smaller_limit_shrinks_the_file(world: World) -> None:
    """Lowering journal.max_size gives the room back to the host."""
    journal = world.journal(max_bytes=8 * MIB)
    for _ in range(10):
        journal.append(world.events(200, size=1500))
    world.end()
    assert size(world) > 3 * MIB
    world.journal(max_bytes=2 * MIB).append(world.events(1))
    world.end()
    assert size(world) <= 2 * MIB
    assert world.verified().finding is None


def test_old_checkpoints_make_room_and_the_first_one_kept_covers_all(world: World) -> None:
    """Signatures take a bounded part of the journal."""
    journal = world.journal(max_bytes=MIB, checkpoint_every=1)
    for _ in range(80):
        journal.append(world.events(30, size=800))
    assert world.verified().checkpoints < 60
    assert world.verified().finding is None
