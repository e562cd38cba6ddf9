"""What a sender keeps until the journal has it."""

from __future__ import annotations

import json
from itertools import count
from typing import Any

import pytest

from daemoneye.actors.custody import LOST, Custody
from daemoneye.journal.ids import uuid7
from daemoneye.messages.record import BATCH_BYTES, BATCH_ENTRIES, WINDOW, Keep, Kept
from daemoneye.model.alert import Severity
from daemoneye.model.record import Entry, Moment, Stream
from tests.fakes.numbered import alert, alerts, event, events, number_of

NOW = Moment(wall_ms=7, monotonic_ns=8, boot_id="boot")
ROOMY = 1 << 40


def custody(**limits: Any) -> Custody:
    numbers = count(10_000)
    made = Custody(lambda: uuid7(next(numbers), 2, 0), lambda: NOW, **limits)
    made.arrived()
    return made


def give(custody: Custody, *entries: Entry) -> None:
    for entry in entries:
        custody.take(entry)


def said(custody: Custody) -> list[Keep]:
    return list(custody.to_say())


def numbers(keeps: list[Keep]) -> list[int]:
    return [number_of(entry) for keep in keeps for entry in keep.entries]


def test_nothing_is_said_before_somebody_is_there() -> None:
    """What came before the journal did is said when it comes."""
    early = Custody(lambda: uuid7(1, 2, 3), lambda: NOW)
    give(early, *events(range(3)))
    assert said(early) == []
    early.arrived()
    assert numbers(said(early)) == [0, 1, 2]
    assert said(early) == []


def test_what_is_acknowledged_is_let_go() -> None:
    """And what is not stays, however long that takes."""
    held = custody()
    give(held, *events(range(3)))
    (keep,) = said(held)
    assert held.occupancy.entries == 3
    assert held.kept(Kept(batch=keep.batch))
    assert held.empty
    assert held.occupancy.entries == 0


def test_an_acknowledgement_of_something_else_changes_nothing() -> None:
    """One that comes twice, or late, or was never asked for."""
    held = custody()
    give(held, event(1))
    (keep,) = said(held)
    assert not held.kept(Kept(batch=keep.batch + 1))
    assert held.occupancy.entries == 1
    assert held.kept(Kept(batch=keep.batch))
    assert not held.kept(Kept(batch=keep.batch))
    assert held.empty


def test_a_journal_that_was_restarted_is_told_everything_again() -> None:
    """In the same order, and before anything new; under numbers that were never used."""
    held = custody()
    give(held, *events(range(BATCH_ENTRIES + 3)))
    before = said(held)
    give(held, event(9999))
    held.arrived()
    after = said(held)
    assert numbers(after) == [*range(BATCH_ENTRIES + 3), 9999]
    assert {keep.batch for keep in before}.isdisjoint(keep.batch for keep in after)
    assert not held.kept(Kept(batch=before[0].batch))


def test_only_so_much_is_on_its_way() -> None:
    """A journal whose disk is full must not be buried, nor must its sender lose its voice."""
    held = custody()
    give(held, *events(range(BATCH_ENTRIES * (WINDOW + 2))))
    keeps = said(held)
    assert [len(keep.entries) for keep in keeps] == [BATCH_ENTRIES] * WINDOW
    held.kept(Kept(batch=keeps[0].batch))
    (more,) = said(held)
    assert number_of(more.entries[0]) == BATCH_ENTRIES * WINDOW


def test_a_batch_is_short_in_bytes_too() -> None:
    """One that is long by itself goes alone."""
    held = custody()
    third = BATCH_BYTES // 3
    give(held, event(1, size=third), event(2, size=third), event(3, size=third), event(4, size=2 * BATCH_BYTES))
    assert [numbers([keep]) for keep in said(held)] == [[1, 2], [3], [4]]


def test_alerts_go_before_events_and_in_their_order() -> None:
    """Whatever their severity."""
    held = custody()
    give(held, event(1), alert(2, Severity.INFO), event(3), alert(4, Severity.CRITICAL), alert(5, Severity.INFO))
    assert numbers(said(held)) == [2, 4, 5, 1, 3]


def test_old_ones_of_low_severity_go_first_when_there_is_no_room() -> None:
    """Events before alerts, and all of that is counted by its kind."""
    held = Custody(lambda: uuid7(1, 2, 3), lambda: NOW, most=3)
    give(held, event(1, Severity.MEDIUM), alert(2, Severity.INFO), event(3), event(4), alert(5), event(6), alert(7))
    held.arrived()
    assert held.shed == {"process.started": 4}
    (keep,) = said(held)
    assert [number_of(entry) for entry in keep.entries if entry.stream is Stream.ALERTS] == [2, 5, 7]
    give(held, *alerts(range(10, 20)))
    assert held.shed == {"process.started": 4, "integrity.disk_mismatch": 10}, "what is on its way stays"


def test_the_record_says_what_is_missing_in_it() -> None:
    """How many of what, and from when to when: an investigator has to know where the holes are."""
    held = Custody(lambda: uuid7(1, 2, 3), lambda: NOW, most=2)
    give(held, *events([30, 10, 20, 40, 50]))
    held.arrived()
    (keep,) = said(held)
    notice, *rest = keep.entries
    assert list(map(number_of, rest)) == [40, 50]
    assert (notice.kind, notice.severity, notice.stream, notice.occurred) == (LOST, Severity.HIGH, Stream.EVENTS, NOW)
    body = json.loads(notice.body)
    assert (body["lost"], body["first_ms"], body["last_ms"]) == ({"process.started": 3}, 10, 30)
    assert "At most 3 entries" in body["message"]
    held.kept(Kept(batch=keep.batch))
    assert held.empty
    assert said(held) == [], "it is said once"


def test_bytes_are_bounded_as_well() -> None:
    """Long command lines do not make the privileged process grow."""
    held = custody(most_bytes=10_000)
    give(held, *(event(number, size=3000) for number in range(10)))
    assert held.occupancy.entries < 4
    assert held.shed.total() > 6
    assert held.occupancy.evictions == held.shed.total()


def test_what_is_refused_is_counted_and_not_said_again() -> None:
    """It would be refused again."""
    held = custody()
    give(held, event(1), event(2))
    (keep,) = said(held)
    settled = held.kept(Kept(batch=keep.batch, refused=(event(2).id,)))
    assert settled == ((event(1).id,), (event(2).id,))
    assert held.refused == {"process.started": 1}
    assert held.empty


@pytest.mark.parametrize("most", [0, 1])
def test_room_for_nothing_is_no_endless_loop(most: int) -> None:
    """Whatever does not fit is counted."""
    held = Custody(lambda: uuid7(1, 2, 3), lambda: NOW, most=most, most_bytes=ROOMY)
    give(held, *events(range(5)))
    assert held.shed.total() == 5 - most


def test_what_had_to_go_is_told_to_whoever_gave_it() -> None:
    """Which may be the one that has just come."""
    held = custody(most=2)
    assert held.take(alert(1)) == held.take(alert(2)) == ()
    assert held.take(event(3)) == (event(3).id,)
    assert held.take(alert(4)) == (alert(1).id,)
