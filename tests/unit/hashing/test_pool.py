"""What becomes of a question: one answer, the right one, and in time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from daemoneye.hashing.desk import PATIENCE_S, QUESTIONS
from daemoneye.hashing.effects import Assign
from daemoneye.hashing.events import Done, SettingsChanged, Wanted
from daemoneye.hashing.values import Known, Priority
from daemoneye.model.alert import Content
from daemoneye.model.process import HashStatus
from tests.fakes.hashing_floor import EPOCH_NS, MIB, Floor, content, file, limits


def test_a_file_is_hashed_and_known_from_then_on() -> None:
    """The first to ask waits for the digests, the next has them at once."""
    floor = Floor()
    first = floor.ask(file(1))
    floor.run()
    second = floor.ask(file(1))
    assert (floor.status(first), floor.status(second)) == (HashStatus.HASHED, HashStatus.CACHED)
    assert floor.answer(first).known == floor.answer(second).known == content(file(1))
    assert floor.answer(second).file == file(1)


def test_twenty_processes_of_one_program_are_one_job() -> None:
    """A file is read once, however many ask for it while it waits or is being read."""
    floor = Floor()
    tags = [floor.ask(file(1, 8 * MIB)) for _ in range(10)]
    floor.run(0.07)
    assert floor.busy
    tags += [floor.ask(file(1, 8 * MIB)) for _ in range(10)]
    floor.run()
    assert {floor.status(tag) for tag in tags} == {HashStatus.HASHED}
    assert len(floor.said(Assign)) == 1


def test_a_question_that_comes_twice_is_answered_once() -> None:
    """Whoever repeats a question, be it for another file, is not answered twice."""
    floor = Floor()
    tag = floor.ask(file(1))
    floor.tell(Wanted(tag, file(1), Priority.ALERTED))
    floor.tell(Wanted(tag, file(2), Priority.NEW))
    floor.run()
    assert floor.status(tag) is HashStatus.HASHED
    assert len(floor.said(Assign)) == 1


def test_a_changed_file_is_another_file() -> None:
    """Any change of size or times asks for a new look."""
    floor = Floor()
    for version in range(3):
        floor.ask(file(1, version=version))
        floor.run()
    assert len(floor.said(Assign)) == 3


def test_a_question_that_waits_is_not_refused_for_another_file() -> None:
    """One question has one answer, even if it is put again about a file that is left alone."""
    floor = Floor()
    floor.nature(file(1)).kills_after = 0
    floor.ask(file(1))
    floor.run()
    floor.nature(file(2)).hangs = True
    tag = floor.ask(file(2))
    floor.tell(Wanted(tag, file(1), Priority.NEW))
    assert tag not in floor.answers


@pytest.mark.parametrize(("age_s", "expected"), [(1.9, HashStatus.HASHED), (2.1, HashStatus.CACHED)])
def test_what_was_touched_just_now_is_not_remembered(age_s: float, expected: HashStatus) -> None:
    """A file written to within the same tick of the clock would look as it did before."""
    floor = Floor()
    fresh = replace(file(1), ctime_ns=EPOCH_NS + int((floor.now_s - age_s) * 1e9))
    floor.start_s = 0.0
    floor.ask(fresh)
    floor.run(1)
    tag = floor.ask(fresh)
    floor.run()
    assert floor.status(tag) is expected


def test_a_file_from_the_future_is_not_remembered() -> None:
    """A clock that was set back says nothing about when a file was touched."""
    floor = Floor()
    floor.wall_shift_s = -1e7
    for _ in range(2):
        tag = floor.ask(file(1))
        floor.run()
        assert floor.status(tag) is HashStatus.HASHED


def test_the_more_urgent_goes_first() -> None:
    """An alert does not wait for the first look at the host."""
    floor = Floor(limits(workers=1))
    for priority in (Priority.BACKGROUND, Priority.REFRESH, Priority.NEW, Priority.ALERTED):
        floor.ask(file(priority), priority)
    floor.run()
    assert [each.file.ino for each in floor.said(Assign)] == [0, 1, 2, 3]


def test_the_most_urgent_of_those_who_ask_counts() -> None:
    """A file of the background that turns up in an alert is urgent."""
    floor = Floor(limits(workers=1))
    for number in (1, 2, 3):
        floor.ask(file(number), Priority.BACKGROUND)
    floor.ask(file(3), Priority.ALERTED)
    floor.ask(file(3), Priority.BACKGROUND)
    floor.run()
    assert [each.file.ino for each in floor.said(Assign)] == [3, 1, 2]


def test_to_be_wanted_more_urgently_is_never_a_loss() -> None:
    """A job that has waited for long keeps its place if that is better than a new one."""
    floor = Floor(limits(workers=1), start_s=400.0)
    old = floor.ask(file(1), Priority.BACKGROUND)
    floor.run(150)
    newer = floor.ask(file(2), Priority.NEW)
    floor.run(50)
    floor.ask(file(1), Priority.NEW)
    floor.hire("w").run(1)
    assert floor.said(Assign)[0].tag == old
    assert not {old, newer} & floor.answers.keys()


def test_the_background_has_its_turn() -> None:
    """However many alerts come, a job of the background is done within three minutes and what is in hand."""
    floor = Floor(limits(workers=1, bytes_per_second=MIB))
    patient = floor.ask(file(1, MIB), Priority.BACKGROUND)
    for number in range(2, 400):
        floor.ask(file(number, MIB), Priority.ALERTED)
        floor.run(0.7)
        if patient in floor.answers:
            break
    assert floor.status(patient) is HashStatus.HASHED
    assert floor.now_s < 1000 + 300


def test_there_is_room_for_so_many_questions_and_no_more() -> None:
    """When there is no room the least urgent is turned away by name; nothing is dropped in silence."""
    floor = Floor()
    floor.starts_fail = True
    old = [floor.ask(file(number), Priority.REFRESH) for number in range(QUESTIONS)]
    refused = floor.ask(file(QUESTIONS), Priority.REFRESH)
    assert floor.answer(refused) == (HashStatus.BUDGET, "10000 questions wait already", None, None)
    urgent = floor.ask(file(QUESTIONS + 1), Priority.ALERTED)
    assert floor.answer(old[-1]).reason == "made room for what is more urgent"
    assert urgent not in floor.answers
    again = floor.ask(file(0), Priority.BACKGROUND)
    assert floor.status(again) is HashStatus.BUDGET
    assert floor.pool.occupancies[1] == ("hash_questions", QUESTIONS, QUESTIONS, 3)


def test_nobody_makes_room_by_giving_up_their_own_place() -> None:
    """One more question about the file that would be done last is refused, and the others keep their job."""
    floor = Floor()
    floor.starts_fail = True
    tags = [floor.ask(file(1), Priority.BACKGROUND) for _ in range(QUESTIONS)]
    assert floor.status(floor.ask(file(1), Priority.ALERTED)) is HashStatus.BUDGET
    assert not set(tags) & floor.answers.keys()


def test_nobody_waits_for_ever() -> None:
    """Without anybody to do the work, each question is answered when its patience is at an end."""
    floor = Floor()
    floor.starts_fail = True
    tag = floor.ask(file(1))
    floor.run(PATIENCE_S - 1)
    assert tag not in floor.answers
    floor.run(2)
    assert floor.answer(tag)[:2] == (HashStatus.BUDGET, "waited for 600 s")


def test_what_the_settings_exclude_is_said_at_once() -> None:
    """Switched off and too large are answers that cost nothing."""
    floor = Floor(limits(max_file_size=100))
    assert floor.answer(floor.ask(file(1, 101)))[:2] == (HashStatus.TOO_LARGE, "101 bytes, more than 100")
    floor.tell(SettingsChanged(limits(enabled=False)))
    assert floor.status(floor.ask(file(1, 1))) is HashStatus.DISABLED
    assert floor.said(Assign) == []


def test_switching_off_answers_everybody_and_ends_the_reading() -> None:
    """Nobody waits for what will not come, and a large file is not read to its end."""
    floor = Floor(limits(workers=1))
    tags = [floor.ask(file(number, 400 * MIB)) for number in (1, 2)]
    floor.run(1)
    floor.tell(SettingsChanged(limits(enabled=False, workers=1)))
    assert [floor.status(tag) for tag in tags] == [HashStatus.DISABLED] * 2
    floor.run(5)
    assert floor.busy == []
    assert sum(amount for _, amount in floor.reads) < 60 * MIB
    floor.tell(SettingsChanged(limits(workers=1)))
    tag = floor.ask(file(3))
    floor.run()
    assert floor.status(tag) is HashStatus.HASHED


def test_fuzzy_digests_that_were_not_wanted_are_made_up_for() -> None:
    """Who switches ssdeep on gets it for files that are known without it."""
    floor = Floor(limits(ssdeep=False))
    tag = floor.ask(file(1))
    floor.run()
    assert floor.answer(tag).known == Known(Content(sha256=content(file(1)).content.sha256))
    assert floor.status(floor.ask(file(1))) is HashStatus.CACHED
    floor.tell(SettingsChanged(limits()))
    tag = floor.ask(file(1))
    floor.run()
    assert (floor.status(tag), floor.answer(tag).known) == (HashStatus.HASHED, content(file(1)))


def test_md5_that_was_not_wanted_is_made_up_for() -> None:
    """Who has packages asked from now on gets it for files that are known without it, and only once."""
    floor = Floor()
    for given, expected in ((False, None), (True, f"{1:032x}"), (False, f"{1:032x}")):
        floor.tell(SettingsChanged(limits(md5=given)))
        tag = floor.ask(file(1))
        floor.run()
        known = floor.answer(tag).known
        assert known
        assert known.md5 == expected
    assert len(floor.said(Assign)) == 2


def test_how_it_is_can_be_asked_at_any_time() -> None:
    """What waits, what was read, what cannot be had and what is left alone; in files and bytes."""
    floor = Floor(limits(workers=1))
    deadly, barred = file(1, 40 * MIB), file(2)
    floor.nature(deadly).kills_after = 0
    floor.nature(barred).outcome = HashStatus.PERMISSION
    floor.ask(deadly)
    floor.ask(barred)
    assert (floor.pool.waiting, floor.pool.bytes_read, floor.pool.short_of, floor.pool.quarantined) == (2, 0, (), 0)
    floor.run()
    floor.ask(file(3, 5000))
    floor.run()
    assert floor.pool.waiting == 0
    assert floor.pool.short_of == (("permission", 1), ("quarantined", 1))
    assert floor.pool.quarantined == 1
    assert floor.pool.bytes_read == sum(amount for _, amount in floor.reads) + 2 * (50 * MIB // 16 - 262144)


def test_a_way_that_is_barred_is_not_the_only_one() -> None:
    """If the process that led to a file is gone, the others that run it lead there too."""
    floor = Floor()
    first, second, third = tags = [floor.ask(file(1)) for _ in range(3)]
    floor.ways = {first: HashStatus.GONE, second: HashStatus.PERMISSION}
    floor.run()
    assert [floor.status(tag) for tag in tags] == [HashStatus.GONE, HashStatus.PERMISSION, HashStatus.HASHED]
    assert third == floor.said(Assign)[-1].tag


def test_another_file_in_its_place_is_not_taken_for_it() -> None:
    """Digests of what has been put there meanwhile are kept for that file, and not told of the one that was meant."""
    floor = Floor()
    floor.nature(file(1)).opened_as = file(2)
    tag = floor.ask(file(1))
    floor.run()
    assert floor.answer(tag)[:3] == (HashStatus.GONE, "another file has its place", None)
    assert floor.answer(floor.ask(file(2))).known == content(file(2))


def test_a_file_that_lost_a_name_is_the_same_file() -> None:
    """Unlinking a running program moves its change time: its digests are told, with the times they belong to."""
    floor = Floor()
    unlinked = replace(file(1), ctime_ns=file(1).ctime_ns + 5)
    floor.nature(file(1)).opened_as = unlinked
    tag = floor.ask(file(1))
    floor.run()
    assert (floor.status(tag), floor.answer(tag).file) == (HashStatus.HASHED, unlinked)


@pytest.mark.parametrize(
    "status",
    [
        HashStatus.CHANGED_WHILE_READ,
        HashStatus.TIMEOUT,
        HashStatus.NOT_REGULAR,
        HashStatus.REMOTE_FILESYSTEM,
        HashStatus.TOO_LARGE,
    ],
)
def test_a_failure_is_told_by_its_name(status: HashStatus) -> None:
    """Everybody who asked hears why there are no digests, and the next one has it tried again."""
    floor = Floor()
    floor.nature(file(1)).outcome = status
    tags = [floor.ask(file(1)) for _ in range(2)]
    floor.run()
    assert [floor.answer(tag) for tag in tags] == [(status, status.label, None, None)] * 2
    floor.ask(file(1))
    assert len(floor.said(Assign)) == 2


@pytest.mark.parametrize(
    ("status", "known"),
    [
        (HashStatus.HASHED, None),
        (HashStatus.HASHED, Known(Content(sha256="A" * 64))),
        (HashStatus.HASHED, Known(Content(sha256="0" * 63))),
        (HashStatus.HASHED, Known(Content(sha256="0" * 64, ssdeep="3:\ud800:"))),
        (HashStatus.HASHED, Known(Content(sha256="0" * 64), "\x1b[2J")),
        (HashStatus.HASHED, Known(Content(sha256="0" * 64), "x" * 201)),
        (HashStatus.HASHED, Known(Content(sha256="0" * 64), md5="0" * 31)),
        (HashStatus.CACHED, content(file(1))),
        (HashStatus(77), None),
    ],
)
def test_a_worker_is_not_believed_nonsense(status: HashStatus, known: Known | None) -> None:
    """A digest that is none is not passed on and not remembered."""
    floor = Floor()
    tag = floor.ask(file(1))
    floor.hire("w")
    (assigned,) = floor.said(Assign)
    floor.tell(Done(worker="w", job=assigned.job, status=status, known=known, file=file(1), bytes_read=1000))
    assert floor.status(tag) is HashStatus.UNSPECIFIED
    assert floor.paper.kept == {}
