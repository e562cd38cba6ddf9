"""From an observation to the record that is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from daemoneye.lifecycle.records import record
from daemoneye.model.process import OnDisk, ProcessRecord
from tests.fakes.snapshots import BOOTED_AT_S, MACHINE, changed, facts, file, process

SHELL = process(10, "sh", start=1299, ppid=4, cpu_ticks=1234, rss_bytes=8192, threads=2, session=9, process_group=8)


def told(**seen: object) -> ProcessRecord:
    return record(MACHINE, changed(SHELL, seen=facts("sh", **seen)), collected_ms=77, cpu_usage=1.5)


def test_a_record_says_what_was_seen() -> None:
    """Every field that clients know carries the observed value, in its unit."""
    shell = told(cwd="/", root="/", tty="pts/0", login_uid=1000)
    assert (shell.pid, shell.ppid, shell.name, shell.executable_path) == (10, 4, "sh", "/usr/bin/sh")
    assert (shell.command_line, shell.user_id, shell.accessible) == (("sh",), "1000", True)
    assert (shell.start_time, shell.collection_time) == (int(BOOTED_AT_S) + 12, 77)
    assert (shell.cpu_usage, shell.cpu_time_ms, shell.memory_usage, shell.threads) == (1.5, 12_340, 8192, 2)
    assert (shell.entity_id, shell.start_ticks, shell.boot_id) == (MACHINE.entity_id(SHELL.key), 1299, "boot-1")
    assert (shell.session, shell.process_group, shell.state, shell.executable_file) == (9, 8, "sleeping", file())
    assert (shell.cwd, shell.root, shell.tty, shell.login_uid) == ("/", "/", "pts/0", 1000)
    assert shell.executable_hash is None


@pytest.mark.parametrize(
    ("on_disk", "exists", "mismatch"),
    [
        (OnDisk.PRESENT, True, False),
        (OnDisk.DELETED, False, True),
        (OnDisk.REPLACED, True, True),
        (OnDisk.MEMFD, False, False),
        (OnDisk.UNKNOWN, False, False),
    ],
)
def test_the_file_and_the_image_are_two_facts(on_disk: OnDisk, exists: bool, mismatch: bool) -> None:
    """Whether a file is there and whether it is the one that runs are answered apart, for every case."""
    shell = told(on_disk=on_disk)
    assert (shell.file_exists, shell.on_disk_mismatch, shell.on_disk) == (exists, mismatch, on_disk)


def test_only_a_refusal_makes_a_process_inaccessible() -> None:
    """A file that went away was accessible; one that may not be read was not."""
    assert told(unread=(("cwd", "gone"),)).accessible
    assert not told(unread=(("cwd", "gone"), ("executable_path", "permission"))).accessible


def test_what_follows_from_the_disk_is_unknown_with_it() -> None:
    """Where nobody could look, whether a file is there is not answered, and the reason stands beside it."""
    assert told(unread=(("on_disk", "timeout"),)).unread == (
        ("on_disk", "timeout"),
        ("file_exists", "timeout"),
        ("on_disk_mismatch", "timeout"),
    )


def test_the_user_is_absent_when_unknown() -> None:
    """An unknown user is not user 0."""
    assert told(credentials=None).user_id is None


@pytest.mark.parametrize(
    "field", ["ppid", "cpu_usage", "memory_usage", "state", "cpu_time_ms", "process_group", "session", "threads"]
)
def test_a_number_that_could_not_be_had_is_left_out(field: str) -> None:
    """The zero in a sample that stands for "not known" does not reach anyone as a value."""
    shell = told(unread=((field, "unsupported"),))
    assert getattr(shell, field) is None
    assert replace(shell, **{field: getattr(told(), field), "unread": ()}) == told()
