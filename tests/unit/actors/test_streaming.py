"""Many records, part by part."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from daemoneye.actors.streaming import Incoming, InFlight, Outbox, Shed, Verdict, in_parts
from daemoneye.messages.observation import SnapshotPart, SnapshotRefusal
from daemoneye.model.process import ProcessRecord

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemoneye.actors.streaming import Chunk

TEN = tuple(ProcessRecord(pid=pid) for pid in range(10))


def unit(_record: ProcessRecord) -> int:
    return 1


def show(records: tuple[ProcessRecord, ...] = TEN, most: int = 3) -> Iterator[Chunk]:
    return in_parts(records, unit, most=most, most_bytes=1000)


def outbox(*, capacity: int = 100, window: int = 2, streams: int = 2, patience_s: float = 10.0) -> Outbox:
    return Outbox(InFlight(capacity), window=window, streams=streams, patience_s=patience_s)


def parts_of(box: Outbox, now_s: float = 0.0) -> list[SnapshotPart]:
    found = []
    while part := box.next_part(show, now_s):
        found.append(part)
    return found


def numbers(parts: list[SnapshotPart]) -> list[tuple[int, int]]:
    return [(each.request, each.part) for each in parts]


# -- cutting


def test_a_part_has_at_most_so_many_records_and_only_the_last_says_so() -> None:
    """Together they are what was to be sent."""
    chunks = list(show())
    assert [len(records) for records, _ in chunks] == [3, 3, 3, 1]
    assert [last for _, last in chunks] == [False, False, False, True]
    assert sum((records for records, _ in chunks), ()) == TEN


def test_a_part_has_at_most_so_many_bytes() -> None:
    """A record that is larger than that travels alone."""
    sizes = {0: 40, 1: 50, 2: 30, 3: 500, 4: 10}
    chunks = in_parts(TEN[:5], lambda record: sizes[record.pid], most=250, most_bytes=100)
    assert [[each.pid for each in records] for records, _ in chunks] == [[0, 1], [2], [3], [4]]


def test_nothing_is_one_empty_part() -> None:
    """So that there is always a last one."""
    assert list(in_parts((), unit)) == [((), True)]


def test_what_fits_exactly_is_no_part_more() -> None:
    """The end is known when the last record is."""
    assert [last for _, last in show(TEN[:6])] == [False, True]


# -- sending


def test_only_a_window_is_handed_out() -> None:
    """The third part is made when the first was taken, and not before."""
    box = outbox()
    box.open(1)
    assert numbers(parts_of(box)) == [(1, 0), (1, 1)]
    assert box.taken(1, 0, 0.0)
    assert numbers(parts_of(box)) == [(1, 2)]


def test_records_are_made_when_they_go_out() -> None:
    """A receiver that stops costs the parts on their way, however many there would be."""
    made: list[int] = []

    def records() -> Iterator[ProcessRecord]:
        for pid in range(1000):
            made.append(pid)
            yield ProcessRecord(pid=pid)

    box = outbox()
    box.open(1)
    while box.next_part(lambda: in_parts(records(), unit, most=10), 0.0):
        pass
    assert len(made) == 2 * 10 + 1  # one more shows that there is more


def test_the_last_part_taken_is_the_end() -> None:
    """Then there is room for another, and nothing can be overdue."""
    box = outbox(streams=1)
    box.open(1)
    for number in range(4):
        parts_of(box)
        assert box.taken(1, number, 0.0)
    assert box.occupancy.entries == 0
    assert box.patience_left_s(0.0) is None
    assert box.open(2) is None


@pytest.mark.parametrize(("request_", "part"), [(1, 1), (1, 2), (1, 7), (1, -1), (2, 0)], ids=str)
def test_an_acknowledgement_of_something_else_changes_nothing(request_: int, part: int) -> None:
    """Out of turn, not sent yet, never sent, or of another snapshot."""
    box = outbox()
    box.open(1)
    parts_of(box)
    assert not box.taken(request_, part, 0.0)
    assert parts_of(box) == []
    assert box.taken(1, 0, 0.0)


def test_an_acknowledgement_counts_once() -> None:
    """A transport that repeats it opens no window."""
    box = outbox()
    box.open(1)
    parts_of(box)
    assert [box.taken(1, 0, 0.0), box.taken(1, 0, 0.0)] == [True, False]
    assert len(parts_of(box)) == 1


def test_more_snapshots_than_there_may_be_are_refused_with_a_reason() -> None:
    """Each holds on to what it shows."""
    box = outbox(streams=2)
    assert [box.open(each) for each in (1, 2, 3)] == [None, None, SnapshotRefusal.BUSY]
    assert [part.request for part in parts_of(box)] == [1, 2, 1, 2]


def test_a_question_that_comes_twice_is_known() -> None:
    """Numbers rise, so that the repetition of an old question does not begin a new answer."""
    box = outbox()
    box.open(5)
    assert [box.is_repeated(each) for each in (4, 5, 6)] == [True, True, False]
    with pytest.raises(ValueError, match="snapshot 5: repeated"):
        box.open(5)


def test_snapshots_get_on_in_turn() -> None:
    """One that is asked for later does not wait for the end of the first, even where there is room for two parts."""
    box = outbox(capacity=2)
    box.open(1)
    assert numbers(parts_of(box)) == [(1, 0), (1, 1)]
    box.open(2)
    box.taken(1, 0, 0.0)
    assert numbers(parts_of(box)) == [(1, 2)]
    box.taken(1, 1, 0.0)
    assert numbers(parts_of(box)) == [(2, 0)]


def test_all_snapshots_together_leave_room_for_other_messages() -> None:
    """What a peer has not shown to have heard is bounded, whatever it asks for."""
    box = outbox(capacity=3, streams=4)
    for request in range(4):
        box.open(request)
    assert len(parts_of(box)) == 3
    box.taken(2, 0, 0.0)  # the third message: it has heard those before, too
    assert len(parts_of(box)) == 3


def test_a_receiver_that_takes_nothing_loses_the_snapshot() -> None:
    """After its patience, and it is said which and how far it had come."""
    box = outbox(patience_s=10)
    box.open(1)
    parts_of(box, 0.0)
    box.taken(1, 0, 4.0)
    parts_of(box, 4.0)
    assert box.patience_left_s(5.0) == 9.0
    assert box.shed_overdue(13.9) == ()
    assert box.shed_overdue(14.0) == (Shed(1, 3),)
    assert (box.occupancy.entries, box.occupancy.evictions) == (0, 1)
    assert not box.taken(1, 1, 15.0)


def test_a_receiver_that_reads_again_is_served_again() -> None:
    """A late acknowledgement brings no snapshot back, but it shows that messages get there."""
    box = outbox(capacity=2)
    box.open(1)
    parts_of(box)
    assert box.shed_overdue(10.0) == (Shed(1, 0),)
    box.open(2)
    assert parts_of(box, 10.0) == []
    assert not box.taken(1, 0, 11.0)
    assert numbers(parts_of(box, 11.0)) == [(2, 0)]
    assert not box.taken(1, 1, 11.0)
    assert numbers(parts_of(box, 11.0)) == [(2, 1)]


def test_what_could_not_be_sent_is_not_overdue() -> None:
    """Patience begins when the first part is on its way."""
    box = outbox(patience_s=10)
    box.open(1)
    assert box.shed_overdue(100.0) == ()
    assert box.patience_left_s(100.0) == 10
    parts_of(box, 100.0)
    assert box.shed_overdue(109.0) == ()
    assert box.shed_overdue(110.0) == (Shed(1, 0),)


# -- taking


def part(
    number: int, *, last: bool = False, request: int = 1, records: tuple[ProcessRecord, ...] = TEN
) -> SnapshotPart:
    return SnapshotPart(request=request, part=number, last=last, records=records)


def test_parts_in_their_order_are_the_whole() -> None:
    """What comes is taken, and complete with the last."""
    incoming = Incoming(1, most=100)
    seen = [(incoming.take(each), incoming.complete) for each in (part(0), part(1, last=True, records=TEN[:1]))]
    assert seen == [(Verdict.TAKEN, False), (Verdict.TAKEN, True)]
    assert incoming.release() == (*TEN, TEN[0])


def test_a_part_that_comes_twice_counts_once() -> None:
    """Nothing is in the list twice, not even after the end."""
    incoming = Incoming(1, most=100)
    incoming.take(part(0, last=True))
    assert incoming.take(part(0, last=True)) is Verdict.REPEATED
    assert incoming.complete
    assert incoming.release() == TEN


def test_a_part_of_another_snapshot_is_nobodys() -> None:
    """A late part of an earlier question does not end up in this answer."""
    incoming = Incoming(2, most=100)
    assert incoming.take(part(0)) is Verdict.FOREIGN
    assert incoming.release() == ()


@pytest.mark.parametrize(
    ("first", "wrong"),
    [
        (part(0), part(2)),
        (part(0, last=True), part(1)),
        (part(0), part(1, records=TEN * 2)),
    ],
    ids=["gap", "after the end", "too much"],
)
def test_a_snapshot_that_cannot_be_whole_is_given_up(first: SnapshotPart, wrong: SnapshotPart) -> None:
    """And never completed by what comes later; what it held is let go."""
    incoming = Incoming(1, most=25)
    assert incoming.take(first) is Verdict.TAKEN
    assert incoming.take(wrong) is Verdict.BROKEN
    assert incoming.take(part(1, last=True, records=())) is Verdict.BROKEN
    assert not incoming.complete
    assert incoming.release() == ()


def test_what_was_released_makes_room() -> None:
    """So a long list can be passed on in pieces."""
    incoming = Incoming(1, most=10)
    for number in range(5):
        assert incoming.take(part(number, last=number == 4)) is Verdict.TAKEN
        assert incoming.release() == TEN
    assert incoming.complete
