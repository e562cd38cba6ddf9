"""Facts that do not fit the picture, by name."""

from __future__ import annotations

import pytest

from daemoneye.lifecycle.suspicion import FUTURE_TOLERANCE_S, at_exec, at_start
from daemoneye.model.event import Suspicion
from daemoneye.model.process import OnDisk
from tests.fakes.snapshots import HZ, changed, facts, kernel_thread, process, snapshot

INIT = process(1, "init", start=0, ppid=0)
SHELL = process(10, "sh", start=500)
NOW = snapshot(INIT, SHELL, at_s=1000.0)
BY_PID = {key.pid: key for key in NOW.processes}


def test_an_ordinary_start_is_not_suspicious() -> None:
    """Normal life raises nothing."""
    assert at_start(process(20, start=99_000, ppid=10), NOW, BY_PID) == ()
    assert at_start(kernel_thread(21), NOW, BY_PID) == ()


@pytest.mark.parametrize(("beyond_s", "suspicions"), [(0, ()), (1, (Suspicion.START_IN_FUTURE,))])
def test_a_start_after_the_scan_is_named(beyond_s: int, suspicions: tuple[Suspicion, ...]) -> None:
    """A start is in the future when it lies beyond what the scan itself can take, and only then."""
    start = round((NOW.monotonic_s + FUTURE_TOLERANCE_S + beyond_s) * HZ)
    assert at_start(process(20, start=start), NOW, BY_PID) == suspicions


def test_setting_the_clock_accuses_nobody() -> None:
    """The wall clock may be stepped back a year: starts are held against the clock they are counted in."""
    stepped = snapshot(INIT, at_s=1000.0)
    assert (
        at_start(
            process(20, start=99_999),
            stepped.__class__(machine=stepped.machine, wall_ms=0, monotonic_s=1000.0, processes=stepped.processes),
            BY_PID,
        )
        == ()
    )


@pytest.mark.parametrize(
    ("pid", "ppid", "start"), [(20, 10, 499), (10, 10, 500)], ids=["parent is younger", "parent is itself"]
)
def test_a_parent_that_cannot_be_is_named(pid: int, ppid: int, start: int) -> None:
    """A process whose parent started later, or is itself, is pointed out."""
    assert at_start(process(pid, ppid=ppid, start=start), NOW, BY_PID) == (Suspicion.PARENT_MISMATCH,)


def test_a_parent_nobody_sees_is_no_mismatch() -> None:
    """Parents end while we look, and some live outside of a container: absence accuses nobody."""
    assert at_start(process(20, ppid=4000), NOW, BY_PID) == ()
    assert at_start(process(20, ppid=0), NOW, BY_PID) == ()


@pytest.mark.parametrize("on_disk", [OnDisk.DELETED, OnDisk.REPLACED, OnDisk.MEMFD])
def test_an_image_that_is_not_on_disk_is_named(on_disk: OnDisk) -> None:
    """Code that starts without its file is pointed out, at a start and at an exec."""
    fileless = changed(SHELL, seen=facts("sh", on_disk=on_disk))
    assert at_start(fileless, NOW, BY_PID) == (Suspicion.DELETED_IMAGE,)
    assert at_exec(fileless) == (Suspicion.DELETED_IMAGE,)
    assert at_exec(SHELL) == ()
