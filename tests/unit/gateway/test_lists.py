from __future__ import annotations

from daemoneye.gateway.lists import PART_S, Asker, Listing, Lists
from daemoneye.model.agent import Envelope, Processes
from daemoneye.model.coverage import Coverage
from daemoneye.model.process import ProcessRecord
from daemoneye.wire.codec import encode

ASKER = Asker(1, 5)
COVERAGE = Coverage(seen=2)


def records(count: int, size: int = 0) -> tuple[ProcessRecord, ...]:
    return tuple(ProcessRecord(pid=pid, name="x" * size) for pid in range(1, count + 1))


def listing() -> Listing:
    return Listing(asker=ASKER, due_s=0.0)


def everybody(_: int) -> bool:
    return True


def nobody(_: int) -> bool:
    return False


def test_a_part_that_fits_a_frame_is_one_part() -> None:
    """A usual list is passed on as it comes."""
    (part,) = listing().frames(records(3), 64 * 1024, last=False)
    assert part == Processes(records=records(3), part=0)


def test_a_part_too_large_for_a_frame_becomes_several_in_order() -> None:
    """A small ipc.max_frame makes more parts, and loses nothing."""
    open_list = listing()
    first = list(open_list.frames(records(10, 1000), 4096, last=False))
    rest = list(open_list.frames(records(5, 1000), 4096, COVERAGE, last=True))
    assert all(len(encode(Envelope.around(part, 2**60))) <= 4096 for part in first + rest)
    assert [record.pid for part in first + rest for record in part.records] == [*range(1, 11), *range(1, 6)]
    assert [part.part for part in first + rest] == list(range(len(first + rest)))
    assert [part.last for part in first + rest] == [False] * (len(first + rest) - 1) + [True]
    assert [part.coverage for part in (first + rest)[-2:]] == [None, COVERAGE]


def test_a_record_that_fits_no_frame_is_left_out_and_counted() -> None:
    """One monstrous process does not hide the others."""
    monster = ProcessRecord(pid=9, name="x" * 5000)
    parts = list(listing().frames((*records(2), monster), 4096, last=True))
    assert [record.pid for part in parts for record in part.records] == [1, 2]
    assert parts[-1].left_out == 1
    assert parts[-1].last


def test_a_list_of_nothing_but_a_monster_still_has_an_end() -> None:
    """A client is never left waiting for a last part."""
    (part,) = listing().frames((ProcessRecord(name="x" * 5000),), 4096, COVERAGE, last=True)
    assert part == Processes(last=True, left_out=1, coverage=COVERAGE)


def test_a_record_that_the_wire_has_no_place_for_is_left_out() -> None:
    """A process with impossible numbers hides nothing but itself."""
    parts = list(listing().frames((*records(1), ProcessRecord(pid=-1), ProcessRecord(pid=7)), 4096, last=True))
    assert [record.pid for part in parts for record in part.records] == [1, 7]
    assert parts[-1].left_out == 1


def test_an_empty_list_is_one_empty_last_part() -> None:
    """Nothing at all is an answer, too."""
    assert list(listing().frames((), 4096, COVERAGE, last=True)) == [Processes(last=True, coverage=COVERAGE)]


def test_parts_are_acknowledged_when_their_reader_has_room() -> None:
    """The collector goes on at the pace of the slowest that reads."""
    lists = Lists()
    lists.open(3, ASKER, 0.0)
    assert lists.take(3, 0, 0.0)
    assert lists.take(3, 1, 0.0)
    assert list(lists.acknowledge(nobody, 0.0)) == []
    assert list(lists.acknowledge(everybody, 0.0)) == [(3, 0), (3, 1)]
    assert list(lists.acknowledge(everybody, 0.0)) == []


def test_parts_told_twice_or_of_nobodys_list_are_ignored() -> None:
    """What the transport repeats is shown once."""
    lists = Lists()
    lists.open(3, ASKER, 0.0)
    assert lists.take(3, 1, 0.0) is None
    assert lists.take(4, 0, 0.0) is None
    assert lists.take(3, 0, 0.0) is not None
    assert lists.take(3, 0, 0.0) is None


def test_a_list_whose_reader_went_away_is_taken_to_its_end_without_it() -> None:
    """The collector is not left with a list that nobody will ever ask to go on with."""
    lists = Lists()
    lists.open(3, ASKER, 0.0)
    lists.take(3, 0, 0.0)
    lists.forget(1)
    assert not lists.of(1)
    assert list(lists.acknowledge(nobody, 0.0)) == [(3, 0)]
    taken = lists.take(3, 1, 0.0)
    assert taken
    assert taken.asker is None
    list(taken.frames((), 4096, last=True))
    assert list(lists.acknowledge(nobody, 0.0)) == [(3, 1)]
    assert len(lists) == 0


def test_a_list_ends_when_its_last_part_is_acknowledged() -> None:
    """The place of a list is free again at once."""
    lists = Lists()
    lists.open(3, ASKER, 0.0)
    taken = lists.take(3, 0, 0.0)
    assert taken
    list(taken.frames((), 4096, last=True))
    assert (len(lists), lists.of(1)) == (1, True)
    list(lists.acknowledge(everybody, 0.0))
    assert (len(lists), lists.of(1)) == (0, False)


def test_a_list_that_the_collector_does_not_continue_expires() -> None:
    """A client hears of a collector that hangs."""
    lists = Lists()
    lists.open(3, ASKER, 0.0)
    lists.open(4, Asker(2, 1), 0.0)
    lists.take(3, 0, 0.0)  # its reader is slow: that is not the collector's fault
    assert lists.expired(PART_S - 1) == []
    assert lists.expired(PART_S) == [Asker(2, 1)]
    assert list(lists.acknowledge(everybody, PART_S)) == [(3, 0)]
    assert lists.expired(PART_S + PART_S - 1) == []
    assert lists.expired(PART_S + PART_S) == [ASKER]


def test_a_new_collector_knows_of_no_list() -> None:
    """Those who wait for the old one are told."""
    lists = Lists()
    lists.open(3, ASKER, 0.0)
    lists.open(4, Asker(2, 1), 0.0)
    lists.forget(2)
    assert lists.clear() == [ASKER]
    assert len(lists) == 0
    assert lists.close(3) is None
