"""The journal on a stage: a real file, real threads, and nobody behind it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from daemoneye.actors import copier, follower, journal
from daemoneye.actors.journal import RETRY_S, SIGN_S, TELL_S, JournalActor
from daemoneye.journal.query import Query
from daemoneye.journal.reading import Reader
from daemoneye.messages.delivery import Taken
from daemoneye.messages.record import WINDOW, JournalState, Keep, Kept
from daemoneye.messages.supervision import AlertFileSettings, JournalSettings, Ready, Reopen, SettingsApplied
from daemoneye.model.record import Stream
from daemoneye.settings.outputs import Syslog
from tests.fakes.actor_stage import Stage, stages
from tests.fakes.journals import World
from tests.fakes.numbered import alert, alerts, event, events, number_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemoneye.model.record import Entry
    from daemoneye.model.status import JournalReport, SinkReport

GATEWAY, SENDER, OTHER = "gateway", "collector", "integrity"
ROOT = Path(__file__).parents[3]
Lines = list[tuple[str, str, dict[str, Any]]]


@pytest.fixture
def settings(tmp_path: Path) -> JournalSettings:
    (tmp_path / "state").mkdir()
    (tmp_path / "log").mkdir()
    return JournalSettings(
        state_dir=str(tmp_path / "state"),
        max_bytes=64 << 20,
        max_age_s=1e12,  # these alerts are of 1970
        alert_file=AlertFileSettings(
            enabled=True, path=str(tmp_path / "log/alerts.jsonl"), format="ecs", max_size=1 << 20, max_files=3
        ),
        syslog=Syslog(path=tmp_path / "logger"),
        version="1.2.3",
        host_name="host",
        host_id="0" * 32,
    )


@pytest.fixture
def stage() -> Iterator[Stage[JournalActor]]:
    for stage in stages(JournalActor()):
        yield stage
        if "_copier" in vars(stage.actor):
            stage.actor._copier._copies.close()


@pytest.fixture(autouse=True)
def _pace() -> Iterator[None]:
    before = sys.getswitchinterval()
    yield
    sys.setswitchinterval(before)


@pytest.fixture(autouse=True)
def lines(monkeypatch: pytest.MonkeyPatch) -> Lines:
    lines: Lines = []
    for module in (journal, follower, copier):
        monkeypatch.setattr(module, "log", lambda level, name, **fields: lines.append((level, name, fields)))
    return lines


def quiet(stage: Stage[JournalActor]) -> None:
    """Until none of the threads has anything to do."""
    while any(each._worker.busy for each in (stage.actor, stage.actor._follower, stage.actor._copier)):
        stage.read()


def begun(stage: Stage[JournalActor], settings: JournalSettings) -> Stage[JournalActor]:
    stage.begin(settings)
    for peer in (SENDER, OTHER, GATEWAY):
        stage.introduce(peer)
    quiet(stage)
    return stage


def keep(stage: Stage[JournalActor], batch: int, *entries: Entry, speaker: str = SENDER) -> None:
    stage.deliver(Keep(batch=batch, entries=entries), speaker)
    quiet(stage)


def kept(stage: Stage[JournalActor], speaker: str = SENDER) -> list[Kept]:
    return [each for each in stage.said_to(speaker) if isinstance(each, Kept)]


def recorded(settings: JournalSettings, stream: Stream = Stream.ALERTS) -> list[int]:
    path = Path(settings.state_dir) / "daemoneye.db"
    with closing(Reader(path)) as reader:
        return [number_of(each.entry) for each in reader.entries(Query(stream=stream, after=0))]


def written(settings: JournalSettings) -> list[int]:
    """The sequences of the lines in the file of alerts, oldest first, with what was rotated away."""
    path = Path(settings.alert_file.path)
    files = sorted(path.parent.glob(f"{path.name}*"), key=lambda each: each.suffix, reverse=True)
    files = [each for each in files if each != path] + [path]
    return [json.loads(line)["event"]["sequence"] for file in files for line in file.read_bytes().splitlines()]


def report(stage: Stage[JournalActor]) -> JournalReport:
    stage.pass_time(TELL_S)
    told = stage.heard(JournalState)[-1]
    stage.deliver(Taken(number=told.number), GATEWAY)
    stage.pass_time(TELL_S)
    return stage.heard(JournalState)[-1].report


def later(stage: Stage[JournalActor]) -> None:
    """Long enough for what is tried again now and then."""
    for _ in range(3):
        stage.pass_time(RETRY_S)
        quiet(stage)


def without_alert_file(settings: JournalSettings) -> JournalSettings:
    return replace(settings, alert_file=replace(settings.alert_file, enabled=False))


class Disk:
    """A state directory that can be taken away and given back."""

    def __init__(self, settings: JournalSettings) -> None:
        self._path = Path(settings.state_dir)

    def vanish(self) -> None:
        self._path.rename(self._path.with_name("gone"))

    def come_back(self) -> None:
        self._path.with_name("gone").rename(self._path)


# -- recording


def test_it_is_ready_before_the_file_is_open(stage: Stage[JournalActor], settings: JournalSettings) -> None:
    """A slow disk delays what is recorded, not the agent."""
    stage.begin(settings)
    assert stage.said_to("supervisor") == [Ready(generation=1)]
    quiet(stage)
    assert recorded(settings) == []


def test_what_is_acknowledged_is_on_disk(stage: Stage[JournalActor], settings: JournalSettings) -> None:
    """Alerts and events, each in their order."""
    begun(stage, settings)
    keep(stage, 1, event(1), *alerts([2, 3]), event(4))
    assert kept(stage) == [Kept(batch=1)]
    assert (recorded(settings), recorded(settings, Stream.EVENTS)) == ([2, 3], [1, 4])


def test_what_comes_while_it_writes_is_one_job(stage: Stage[JournalActor], settings: JournalSettings) -> None:
    """Many small batches become one transaction."""
    begun(stage, settings)
    for batch in range(1, WINDOW + 1):
        stage.deliver(Keep(batch=batch, entries=(event(batch),)), SENDER)
        stage.deliver(Keep(batch=batch, entries=(alert(batch),)), OTHER)
    quiet(stage)
    assert kept(stage) == [Kept(batch=batch) for batch in range(1, WINDOW + 1)]
    assert recorded(settings, Stream.EVENTS) == recorded(settings) == list(range(1, WINDOW + 1))


def test_what_is_said_again_is_recorded_once(stage: Stage[JournalActor], settings: JournalSettings) -> None:
    """After a restart of either side."""
    begun(stage, settings)
    keep(stage, 1, alert(1))
    stage.introduce(SENDER)
    keep(stage, 1, alert(1), alert(2))
    assert kept(stage) == [Kept(batch=1), Kept(batch=1)]
    assert recorded(settings) == [1, 2]
    assert report(stage).recorded == 2


def test_what_can_never_be_recorded_is_named(
    stage: Stage[JournalActor], settings: JournalSettings, lines: Lines
) -> None:
    """The rest of its batch is recorded, and its sender is told."""
    begun(stage, settings)
    bad = replace(alert(1), kind="NO KIND")
    keep(stage, 1, bad, alert(2))
    assert kept(stage) == [Kept(batch=1, refused=(bad.id,))]
    assert recorded(settings) == [2]
    assert report(stage).refused == (("malformed", 1),)
    assert ("error", "journal.refused", {"id": bad.id, "because": "malformed"}) in lines


def test_whoever_sends_too_much_is_not_served(
    stage: Stage[JournalActor], settings: JournalSettings, lines: Lines
) -> None:
    """And does not disturb the others."""
    begun(stage, settings)
    for batch in range(1, WINDOW + 3):
        stage.deliver(Keep(batch=batch, entries=(event(batch),)), SENDER)
    quiet(stage)
    keep(stage, 1, alert(1), speaker=OTHER)
    assert len(kept(stage)) == WINDOW
    assert recorded(settings) == [1]
    assert [fields["speaker"] for _, name, fields in lines if name == "journal.too_much"] == [SENDER, SENDER]


def test_it_gets_on_while_it_works(stage: Stage[JournalActor], settings: JournalSettings) -> None:
    """And with nothing to do it is idle: the disk is what its heartbeat is about."""
    stage.begin(settings)
    assert not stage.heartbeat().idle
    quiet(stage)
    before = stage.heartbeat()
    assert before.idle
    stage.introduce(SENDER)
    keep(stage, 1, *events(range(100)))
    after = stage.heartbeat()
    assert after.idle
    assert after.work_done > before.work_done


# -- trouble


def test_without_a_disk_nothing_is_acknowledged_and_nothing_lost(
    stage: Stage[JournalActor], settings: JournalSettings, lines: Lines
) -> None:
    """It says so, keeps serving, and goes on by itself when the disk is back."""
    begun(stage, settings)
    disk = Disk(settings)
    disk.vanish()
    keep(stage, 1, alert(1))
    stage.deliver(Keep(batch=1, entries=(alert(2),)), OTHER)
    later(stage)
    assert kept(stage) == kept(stage, OTHER) == []
    assert (report(stage).trouble, report(stage).waiting) == ("unavailable", 2)
    assert [name for _, name, _ in lines] == ["journal.cannot_record"], "said once"
    disk.come_back()
    later(stage)
    assert (kept(stage), kept(stage, OTHER)) == ([Kept(batch=1)], [Kept(batch=1)])
    assert recorded(settings) == [1, 2]
    assert (report(stage).trouble, report(stage).waiting) == ("", 0)
    assert lines[-1][1] == "journal.records_again"


def test_a_damaged_file_is_put_away_and_a_new_chain_begins(
    stage: Stage[JournalActor], settings: JournalSettings, lines: Lines
) -> None:
    """What was being written is written into the new one; the file of alerts misses nothing and has nothing twice."""
    begun(stage, settings)
    keep(stage, 1, *alerts([1, 2]))
    chain = report(stage).chain
    path = Path(settings.state_dir) / "daemoneye.db"
    path.with_name("daemoneye.db-wal").unlink()
    path.unlink()
    path.write_bytes(b"not a database" * 1000)
    keep(stage, 2, *alerts([3]))
    assert kept(stage) == [Kept(batch=1), Kept(batch=2)]
    assert recorded(settings) == [3]
    assert report(stage).chain not in {"", chain}
    assert written(settings) == [1, 2, 1]
    assert [name for level, name, _ in lines if level == "error"] == ["journal.put_away"]


def test_a_sender_that_died_is_not_answered_in_its_heir(stage: Stage[JournalActor], settings: JournalSettings) -> None:
    """What it had given is recorded all the same."""
    begun(stage, settings)
    disk = Disk(settings)
    disk.vanish()
    keep(stage, 1, alert(1))
    keep(stage, 2, alert(2))
    stage.introduce(SENDER)
    disk.come_back()
    later(stage)
    assert kept(stage) == []
    assert recorded(settings) == [1, 2]


# -- telling the gateway


def test_the_gateway_is_told_when_something_has_changed(stage: Stage[JournalActor], settings: JournalSettings) -> None:
    """Once a second at most, and not before it has taken what was told before."""
    begun(stage, settings)
    (first,) = stage.heard(JournalState)
    for batch in range(1, 4):
        keep(stage, batch, event(batch))
    stage.pass_time(10 * TELL_S)
    assert stage.heard(JournalState) == [first], "not taken yet"
    stage.deliver(Taken(number=first.number + 7), GATEWAY)
    assert stage.heard(JournalState) == [first], "another one was"
    stage.deliver(Taken(number=first.number), GATEWAY)
    _, second = stage.heard(JournalState)
    assert {each.name: (each.last, each.kept) for each in second.report.streams} == {"alerts": (0, 0), "events": (3, 3)}
    stage.deliver(Taken(number=second.number), GATEWAY)
    stage.pass_time(10 * TELL_S)
    assert len(stage.heard(JournalState)) == 2, "nothing has changed"


def test_a_new_gateway_is_told_at_once(stage: Stage[JournalActor], settings: JournalSettings) -> None:
    """It knows nothing of what the one before was told."""
    begun(stage, settings)
    stage.pass_time(TELL_S)
    stage.introduce(GATEWAY)
    first, second = stage.heard(JournalState)
    assert first.report == second.report


# -- the file of alerts


def test_each_alert_is_a_line_and_events_are_none(stage: Stage[JournalActor], settings: JournalSettings) -> None:
    """In the order of the record."""
    begun(stage, settings)
    keep(stage, 1, *alerts([1, 2]), *events([3, 4]))
    keep(stage, 2, *alerts([5]))
    assert written(settings) == [1, 2, 3]
    line = json.loads(Path(settings.alert_file.path).read_bytes().splitlines()[2])
    assert (line["message"], line["host"]["id"], line["agent"]["version"]) == ("number 5", "0" * 32, "1.2.3")
    told = report(stage).alert_file
    assert told is not None
    assert (told.last, told.written, told.trouble) == (3, 3, "")


def test_what_is_missing_after_a_crash_is_written_at_the_start(settings: JournalSettings) -> None:
    """Each alert once: also when the last line was torn."""
    path = Path(settings.alert_file.path)
    for torn in (False, True):
        for stage in stages(JournalActor()):
            begun(stage, settings)
            number = 10 * (torn + 1)
            keep(stage, 1, *alerts(range(number, number + 3)))
            stage.stop()
        whole = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join(whole[:-1]) + (whole[-1][:20] if torn else b""))
    for stage in stages(JournalActor()):
        begun(stage, settings)
        assert written(settings) == [1, 2, 3, 4, 5, 6]
        stage.stop()


def test_a_file_that_was_moved_away_by_somebody_is_gone_on_with(
    stage: Stage[JournalActor], settings: JournalSettings
) -> None:
    """With a name we do not know, as logrotate gives them: then or later, nothing comes twice."""
    begun(stage, settings)
    keep(stage, 1, *alerts([1, 2]))
    path = Path(settings.alert_file.path)
    path.rename(path.with_name("moved"))
    stage.deliver(Reopen())
    quiet(stage)
    assert written(settings) == []
    keep(stage, 2, *alerts([3]))
    assert written(settings) == [3]
    path.unlink()
    stage.deliver(Reopen())
    quiet(stage)
    stage.stop()
    for again in stages(JournalActor()):
        begun(again, settings)
        keep(again, 1, *alerts([4]))
        assert written(settings) == [4]
        again.stop()


def test_a_log_directory_that_cannot_be_written_does_not_stop_the_record(
    stage: Stage[JournalActor], settings: JournalSettings, lines: Lines
) -> None:
    """It is told, and what is missing is written when it can be."""
    log = Path(settings.alert_file.path).parent
    log.rename(log.with_name("elsewhere"))
    begun(stage, settings)
    keep(stage, 1, *alerts([1, 2]))
    assert kept(stage) == [Kept(batch=1)]
    told = report(stage).alert_file
    assert told is not None
    assert (told.trouble, told.last) == ("unavailable", 0)
    assert report(stage).trouble == ""
    log.with_name("elsewhere").rename(log)
    later(stage)
    assert written(settings) == [1, 2]
    assert [name for _, name, _ in lines] == ["journal.file_trouble", "journal.file_mended"]


def test_many_alerts_are_written_piece_by_piece(
    stage: Stage[JournalActor], settings: JournalSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a long time without the file."""
    monkeypatch.setattr("daemoneye.actors.recording.PIECE", 7)
    monkeypatch.setattr("daemoneye.actors.follower.PIECE", 7)
    begun(stage, without_alert_file(settings))
    keep(stage, 1, *alerts(range(1, 51)))
    assert not Path(settings.alert_file.path).exists()
    assert report(stage).alert_file is None
    stage.apply(settings)
    quiet(stage)
    assert written(settings) == list(range(1, 51))
    assert stage.heard(SettingsApplied) == [SettingsApplied(config=1)]


def test_an_alert_that_nobody_can_read_has_a_line_all_the_same(
    stage: Stage[JournalActor], settings: JournalSettings
) -> None:
    """It is not one of ours, and it is in the record: those who follow the file must not miss its number."""
    begun(stage, settings)
    bodies = [b"{", b"[]", b"{}", b'{"stream":"alerts"}', b"[" * 100_000]
    keep(stage, 1, *(replace(alert(number), body=body) for number, body in enumerate(bodies, start=1)), alert(9))
    assert written(settings) == [1, 2, 3, 4, 5, 6]
    first = json.loads(Path(settings.alert_file.path).read_bytes().splitlines()[0])
    assert (first["rule"]["id"], first["event"]["severity"]) == ("integrity.disk_mismatch", 70)


@pytest.mark.parametrize("form", ["native", "ocsf"])
def test_another_format_is_taken_up_where_the_one_before_ended(
    stage: Stage[JournalActor], settings: JournalSettings, form: str
) -> None:
    """A reload changes it from one line to the next."""
    begun(stage, settings)
    keep(stage, 1, *alerts([1]))
    stage.apply(replace(settings, alert_file=replace(settings.alert_file, format=form)))
    quiet(stage)
    keep(stage, 2, *alerts([2]))
    first, second = map(json.loads, Path(settings.alert_file.path).read_bytes().splitlines())
    assert first["event"]["sequence"] == 1
    assert (second.get("sequence") or second["metadata"]["sequence"]) == 2


def test_a_file_is_rotated_before_it_is_too_large(stage: Stage[JournalActor], settings: JournalSettings) -> None:
    """And goes on in the next."""
    begun(stage, replace(settings, alert_file=replace(settings.alert_file, max_size=4096)))
    keep(stage, 1, *alerts(range(1, 4)))
    assert written(settings) == [1, 2, 3]
    assert Path(f"{settings.alert_file.path}.1").exists()


# -- copies for the log of the machine


class Logger:
    """What listens at /dev/log."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(str(path))

    def read(self) -> list[bytes]:
        found = []
        with suppress(BlockingIOError):
            while message := self._socket.recv(1 << 20):
                found.append(message)
        return found

    def sequences(self) -> list[int]:
        return [json.loads(message.partition(b"@cee: ")[2])["event"]["sequence"] for message in self.read()]

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def copied(settings: JournalSettings) -> JournalSettings:
    """With copies switched on."""
    return replace(settings, syslog=replace(settings.syslog, enabled=True))


@pytest.fixture
def logger(settings: JournalSettings) -> Iterator[Logger]:
    listening = Logger(settings.syslog.path)
    yield listening
    listening.close()


def sink(stage: Stage[JournalActor]) -> SinkReport:
    report(stage)
    (found,) = stage.heard(JournalState)[-1].sinks
    return found


def test_the_log_of_the_machine_gets_a_copy_of_each_alert(
    stage: Stage[JournalActor], copied: JournalSettings, logger: Logger
) -> None:
    """Committed before, in order and once; of events, and of alerts that come again, there is none."""
    begun(stage, copied)
    keep(stage, 1, *alerts([1, 2]), *events([3]))
    keep(stage, 2, *alerts([2, 4]))
    first, *others = logger.read()
    assert first.startswith(b"<83>daemoneye: @cee: {")
    assert json.loads(first.partition(b"@cee: ")[2])["message"] == "number 1"
    assert len(others) == 2
    found = sink(stage)
    assert (found.name, found.state, found.acknowledged, found.set_aside, found.behind) == (
        *("syslog", "connected", 3, 0),
        0,
    )
    assert found.last_success_ms


def test_what_was_recorded_before_has_no_copy(copied: JournalSettings, logger: Logger) -> None:
    """A start does not send what may be years old; a stop sends what is missing."""
    for stage in stages(JournalActor()):
        begun(stage, replace(copied, syslog=replace(copied.syslog, enabled=False)))
        keep(stage, 1, *alerts([1, 2]))
        report(stage)
        assert stage.heard(JournalState)[-1].sinks == ()
        stage.stop()
    for stage in stages(JournalActor()):
        begun(stage, copied)
        stage.deliver(Keep(batch=1, entries=alerts([3, 4])), SENDER)
        stage.deliver(Keep(batch=2, entries=alerts([5])), SENDER)
        stage.stop()
    assert logger.sequences() == [3, 4, 5]


def test_without_a_logger_copies_are_lost_and_counted(
    stage: Stage[JournalActor], copied: JournalSettings, lines: Lines
) -> None:
    """It shows before there is anything to copy; the record waits for nobody; and it ends by itself."""
    begun(stage, copied)
    found = sink(stage)
    assert (found.state, found.trouble, found.set_aside) == ("away", "unavailable: no such file or directory", 0)
    keep(stage, 1, *alerts([1, 2, 3]))
    assert kept(stage) == [Kept(batch=1)]
    assert (sink(stage).set_aside, sink(stage).behind, report(stage).trouble) == (3, 0, "")
    logger = Logger(copied.syslog.path)
    later(stage)
    assert (sink(stage).state, sink(stage).trouble) == ("connected", "")
    keep(stage, 2, *alerts([4]))
    assert logger.sequences() == [4]
    logger.close()
    assert [name for _, name, _ in lines] == ["journal.copy_trouble", "journal.copy_mended"]
    assert lines[-1][2]["lost"] == 3


def test_a_restarted_logger_gets_the_next_copy(
    stage: Stage[JournalActor], copied: JournalSettings, logger: Logger
) -> None:
    """At another socket of the same name, as of a daemon that was updated."""
    begun(stage, copied)
    keep(stage, 1, *alerts([1]))
    assert logger.sequences() == [1]
    logger.close()
    again = Logger(copied.syslog.path)
    keep(stage, 2, *alerts([2]))
    assert again.sequences() == [2]
    again.close()
    assert (sink(stage).acknowledged, sink(stage).set_aside) == (2, 0)


def test_a_logger_that_does_not_read_is_in_nobodys_way(
    stage: Stage[JournalActor], copied: JournalSettings, logger: Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What its queue does not take for a while is lost and counted, piece by piece; nothing is torn."""
    monkeypatch.setattr("daemoneye.actors.copier._PATIENCE_S", 0.0)
    for module in ("recording", "copier", "follower"):
        monkeypatch.setattr(f"daemoneye.actors.{module}.PIECE", 64)
    begun(stage, copied)
    for batch in range(1, 9):
        keep(stage, batch, *alerts(range(batch * 100, batch * 100 + 100)))
    assert kept(stage) == [Kept(batch=batch) for batch in range(1, 9)]
    found = sink(stage)
    assert (found.state, found.behind, found.acknowledged + found.set_aside) == ("away", 0, 800)
    assert found.trouble.startswith("busy: ")
    assert written(copied) == list(range(1, 801))
    assert logger.sequences() == list(range(1, found.acknowledged + 1))
    later(stage)
    assert sink(stage).state == "connected"


def test_a_slow_logger_gets_everything(
    stage: Stage[JournalActor], copied: JournalSettings, logger: Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as it reads at all, it is waited for, in a thread of its own."""
    monkeypatch.setattr("daemoneye.actors.copier._PATIENCE_S", 30.0)
    begun(stage, copied)
    stage.deliver(Keep(batch=1, entries=alerts(range(1, 400))), SENDER)
    stage.deliver(Keep(batch=2, entries=alerts(range(400, 800))), SENDER)
    found: list[int] = []

    def read() -> None:
        while len(found) < 799:
            found.extend(logger.sequences())

    reader = threading.Thread(target=read)
    reader.start()
    quiet(stage)
    reader.join()
    assert found == list(range(1, 800))


def test_other_settings_of_the_copies_hold_at_once(
    stage: Stage[JournalActor], copied: JournalSettings, logger: Logger
) -> None:
    """Another format, another socket, another limit, off and on again; counts go on."""
    begun(stage, copied)
    keep(stage, 1, *alerts([1]))
    assert logger.sequences() == [1]
    other = Logger(copied.syslog.path.with_name("other"))
    short = Syslog(enabled=True, path=other.path, format="native", max_message=1024)
    stage.apply(replace(copied, syslog=short))
    quiet(stage)
    keep(stage, 2, replace(alert(2), body=alert(2).body.replace(b'"number 2"', b'"' + b"x" * 5000 + b'"')))
    (message,) = other.read()
    assert len(message) <= 1024
    assert json.loads(message.partition(b"@cee: ")[2])["truncated"] > 5000
    stage.apply(replace(copied, syslog=replace(short, enabled=False)))
    quiet(stage)
    keep(stage, 3, *alerts([3]))
    stage.apply(copied)
    quiet(stage)
    keep(stage, 4, *alerts([4]))
    assert (logger.sequences(), other.read()) == ([4], [])
    assert (sink(stage).acknowledged, sink(stage).set_aside) == (3, 0)
    other.close()


def test_a_copy_of_what_nobody_can_read_says_so(
    stage: Stage[JournalActor], copied: JournalSettings, logger: Logger
) -> None:
    """An alert that is not one of ours is no reason to end."""
    begun(stage, copied)
    keep(stage, 1, replace(alert(1), body=b"{"), alert(2))
    assert logger.sequences() == [1, 2]


def test_a_new_chain_is_copied_from_its_beginning(
    stage: Stage[JournalActor], copied: JournalSettings, logger: Logger
) -> None:
    """A file that was taken away makes no alert go without its copy, and none go twice."""
    begun(stage, copied)
    keep(stage, 1, *alerts([1, 2]))
    for name in ("daemoneye.db", "daemoneye.db-wal", "daemoneye.db-shm"):
        (Path(copied.state_dir) / name).unlink(missing_ok=True)
    keep(stage, 2, *alerts([3]))
    assert logger.sequences() == [1, 2, 1]


# -- settings, signatures and the end


def test_new_limits_hold_for_what_is_there(stage: Stage[JournalActor], settings: JournalSettings) -> None:
    """What does not fit any more goes, and the record says so."""
    begun(stage, settings)
    for batch in range(1, 9):
        keep(stage, batch, *(event(batch * 100 + number, size=4000) for number in range(50)))
    stage.apply(replace(settings, max_bytes=1 << 20))
    quiet(stage)
    keep(stage, 9, event(1))
    told = report(stage)
    assert told.pruned > 100
    assert told.disk_bytes <= 1 << 20


def test_everything_is_signed_after_a_while(
    stage: Stage[JournalActor], settings: JournalSettings, tmp_path: Path
) -> None:
    """And again and again: a thief of the keys can change a minute."""
    begun(stage, settings)
    world = World(tmp_path / "state")
    for minute in range(1, 3):
        keep(stage, minute, *alerts([minute]))
        assert world.verified().unsigned == 1
        stage.pass_time(SIGN_S)
        quiet(stage)
        assert world.verified().unsigned == 0


def test_asked_to_stop_it_writes_what_it_has_and_signs_it(
    stage: Stage[JournalActor], settings: JournalSettings, tmp_path: Path
) -> None:
    """And leaves a whole journal, and a file of alerts in which nothing is missing."""
    begun(stage, settings)
    for batch in range(1, WINDOW + 1):
        stage.deliver(Keep(batch=batch, entries=alerts(range(batch * 10, batch * 10 + 5))), SENDER)
    stage.stop()
    assert not (tmp_path / "state/daemoneye.db-wal").exists()
    found = World(tmp_path / "state").verified()
    assert (found.finding, found.unsigned, found.entries) == (None, 0, 5 * WINDOW)
    assert written(settings) == list(range(1, 5 * WINDOW + 1))
    assert kept(stage) == [Kept(batch=batch) for batch in range(1, WINDOW + 1)]


def test_it_leaves_no_descriptor(settings: JournalSettings) -> None:
    """A life is as long as the agent's, and begins more than once."""
    counts = []
    for _ in range(3):
        for stage in stages(JournalActor()):
            begun(stage, settings)
            keep(stage, 1, alert(1))
            stage.stop()
        counts.append(sum(1 for _ in Path("/proc/self/fd").iterdir()))
    assert counts[0] == counts[1] == counts[2]


LIFE = """
import select, socket, sys, tempfile
from pathlib import Path
from daemoneye.agent import _preload
from daemoneye.settings.files import gather, understand
from tests.fakes.actor_stage import stages
from daemoneye.actors.journal import JournalActor
from daemoneye.messages.record import Keep
from daemoneye.messages.supervision import AlertFileSettings, JournalSettings, Reopen
from daemoneye.model.alert import Severity
from daemoneye.model.record import Entry, Moment, Stream
from daemoneye.outputs import recorded
from daemoneye.settings.outputs import Syslog

_preload(understand(gather(None)).settings)
place = Path(tempfile.mkdtemp())
file = AlertFileSettings(enabled=True, path=str(place / "alerts"), format="ecs", max_size=4096, max_files=2)
settings = JournalSettings(
    state_dir=str(place), max_bytes=1 << 20, max_age_s=1e6, alert_file=file, version="", host_name="h", host_id="i",
    syslog=Syslog(enabled=True, path=place / "logger"),
)
logger = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
before = set(sys.modules)
for stage in stages(JournalActor()):
    def quiet():
        while any(each._worker.busy for each in (stage.actor, stage.actor._follower, stage.actor._copier)):
            stage.read()
    stage.begin(settings)
    stage.introduce("gateway")
    stage.introduce("collector")
    quiet()
    for batch in range(1, 40):
        if batch == 10:
            logger.bind(str(place / "logger"))
        if batch == 20:
            (place / "daemoneye.db-wal").unlink()
            (place / "daemoneye.db").write_bytes(b"no database" * 1000)
        moment = Moment(wall_ms=batch, monotonic_ns=0, boot_id="b")
        entries = [
            Entry(
                id=f"{batch:08x}-0000-7000-8000-{number:012x}", stream=Stream(1 + number % 2), severity=Severity.LOW,
                kind="kind", occurred=moment, name="n\\u00e4me", body=b"{" + b"x" * 3000,
            )
            for number in range(20)
        ]
        stage.deliver(Keep(batch=batch, entries=(*entries, entries[0])), "collector")
        stage.deliver(Reopen())
        quiet()
        while batch > 10 and select.select([logger], [], [], 0)[0]:
            logger.recv(1 << 16)
    stage.pass_time(60)
    quiet()
    stage.stop()
print(*sorted(set(sys.modules) - before))
"""


def test_nothing_is_imported_late() -> None:
    """The interpreter's files may be out of reach for the account that this runs as."""
    done = subprocess.run([sys.executable, "-c", LIFE], check=True, capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.split() == []
