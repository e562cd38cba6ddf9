"""The collector on a stage: with a ``/proc`` made of files, real threads, and nobody behind it."""

from __future__ import annotations

import errno
import json
import os
import socket
import sys
import threading
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from thespian.actors import WatchMessage

from daemoneye.actors import collector, eyesight, looking
from daemoneye.actors.collector import Collector
from daemoneye.actors.custody import Custody
from daemoneye.actors.opener import TIMEOUT_S
from daemoneye.actors.streaming import PATIENCE_S, in_parts
from daemoneye.errors import Exit
from daemoneye.host.handing import prepare_receiver, receive
from daemoneye.host.hashing import HashOutcome
from daemoneye.messages.delivery import Taken
from daemoneye.messages.hashing import Digested, FileDigest, OpenFile
from daemoneye.messages.observation import (
    PartTaken,
    Scanned,
    ScanTaken,
    SnapshotPart,
    SnapshotRefusal,
    SnapshotRefused,
    TakeSnapshot,
)
from daemoneye.messages.record import Keep, Kept
from daemoneye.messages.sightings import Sighted
from daemoneye.messages.supervision import CollectorSettings, Ready, SettingsApplied, SettingsRefused
from daemoneye.model.process import HashStatus
from daemoneye.tree import FILES_IN, FILES_OUT, GATEWAY, HASHING, INTEGRITY, JOURNAL
from tests.fakes.actor_stage import Died, Stage, stages
from tests.fakes.procfs import FakeProc, stat_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemoneye.host.handing import Handed
    from daemoneye.host.opening import Order
    from daemoneye.model.process import ProcessRecord
    from daemoneye.model.record import Entry

INTERVAL_S = 5.0


@pytest.fixture
def proc(tmp_path: Path) -> FakeProc:
    (tmp_path / "proc").mkdir()
    proc = FakeProc(tmp_path / "proc")
    for pid in range(100, 110):
        proc.add(pid, cmdline=b"serve\0--password=geheim\0")
    return proc


@pytest.fixture
def settings(proc: FakeProc) -> CollectorSettings:
    return CollectorSettings(
        interval_s=INTERVAL_S,
        enhanced=False,
        environment=(),
        process_timeout_s=5.0,
        proc=str(proc.root),
        mask=True,
        correlation_key=b"",
        record_max_age_s=2592000.0,
        record_max_bytes=1 << 30,
    )


@pytest.fixture
def stage() -> Iterator[Stage[Collector]]:
    before = sys.getswitchinterval()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
    with ours, theirs:
        yield from stages(Collector(), {FILES_OUT: ours, FILES_IN: theirs})
    sys.setswitchinterval(before)


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, dict[str, Any]]]:
    lines: list[tuple[str, str, dict[str, Any]]] = []
    for module in (collector, eyesight):
        monkeypatch.setattr(module, "log", lambda level, name, **fields: lines.append((level, name, fields)))
    return lines


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eleven processes are four parts."""
    monkeypatch.setattr(collector, "in_parts", partial(in_parts, most=3))


def look(stage: Stage[Collector]) -> Scanned:
    """Let time pass until a look was taken, heard of and acknowledged."""
    stage.pass_time(INTERVAL_S if stage.heard(Scanned) else 0)
    stage.read()
    news = stage.heard(Scanned)[-1]
    stage.deliver(ScanTaken(scan=news.scan), GATEWAY)
    return news


def begun(stage: Stage[Collector], settings: CollectorSettings) -> Stage[Collector]:
    stage.begin(settings)
    stage.introduce(GATEWAY)
    look(stage)
    return stage


def snapshot(stage: Stage[Collector], request: int) -> list[ProcessRecord]:
    """Ask, and take all of it."""
    stage.deliver(TakeSnapshot(request=request), GATEWAY)
    records: list[ProcessRecord] = []
    number = 0
    while True:
        (part,) = [each for each in stage.heard(SnapshotPart) if (each.request, each.part) == (request, number)]
        records += part.records
        stage.deliver(PartTaken(request=request, part=number), GATEWAY)
        if part.last:
            return records
        number += 1


def open_descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


# -- looking


def test_the_first_look_begins_at_once_and_is_told_of(stage: Stage[Collector], settings: CollectorSettings) -> None:
    """In numbers, with the time it took."""
    stage.begin(settings)
    assert stage.said_to("supervisor") == [Ready(generation=1)]
    stage.introduce(GATEWAY)
    news = look(stage)
    assert (news.scan, news.overrun, news.failed, news.executed, news.modified) == (1, 0, 0, 0, 0)
    assert (news.coverage.seen, news.coverage.kernel_threads, news.coverage.started) == (11, 1, None)
    assert news.at_ms > 0
    assert 0 < news.duration_s < 10
    assert {each.name for each in news.occupancies} == {
        "genealogy",
        "digests shown",
        "snapshots on the way",
        "entries for the journal",
    }


def test_looks_tell_what_has_happened_in_between(
    stage: Stage[Collector], settings: CollectorSettings, proc: FakeProc
) -> None:
    """Starts, ends, and programs that were exchanged."""
    begun(stage, settings)
    proc.remove(100)
    proc.add(200)
    proc.set_stat(101, stat_line(101, image=0x9000))
    news = look(stage)
    assert (news.scan, news.coverage.started, news.coverage.exited, news.executed) == (2, 1, 1, 1)


def test_looks_keep_their_rhythm(stage: Stage[Collector], settings: CollectorSettings) -> None:
    """The next begins an interval after the one before began, and there is never a second timer for it."""
    begun(stage, settings)
    for turn in range(1, 5):
        assert [each.at_s for each in stage.timers] == [1000.0 + turn * INTERVAL_S]
        look(stage)


def test_a_look_that_takes_too_long_leaves_looks_out_and_says_so(
    stage: Stage[Collector], settings: CollectorSettings
) -> None:
    """There are never two at once, and none in a row without a pause."""
    begun(stage, settings)
    stage.pass_time(INTERVAL_S)
    stage.pass_time(2.5 * INTERVAL_S)
    assert stage.timers == []
    stage.read()
    assert stage.heard(Scanned)[-1].overrun == 2
    assert [each.at_s for each in stage.timers] == [1000.0 + 4 * INTERVAL_S]


def test_who_looks_is_not_idle_and_gets_on(
    stage: Stage[Collector], settings: CollectorSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The supervisor can tell a look that takes its time from one that hangs."""
    source = Hanging()
    monkeypatch.setattr(looking, "open_source", source.open)
    stage.begin(settings)
    assert stage.heartbeat().idle
    stage.pass_time(0)
    before = stage.heartbeat()
    assert not before.idle
    source.step()
    after = stage.heartbeat()
    assert after.work_done > before.work_done
    assert stage.heartbeat().work_done == after.work_done
    source.fail_with(OSError(errno.EMFILE, "descriptors"))
    stage.read()
    assert stage.heartbeat().idle


def test_a_process_that_hangs_does_not_make_the_collector_look_hung(
    stage: Stage[Collector], settings: CollectorSettings, proc: FakeProc
) -> None:
    """Anyone can make a process that blocks its reader; waiting for it, within its deadline, is progress."""
    (proc.root / "100/stat").unlink()
    os.mkfifo(proc.root / "100/stat")
    stage.begin(settings)
    stage.pass_time(0)
    beats = {stage.heartbeat().work_done}
    while len(beats) < 5:
        beats.add(stage.heartbeat().work_done)
    assert not stage.heartbeat().idle
    (proc.root / "100/stat").write_bytes(b"")  # opens, and so releases whoever waits for a writer
    stage.read()
    assert stage.heartbeat().idle


def test_a_readiness_without_a_result_is_nothing(stage: Stage[Collector], settings: CollectorSettings) -> None:
    """A descriptor may be reported once too often."""
    begun(stage, settings)
    said = list(stage.said)
    stage.deliver(WatchMessage(stage.watched))
    assert stage.said == said
    assert len(stage.timers) == 1


def test_processes_that_vanish_or_lie_are_no_reason_to_die(
    stage: Stage[Collector], settings: CollectorSettings, proc: FakeProc
) -> None:
    """They are counted."""
    begun(stage, settings)
    (proc.root / "100/stat").unlink()
    proc.set_stat(101, b"nonsense")
    (proc.root / "999").symlink_to(proc.root / "nowhere")
    coverage = look(stage).coverage
    assert (coverage.vanished, coverage.malformed, coverage.seen) == (2, 1, 9)


def test_without_descriptors_it_says_so_and_tries_again(
    stage: Stage[Collector],
    settings: CollectorSettings,
    lines: list[tuple[str, str, dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The want passes; what was last seen is still shown."""
    begun(stage, settings)
    source = stage.actor._eye._source
    with monkeypatch.context() as patch:
        patch.setattr(source, "scan", lambda: (_ for _ in ()).throw(OSError(errno.EMFILE, "")))
        news = [look(stage), look(stage)]
    assert [each.failed for each in news] == [1, 2]
    assert news[-1].coverage.seen == 11
    assert len(snapshot(stage, 1)) == 11
    assert look(stage).failed == 0
    assert [(level, name) for level, name, _ in lines] == [
        ("info", "collector.first_look"),
        ("error", "collector.blind"),
        ("info", "collector.sees_again"),
    ]
    assert lines[1][2] == {"because": "too many open files"}


def test_descriptors_that_run_out_during_a_look_are_told(
    stage: Stage[Collector],
    settings: CollectorSettings,
    lines: list[tuple[str, str, dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Processes that could not be opened are not taken for ended."""
    begun(stage, settings)
    opened = os.open

    def scarce(path: Any, *args: Any, **kwargs: Any) -> int:
        if path in {b"105", b"106"}:
            raise OSError(errno.EMFILE, "")
        return opened(path, *args, **kwargs)

    monkeypatch.setattr(os, "open", scarce)
    coverage = look(stage).coverage
    assert (coverage.refused, coverage.exited) == (2, 0)
    assert lines[-1][:2] == ("warning", "collector.sees_less")
    assert lines[-1][2]["because"] == "refused"


@pytest.mark.parametrize("failure", [ZeroDivisionError("by zero"), OSError(errno.EIO, "broken")], ids=repr)
def test_a_look_that_raises_ends_the_process_with_the_reason(
    stage: Stage[Collector], settings: CollectorSettings, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    """It happened in another thread, and is as much the end as in this one."""
    begun(stage, settings)
    monkeypatch.setattr(stage.actor._eye._source, "scan", lambda: (_ for _ in ()).throw(failure))
    stage.pass_time(INTERVAL_S)
    with pytest.raises(Died, match=str(int(Exit.INTERNAL))):
        stage.read()
    assert type(failure).__name__ in stage.last_words


def test_the_log_is_calm(
    stage: Stage[Collector],
    settings: CollectorSettings,
    lines: list[tuple[str, str, dict[str, Any]]],
    proc: FakeProc,
) -> None:
    """One line for the first look; then only when a kind of loss appears, or has been away for three looks."""
    begun(stage, settings)
    look(stage)
    proc.set_stat(100, b"nonsense")
    for _ in range(3):
        look(stage)
    proc.set_stat(100, stat_line(100))
    for _ in range(4):
        look(stage)
    assert [(level, name) for level, name, _ in lines] == [
        ("info", "collector.first_look"),
        ("warning", "collector.sees_less"),
        ("info", "collector.sees_more"),
    ]
    assert lines[0][2]["message"].startswith("11 processes seen, 1 of them kernel threads")
    assert lines[1][2]["because"] == lines[2][2]["no_longer"] == "malformed"


# -- showing


def test_a_snapshot_is_every_process_of_the_latest_look(stage: Stage[Collector], settings: CollectorSettings) -> None:
    """And what leaves the collector is masked."""
    begun(stage, settings)
    records = snapshot(stage, 1)
    assert sorted(each.pid for each in records) == [1, *range(100, 110)]
    assert "geheim" not in repr(records)
    assert "--password" in repr(records)


def test_who_asks_before_the_first_look_gets_that(stage: Stage[Collector], settings: CollectorSettings) -> None:
    """Instead of nothing, or an error."""
    stage.begin(settings)
    stage.introduce(GATEWAY)
    stage.deliver(TakeSnapshot(request=1), GATEWAY)
    assert stage.heard(SnapshotPart) == []
    look(stage)
    (part,) = stage.heard(SnapshotPart)
    assert (part.last, len(part.records)) == (True, 11)


def test_large_records_travel_in_small_parts(
    stage: Stage[Collector], settings: CollectorSettings, proc: FakeProc
) -> None:
    """However much processes write into their arguments, no frame gets near its limit."""
    words = b"".join(b"word%d" % number + b"x" * 4000 + b"\0" for number in range(7))
    for pid in range(200, 250):
        proc.add(pid, cmdline=words)
    begun(stage, settings)
    assert len(snapshot(stage, 1)) == 61
    sizes = [len(collector._WORDS.encode(each)) for each in stage.heard(SnapshotPart)]
    assert len(sizes) >= 50 * 28_000 // (256 * 1024)
    assert max(sizes) <= 256 * 1024


@pytest.mark.usefixtures("small_parts")
def test_a_gateway_that_stops_costs_two_parts_and_hinders_nothing(
    stage: Stage[Collector],
    settings: CollectorSettings,
    lines: list[tuple[str, str, dict[str, Any]]],
) -> None:
    """Looks go on, heartbeats are answered, and after its patience the snapshot is dropped by name."""
    begun(stage, settings)
    stage.deliver(TakeSnapshot(request=1), GATEWAY)
    for _ in range(3):
        stage.pass_time(INTERVAL_S)
        stage.read()
    assert [each.part for each in stage.heard(SnapshotPart)] == [0, 1]
    assert [each.scan for each in stage.heard(Scanned)] == [1, 2]
    assert stage.heartbeat().idle
    assert stage.now_s >= 1000 + PATIENCE_S
    assert stage.heard(SnapshotRefused) == [SnapshotRefused(request=1, reason=SnapshotRefusal.NOT_TAKEN)]
    assert lines[-1] == ("warning", "collector.snapshot_not_taken", {"request": 1, "records_taken": 0})
    stage.deliver(ScanTaken(scan=2), GATEWAY)
    shed = dict(stage.heard(Scanned)[-1].shed)
    assert (shed["snapshots not taken"], shed["looks not told of"]) == (1, 1)


@pytest.mark.usefixtures("small_parts")
def test_patience_has_one_timer(stage: Stage[Collector], settings: CollectorSettings) -> None:
    """Which goes off again as long as a snapshot is on its way, and then no more."""
    begun(stage, settings)
    stage.deliver(TakeSnapshot(request=1), GATEWAY)
    stage.deliver(TakeSnapshot(request=2), GATEWAY)
    stage.now_s += PATIENCE_S - 1
    stage.deliver(PartTaken(request=1, part=0), GATEWAY)
    assert [each.purpose for each in stage.timers].count("patience") == 1
    timer = next(each for each in stage.timers if each.purpose == "patience")
    stage.timers.clear()
    stage.timers.append(timer)
    stage.pass_time(1)
    assert [each.request for each in stage.heard(SnapshotRefused)] == [2]
    assert [each.purpose for each in stage.timers] == ["patience"]
    stage.pass_time(PATIENCE_S)
    assert [each.request for each in stage.heard(SnapshotRefused)] == [2, 1]
    assert stage.timers == []


def test_a_new_gateway_gets_the_latest_look(stage: Stage[Collector], settings: CollectorSettings) -> None:
    """It does not have to wait for the next; other peers are nobody to speak to."""
    begun(stage, settings)
    said = len(stage.said)
    stage.introduce("stranger")
    assert len(stage.said) == said
    stage.introduce(GATEWAY)
    assert [each.scan for each in stage.heard(Scanned)] == [1, 1]
    assert len(snapshot(stage, 1)) == 11


# -- settings


def test_settings_are_in_force_from_the_next_look_on(
    stage: Stage[Collector], settings: CollectorSettings, proc: FakeProc
) -> None:
    """And what is known of the processes is kept: nothing seems to have started or ended."""
    proc.enhance(100)
    begun(stage, settings)
    stage.apply(replace(settings, enhanced=True))
    assert stage.said_to("supervisor")[-1] == SettingsApplied(config=1)
    proc.remove(105)
    news = look(stage)
    assert (news.coverage.started, news.coverage.exited) == (0, 1)
    assert any(each.linux is not None for each in snapshot(stage, 1))


def test_settings_may_change_twice_before_a_look(stage: Stage[Collector], settings: CollectorSettings) -> None:
    """The last ones count, and what the ones before had opened is closed."""
    begun(stage, settings)
    descriptors = open_descriptors()
    for mask in (False, True, False):
        stage.apply(replace(settings, mask=mask))
    assert open_descriptors() == descriptors + 1
    news = look(stage)
    assert open_descriptors() == descriptors
    assert "geheim" in repr(snapshot(stage, 1))
    assert news.coverage.started is None  # seen through another mask: a new baseline instead of ten changes
    assert news.modified == 0


@pytest.mark.parametrize("busy", [False, True])
def test_another_interval_counts_from_now_on(stage: Stage[Collector], settings: CollectorSettings, busy: bool) -> None:
    """Nobody waits for the end of an interval of a day; the timer that still runs counts no more."""
    begun(stage, settings)
    if busy:
        stage.pass_time(INTERVAL_S)
    stage.apply(replace(settings, interval_s=1.0))
    if not busy:
        stage.pass_time(0)
    stage.read()
    now_s = stage.now_s
    for turn in range(1, 8):
        stage.pass_time(1.0)
        stage.read()
        assert stage.now_s == now_s + turn
    assert len([each for each in stage.timers if each.purpose.startswith("look")]) == 1


def test_settings_that_cannot_be_are_refused_in_a_line(
    stage: Stage[Collector], settings: CollectorSettings, tmp_path: Path
) -> None:
    """And the old ones stay in force."""
    begun(stage, settings)
    (tmp_path / "empty").mkdir()
    for name, found in (
        ("nowhere", "no such file or directory"),
        ("empty", "sys/kernel/random/boot_id of the proc filesystem: no such file or directory"),
    ):
        stage.apply(replace(settings, proc=str(tmp_path / name)))
        refused = stage.said_to("supervisor")[-1]
        assert isinstance(refused, SettingsRefused)
        assert refused.reason == f"{tmp_path / name}: no process files ({found}): a mounted proc filesystem"
    assert look(stage).coverage.exited == 0


def test_settings_are_refused_when_descriptors_have_run_out(
    stage: Stage[Collector], settings: CollectorSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reload at a bad time is no reason to die."""
    begun(stage, settings)
    monkeypatch.setattr(looking, "open_source", lambda **_: (_ for _ in ()).throw(OSError(errno.EMFILE, "")))
    stage.apply(settings)
    refused = stage.said_to("supervisor")[-1]
    assert isinstance(refused, SettingsRefused)
    assert "too many open files" in refused.reason


def test_a_collector_that_cannot_see_does_not_begin(stage: Stage[Collector], settings: CollectorSettings) -> None:
    """Its last words say why."""
    with pytest.raises(Died):
        stage.begin(replace(settings, proc="/nowhere"))
    assert "/nowhere: no process files" in stage.last_words


# -- the end


def test_who_is_asked_to_stop_stops_although_a_look_hangs(
    stage: Stage[Collector], settings: CollectorSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread is left where it is; it keeps no process alive."""
    source = Hanging()
    monkeypatch.setattr(looking, "open_source", source.open)
    stage.begin(settings)
    stage.pass_time(0)
    source.step()
    stage.stop()
    assert stage.watched == []
    assert [each.daemon for each in threading.enumerate() if each.name == "look"] == [True]
    source.fail_with(OSError(errno.EMFILE, ""))


def test_who_is_asked_to_stop_in_peace_leaves_no_descriptor(
    stage: Stage[Collector], settings: CollectorSettings
) -> None:
    """What it opened it closes."""
    descriptors = open_descriptors()
    begun(stage, settings)
    stage.apply(replace(settings, enhanced=True))
    stage.stop()
    assert open_descriptors() == descriptors


class Hanging:
    """A source whose scan gets on, or ends, only when a test says so."""

    def __init__(self) -> None:
        self._orders: list[BaseException | None] = []
        self._changed = threading.Condition()
        self._steps = 0

    def open(self, *, progress: Any, **_: object) -> Hanging:
        self._progress = progress
        return self

    def scan(self) -> Any:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._orders), 10)
                order = self._orders.pop()
            if order is not None:
                raise order
            self._progress()
            with self._changed:
                self._steps += 1
                self._changed.notify_all()

    def close(self) -> None:
        pass

    def step(self) -> None:
        with self._changed:
            wanted = self._steps + 1
            self._orders.append(None)
            self._changed.notify_all()
            assert self._changed.wait_for(lambda: self._steps >= wanted, 10)

    def fail_with(self, failure: BaseException) -> None:
        with self._changed:
            self._orders.append(failure)
            self._changed.notify_all()


# -- recording


def told(stage: Stage[Collector]) -> list[Entry]:
    """What the journal was given since the last time, and acknowledges."""
    entries: list[Entry] = []
    while keeps := stage.heard(Keep):
        for keep in keeps:
            stage.said.remove((JOURNAL, keep))
            entries += keep.entries
            stage.deliver(Kept(batch=keep.batch), JOURNAL)
    return entries


def test_the_record_begins_with_who_is_there(stage: Stage[Collector], settings: CollectorSettings) -> None:
    """One moment, everybody: what came before the record is known to have been before it."""
    begun(stage, settings)
    stage.introduce(JOURNAL)
    first, *seen = told(stage)
    assert (first.kind, len(seen)) == ("scan.began", 11)
    assert {each.kind for each in seen} == {"process.seen"}
    assert {each.occurred for each in seen} == {first.occurred}
    assert json.loads(first.body)["processes"] == 11
    assert {each.pid for each in seen} >= set(range(100, 110))
    assert all(each.entity_id and each.name for each in seen)


def test_what_happens_is_recorded(stage: Stage[Collector], settings: CollectorSettings, proc: FakeProc) -> None:
    """Who came, who went, who became another, and by whom it was started; masked, as everything that leaves."""
    begun(stage, settings)
    stage.introduce(JOURNAL)
    baseline = told(stage)
    proc.remove(100)
    proc.add(200, cmdline=b"sh\0--password=geheim\0")
    proc.set_stat(200, stat_line(200, ppid=101, start_ticks=999))
    proc.set_stat(102, stat_line(102, image=0x9000))
    look(stage)
    entries = {each.kind: each for each in told(stage)}
    assert entries.keys() == {"process.exited", "process.started", "process.exec"}
    assert (entries["process.exited"].pid, entries["process.exec"].pid) == (100, 102)
    started = entries["process.started"]
    parent = next(each for each in baseline if each.pid == 101)
    assert (started.pid, started.parent_entity_id) == (200, parent.entity_id)
    assert b"--password" in started.body
    assert not [each for each in (*baseline, *entries.values()) if b"geheim" in each.body]


def test_titles_and_terminals_are_not_recorded(
    stage: Stage[Collector], settings: CollectorSettings, proc: FakeProc
) -> None:
    """They change all day long."""
    begun(stage, settings)
    stage.introduce(JOURNAL)
    told(stage)
    proc.set_stat(101, stat_line(101, ppid=100))
    assert look(stage).modified == 1
    assert told(stage) == []


def test_a_journal_that_was_restarted_gets_what_it_had_not_acknowledged(
    stage: Stage[Collector], settings: CollectorSettings
) -> None:
    """With the same ids, so that nothing is recorded twice."""
    begun(stage, settings)
    stage.introduce(JOURNAL)
    before = [each for keep in stage.heard(Keep) for each in keep.entries]
    stage.said.clear()
    stage.introduce(JOURNAL)
    assert told(stage) == before
    stage.introduce(JOURNAL)
    assert told(stage) == []


def test_without_a_journal_the_old_ones_go_and_are_counted(
    stage: Stage[Collector], settings: CollectorSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The privileged process does not grow because another one is missing."""
    monkeypatch.setattr(collector, "Custody", partial(Custody, most=5))
    begun(stage, settings)
    news = stage.heard(Scanned)[-1]
    assert dict(news.shed) == {"entries: process.seen": 6, "entries: scan.began": 1}
    stage.introduce(JOURNAL)
    notice, *rest = told(stage)
    assert (notice.kind, len(rest)) == ("record.lost", 5)


def test_what_the_journal_refuses_is_said(
    stage: Stage[Collector],
    settings: CollectorSettings,
    lines: list[tuple[str, str, dict[str, Any]]],
) -> None:
    """It will never be recorded."""
    begun(stage, settings)
    stage.introduce(JOURNAL)
    (keep,) = stage.heard(Keep)
    stage.deliver(Kept(batch=keep.batch, refused=(keep.entries[3].id,)), JOURNAL)
    assert lines[-1] == ("error", "collector.refused", {"count": 1, "first": keep.entries[3].id})


# -- integrity and hashing


def digested(proc: FakeProc, number: int = 1, **fields: Any) -> Digested:
    """What hashing says of the program that all of them run."""
    status = (proc.programs / "sleep").stat()
    given: dict[str, Any] = {"status": HashStatus.HASHED, "sha256": "a" * 64, "ssdeep": "", "ssdeep_missing": False}
    file = FileDigest(
        dev=status.st_dev,
        ino=status.st_ino,
        size=status.st_size,
        mtime_ns=status.st_mtime_ns,
        ctime_ns=status.st_ctime_ns,
        **(given | fields),
    )
    return Digested(number=number, files=(file,))


def pids_of(message: Sighted) -> list[int]:
    return sorted(each.process.pid for each in message.sightings)


def test_integrity_is_told_what_runs(stage: Stage[Collector], settings: CollectorSettings, proc: FakeProc) -> None:
    """All of it at first, masked; then what has changed, one part after another."""
    begun(stage, settings)
    stage.introduce(INTEGRITY)
    (first,) = stage.heard(Sighted)
    assert (first.afresh, first.complete, pids_of(first)) == (True, True, list(range(100, 110)))
    assert "geheim" not in repr(first)
    proc.remove(100)
    proc.add(200, program=proc.programs / "sleep")
    look(stage)
    assert stage.heard(Sighted) == [first]
    stage.deliver(Taken(number=first.number), INTEGRITY)
    (_, second) = stage.heard(Sighted)
    assert (second.afresh, second.complete, pids_of(second), len(second.exited)) == (False, True, [200], 1)
    stage.deliver(Taken(number=second.number), INTEGRITY)
    look(stage)
    assert len(stage.heard(Sighted)) == 2


def test_another_integrity_is_told_everything(stage: Stage[Collector], settings: CollectorSettings) -> None:
    """It does not have to wait for a look."""
    begun(stage, settings)
    stage.introduce(INTEGRITY)
    stage.introduce(INTEGRITY)
    first, second = stage.heard(Sighted)
    assert second.afresh
    assert pids_of(second) == pids_of(first)


def test_digests_are_taken_and_shown(stage: Stage[Collector], settings: CollectorSettings, proc: FakeProc) -> None:
    """At once in what is shown, from the next look on in the numbers, and in the record for those who were in it."""
    begun(stage, settings)
    stage.introduce(JOURNAL)
    news = stage.heard(Scanned)[-1]
    assert (news.coverage.hashed, news.coverage.not_hashed_by_reason) == (0, (("waiting", 10),))
    (first,) = stage.heard(Keep)
    stage.deliver(Kept(batch=first.batch, refused=()), JOURNAL)
    stage.introduce(HASHING)
    stage.deliver(digested(proc, number=5), HASHING)
    assert stage.said_to(HASHING) == [Taken(number=5)]
    shown = {each.pid: each for each in snapshot(stage, 1)}
    assert (shown[100].executable_hash, shown[100].hash_status, shown[1].executable_hash) == (
        "a" * 64,
        HashStatus.HASHED,
        None,
    )
    news = look(stage)
    assert (news.coverage.hashed, news.coverage.not_hashed_by_reason) == (10, ())
    assert next(each for each in news.occupancies if each.name == "digests shown").entries == 1
    hashed = [each for each in told(stage) if each.kind == "process.hashed"]
    assert sorted(each.pid or 0 for each in hashed) == list(range(100, 110))
    assert {each.sha256 for each in hashed} == {"a" * 64}
    proc.add(200, program=proc.programs / "sleep")
    look(stage)
    assert [(each.pid, each.sha256) for each in told(stage) if each.kind == "process.started"] == [(200, "a" * 64)]


def test_a_digest_that_is_none_is_told_and_dropped(
    stage: Stage[Collector],
    settings: CollectorSettings,
    proc: FakeProc,
    lines: list[tuple[str, str, dict[str, Any]]],
) -> None:
    """Who reads the files of strangers may have been taken over by one."""
    begun(stage, settings)
    stage.introduce(HASHING)
    stage.deliver(digested(proc, sha256="x" * 64), HASHING)
    assert lines[-1] == ("warning", "collector.strange_digests", {"count": 1})
    assert {each.executable_hash for each in snapshot(stage, 1)} == {None}


def receive_one(stage: Stage[Collector], rounds: int = 50) -> Handed:
    for _ in range(rounds):
        if handed := receive(stage.sockets[FILES_IN]):
            return handed
        stage.read()
    raise AssertionError("nothing came")


def test_hashing_has_files_opened(stage: Stage[Collector], settings: CollectorSettings, proc: FakeProc) -> None:
    """What a process runs, as long as it is the file that was seen; else it hears why not."""
    prepare_receiver(stage.sockets[FILES_IN])
    begun(stage, settings)
    stage.introduce(HASHING)
    program = proc.programs / "sleep"
    status = program.stat()
    wanted = OpenFile(number=70, pid=100, start_ticks=100, there=False, dev=status.st_dev, ino=status.st_ino)
    stage.deliver(wanted, HASHING)
    handed = receive_one(stage)
    assert (handed.number, handed.status) == (70, HashStatus.HASHED)
    assert handed.descriptor is not None
    assert os.pread(handed.descriptor, 100, 0) == program.read_bytes()
    os.close(handed.descriptor)
    stage.deliver(replace(wanted, number=71, pid=4711), HASHING)
    refused = receive(stage.sockets[FILES_IN])
    assert refused is not None
    assert (refused.number, refused.status) == (71, HashStatus.GONE)
    stage.deliver(replace(wanted, number=72, ino=status.st_ino + 1), HASHING)
    assert (receive_one(stage).status, stage.heard(Digested)) == (HashStatus.GONE, [])


def test_a_file_that_does_not_open_costs_one_answer(
    stage: Stage[Collector],
    settings: CollectorSettings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Heartbeats and looks go on meanwhile; who waits hears of it after a while."""
    stuck = threading.Event()

    def hang(_: Order) -> HashOutcome:
        stuck.wait(30)
        return HashOutcome(status=HashStatus.GONE)

    monkeypatch.setattr(collector, "open_image", hang)
    prepare_receiver(stage.sockets[FILES_IN])
    begun(stage, settings)
    stage.introduce(HASHING)
    stage.deliver(OpenFile(number=70, pid=100, start_ticks=100, there=False, dev=1, ino=2), HASHING)
    assert [each.purpose for each in stage.timers].count("files") == 1
    stage.pass_time(TIMEOUT_S - 1)
    assert receive(stage.sockets[FILES_IN]) is None
    assert stage.heartbeat().idle
    stage.pass_time(1.5)
    handed = receive(stage.sockets[FILES_IN])
    assert handed is not None
    assert (handed.number, handed.status, handed.descriptor) == (70, HashStatus.TIMEOUT, None)
    assert "files" not in [each.purpose for each in stage.timers]
    stuck.set()


def test_hashing_that_is_restarted_starts_anew(
    stage: Stage[Collector], settings: CollectorSettings, proc: FakeProc
) -> None:
    """And neither of the two is missed while it is not there."""
    begun(stage, settings)
    for _ in range(2):
        stage.introduce(HASHING)
        stage.deliver(digested(proc), HASHING)
        look(stage)
    assert stage.heard(Taken) == [Taken(number=1), Taken(number=1)]
