"""What is asked about a program, when it is asked again, and when there is enough of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from daemoneye.actors.inquiries import PARTING_MS, UNQUIET_MS, Inquiries
from daemoneye.hashing.values import Priority
from daemoneye.integrity.sighting import Hashed, Need, Now, Sighting
from daemoneye.integrity.verdicts import PATIENCE_MS
from daemoneye.messages.hashing import Ask, FileAnswer, Question
from daemoneye.model.alert import AlertProcess, PackageVerdict
from daemoneye.model.process import FileIdentity, HashStatus, OnDisk
from tests.fakes.executables import content

if TYPE_CHECKING:
    from collections.abc import Iterable

RUNNING, THERE, PACKAGE = Need.RUNNING, Need.THERE, Need.PACKAGE
ALL = frozenset(Need)
FILE, OTHER = FileIdentity(dev=1, ino=7, size=1), FileIdentity(dev=1, ino=8, size=1)


def at(ms: int) -> Now:
    return Now(1_000_000 + ms, ms * 1_000_000, "boot")


def sighting(pid: int = 1, **more: Any) -> Sighting:
    process = AlertProcess(pid=pid, entity_id=f"e{pid}", name="prog", executable="/prog")
    given: dict[str, Any] = {"path": "/prog", "file": FILE, "on_disk": OnDisk.PRESENT, "detected_ms": 0} | more
    return Sighting(process=process, start_ticks=77, **given)


REPLACED: dict[str, Any] = {"on_disk": OnDisk.REPLACED, "file_there": OTHER}


class Desk:
    """Inquiries with somebody who takes what is asked."""

    def __init__(self, **limits: int) -> None:
        self.inquiries = Inquiries(100, **limits)
        self.inquiries.hashing_arrived()
        self.asked: dict[int, Question] = {}
        self.ms = 0

    def see(self, seen: Sighting, *needs: Need, is_new: bool = True) -> bool:
        seen = self.inquiries.renewed(seen, at(self.ms))
        return self.judge(seen, needs, is_new=is_new)

    def judge(self, seen: Sighting, needs: Iterable[Need], *, is_new: bool = True) -> bool:
        kept = self.inquiries.judged(seen, frozenset(needs), at(self.ms), is_new=is_new)
        self.take()
        return kept

    def take(self) -> list[Question]:
        new: list[Question] = []
        while isinstance(ask := self.inquiries.to_ask.to_say(), Ask):
            new += ask.questions
            self.inquiries.to_ask.taken(ask.number)
        self.asked |= {each.number: each for each in new}
        return new

    def answer(self, question: Question, status: HashStatus = HashStatus.HASHED, text: str = "good") -> None:
        held = content(text) if status is HashStatus.HASHED else None
        self.inquiries.answered(FileAnswer(questions=(question.number,), status=status, content=held), at(self.ms))

    def wait(self, ms: int) -> list[Question]:
        self.ms += ms
        self.inquiries.tick(at(self.ms))
        return self.take()

    @property
    def entries(self) -> int:
        return self.inquiries.occupancy.entries


def test_a_question_says_who_runs_what() -> None:
    """And how urgent it is."""
    desk = Desk()
    desk.see(sighting(mount_namespace=5), RUNNING)
    assert list(desk.asked.values()) == [
        Question(number=101, file=FILE, pid=1, start_ticks=77, there=False, priority=Priority.NEW, mount_namespace=5)
    ]


@pytest.mark.parametrize(
    ("seen", "is_new", "expected"),
    [
        (sighting(), True, Priority.NEW),
        (sighting(), False, Priority.REFRESH),
        (sighting(**REPLACED), False, Priority.ALERTED),
        (sighting(on_disk=OnDisk.DELETED), True, Priority.ALERTED),
        (sighting(on_disk=OnDisk.MEMFD), True, Priority.ALERTED),
    ],
)
def test_what_somebody_is_about_to_be_told_of_goes_first(seen: Sighting, is_new: bool, expected: Priority) -> None:
    """Then what was never seen."""
    desk = Desk()
    desk.see(seen, RUNNING, is_new=is_new)
    assert {each.priority for each in desk.asked.values()} == {expected}


def test_it_is_judged_when_all_is_in() -> None:
    """Not before; the package database is asked when the digest is there by which it goes."""
    desk = Desk()
    desk.see(sighting(**REPLACED), *ALL)
    running, there = desk.asked.values()
    assert (running.there, there.there, there.file) == (False, True, OTHER)
    assert not desk.inquiries.has_package_questions
    desk.answer(there, text="evil")
    asked = desk.inquiries.package_question()
    assert asked
    assert asked.there.content == content("evil")
    desk.inquiries.package_said(asked, PackageVerdict())
    assert desk.inquiries.ready() == []
    desk.answer(running)
    (ready,) = desk.inquiries.ready()
    assert (ready.running.content, ready.package) == (content("good"), PackageVerdict())
    assert desk.inquiries.ready() == []
    desk.judge(ready, ())
    assert desk.entries == desk.inquiries.waiting == 0


def test_a_package_database_that_is_busy_is_asked_with_the_next_tick() -> None:
    """And not before."""
    desk = Desk()
    desk.see(sighting(on_disk=OnDisk.DELETED), PACKAGE)
    asked = desk.inquiries.package_question()
    assert asked
    desk.inquiries.package_said(asked, None)
    assert desk.inquiries.package_question() is None
    desk.wait(1000)
    assert desk.inquiries.package_question() == asked


def test_answers_nobody_waits_for_change_nothing() -> None:
    """A number that was never given, one that was answered, one of a closed case."""
    desk = Desk()
    desk.see(sighting(), RUNNING)
    (question,) = desk.asked.values()
    desk.answer(replace(question, number=9))
    assert desk.inquiries.ready() == []
    desk.judge(sighting(running=Hashed(HashStatus.HASHED, content("good"))), ())
    desk.answer(question)
    assert desk.inquiries.ready() == []
    assert desk.entries == 0


def test_what_was_read_of_a_file_stays_with_it() -> None:
    """The same process is seen otherwise: what is known of the same file is not asked again, and waiting goes on."""
    desk = Desk()
    desk.see(sighting(**REPLACED), RUNNING, THERE)
    running, there = desk.asked.values()
    desk.answer(running)
    desk.ms = 5000
    again = desk.inquiries.renewed(sighting(on_disk=OnDisk.DELETED), at(5000))
    assert again.running.content == content("good")
    assert again.detected_ms == at(0).wall_ms
    desk.answer(there)
    assert desk.inquiries.ready() == []


def test_an_answer_about_another_file_is_none() -> None:
    """The process has executed something else meanwhile."""
    desk = Desk()
    desk.see(sighting(), RUNNING)
    (old,) = desk.asked.values()
    desk.see(sighting(file=OTHER), RUNNING)
    desk.answer(old, text="old")
    assert desk.inquiries.ready() == []
    desk.answer(desk.asked[old.number + 1], text="new")
    (ready,) = desk.inquiries.ready()
    assert ready.running.content == content("new")


def test_a_change_begins_to_wait_when_it_is_seen() -> None:
    """A first look that takes long must not cut short what happens during it."""
    desk = Desk()
    desk.see(sighting(), RUNNING)
    desk.ms = PATIENCE_MS - 1
    again = desk.inquiries.renewed(sighting(**REPLACED), at(desk.ms))
    assert again.detected_ms == at(desk.ms).wall_ms


def test_patience_is_over_once() -> None:
    """What comes later is still taken."""
    desk = Desk()
    desk.see(sighting(), RUNNING)
    desk.wait(PATIENCE_MS - 1)
    assert desk.inquiries.ready() == []
    desk.wait(1)
    (ready,) = desk.inquiries.ready()
    desk.judge(ready, [RUNNING])
    desk.wait(PATIENCE_MS)
    assert desk.inquiries.ready() == []
    (question,) = desk.asked.values()
    desk.answer(question)
    (ready,) = desk.inquiries.ready()
    assert ready.running.content == content("good")


@pytest.mark.parametrize(
    ("status", "after_ms"),
    [(HashStatus.BUDGET, 60_000), (HashStatus.PERMISSION, 60_000), (HashStatus.DISABLED, 600_000)],
)
def test_what_could_not_be_had_is_asked_again(status: HashStatus, after_ms: int) -> None:
    """While the process lives, and behind everything else."""
    desk = Desk()
    desk.judge(sighting(running=Hashed(status)), ())
    assert (desk.entries, desk.inquiries.waiting) == (1, 0)
    assert desk.wait(after_ms - 1) == []
    (question,) = desk.wait(1)
    assert question.priority == Priority.BACKGROUND
    desk.inquiries.ended(["e1"], at(desk.ms))
    assert desk.entries == 0


def test_what_is_gone_is_not_asked_again() -> None:
    """There is nothing left to ask for."""
    desk = Desk()
    desk.judge(sighting(running=Hashed(HashStatus.GONE)), ())
    assert desk.entries == 0


def test_what_is_written_to_is_read_again_soon() -> None:
    """Until nobody wants to wait any more: then that is the answer."""
    desk = Desk()
    desk.see(sighting(**REPLACED), THERE)
    (question,) = desk.asked.values()
    desk.answer(question, HashStatus.CHANGED_WHILE_READ)
    assert desk.inquiries.ready() == []
    (question,) = desk.wait(UNQUIET_MS)
    desk.wait(PATIENCE_MS)
    (ready,) = desk.inquiries.ready()
    desk.judge(ready, [THERE])
    desk.answer(question, HashStatus.CHANGED_WHILE_READ)
    (ready,) = desk.inquiries.ready()
    assert ready.there.status is HashStatus.CHANGED_WHILE_READ


def test_a_process_that_ends_leaves_its_question() -> None:
    """For as long as it takes to read an open file; then it is gone, and the package database may still be asked."""
    desk = Desk()
    desk.see(sighting(**REPLACED), *ALL)
    desk.inquiries.keep_only(["e2"], at(0))
    desk.inquiries.ended(["e1", "e3"], at(5000))  # to hear it twice changes nothing
    desk.wait(PARTING_MS - 1)
    assert desk.inquiries.ready() == []
    desk.wait(1)
    asked = desk.inquiries.package_question()
    assert asked
    assert asked.there.status is HashStatus.GONE
    desk.inquiries.package_said(asked, PackageVerdict())
    (ready,) = desk.inquiries.ready()
    assert ready.running.status is HashStatus.GONE
    assert not desk.judge(ready, ()), "that was the last of it"
    assert desk.entries == 0


def test_whoever_is_seen_again_has_not_ended() -> None:
    """Somebody could not see it for a while."""
    desk = Desk()
    desk.see(sighting(), RUNNING)
    desk.inquiries.ended(["e1"], at(0))
    assert desk.see(sighting(), RUNNING)
    desk.wait(PARTING_MS)
    assert desk.inquiries.ready() == []


def test_what_of_an_ended_process_nobody_answers() -> None:
    """It is judged when patience is over, and closed whatever else is wanted."""
    desk = Desk()
    desk.see(sighting(on_disk=OnDisk.DELETED), PACKAGE)
    desk.inquiries.ended(["e1"], at(0))
    desk.wait(PATIENCE_MS)
    (ready,) = desk.inquiries.ready()
    assert not desk.judge(ready, [PACKAGE])
    assert desk.entries == 0


def test_a_hashing_that_was_restarted_is_asked_all_again() -> None:
    """Under the numbers that the questions have, and without what was closed meanwhile."""
    desk = Desk()
    desk.see(sighting(1), RUNNING)
    desk.see(sighting(2), RUNNING)
    desk.judge(sighting(2, running=Hashed(HashStatus.HASHED, content("good"))), ())
    desk.inquiries.hashing_arrived()
    (question,) = desk.take()
    assert (question.number, question.pid) == (101, 1)


def test_room_is_bounded() -> None:
    """Where there is none a program that is in its place is turned away, and one that is not displaces another."""
    desk = Desk(most=2)
    desk.see(sighting(1), RUNNING)
    desk.see(sighting(2), RUNNING)
    desk.see(sighting(3), RUNNING)
    assert desk.inquiries.occupancy[1:] == (2, 2, 1)
    desk.see(sighting(4, on_disk=OnDisk.DELETED), RUNNING)
    assert desk.inquiries.occupancy[1:] == (2, 2, 2)
    assert max(each.pid for each in desk.asked.values()) == 4


def test_other_rules_are_another_judgement() -> None:
    """Whoever waits is judged by them at once; whoever is only tried again is not."""
    desk = Desk()
    desk.see(sighting(1), RUNNING)
    desk.judge(sighting(2, running=Hashed(HashStatus.BUDGET)), ())
    desk.inquiries.reconsider()
    assert [each.process.pid for each in desk.inquiries.ready()] == [1]
