"""Two scans, and what is different between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from daemoneye.lifecycle.diff import Change, Difference, diff
from daemoneye.model.event import Field
from daemoneye.model.process import Credentials, OnDisk
from tests.fakes.snapshots import OTHER_BOOT, changed, facts, file, kernel_thread, process, snapshot

if TYPE_CHECKING:
    from daemoneye.model.observation import Facts, Observation

SHELL = process(10, "sh", start=500)


def compare(then: Observation, now: Observation) -> list[Change]:
    difference = diff(snapshot(then), snapshot(now, at_s=1005))
    assert difference._replace(changed=()) == Difference()
    return list(difference.changed)


def test_the_first_scan_is_silent() -> None:
    """Turning the agent on does not report every process of the machine as new."""
    assert diff(None, snapshot(SHELL)) == Difference()


def test_another_boot_is_a_first_scan() -> None:
    """A restored virtual machine does not end and start every process."""
    assert diff(snapshot(SHELL), snapshot(process(11), machine=OTHER_BOOT)) == Difference()


def test_a_quiet_machine_has_no_differences() -> None:
    """Using the processor, memory and threads is not news."""
    assert compare(SHELL, changed(SHELL, cpu_ticks=900, rss_bytes=1, threads=4, state="running")) == []


def test_starts_and_exits_are_told_apart_and_in_order_of_their_age() -> None:
    """What came and what went, oldest first."""
    old, older = process(9, start=40), process(300, start=30)
    new, newer = process(200, start=1100), process(20, start=1200)
    difference = diff(snapshot(SHELL, old, older), snapshot(newer, new, SHELL))
    assert (difference.exited, difference.started, difference.changed) == ((older, old), (new, newer), ())


def test_a_process_younger_than_a_scan_is_reported() -> None:
    """Nothing is too young: a start in the very tick of the scan counts."""
    young = process(99, start=100_000)
    assert diff(snapshot(), snapshot(young, at_s=1000.0)).started == (young,)


def test_a_reused_pid_is_another_process() -> None:
    """One pid with two start times is one exit and one start, even when the programs are the same."""
    again = process(10, "sh", start=501)
    difference = diff(snapshot(SHELL), snapshot(again))
    assert (difference.exited, difference.started, difference.changed) == ((SHELL,), (again,), ())


def test_a_process_that_could_not_be_read_this_time_has_not_ended() -> None:
    """A process stuck in the kernel does not exit and start again in our books."""
    difference = diff(snapshot(SHELL), snapshot(unseen=frozenset({10})))
    assert (difference.held, difference.exited) == ((SHELL,), ())


@pytest.mark.parametrize(
    "seen",
    [
        facts("sh"),
        facts("sh", command_line=("sh", "-c", "true")),
        facts("busybox", executable_file=file(8)),
    ],
    ids=["same file and arguments", "other arguments", "other file"],
)
def test_another_image_is_an_exec(seen: Facts) -> None:
    """An exec is seen, also of the same file with the same arguments, and its new name is no second event."""
    now = changed(SHELL, image_mark=(9, 9, 9), seen=seen)
    assert compare(SHELL, now) == [Change(SHELL, now, executed=True, fields=())]


def test_an_exec_that_changes_the_user_is_both() -> None:
    """A set-uid program shows as an exec and as a change of credentials."""
    now = changed(SHELL, image_mark=(9,), seen=facts("su", credentials=Credentials(ruid=1000)))
    assert compare(SHELL, now) == [Change(SHELL, now, executed=True, fields=(Field.CREDENTIALS,))]


def test_a_mark_that_cannot_be_read_is_no_exec_by_itself() -> None:
    """A process that becomes unreadable has not executed anything; one that shows another command has."""
    hidden = facts("sh", executable_path=None, executable_file=None, unread=(("executable_path", "permission"),))
    assert compare(SHELL, changed(SHELL, image_mark=(), seen=hidden)) == []
    sudo = facts("sudo", executable_path=None, executable_file=None, command_line=("sudo", "id"))
    now = changed(SHELL, image_mark=(), seen=sudo)
    assert compare(SHELL, now) == [Change(SHELL, now, executed=True, fields=())]


def test_a_kernel_worker_is_renamed_by_its_work() -> None:
    """The names that the kernel gives its workers from moment to moment are no events."""
    worker = kernel_thread(40, "kworker/0:1-events")
    busy = changed(worker, comm="kworker/0:1-mm_percpu_wq", seen=facts("kworker/0:1-mm_percpu_wq"))
    assert compare(worker, busy) == []


def test_a_helper_of_the_kernel_executes_a_program() -> None:
    """A thread that the kernel turns into a program, modprobe for one, shows as an exec."""
    worker = kernel_thread(40, "kworker/u8:0")
    modprobe = process(40, "modprobe", image_mark=(7, 7), ppid=2)
    assert compare(worker, modprobe) == [Change(worker, modprobe, executed=True, fields=(Field.SESSION,))]


@pytest.mark.parametrize("state", ["zombie", "dead"])
def test_an_ended_process_changes_no_more(state: str) -> None:
    """A zombie has given back its image, its arguments and its session: that is no exec and no modification."""
    empty = facts("sh", executable_path=None, executable_file=None, command_line=())
    assert compare(SHELL, changed(SHELL, state=state, image_mark=(), session=0, ppid=0, seen=empty)) == []


def test_a_zombie_with_other_threads_has_not_ended() -> None:
    """A program that ends its first thread and runs on is watched like any other."""
    headless = changed(SHELL, state="zombie", threads=2, seen=facts("sh", on_disk=OnDisk.DELETED))
    assert [change.fields for change in compare(SHELL, headless)] == [(Field.ON_DISK,)]


@pytest.mark.parametrize(
    ("field", "fields"),
    [(Field.PPID, {"ppid": 77}), (Field.SESSION, {"session": 10}), (Field.TTY, {"tty_number": 34816})],
)
def test_what_a_sample_shows_is_noticed_without_reading_more(field: Field, fields: dict[str, Any]) -> None:
    """A new parent, session or terminal is a modification, whether or not anything else was read again."""
    assert [change.fields for change in compare(SHELL, changed(SHELL, **fields))] == [(field,)]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (Field.CREDENTIALS, Credentials(ruid=1000, euid=0)),
        (Field.LOGIN_UID, 1001),
        (Field.ROOT, "/var/empty"),
        (Field.NAME, "kworker/0:1"),
        (Field.COMMAND_LINE, ("[kworker]",)),
        (Field.EXECUTABLE_PATH, "/home/eve/.x"),
        (Field.ON_DISK, OnDisk.DELETED),
    ],
)
def test_what_a_process_changes_about_itself_is_named(field: Field, value: object) -> None:
    """A change of user, a masquerade and a deleted file are modifications, not execs."""
    known: dict[str, Any] = {"login_uid": 1000, "root": "/"}
    then = changed(SHELL, seen=facts("sh", **known))
    now = changed(SHELL, seen=facts("sh", **known | {field.value: value}))
    assert compare(then, now) == [Change(then, now, executed=False, fields=(field,))]


@pytest.mark.parametrize(
    "seen",
    [
        facts("sh", credentials=None),
        facts("sh", on_disk=OnDisk.UNKNOWN),
        facts("sh", command_line=(), unread=(("command_line", "timeout"),)),
        facts("sh"),
    ],
    ids=["credentials", "file", "command line", "read again and the same"],
)
def test_not_knowing_is_not_a_change(seen: Facts) -> None:
    """A value that could not be read, before or after, changes nothing."""
    other = changed(SHELL, seen=seen)
    assert compare(SHELL, other) == []
    assert compare(other, SHELL) == []


def test_a_sample_field_that_could_not_be_read_is_not_a_change() -> None:
    """A zero that stands for "not known" is not a new parent."""
    assert compare(SHELL, changed(SHELL, ppid=0, seen=facts("sh", unread=(("ppid", "permission"),)))) == []
