"""Snapshots in, facts out."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

from daemoneye.lifecycle.tracker import Scan, Tracker
from daemoneye.model.event import Exec, Exited, Field, Modified, Started, Suspicion
from daemoneye.model.process import OnDisk
from tests.fakes.snapshots import MACHINE, OTHER_BOOT, changed, facts, kernel_thread, process, snapshot

if TYPE_CHECKING:
    from daemoneye.model.observation import Observation, Snapshot

INIT = process(1, "init", start=0, ppid=0)
SHELL = process(10, "sh", start=500)
ANY = facts()
VI = process(20, "vi", start=100_100, ppid=10)


def observe(*snapshots: Snapshot) -> Scan:
    tracker = Tracker()
    return [tracker.observe(each) for each in snapshots][-1]


def test_the_baseline_is_silent_and_says_so() -> None:
    """The first scan reports coverage and records, and no events."""
    scan = observe(snapshot(INIT, SHELL))
    assert (scan.baseline, scan.events, scan.coverage.seen) == (True, (), 2)
    assert [record.pid for record in scan.records()] == [1, 10]


def test_a_start_tells_where_it_came_from() -> None:
    """A new process is reported with its ancestors, its lasting name and the time of the scan."""
    scan = observe(snapshot(INIT, SHELL), snapshot(INIT, SHELL, VI, at_s=1005))
    assert not scan.baseline
    (event,) = scan.events
    assert isinstance(event, Started)
    assert (event.key, event.observation, event.suspicions) == (VI.key, VI, ())
    assert event.entity_id == MACHINE.entity_id(VI.key)
    assert [ancestor.name for ancestor in event.ancestors] == ["sh", "init"]
    assert (event.detected_ms, event.detected_monotonic_s) == (round((MACHINE.boot_time_s + 1005) * 1000), 1005)


def test_an_exit_tells_how_long_it_ran() -> None:
    """The run time reaches to the scan that missed the process, and the doubt to the one that last saw it."""
    scan = observe(snapshot(INIT, SHELL, VI, at_s=1003), snapshot(INIT, SHELL, at_s=1008))
    (event,) = scan.events
    assert isinstance(event, Exited)
    assert (event.observation, event.run_time_s, event.run_time_error_s) == (VI, 7.0, 5.0)
    assert [ancestor.name for ancestor in event.ancestors] == ["sh", "init"]


def test_the_doubt_about_a_run_time_is_not_longer_than_the_run_time() -> None:
    """A process that started during the scan that saw it ran no longer than since its start."""
    (event,) = observe(snapshot(VI, at_s=1000.5), snapshot(at_s=1008)).events
    assert isinstance(event, Exited)
    assert (event.run_time_s, event.run_time_error_s) == (7.0, 7.0)


def test_who_ended_without_descendants_is_forgotten() -> None:
    """The memory of ancestors follows the living."""
    tracker = Tracker()
    tracker.observe(snapshot(INIT, SHELL, VI))
    tracker.observe(snapshot(INIT))
    assert tracker.occupancies[0].entries == 1


def test_no_run_time_is_negative() -> None:
    """A clock that makes no sense does not make a process end before it began."""
    (event,) = observe(snapshot(VI, at_s=1003), snapshot(at_s=900)).events
    assert isinstance(event, Exited)
    assert (event.run_time_s, event.run_time_error_s) == (0.0, 0.0)


def test_pid_reuse_is_an_exit_and_then_a_start() -> None:
    """A pid is free before it is used again, in this order."""
    again = process(10, "sh", start=100_200)
    events = observe(snapshot(SHELL), snapshot(again, at_s=1005)).events
    assert [(type(event), event.observation) for event in events] == [(Exited, SHELL), (Started, again)]


def test_an_exec_shows_both_images() -> None:
    """Before and after, under one lasting name; fileless code is pointed out."""
    now = changed(SHELL, image_mark=(9,), ppid=7, seen=facts("x", on_disk=OnDisk.MEMFD))
    executed, modified = observe(snapshot(SHELL), snapshot(now)).events
    assert isinstance(executed, Exec)
    assert (executed.before, executed.observation, executed.suspicions) == (SHELL, now, (Suspicion.DELETED_IMAGE,))
    assert isinstance(modified, Modified)
    assert (modified.before, modified.observation, modified.fields) == (SHELL, now, (Field.PPID,))
    assert executed.entity_id == modified.entity_id == MACHINE.entity_id(SHELL.key)


def test_an_orphan_keeps_its_ancestors() -> None:
    """The kernel hands an orphan to init; its events still say who started it."""
    orphan = changed(VI, ppid=1)
    tracker = Tracker()
    tracker.observe(snapshot(INIT, SHELL, VI))
    tracker.observe(snapshot(INIT, orphan))
    (event,) = tracker.observe(snapshot(INIT)).events
    assert [ancestor.name for ancestor in event.ancestors] == ["sh", "init"]


def test_a_process_is_known_to_others_by_what_it_became() -> None:
    """The child of a process that executed another program has that program for a parent."""
    scan = observe(
        snapshot(INIT, SHELL),
        snapshot(INIT, changed(SHELL, image_mark=(9,), seen=facts("zsh"))),
        snapshot(INIT, changed(SHELL, image_mark=(9,), seen=facts("zsh")), VI),
    )
    started = [event for event in scan.events if isinstance(event, Started)]
    assert [ancestor.name for ancestor in started[0].ancestors] == ["zsh", "init"]


def test_a_suspicious_start_names_its_reason() -> None:
    """A parent that is younger than its child is pointed out and not believed."""
    late = process(30, "late", start=100_300, ppid=1)
    child = process(31, "child", start=100_200, ppid=30)
    _, event = observe(snapshot(INIT), snapshot(INIT, late, child)).events[::-1]
    assert isinstance(event, Started)
    assert (event.suspicions, event.ancestors) == ((Suspicion.PARENT_MISMATCH,), ())


def test_another_boot_begins_anew() -> None:
    """After a reboot nothing of the boot before is reported or remembered."""
    tracker = Tracker()
    tracker.observe(snapshot(INIT, SHELL, VI))
    scan = tracker.observe(snapshot(INIT, machine=OTHER_BOOT))
    assert (scan.baseline, scan.events, tracker.occupancies[0].entries) == (True, (), 1)


def test_a_stuck_process_neither_ends_nor_starts() -> None:
    """However long a process cannot be read, it is one process; when it is gone at last, it ended once."""
    tracker = Tracker()
    tracker.observe(snapshot(INIT, SHELL))
    stuck = snapshot(INIT, unseen=frozenset({10}))
    for _ in range(3):
        scan = tracker.observe(stuck)
        assert (scan.events, scan.coverage.seen) == ((), 1)
    assert tracker.observe(snapshot(INIT, SHELL)).events == ()
    tracker.observe(stuck)
    assert [type(event) for event in tracker.observe(snapshot(INIT)).events] == [Exited]


def test_a_pid_reused_while_it_was_stuck_is_another_process() -> None:
    """The one that was held on to is let go when another answers under its pid."""
    tracker = Tracker()
    tracker.observe(snapshot(SHELL))
    tracker.observe(snapshot(unseen=frozenset({10})))
    assert [type(event) for event in tracker.observe(snapshot(process(10, start=600))).events] == [Exited, Started]


def test_load_is_between_scans_and_since_the_start_at_first() -> None:
    """The first scan shows what ps shows, every later one what happened since."""
    tracker = Tracker()
    first = tracker.observe(snapshot(changed(SHELL, cpu_ticks=9950), at_s=1000))
    assert first.cpu_usage(SHELL.key) == 10.0
    second = tracker.observe(snapshot(changed(SHELL, cpu_ticks=10_200), at_s=1005))
    assert second.record(SHELL.key).cpu_usage == 50.0


def test_load_after_a_gap_is_not_exaggerated() -> None:
    """Time used during scans that could not see a process is not put into the last interval."""
    tracker = Tracker()
    tracker.observe(snapshot(changed(SHELL, cpu_ticks=0), at_s=1000))
    tracker.observe(snapshot(at_s=1100, unseen=frozenset({10})))
    scan = tracker.observe(snapshot(changed(SHELL, cpu_ticks=9950), at_s=1000 + 1 / 100, unseen=frozenset()))
    assert scan.cpu_usage(SHELL.key) == pytest.approx(10.0, rel=0.001)


def test_a_kernel_thread_is_a_process_like_any_other() -> None:
    """Kernel threads come, are counted and have an ancestor; nothing about them is suspicious."""
    kthreadd = kernel_thread(2, "kthreadd", ppid=0, start=0)
    (event,) = observe(snapshot(kthreadd), snapshot(kthreadd, kernel_thread(40, start=2000))).events
    assert isinstance(event, Started)
    assert (event.suspicions, [each.name for each in event.ancestors]) == ((), ["kthreadd"])


def test_nothing_grows_over_a_thousand_scans_of_churn() -> None:
    """A machine that starts and ends processes all day costs the same memory in the evening."""
    tracker = Tracker(genealogy_capacity=100)
    objects: list[int] = []
    for turn in range(1000):
        tracker.observe(_busy(turn))
        assert all(each.entries <= each.capacity for each in tracker.occupancies)
        if turn in {200, 999}:
            gc.collect()
            objects.append(len(gc.get_objects()))
    assert objects[1] == pytest.approx(objects[0], abs=50)
    assert tracker.occupancies[0].evictions > 0


def _busy(turn: int) -> Snapshot:
    """Ten residents, twenty new leaves at each turn, and three that hop: each turn a child of the one before."""
    residents = [process(pid, seen=ANY, start=pid, ppid=pid - 1) for pid in range(1, 11)]
    leaves = [process(100 + n, seen=ANY, start=1000 + turn, ppid=1 + n % 10) for n in range(20)]
    hops = [_hop(lane, generation, turn) for lane in range(3) for generation in (turn, turn + 1)]
    return snapshot(*residents, *leaves, *hops, at_s=1000 + turn * 5, forks=turn * 60)


def _hop(lane: int, generation: int, turn: int) -> Observation:
    pids = [1000 + 2 * lane, 1001 + 2 * lane]
    parent = pids[(generation - 1) % 2] if generation > turn else 1
    return process(pids[generation % 2], seen=ANY, start=1000 + generation, ppid=parent)
