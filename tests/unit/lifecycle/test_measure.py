"""Coverage is a number, at every scan."""

from __future__ import annotations

import pytest

from daemoneye.lifecycle.diff import diff
from daemoneye.lifecycle.measure import measure
from daemoneye.model.coverage import Coverage
from daemoneye.model.observation import Losses, Snapshot
from tests.fakes.snapshots import OTHER_BOOT, changed, facts, kernel_thread, process, snapshot


def coverage(before: Snapshot | None, after: Snapshot) -> Coverage:
    return measure(before, after, diff(before, after))


def test_everything_is_counted_once() -> None:
    """Seen is fully read plus partly read; each reason counts the processes it held up."""
    unread = (("cwd", "permission"), ("executable_path", "permission"))
    partly = process(1, seen=facts(unread=unread))
    twice = process(2, seen=facts(unread=(*unread, ("tty", "gone"))))
    losses = Losses(vanished=3, malformed=2, timeout=1, refused=5, hidden=True)
    assert coverage(None, snapshot(partly, twice, process(3), kernel_thread(4), losses=losses)) == Coverage(
        seen=4,
        fully_read=2,
        partly_read=2,
        partly_read_by_reason=(("gone", 1), ("permission", 2)),
        kernel_threads=1,
        vanished=3,
        malformed=2,
        timeout=1,
        refused=5,
        hidden=True,
    )


def test_what_the_system_tells_nobody_does_not_count() -> None:
    """A record with all that this system tells is fully read, and what it does not tell is no reason beside others."""
    lacking = ("linux.lsm_label", "unsupported")
    whole = process(1, seen=facts(unread=(lacking,)))
    partly = process(2, seen=facts(unread=(lacking, ("cwd", "permission"))))
    counted = coverage(None, snapshot(whole, partly))
    assert (counted.fully_read, counted.partly_read) == (1, 1)
    assert counted.partly_read_by_reason == (("permission", 1),)


def test_a_kernel_thread_is_fully_read() -> None:
    """A kernel thread has no executable to miss: it does not lower the coverage."""
    thread = kernel_thread(4)
    thread = changed(thread, seen=facts("kthreadd", unread=(("executable_path", "gone"),)))
    assert coverage(None, snapshot(thread)).fully_read == 1


def test_without_an_earlier_scan_there_is_nothing_to_compare() -> None:
    """The first scan, and the first of another boot, say that they do not know instead of saying zero."""
    for before in (None, snapshot(process(1), forks=5)):
        first = coverage(before, snapshot(process(2), machine=OTHER_BOOT, forks=9))
        assert (first.started, first.exited, first.came_and_went_at_most) == (None, None, None)


def test_starts_and_exits_are_counted() -> None:
    """A scan says how many came and went in plain sight."""
    second = coverage(snapshot(process(1), process(2)), snapshot(process(2), process(3), process(4)))
    assert (second.started, second.exited) == (2, 1)


@pytest.mark.parametrize(
    ("forks", "unseen"),
    [(100, 0), (101, 0), (104, 0), (110, 6), (99, None), (None, None)],
    ids=["none", "fewer than seen", "all seen", "six unseen", "counter went back", "no counter"],
)
def test_forks_that_nothing_explains_came_and_went(forks: int | None, unseen: int | None) -> None:
    """What the kernel started, less the new processes and threads in sight, was missed: never less than none."""
    known, shrinking, new = process(1, threads=2), process(2, threads=9), process(3, threads=2)
    before = snapshot(known, shrinking, forks=100)
    after = snapshot(changed(known, threads=4), changed(shrinking, threads=1), new, forks=forks)
    assert coverage(before, after).came_and_went_at_most == unseen


def test_a_counter_that_was_not_there_before_says_nothing() -> None:
    """One reading of a counter is no difference."""
    assert coverage(snapshot(), snapshot(forks=5)).came_and_went_at_most is None
