"""What the journal was given, until each sender has its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemoneye.actors.intake import LARGEST_JOB, Intake
from daemoneye.messages.record import BATCH_ENTRIES, WINDOW, Keep, Kept
from tests.fakes.numbered import alerts, event, events

if TYPE_CHECKING:
    from daemoneye.model.record import Entry

A, B = "collector", "integrity"


def keep(number: int, *entries: Entry, count: int = 1) -> Keep:
    return Keep(batch=number, entries=entries or events(range(number * 10_000, number * 10_000 + count)))


def done(intake: Intake, job: list[Entry], refused: frozenset[str] = frozenset()) -> list[tuple[str, Kept]]:
    return list(intake.settle((entry.id, entry.id in refused) for entry in job))


def test_a_batch_is_acknowledged_when_all_of_it_is_settled() -> None:
    """Not one entry earlier."""
    intake = Intake()
    assert intake.give(A, keep(1, count=3))
    job = intake.job()
    assert done(intake, job[:2]) == []
    assert done(intake, job[2:]) == [(A, Kept(batch=1))]


def test_many_batches_are_one_job_in_their_order() -> None:
    """A transaction for all that came meanwhile."""
    intake = Intake()
    intake.give(A, keep(1, count=2))
    intake.give(B, Keep(batch=1, entries=alerts([7])))
    intake.give(A, keep(2, count=2))
    assert intake.waiting == 5
    job = intake.job()
    assert job == [*events([10_000, 10_001]), *alerts([7]), *events([20_000, 20_001])]
    assert (intake.waiting, intake.job()) == (0, [])
    assert done(intake, job) == [(A, Kept(batch=1)), (B, Kept(batch=1)), (A, Kept(batch=2))]


def test_refusals_are_named() -> None:
    """So that the sender does not keep for ever what will never be taken."""
    intake = Intake()
    intake.give(A, keep(1, count=2))
    job = intake.job()
    assert done(intake, job, frozenset({job[1].id})) == [(A, Kept(batch=1, refused=(job[1].id,)))]


def test_what_is_said_twice_is_taken_once() -> None:
    """And acknowledged once."""
    intake = Intake()
    assert intake.give(A, keep(1))
    assert intake.give(A, keep(1))
    job = intake.job()
    assert len(job) == 1
    assert done(intake, job) == [(A, Kept(batch=1))]


def test_whoever_does_not_keep_to_what_was_agreed_is_turned_away() -> None:
    """Too many batches on their way, too many entries in one, or none: and others do not notice."""
    intake = Intake()
    assert all(intake.give(A, keep(number)) for number in range(1, WINDOW + 1))
    assert not intake.give(A, keep(WINDOW + 1))
    assert not intake.give(B, keep(1, count=BATCH_ENTRIES + 1))
    assert not intake.give(B, Keep(batch=2, entries=()))
    assert intake.give(B, keep(3))
    assert len(intake.job()) == WINDOW + 1


def test_a_job_has_a_largest_size() -> None:
    """The heart of the journal has to beat in between."""
    intake = Intake()
    for speaker in map(str, range(5)):
        for number in range(1, WINDOW + 1):
            assert intake.give(speaker, keep(number, count=BATCH_ENTRIES))
    assert len(intake.job()) == LARGEST_JOB
    assert len(intake.job()) == 5 * WINDOW * BATCH_ENTRIES - LARGEST_JOB


def test_what_a_dead_sender_gave_is_recorded_and_its_heir_hears_nothing_of_it() -> None:
    """Numbers begin anew with each life, and an old answer must not pass for a new one."""
    intake = Intake()
    intake.give(A, keep(1, event(1)))
    first = intake.job()
    intake.give(A, keep(2, event(2)))
    intake.forget(A)
    intake.give(A, keep(1, event(3)))
    second = intake.job()
    assert second == [event(2), event(3)]
    assert done(intake, first) == []
    assert done(intake, second) == [(A, Kept(batch=1))]


def test_a_sender_that_dies_again_and_again_does_not_fill_the_memory() -> None:
    """What there is no room for is counted; others lose nothing."""
    intake = Intake()
    intake.give(B, Keep(batch=1, entries=alerts([1])))
    for life in range(100):
        intake.give(A, keep(1, event(1000 + life)))
        intake.forget(A)
    assert intake.waiting < 100
    assert intake.dropped == {"events/info": 101 - intake.waiting}
    assert alerts([1])[0] in intake.job()


def test_an_entry_of_two_batches_settles_both() -> None:
    """It is one fact, however often it was sent."""
    intake = Intake()
    intake.give(A, keep(1, event(1)))
    intake.give(B, keep(1, event(1)))
    job = intake.job()
    assert done(intake, job[:1]) == [(A, Kept(batch=1)), (B, Kept(batch=1))]
    assert done(intake, job[1:]) == []
