"""Once, and how often since."""

from __future__ import annotations

from dataclasses import replace

import pytest

from daemoneye.integrity.dedup import Dedup, Occasions, Window
from daemoneye.integrity.findings import Finding
from daemoneye.integrity.sighting import Sighting
from daemoneye.model.alert import AlertProcess, Evidence, Rule, Severity
from daemoneye.model.process import FileIdentity, OnDisk
from tests.fakes.executables import content

SECOND = 1000


def finding(
    entity: str = "e1", *, rule: Rule = Rule.CONTENT_CHANGED, path: str = "/a", namespace: str = "", new: str = "evil"
) -> Finding:
    process = AlertProcess(pid=1, entity_id=entity, name="a", executable=path)
    return Finding(
        rule=rule,
        severity=Severity.HIGH,
        sighting=Sighting(process=process, start_ticks=0, path=path, detected_ms=0, namespace=namespace),
        evidence=Evidence(path=path, old=content("good"), new=content(new)),
    )


def said(dedup: Dedup, what: Finding, now_ms: int, alert_id: str = "id") -> int | None:
    suppressed = dedup.admit(what, now_ms)
    if suppressed is not None:
        dedup.said(what, alert_id)
        dedup.commit(alert_id, now_ms)
    return suppressed


def test_the_window_closes_and_opens() -> None:
    """Inside it findings are counted, after it the count goes out."""
    dedup = Dedup(300)
    assert said(dedup, finding("e1"), 0) == 0
    assert said(dedup, finding("e2"), 1) is None
    assert said(dedup, finding("e3"), 300 * SECOND - 1) is None
    assert said(dedup, finding("e4"), 300 * SECOND) == 2
    assert said(dedup, finding("e5"), 600 * SECOND) == 0


@pytest.mark.parametrize(
    "other",
    [
        finding("e2", rule=Rule.BINARY_CHANGE),
        finding("e2", path="/b"),
        finding("e2", namespace="c"),
        finding("e2", new="x"),
    ],
    ids=["rule", "path", "namespace", "content"],
)
def test_what_is_not_alike(other: Finding) -> None:
    """Another rule, another program, another change: each is news."""
    dedup = Dedup(300)
    said(dedup, finding(), 0)
    assert said(dedup, other, 1) == 0


def test_files_without_digests_are_told_apart_by_themselves() -> None:
    """What cannot be read is at least known by its inode."""

    def of(ino: int | None) -> bytes:
        seen = finding().sighting
        evidence = Evidence(path="/a", file=FileIdentity(dev=1, ino=ino) if ino else None)
        return Finding(rule=Rule.DISK_MISMATCH, severity=Severity.HIGH, sighting=seen, evidence=evidence).key

    assert of(1) == of(1) != of(2) != of(None) != of(1)


def test_the_same_process_again_is_no_occasion() -> None:
    """Looking twice makes one finding, however long ago the first look was; until it was in order in between."""
    dedup = Dedup(300)
    assert said(dedup, finding(), 0) == 0
    assert said(dedup, finding(), 1000 * SECOND) is None
    assert dedup.has_taken_from("e1")
    dedup.in_order("e1")
    dedup.in_order("e1")
    assert not dedup.has_taken_from("e1")
    assert said(dedup, finding(), 1001 * SECOND) == 0


def test_the_window_runs_from_the_commit() -> None:
    """However long an alert was on its way, and whoever hears of its arrival twice."""
    dedup = Dedup(300)
    dedup.admit(finding("e1"), 0)
    dedup.said(finding("e1"), "id")
    assert dedup.admit(finding("e2"), 900 * SECOND) is None
    dedup.commit("id", 1000 * SECOND)
    dedup.commit("id", 2000 * SECOND)
    assert dedup.admit(finding("e3"), 1299 * SECOND) is None
    assert dedup.admit(finding("e4"), 1300 * SECOND) == 2


def test_an_alert_that_nobody_took() -> None:
    """It closes nothing."""
    dedup = Dedup(300)
    dedup.admit(finding("e1"), 0)
    dedup.said(finding("e1"), "id")
    dedup.abandon("id")
    dedup.abandon("id")
    assert dedup.window(finding().key) is None
    assert dedup.admit(finding("e2"), 1) == 0


def test_an_answer_about_an_earlier_alert() -> None:
    """With a window of nothing several are on their way; the answer to one is none to the next."""
    dedup = Dedup(0)
    for alert_id in ("one", "two"):
        assert dedup.admit(finding(alert_id), 0) == 0
        dedup.said(finding(alert_id), alert_id)
    dedup.commit("one", 1)
    dedup.abandon("one")
    window = dedup.window(finding().key)
    assert window
    assert (window.alert_id, window.committed_ms) == ("two", None)


def test_a_clock_that_was_set_back() -> None:
    """Rather once too often than never."""
    dedup = Dedup(300)
    said(dedup, finding("e1"), 1_000_000)
    assert said(dedup, finding("e2"), 0) == 0


def test_it_goes_on_where_it_was() -> None:
    """Windows, counts, and alerts on their way outlive the process."""
    dedup = Dedup(300)
    key = finding().key
    dedup.admit(finding("e1"), 0)
    dedup.said(finding("e1"), "id")
    dedup.admit(finding("e2"), 0)
    windows = [each for each in [dedup.window(key)] if each]
    occasions = [each for each in [dedup.occasions("e1"), dedup.occasions("e2")] if each]
    again = Dedup(300, windows, occasions)
    assert not again.changed_windows | again.changed_occasions
    assert again.admit(finding("e1"), 0) is None
    again.commit("id", 0)
    assert again.admit(finding("e3"), 300 * SECOND) == 1
    assert again.entities == {"e1", "e2", "e3"}


def test_there_is_an_end_to_what_it_remembers() -> None:
    """What is crowded out is to be forgotten on disk as well."""
    kept = [Window(key=b"%16d" % number, alert_id=str(number), committed_ms=0) for number in range(5)]
    taken = [Occasions(entity_id=f"e{number}", keys=frozenset({b"x"})) for number in range(5)]
    dedup = Dedup(300, kept, taken, capacity=3)
    assert dedup.changed_windows == {each.key for each in kept[:2]}
    assert dedup.changed_occasions == {"e0", "e1"}
    said(dedup, finding("new"), 0)
    assert [each.evictions for each in dedup.occupancies] == [3, 3]
    assert dedup.window(kept[2].key) is None
    assert kept[2].key in dedup.changed_windows
    assert dedup.occasions("e2") is None
    assert "e2" in dedup.changed_occasions
    dedup.all_changed()
    assert kept[4].key in dedup.changed_windows


RUNS, LIES = FileIdentity(dev=1, ino=7), FileIdentity(dev=1, ino=8, mtime_ns=1)


def mismatch(*, known: bool, there: FileIdentity = LIES) -> Finding:
    evidence = Evidence(
        path="/a",
        on_disk=OnDisk.REPLACED,
        file=RUNS,
        file_on_disk=there,
        old=content("good") if known else None,
        new=content("evil") if known else None,
    )
    return replace(finding(rule=Rule.DISK_MISMATCH), evidence=evidence)


@pytest.mark.parametrize("known_first", [False, True])
def test_digests_that_come_late_or_no_longer_are_no_news(known_first: bool) -> None:
    """The same process, the same two files: with or without their digests it is one finding."""
    dedup = Dedup(0)
    assert said(dedup, mismatch(known=known_first), 0) == 0
    again = Dedup(0, occasions=[kept for kept in [dedup.occasions("e1")] if kept])
    for each in (dedup, again):
        assert said(each, mismatch(known=not known_first), 1) is None
        assert said(each, mismatch(known=known_first), 2) is None


@pytest.mark.parametrize("known", [False, True])
def test_another_file_is_news_without_its_digests_as_well(known: bool) -> None:
    """Even if it was given the number of one that is gone."""
    dedup = Dedup(0)
    said(dedup, mismatch(known=False), 0)
    other = mismatch(known=known, there=replace(LIES, mtime_ns=2))
    assert said(dedup, other, 1) == 0


def test_how_many_were_kept_back() -> None:
    """Only those that would have been said otherwise."""
    dedup = Dedup(300)
    for entity in ("e1", "e1", "e2", "e3"):
        said(dedup, finding(entity), 0)
    assert dedup.suppressed == 2
