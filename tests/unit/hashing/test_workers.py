"""Who works, who dies of it, and what is left alone after that."""

from __future__ import annotations

from dataclasses import replace

import pytest

from daemoneye.hashing import suspects
from daemoneye.hashing.crew import GRACE_S
from daemoneye.hashing.effects import (
    Assign,
    Grant,
    HandOver,
    Journal,
    KillWorker,
    LetWorkerGo,
    Quarantined,
    WantWorker,
)
from daemoneye.hashing.events import (
    Done,
    MoreWanted,
    Opened,
    Restored,
    SettingsChanged,
    StopRequested,
    WorkerAsked,
    WorkerDied,
    WorkerFailed,
    WorkerReady,
    WorkerStopped,
)
from daemoneye.hashing.roster import IDLE_S, START_S
from daemoneye.hashing.suspects import QUARANTINE_S, Suspect
from daemoneye.hashing.values import Priority
from daemoneye.model.process import HashStatus
from tests.fakes.hashing_floor import MIB, Floor, content, file, limits


def begun(floor: Floor) -> Floor:
    """The first event is what the store remembers."""
    return floor.tell(Restored())


def test_all_are_there_at_the_start_and_nobody_for_nothing() -> None:
    """A new pool has everybody ready; after a minute without work none; then as many as there are questions for."""
    floor = begun(Floor(limits(workers=3))).run(1)
    assert len(floor.lives) == 3
    floor.run(IDLE_S)
    assert floor.lives == {}
    floor.forget().ask(file(1))
    floor.run(1)
    assert len(floor.lives) == len(floor.said(WantWorker)) == 1
    for number in range(2, 10):
        floor.ask(file(number, MIB))
    floor.run(0.2)
    assert len(floor.lives) == 3


def test_who_dies_is_replaced_though_there_is_nothing_to_do() -> None:
    """Whoever looks a moment later finds a worker in that place, for the rest of the minute."""
    floor = begun(Floor()).run(1)
    floor.kill("hasher 1").run(0.1)
    assert set(floor.lives) == {"hasher 2", "hasher 3"}
    floor.kill("hasher 2", blameless=True).run(0.1)
    assert set(floor.lives) == {"hasher 3", "hasher 4"}
    floor.run(IDLE_S + 1)
    assert floor.lives == {}


def test_who_was_let_go_is_not_replaced() -> None:
    """An end that was wanted makes no vacancy, and neither does a death after it."""
    floor = begun(Floor()).run(IDLE_S + 1)
    assert len(floor.said(LetWorkerGo)) == 2
    floor.forget().run(600)
    assert floor.said(WantWorker) == []


def test_somebody_who_wants_to_see_one_sees_one() -> None:
    """One more, as long as there may be one more."""
    floor = begun(Floor()).run(IDLE_S + 1)
    for expected in (1, 2, 2):
        floor.tell(WorkerAsked()).run(1)
        assert len(floor.lives) == expected


def test_switched_off_there_is_nobody() -> None:
    """Not at the start, not later; switched on again, all come."""
    floor = begun(Floor(limits(enabled=False))).run(1)
    assert floor.lives == {}
    floor.tell(SettingsChanged(limits())).run(1)
    assert len(floor.lives) == 2
    floor.tell(SettingsChanged(limits(enabled=False))).run(1)
    assert floor.lives == {}


def test_deaths_far_apart_are_each_the_first() -> None:
    """Somebody who kills an idle worker now and then finds the next at once, every time; many in a row do not."""
    floor = begun(Floor(limits(workers=1))).run(1)
    for _ in range(10):
        (worker,) = floor.lives
        floor.kill(worker).run(0.1)
        assert len(floor.lives) == 1
        floor.run(IDLE_S + 1).tell(WorkerAsked()).run(1)
    for _ in range(4):
        for worker in tuple(floor.lives):
            floor.kill(worker)
        floor.run(0.1)
    assert floor.lives == {}


def test_what_is_only_being_opened_is_held_against_nobody() -> None:
    """Neither time nor a death counts for a file that no worker has had."""
    floor = Floor(limits(workers=1, file_timeout_s=1.0))
    floor.opens_late_s = 500.0
    tag = floor.ask(file(1))
    for _ in range(4):
        floor.run(50)
        assert floor.busy
        assert floor.paper.work == {}
        floor.kill(floor.busy[0])
    floor.opens_late_s = 0.1
    floor.run(50)
    assert floor.status(tag) is HashStatus.HASHED
    assert floor.said(KillWorker, Quarantined) == []


def test_a_file_is_opened_once() -> None:
    """Told twice, late, or of somebody else's job: nothing begins again."""
    floor = Floor(limits(workers=1))
    floor.ask(file(1))
    floor.hire("w")
    (handed,) = floor.said(HandOver)
    floor.forget()
    for event in (Opened("w", handed.job), Opened("w", handed.job + 1), Opened("nobody", handed.job)):
        floor.tell(event)
    assert floor.said(HandOver, Journal) == []


def test_who_has_nothing_to_do_is_let_go() -> None:
    """An idle worker ends after a minute, and the one that is of use for longest stays longest."""
    floor = Floor()
    for number in range(20):
        floor.ask(file(number, 4 * MIB))
    floor.run(10)
    assert len(floor.lives) == 2
    for number in range(20, 40):
        floor.ask(file(number))
        floor.run(5)
    assert len(floor.lives) == 1
    floor.run(IDLE_S + 1)
    assert floor.lives == {}
    assert len(floor.said(LetWorkerGo)) == 2


def test_fewer_workers_are_reached_by_letting_go() -> None:
    """A smaller number in the settings takes effect as soon as somebody has finished."""
    floor = Floor(limits(workers=4))
    for number in range(8):
        floor.ask(file(number, 40 * MIB))
    floor.run(1)
    assert len(floor.busy) == 4
    floor.tell(SettingsChanged(limits(workers=1)))
    floor.limits = limits(workers=4)
    floor.run(60)
    assert len(floor.answers) == 8
    floor.ask(file(9))
    floor.run(1)
    assert len(floor.lives) == 1


def test_a_file_that_kills_its_worker_twice_is_left_alone() -> None:
    """It is not tried for ever: it is told once, answered by name from then on, and others are hashed."""
    floor = Floor()
    floor.nature(file(1)).kills_after = 0
    tags = [floor.ask(file(1)) for _ in range(2)]
    other = floor.ask(file(2))
    floor.run()
    assert floor.status(other) is HashStatus.HASHED
    assert {floor.answer(tag)[:2] for tag in tags} == {(HashStatus.QUARANTINED, "its worker died 2 times")}
    assert floor.status(floor.ask(file(1))) is HashStatus.QUARANTINED
    (told,) = floor.said(Quarantined)
    assert (told.file, told.reason) == (file(1), "its worker died 2 times")
    assert 0 < told.until_s - floor.now.wall_s <= QUARANTINE_S


def test_a_quarantine_outlives_the_pool_and_ends_after_a_day() -> None:
    """It survives restarts without being told again; after its time the file has another two chances."""
    floor = Floor()
    floor.nature(file(1)).kills_after = 0
    floor.ask(file(1))
    floor.run()
    floor.restart().run(QUARANTINE_S - 120)
    assert floor.status(floor.ask(file(1))) is HashStatus.QUARANTINED
    floor.run(120)
    floor.nature(file(1)).kills_after = None
    tag = floor.ask(file(1))
    assert floor.paper.suspects == {}
    floor.run()
    assert floor.status(tag) is HashStatus.HASHED
    assert len(floor.said(Quarantined)) == 1


def test_a_file_that_was_mended_is_another_file() -> None:
    """What is quarantined is a content, not a path."""
    floor = Floor()
    floor.nature(file(1)).kills_after = 0
    floor.ask(file(1))
    floor.run()
    tag = floor.ask(file(1, version=1))
    floor.run()
    assert floor.status(tag) is HashStatus.HASHED


def test_a_clock_that_was_set_back_does_not_prolong_a_quarantine() -> None:
    """A day that would take a year is none."""
    floor = Floor()
    floor.nature(file(1)).kills_after = 0
    floor.ask(file(1))
    floor.run()
    floor.nature(file(1)).kills_after = None
    floor.wall_shift_s = -3e7
    tag = floor.ask(file(1))
    floor.run()
    assert floor.status(tag) is HashStatus.HASHED


def test_one_death_proves_nothing() -> None:
    """A file that was in hand when its worker was killed is read again by another, and has a clean sheet after that."""
    floor = Floor()
    for _ in range(3):
        tag = floor.ask(file(1, 40 * MIB, version=_))
        floor.run(0.3)
        floor.kill(floor.busy[0]).run()
        assert floor.status(tag) is HashStatus.HASHED
    assert floor.said(Quarantined) == []
    assert floor.paper.suspects == {}


def test_what_somebody_wanted_is_held_against_nobody() -> None:
    """Workers that are ended by an operator, however often, quarantine nothing."""
    floor = Floor()
    tag = floor.ask(file(1, 100 * MIB))
    for _ in range(5):
        floor.run(0.5)
        floor.kill(floor.busy[0], blameless=True)
    floor.run()
    assert floor.status(tag) is HashStatus.HASHED
    assert floor.paper.work == {}


def test_an_orderly_stop_is_held_against_nobody() -> None:
    """Restarting the agent, however often, quarantines nothing."""
    floor = Floor()
    tag = floor.ask(file(1, 100 * MIB))
    for _ in range(5):
        floor.run(0.5)
        floor.restart(orderly=True)
    floor.run()
    assert floor.status(tag) is HashStatus.HASHED
    assert floor.said(Quarantined) == []


def test_after_a_stop_nothing_happens_any_more() -> None:
    """The last event is the last."""
    floor = Floor()
    floor.tell(StopRequested()).forget()
    floor.ask(file(1))
    assert floor.log == []


def test_what_takes_the_whole_pool_down_is_found_out_too() -> None:
    """After the third end without a farewell the file that was in hand is left alone."""
    floor = Floor()
    tag = floor.ask(file(1, 100 * MIB))
    for _ in range(3):
        assert floor.said(Quarantined) == []
        floor.run(0.5)
        floor.restart()
    (told,) = floor.said(Quarantined)
    assert told.reason == "hashing ended 3 times while it was read"
    assert floor.status(tag) is HashStatus.QUARANTINED


def test_one_that_somebody_stopped_is_replaced_and_nothing_held_against_its_file() -> None:
    """However often: another one reads it. Who has nothing in hand is not the pool's to judge."""
    floor = Floor(limits(file_timeout_s=5.0))
    tag = floor.ask(file(1, 100 * MIB))
    for _ in range(4):
        floor.run(0.5)
        floor.tell(WorkerStopped(floor.busy[0]))
        assert floor.paper.work == {}
    assert len(floor.said(KillWorker)) == 4
    floor.tell(WorkerStopped("nobody")).run(30)
    assert floor.status(tag) is HashStatus.HASHED
    assert (floor.said(Quarantined), floor.paper.suspects) == ([], {})


def test_a_worker_that_gives_no_answer_is_killed() -> None:
    """Whoever asked hears of a timeout, the hanging worker makes room, and the second time the file is left alone."""
    floor = Floor(limits(file_timeout_s=5.0))
    floor.nature(file(1)).hangs = True
    tag = floor.ask(file(1))
    floor.run(5 + GRACE_S)
    assert tag not in floor.answers
    floor.run(1)
    assert floor.status(tag) is HashStatus.TIMEOUT
    assert len(floor.said(KillWorker)) == 1
    again = floor.ask(file(1))
    floor.run(10)
    assert floor.status(again) is HashStatus.TIMEOUT
    assert floor.status(floor.ask(file(1))) is HashStatus.QUARANTINED


def test_waiting_for_bytes_is_not_held_against_a_worker() -> None:
    """A small budget makes a large file late, not overdue."""
    floor = Floor(limits(file_timeout_s=1.0, bytes_per_second=MIB))
    tag = floor.ask(file(1, 60 * MIB))
    floor.run(100)
    assert floor.status(tag) is HashStatus.HASHED


def test_one_that_cannot_be_killed_takes_one_place_only() -> None:
    """Processes stuck in the kernel never become more than there may be workers."""
    floor = Floor(limits(file_timeout_s=1.0))
    floor.immortal = True
    for number in range(10):
        floor.nature(file(number)).hangs = True
        floor.ask(file(number))
    floor.run(300)
    assert len(floor.said(KillWorker)) == 2
    assert len(floor.said(WantWorker)) == 2


def test_starts_that_fail_are_tried_again_ever_more_slowly() -> None:
    """A worker that cannot be started costs a start every half a minute, not a processor."""
    floor = Floor(limits(workers=1))
    floor.starts_fail = True
    floor.ask(file(1))
    floor.run(0.1)
    assert len(floor.said(WantWorker)) == 2
    floor.run(500)
    assert 15 < len(floor.said(WantWorker)) < 30
    floor.starts_fail = False
    tag = floor.ask(file(2))
    floor.run(31)
    assert floor.status(tag) is HashStatus.HASHED


def test_a_start_that_nobody_answers_is_written_off() -> None:
    """If neither success nor failure is told, the place is given to another after half a minute."""
    floor = Floor(limits(workers=1), start_s=START_S + 1)
    tag = floor.ask(file(1))
    floor.run(START_S + 0.5)
    assert len(floor.said(WantWorker)) == 2
    floor.run(START_S)
    assert floor.status(tag) is HashStatus.HASHED


def test_late_and_repeated_news_change_nothing() -> None:
    """Deaths told twice, answers about jobs that are over and workers that never were are about nobody."""
    floor = Floor()
    tag = floor.ask(file(1))
    floor.hire("w")
    (assigned,) = floor.said(Assign)
    done = Done(worker="w", job=assigned.job, status=HashStatus.HASHED, known=content(file(1)), file=file(1))
    for event in (
        replace(done, job=assigned.job + 1),
        replace(done, worker="nobody"),
        MoreWanted("nobody", assigned.job, 0),
        MoreWanted("w", assigned.job + 1, 0),
        WorkerReady("w"),
        WorkerDied("nobody"),
    ):
        floor.tell(event)
    assert tag not in floor.answers
    assert floor.said(Grant, KillWorker) == []
    floor.forget().tell(done)
    assert floor.status(tag) is HashStatus.HASHED
    floor.forget().tell(done).tell(MoreWanted("w", assigned.job, 0))
    assert floor.log == []
    floor.kill("w").tell(WorkerDied("w")).tell(WorkerFailed()).tell(WorkerFailed())
    other = floor.ask(file(2))
    floor.run()
    assert floor.status(other) is HashStatus.HASHED


def test_a_worker_whose_files_nobody_wants_any_more_is_released() -> None:
    """A death after everybody has been answered is written down and leaves nothing behind."""
    floor = Floor()
    floor.ask(file(1))
    floor.hire("w").tell(SettingsChanged(limits(enabled=False)))
    floor.forget().kill("w")
    assert floor.said(Journal)[0].ended == file(1)
    floor.tell(SettingsChanged(limits()))
    tag = floor.ask(file(1))
    floor.run()
    assert floor.status(tag) is HashStatus.HASHED


def test_what_is_restored_is_known() -> None:
    """A new pool answers from what the one before it has learnt, and forgets what does not fit."""
    floor = Floor()
    kept = tuple((file(number), content(file(number))) for number in range(10_002))
    floor.paper.kept = {(8, f.ino, f.size, f.mtime_ns, f.ctime_ns): (f, known) for f, known in kept}
    floor.tell(Restored(kept=kept))
    assert [each.forget.ino for each in floor.said(Journal)] == [0, 1]
    assert floor.status(floor.ask(file(2))) is HashStatus.CACHED
    assert floor.pool.occupancies[0] == ("hash_cache", 10_000, 10_000, 2)


def test_the_cache_forgets_what_was_used_longest_ago() -> None:
    """What is asked for again stays; what has to go is taken out of the store too."""
    floor = Floor()
    kept = tuple((file(number), content(file(number))) for number in range(10_000))
    floor.paper.kept = {(8, f.ino, f.size, f.mtime_ns, f.ctime_ns): (f, known) for f, known in kept}
    floor.tell(Restored(kept=kept))
    floor.ask(file(0))
    floor.ask(file(10_000))
    floor.run()
    assert [each.forget.ino for each in floor.said(Journal) if each.forget] == [1]
    assert floor.status(floor.ask(file(0))) is HashStatus.CACHED


def test_suspects_are_bounded_too() -> None:
    """Of those that hold least the oldest are forgotten, and counted."""
    held = suspects.Suspects()
    for number in range(suspects.CAPACITY + 1):
        held.restore(Suspect(file=file(number), deaths=1))
    assert held.occupancy == ("hash_suspects", suspects.CAPACITY, suspects.CAPACITY, 1)
    assert held.clear(file(0)) is None
    assert held.clear(file(1)) == Suspect(file=file(1))


def test_a_worker_is_granted_bytes_as_it_asks() -> None:
    """A slice for each question, until the burst is used up; then when as much has flowed in."""
    floor = Floor(limits(workers=1))
    floor.ask(file(1, 100 * MIB), Priority.NEW)
    floor.hire("w")
    (assigned,) = floor.said(Assign)
    assert assigned.granted == assigned.piece == 50 * MIB // 16
    for _ in range(10):
        floor.tell(MoreWanted("w", assigned.job, 0))
    assert floor.said(Grant) == [Grant("w", assigned.job, assigned.piece)] * 3
    floor.run(0.1)
    assert len(floor.said(Grant)) == 4


def test_the_time_for_a_file_is_one_for_all_its_pieces() -> None:
    """A worker that is slow at each piece is overdue when the sum is."""
    floor = Floor(limits(workers=1, file_timeout_s=5.0))
    tag = floor.ask(file(1, 100 * MIB))
    floor.hire("w").run(4)
    floor.tell(MoreWanted("w", 1, 0)).run(2.9)
    assert tag not in floor.answers
    floor.run(0.2)
    assert floor.status(tag) is HashStatus.TIMEOUT


@pytest.mark.parametrize("said", [10**15, -(10**15)])
def test_a_worker_that_lies_about_what_it_read_ruins_nobody(said: int) -> None:
    """Neither does it get more than its share, nor are the others kept from theirs."""
    floor = Floor()
    floor.ask(file(1, 400 * MIB))
    floor.hire("w")
    (assigned,) = floor.said(Assign)
    floor.tell(MoreWanted("w", assigned.job, said))
    floor.tell(
        Done(worker="w", job=assigned.job, status=HashStatus.TIMEOUT, bytes_read=-said),
    )
    others = [floor.ask(file(number, 40 * MIB)) for number in range(2, 12)]
    floor.kill("w").run(60)
    assert {floor.status(tag) for tag in others} == {HashStatus.HASHED}
    assert floor.most_read(1.0) <= 50 * MIB * 1.25


def test_starts_are_quick_again_after_work_was_done() -> None:
    """Workers that die now and then, in days, are replaced at once."""
    floor = Floor(limits(workers=1))
    for number in range(12):
        tag = floor.ask(file(number))
        floor.run(0.2)
        assert floor.status(tag) is HashStatus.HASHED
        for worker in tuple(floor.lives):
            floor.kill(worker)


def test_who_came_back_for_another_way_is_next() -> None:
    """A job whose first way was barred does not wait once more for its turn."""
    floor = Floor(limits(workers=1))
    first, _ = floor.ask(file(1)), floor.ask(file(1))
    floor.ask(file(2))
    floor.ways = {first: HashStatus.GONE}
    floor.run()
    assert [each.file.ino for each in floor.said(Assign)] == [1, 1, 2]


def test_what_became_urgent_in_hand_is_urgent_if_it_has_to_be_done_again() -> None:
    """An alert about a file that is being read counts when its worker dies."""
    floor = Floor(limits(workers=1))
    floor.ask(file(1, 20 * MIB), Priority.BACKGROUND)
    floor.run(0.1)
    floor.ask(file(2), Priority.NEW)
    floor.ask(file(1, 20 * MIB), Priority.ALERTED)
    floor.kill(floor.busy[0]).run()
    assert [each.file.ino for each in floor.said(Assign)] == [1, 1, 2]
