"""Each condition, really evaluated."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from daemoneye.lifecycle.conditions import MEMORY, compiled
from daemoneye.lifecycle.subject import Subject, subject_of
from daemoneye.lifecycle.tracker import Tracker
from daemoneye.model.process import OnDisk, ProcessRecord
from daemoneye.model.trigger import (
    Condition,
    ExpectedDigest,
    HashMismatch,
    MissingExecutable,
    NameMatches,
    PathMatches,
    ResourceAnomaly,
    SuspiciousParentChild,
)
from tests.fakes.snapshots import changed, facts, file, kernel_thread, process, snapshot

if TYPE_CHECKING:
    from daemoneye.model.event import LifecycleEvent

NGINX = process(10, "nginx", start=500, ppid=1)
SHELL = process(20, "sh", start=600, ppid=10)

RECORD = ProcessRecord(pid=20, name="sh", executable_path="/usr/bin/sh", executable_file=file(), entity_id="e20")


def started(*processes: Any) -> LifecycleEvent:
    """The event of the last process, started beside the others."""
    tracker = Tracker()
    tracker.observe(snapshot(*processes[:-1]))
    (event,) = tracker.observe(snapshot(*processes)).events
    return event


def subject(**fields: Any) -> Subject:
    return replace(subject_of(started(SHELL)), **fields)


def measured(**fields: Any) -> Subject:
    return subject_of(replace(RECORD, **fields))


def holds(condition: Condition, *subjects: Subject) -> list[bool]:
    predicate = compiled(condition, "rule")
    return [predicate.holds(each) for each in subjects]


def test_an_event_and_a_record_of_one_process_look_alike() -> None:
    """A rule sees the same process, whichever way it is told of it."""
    tracker = Tracker()
    tracker.observe(snapshot(NGINX))
    scan = tracker.observe(snapshot(NGINX, SHELL))
    by_event, by_record = subject_of(scan.events[0]), subject_of(scan.record(SHELL.key))
    assert by_event.parent is not None
    assert replace(by_event, parent=None) == replace(by_record, measured_ms=None, cpu_usage=None, memory_bytes=None)


def test_a_record_without_a_lasting_name_is_told_apart_by_its_start() -> None:
    """Records of older collectors are not all taken for one process."""
    assert measured(entity_id=None, start_time=5) != measured(entity_id=None, start_time=6)


@pytest.mark.parametrize(
    ("on_disk", "missing"),
    [
        (OnDisk.DELETED, True),
        (OnDisk.MEMFD, True),
        (OnDisk.REPLACED, False),
        (OnDisk.PRESENT, False),
        (OnDisk.UNKNOWN, False),
    ],
)
def test_a_missing_executable_is_one_without_a_name_on_disk(on_disk: OnDisk, missing: bool) -> None:
    """Deleted or never there is missing; replaced, there, and not known are not."""
    assert holds(MissingExecutable(), subject(on_disk=on_disk)) == [missing]


def test_a_kernel_thread_misses_nothing() -> None:
    """A kernel thread never had an executable, even if a reader takes its empty link for a deleted file."""
    thread = changed(kernel_thread(40), seen=facts("kworker", on_disk=OnDisk.DELETED))
    assert holds(MissingExecutable(), subject_of(started(thread))) == [False]


@pytest.mark.parametrize(
    ("globs", "name", "matched"),
    [
        (("nc",), "nc", True),
        (("nc",), "ncat", False),
        (("nc", "n?at"), "ncat", True),
        (("[xy]mrig*",), "xmrig-6.2", True),
        (("XMRIG",), "xmrig", False),
        (("*",), "two\nlines", True),
        (("a.c",), "abc", False),
    ],
)
def test_a_name_is_matched_whole(globs: tuple[str, ...], name: str, matched: bool) -> None:
    """A glob covers the whole name, minds case, and is no regular expression."""
    assert holds(NameMatches(globs=globs), subject(name=name)) == [matched]


@pytest.mark.parametrize(
    ("path", "matched"), [("/srv/a/b/c", True), ("/srv", False), ("/home/x/.cache/run", True), (None, False)]
)
def test_a_star_in_a_path_crosses_directories(path: str | None, matched: bool) -> None:
    """`/srv/*` covers everything below; a path that is not known matches nothing."""
    assert holds(PathMatches(globs=("/srv/*", "*/.cache/*")), subject(executable_path=path)) == [matched]


@pytest.mark.parametrize(
    ("parents", "children", "matched"),
    [
        (("nginx", "apache*"), ("sh", "bash"), True),
        (("/usr/bin/ng*",), ("/usr/*/sh",), True),
        (("nginx",), ("python*",), False),
        (("sshd",), ("sh",), False),
    ],
)
def test_a_parent_and_a_child_are_both_matched(
    parents: tuple[str, ...], children: tuple[str, ...], matched: bool
) -> None:
    """A web server that starts a shell is noticed, by names or by paths; either alone is not."""
    condition = SuspiciousParentChild(parents=parents, children=children)
    assert holds(condition, subject_of(started(NGINX, SHELL))) == [matched]


def test_without_a_known_parent_there_is_no_pair() -> None:
    """An orphan of unknown origin is not accused."""
    assert holds(SuspiciousParentChild(parents=("*",), children=("*",)), subject_of(started(SHELL))) == [False]


def test_a_parent_is_known_after_its_death() -> None:
    """The web server may be gone when its shell executes something: it still was the parent."""
    tracker = Tracker()
    tracker.observe(snapshot(NGINX, SHELL))
    tracker.observe(snapshot(changed(SHELL, ppid=1)))
    (event,) = tracker.observe(snapshot(changed(SHELL, ppid=1, image_mark=(8,), seen=facts("curl")))).events
    assert holds(SuspiciousParentChild(parents=("nginx",), children=("curl",)), subject_of(event)) == [True]


def test_load_counts_when_it_lasts() -> None:
    """Three busy scans in a row are an anomaly; a pause begins the count anew."""
    condition = ResourceAnomaly(cpu_percent=90, scans=3)
    loads = [95, 95, 10, 91, 92, 93, 94, 90]
    seen = [measured(collection_time=turn, cpu_usage=load) for turn, load in enumerate(loads)]
    assert holds(condition, *seen) == [False, False, False, False, False, True, True, False]


def test_one_scan_counts_once() -> None:
    """Telling a rule the same record twice does not make a process busy for two scans."""
    busy = measured(collection_time=1, cpu_usage=95.0)
    assert holds(ResourceAnomaly(cpu_percent=90, scans=2), busy, busy) == [False, False]


@pytest.mark.parametrize(
    ("load", "memory", "anomaly"), [(1.0, 1001, True), (91.0, 1, True), (1.0, 1000, False), (None, None, False)]
)
def test_either_limit_is_enough(load: float | None, memory: int | None, anomaly: bool) -> None:
    """More memory or more load than allowed; not known is neither."""
    condition = ResourceAnomaly(cpu_percent=90, memory_bytes=1000)
    assert holds(condition, measured(cpu_usage=load, memory_usage=memory)) == [anomaly]


def test_an_event_is_no_measurement() -> None:
    """Only records tell a load; an event in between neither counts nor interrupts."""
    condition = ResourceAnomaly(memory_bytes=1, scans=2)
    first, second = (measured(collection_time=turn, memory_usage=9) for turn in (1, 2))
    assert holds(condition, first, subject_of(started(SHELL)), second) == [False, False, True]


@pytest.mark.parametrize(
    ("on_disk", "mismatch"),
    [(OnDisk.DELETED, True), (OnDisk.REPLACED, True), (OnDisk.MEMFD, False), (OnDisk.PRESENT, False)],
)
def test_an_image_that_is_not_its_file_is_a_mismatch(on_disk: OnDisk, mismatch: bool) -> None:
    """A running program whose file was taken away or exchanged needs no digest to be noticed."""
    event = started(changed(SHELL, seen=facts("sh", on_disk=on_disk)))
    assert holds(HashMismatch(), subject_of(event)) == [mismatch]


def test_a_record_may_say_so_itself() -> None:
    """What another collector found to differ is believed."""
    assert holds(HashMismatch(), measured(on_disk_mismatch=True)) == [True]


def hashed(digest: str, path: str | None = "/usr/bin/sh", dev: int = 1) -> Subject:
    return measured(
        executable_hash=digest, hash_algorithm="sha256", executable_path=path, executable_file=file(dev=dev)
    )


def test_a_digest_is_held_against_the_expected_one() -> None:
    """The expectation is for one path; upper and lower case of hex digits are the same digest."""
    condition = HashMismatch(expected=(ExpectedDigest(path="/usr/bin/sh", algorithm="sha256", digest="AB"),))
    assert holds(condition, hashed("ab")) == [False]
    assert holds(condition, hashed("AC")) == [True]
    assert holds(condition, hashed("ac", path="/usr/bin/other")) == [False]


def test_a_digest_is_held_against_the_one_before() -> None:
    """The first digest of a path is learnt, another one is a mismatch, and then it is the known one."""
    assert holds(HashMismatch(), hashed("aa"), hashed("AA"), hashed("bb"), hashed("bb")) == [False, False, True, False]


def test_files_of_one_name_on_two_devices_are_two_files() -> None:
    """Containers have a /usr/bin/sh each, and none is accused of not being the other's."""
    assert holds(HashMismatch(), hashed("aa", dev=1), hashed("bb", dev=2), hashed("aa", dev=1)) == [False] * 3


def test_the_digest_of_a_replaced_image_is_not_learnt() -> None:
    """What ran before an upgrade does not become the expectation for the file that replaced it."""
    old = replace(hashed("aa"), mismatch=True)
    assert holds(HashMismatch(), old, hashed("bb"), hashed("bb")) == [True, False, False]


@pytest.mark.parametrize("missing", [{"executable_path": None}, {"digest": None, "algorithm": None}])
def test_without_a_digest_and_a_path_there_is_nothing_to_compare(missing: dict[str, Any]) -> None:
    """Not known is not different."""
    assert holds(HashMismatch(), hashed("aa"), replace(hashed("bb"), **missing)) == [False, False]


def test_a_file_without_identity_is_known_by_its_path() -> None:
    """Where a platform does not tell which file it was, the path has to do."""
    one, two = (replace(hashed(digest), executable_file=None) for digest in ("aa", "bb"))
    assert holds(HashMismatch(), one, two) == [False, True]


def test_what_conditions_remember_is_bounded() -> None:
    """Ten thousand busy processes and executables are remembered, and not one more."""
    anomaly, mismatch = compiled(ResourceAnomaly(cpu_percent=1), "busy"), compiled(HashMismatch(), "digests")
    template = hashed("aa")
    for n in range(MEMORY + 10):
        seen = replace(template, entity_id=str(n), executable_path=str(n), cpu_usage=2.0, measured_ms=n)
        assert anomaly.holds(seen)
        assert not mismatch.holds(seen)
    assert [each[1:] for each in (*anomaly.occupancies, *mismatch.occupancies)] == [(MEMORY, MEMORY, 10)] * 2
    assert compiled(MissingExecutable(), "none").occupancies == ()
