"""The journal while all is well."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from daemoneye.journal.entry import LONGEST_BODY, Severity, Stream, Why
from daemoneye.journal.store import Receipt, Refusal
from daemoneye.journal.waiting import DROPPED
from tests.fakes.journals import sequences

if TYPE_CHECKING:
    from tests.fakes.journals import World


def test_each_entry_gets_its_number_in_its_stream(world: World) -> None:
    """Alerts and events count from one, each for itself, whatever the severity."""
    journal = world.journal()
    alerts = [world.entry(severity=severity) for severity in Severity]
    assert sequences(journal.append([*alerts, *world.events(2)])) == [1, 2, 3, 4, 5, 1, 2]
    assert sequences(journal.append(world.alerts(1))) == [6]
    assert journal.condition is None
    assert world.verified().finding is None


def test_what_is_recorded_is_what_was_sent(world: World) -> None:
    """No byte of a fact changes on its way, not even of those that no text may have."""
    journal = world.journal()
    entry = world.entry(
        body=b"\x00\xff\xfe\x1b[31m" + b"a" * 5000,
        pid=2**22,
        entity_id="e" * 32,
        parent_entity_id="p" * 32,
        name="névé \x07",
        sha256="0" * 64,
    )
    journal.append([entry])
    assert [each.entry for each in world.recorded()] == [entry]


def test_a_repeat_gets_the_receipt_it_had(world: World) -> None:
    """A sender that got no answer sends again, and the fact is recorded once."""
    journal = world.journal()
    entries = world.alerts(3)
    first = journal.append(entries)
    again = journal.append([entries[1], *world.alerts(1), entries[1]])
    assert sequences(first) == [1, 2, 3]
    assert [each for each in again if isinstance(each, Receipt) and each.repeated] == [
        Receipt(entries[1].id, Stream.ALERTS, 2, repeated=True)
    ]
    assert len(world.bodies()) == 4


def test_a_repeat_after_a_restart_gets_the_receipt_it_had(world: World) -> None:
    """The same holds when the journal was restarted in between."""
    entries = world.alerts(3)
    world.journal().append(entries)
    world.end()
    answers = world.journal().append(entries)
    assert [(each.sequence, each.repeated) for each in answers if isinstance(each, Receipt)] == [
        (1, True),
        (2, True),
        (3, True),
    ]


@pytest.mark.parametrize("change", [{"body": b"{}"}, {"severity": Severity.LOW}, {"stream": Stream.EVENTS}, {"pid": 1}])
def test_one_id_for_two_facts_is_refused(world: World, change: dict[str, object]) -> None:
    """An id never stands for two facts: the second is refused and reported, the first stays."""
    journal = world.journal()
    entry = world.entry()
    journal.append([entry])
    other = replace(entry, **change)  # type: ignore[arg-type]
    assert journal.append([other]) == [Refusal(entry.id, Why.OTHER_CONTENT)]
    assert [each.entry for each in world.recorded()] == [entry]
    assert world.verified().finding is None


def test_two_facts_with_one_id_in_one_batch_are_one_and_a_refusal(world: World) -> None:
    """It makes no difference whether they come together."""
    entry = world.entry()
    answers = world.journal().append([entry, replace(entry, body=b"other")])
    assert answers == [Receipt(entry.id, Stream.ALERTS, 1), Refusal(entry.id, Why.OTHER_CONTENT)]


def test_a_bad_entry_does_not_hold_up_the_good_ones(world: World) -> None:
    """What cannot be recorded is refused by name; sequences have no gap for it."""
    journal = world.journal()
    bad = [world.entry(size=LONGEST_BODY), replace(world.entry(), id="x"), replace(world.entry(), name="\ud800")]
    good = world.alerts(2)
    answers = journal.append([bad[0], good[0], bad[1], bad[2], good[1]])
    assert [each.why for each in answers if isinstance(each, Refusal)] == [Why.TOO_LONG, Why.MALFORMED, Why.MALFORMED]
    assert sequences(answers) == [1, 2]
    assert journal.waiting.entries == 0


def test_it_goes_on_after_a_restart(world: World) -> None:
    """Numbers and chain continue, with or without an orderly stop."""
    world.journal().append(world.alerts(2))
    world.end()
    world.journal().append([*world.alerts(2), *world.events(1)])
    world.end()
    assert sequences(world.journal().append(world.alerts(1))) == [5]
    world.end()
    report = world.verified()
    assert (report.finding, report.entries, report.unsigned) == (None, 6, 0)


def test_a_checkpoint_is_signed_every_so_many_entries_and_at_the_stop(world: World) -> None:
    """What is signed lags behind by a bounded number of entries."""
    journal = world.journal(checkpoint_every=10)
    for _ in range(25):
        journal.append(world.events(1))
    assert (world.verified().checkpoints, world.verified().unsigned) == (3, 5)
    journal.close()
    assert (world.verified().checkpoints, world.verified().unsigned) == (4, 0)


def test_nothing_new_is_not_signed_again(world: World) -> None:
    """A quiet host does not fill its disk with signatures."""
    journal = world.journal()
    journal.append(world.alerts(1))
    for _ in range(5):
        journal.checkpoint()
    assert world.verified().checkpoints == 2


def test_files_are_for_the_owner_and_a_group_that_reads(world: World) -> None:
    """The record can be shipped by a group, and changed by nobody but its writer."""
    world.journal().append(world.alerts(1))
    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in world.directory.iterdir()}
    assert modes["daemoneye.db"] == modes["daemoneye.db-wal"] == 0o640
    assert modes["journal.key"] == modes["journal.seal"] == 0o400


def test_more_than_a_batch_is_written_in_several(world: World) -> None:
    """However much has piled up, it is recorded in order and bounded transactions."""
    entries = world.events(9000)
    answers = world.journal(waiting_entries=10_000).append(entries)
    assert sequences(answers) == list(range(1, 9001))
    assert world.bodies(Stream.EVENTS) == [entry.body for entry in entries]


def test_what_memory_could_not_hold_is_on_record(world: World) -> None:
    """Dropped entries are gone, but how many and how important they were is not."""
    journal = world.journal(waiting_entries=3)
    answers = journal.append([*world.events(4), *world.alerts(3)])
    assert len(answers) == 3
    journal.flush()
    (said,) = [json.loads(each.entry.body) for each in world.recorded(kind=DROPPED)]
    assert said["dropped"] == {"events/info": 4}
    assert journal.waiting.dropped == {}
