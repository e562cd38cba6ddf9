"""Where entries wait while the disk cannot take them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from daemoneye.journal.chain import Lane
from daemoneye.journal.entry import Severity, Stream
from daemoneye.journal.waiting import WaitingRoom, dropped_as_json

if TYPE_CHECKING:
    from tests.fakes.journals import World


def test_entries_leave_in_the_order_they_came(world: World) -> None:
    """Waiting does not change what happened first."""
    room = WaitingRoom(100, 10**6)
    came = [world.entry(severity=severity) for severity in (Severity.LOW, Severity.CRITICAL, Severity.LOW)]
    for entry in came:
        room.add(entry)
    assert room.batch(10, 10**6) == came
    assert room.batch(2, 10**6) == came[:2]
    assert room.batch(2, 10**6) == came[:2], "they stay until they are removed"
    room.remove(came[:2])
    assert room.batch(10, 10**6) == came[2:]


def test_an_entry_sent_again_while_it_waits_takes_no_more_room(world: World) -> None:
    """An impatient sender costs nothing."""
    room = WaitingRoom(2, 10**6)
    entry = world.entry()
    for _ in range(5):
        room.add(entry)
    assert (room.entries, room.bytes, room.dropped) == (1, len(entry.body), {})


def test_what_is_dropped_is_the_least_and_oldest_and_is_counted(world: World) -> None:
    """Memory is bounded by a number of entries, and nothing is lost in silence."""
    room = WaitingRoom(3, 10**6)
    high = world.alerts(3, severity=Severity.HIGH)
    low = world.alerts(2, severity=Severity.LOW)
    for entry in (*low, *high):
        room.add(entry)
    assert room.batch(10, 10**6) == high
    assert room.dropped == {Lane(Stream.ALERTS, Severity.LOW): 2}
    room.add(world.entry(severity=Severity.LOW))
    assert room.batch(10, 10**6) == high, "the newcomer is the least of all"
    assert json.loads(dropped_as_json(room.dropped)) == {
        "reason": "memory_full",
        "count": 3,
        "dropped": {"alerts/low": 3},
    }


def test_memory_is_bounded_by_bytes_too(world: World) -> None:
    """A few huge entries are as many small ones."""
    room = WaitingRoom(100, 1000)
    entries = world.events(5, size=400)
    for entry in entries:
        room.add(entry)
    assert room.bytes <= 1000
    assert room.batch(10, 10**6) == entries[-2:]


def test_a_batch_is_bounded_by_bytes_but_never_empty(world: World) -> None:
    """An entry longer than a batch is a batch of its own, and does not block the rest."""
    room = WaitingRoom(100, 10**6)
    long, short = world.entry(size=5000), world.entry()
    room.add(long)
    room.add(short)
    assert room.batch(10, 100) == [long]
