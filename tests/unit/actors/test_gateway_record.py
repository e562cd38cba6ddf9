"""The gateway as the way to the record and to the metrics, for clients who may not read files."""

from __future__ import annotations

import os
import select
import threading
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from daemoneye.actors import lookups, metering
from daemoneye.actors.metering import PERIOD_S
from daemoneye.gateway.session import OUTSTANDING
from daemoneye.messages.control import AskStatus
from daemoneye.model.agent import Refusal, RefusalCode, StatusRequest
from daemoneye.model.lookup import Entries, EntriesRequest, Metrics, MetricsRequest
from daemoneye.model.status import Status
from tests.fakes.doorstep import Doorstep, report, scanned
from tests.fakes.journals import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from daemoneye.model.agent import Body

EVENTS = EntriesRequest(stream="events")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.end()


@pytest.fixture
def house(tmp_path: Path, world: World) -> Iterator[Doorstep]:
    with Doorstep(tmp_path / "s", state_dir=str(world.directory)) as house:
        yield house


def answered(house: Doorstep, request: Body) -> Body:
    caller = house.call()
    caller.say(request, 1)
    while not (found := caller.heard()):
        assert select.select(house.stage.watched, [], [], 10)[0]
    assert found[0].body
    return found[0].body


def refused(answer: Body) -> RefusalCode:
    assert isinstance(answer, Refusal)
    return answer.code


def test_what_is_on_record_is_shown_while_it_is_being_written(house: Doorstep, world: World) -> None:
    """Beside a journal that is open, and again when there is more."""
    journal = world.journal()
    journal.append(world.events(3, name="bash"))
    answer = answered(house, EVENTS)
    assert isinstance(answer, Entries)
    assert [(entry.sequence, entry.name) for entry in answer.entries] == [(1, "bash"), (2, "bash"), (3, "bash")]
    assert answer.last
    journal.append(world.events(1))
    more = answered(house, EntriesRequest(stream="events", after=answer.reached))
    assert isinstance(more, Entries)
    assert [entry.sequence for entry in more.entries] == [4]


def test_an_answer_fits_a_frame(tmp_path: Path, world: World) -> None:
    """Of whatever size the settings allow."""
    world.journal().append(world.events(100, size=2000))
    with Doorstep(tmp_path / "small", state_dir=str(world.directory), max_frame=64 * 1024) as house:
        answer = answered(house, EVENTS)
    assert isinstance(answer, Entries)
    assert 20 < len(answer.entries) < 32
    assert not answer.last


def test_without_a_record_the_client_hears_so(house: Doorstep) -> None:
    """It may try again, or look elsewhere."""
    answer = answered(house, EVENTS)
    assert refused(answer) is RefusalCode.UNAVAILABLE
    assert isinstance(answer, Refusal)
    assert answer.text.endswith("daemoneye.db: no such file: a journal")


def test_a_damaged_record_is_no_reason_to_die(house: Doorstep, world: World) -> None:
    """The gateway goes on answering."""
    world.path.write_bytes(b"\xa5" * 9000)
    assert refused(answered(house, EVENTS)) is RefusalCode.UNAVAILABLE
    assert house.stage.heartbeat().idle


def test_a_question_that_makes_no_sense_is_refused(house: Doorstep, world: World) -> None:
    """And the next one answered."""
    world.journal().append(world.events(1))
    assert refused(answered(house, EntriesRequest(stream="nosuch"))) is RefusalCode.MALFORMED
    assert isinstance(answered(house, EVENTS), Entries)


class Disk:
    """One that answers when the test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.release = threading.Semaphore(0)
        monkeypatch.setattr(lookups, "look_up", self._look_up)

    def _look_up(self, *_: object) -> Entries:
        assert self.release.acquire(timeout=10)
        return Entries(reached=1, end=1)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    disk = Disk(monkeypatch)
    yield disk
    disk.release.release(100)


def test_a_slow_disk_delays_no_heartbeat(house: Doorstep, disk: Disk) -> None:
    """Nor the status, nor anybody who asks for something else."""
    slow, other = house.call(), house.call()
    slow.say(EVENTS, 1)
    assert house.stage.heartbeat().idle
    other.say(StatusRequest(), 1)
    house.stage.deliver(report(house.asked(AskStatus).request))
    assert isinstance(other.answer(), Status)
    disk.release.release()
    house.stage.read()
    assert isinstance(slow.answer(), Entries)


def test_clients_have_their_turn_one_after_the_other(house: Doorstep, disk: Disk) -> None:
    """Each with one question at a time."""
    callers = [house.call() for _ in range(3)]
    for caller in callers:
        caller.say(EVENTS, 1)
    callers[0].say(EVENTS, 2)
    assert refused(callers[0].answer()) is RefusalCode.REFUSED
    for caller in callers:
        disk.release.release()
        house.stage.read()
        assert isinstance(caller.answer(), Entries)


def test_who_goes_away_does_not_keep_others_waiting(house: Doorstep, disk: Disk) -> None:
    """What was looked up for him is for nobody."""
    gone, waiting, also_gone = (house.call() for _ in range(3))
    for caller in (gone, waiting, also_gone):
        caller.say(EVENTS, 1)
    gone.close()
    also_gone.close()
    house.turns(4)
    disk.release.release(2)
    house.stage.read()
    house.stage.read()
    assert isinstance(waiting.answer(), Entries)
    house.turns(2)
    assert len(house.gateway._lookups) == 0


def test_a_disk_that_does_not_answer_is_told_as_that(house: Doorstep, disk: Disk) -> None:
    """In time, to the one whose turn it was and to those behind him; and when it does answer, the next is served."""
    first, second = house.call(), house.call()
    first.say(EVENTS, 1)
    second.say(EVENTS, 1)
    house.stage.pass_time(lookups._ANSWER_S + 1)
    for caller in (first, second):
        assert refused(caller.answer()) is RefusalCode.NO_ANSWER
    second.say(EVENTS, 2)
    disk.release.release(2)
    house.stage.read()
    house.stage.read()
    assert isinstance(second.answer(), Entries)


def test_whoever_waits_for_the_disk_is_taken_leave_of(house: Doorstep, disk: Disk) -> None:
    """And the end does not wait for the disk."""
    callers = [house.call() for _ in range(2)]
    for caller in callers:
        caller.say(EVENTS, 1)
    house.stage.stop()
    for caller in callers:
        (envelope,) = caller.heard_so_far()
        assert isinstance(envelope.body, Refusal)
        assert envelope.body.code is RefusalCode.UNAVAILABLE
    assert OUTSTANDING > 1
    disk.release.release()


# -- metrics


def families(text: str) -> dict[str, list[float]]:
    return {each.name: [sample.value for sample in each.samples] for each in text_string_to_metric_families(text)}


def test_metrics_are_the_status_and_what_was_counted(house: Doorstep) -> None:
    """In the text that every scraper takes."""
    house.stage.introduce("collector")
    house.stage.deliver(scanned(), "collector")
    caller = house.call()
    caller.say(MetricsRequest(), 1)
    house.stage.deliver(report(house.asked(AskStatus).request))
    answer = caller.answer()
    assert isinstance(answer, Metrics)
    found = families(answer.text)
    assert found["daemoneye_processes"] == [3]
    assert found["daemoneye_ipc_clients_entries"] == [1]
    assert "daemoneye_sink_up" not in found


@pytest.fixture
def prom(tmp_path: Path) -> Path:
    directory = tmp_path / "prom"
    directory.mkdir()
    return directory / "daemoneye.prom"


@pytest.fixture
def metering_house(tmp_path: Path, prom: Path) -> Iterator[Doorstep]:
    with Doorstep(tmp_path / "s", metrics_textfile=str(prom)) as house:
        yield house


def next_file(house: Doorstep, after_s: float = PERIOD_S) -> None:
    house.stage.pass_time(after_s)
    house.stage.deliver(report(house.asked(AskStatus).request))
    house.stage.read()


def test_a_file_of_metrics_is_there_from_the_start_and_kept_fresh(metering_house: Doorstep, prom: Path) -> None:
    """Nobody has to ask."""
    next_file(metering_house, 0)
    first = prom.stat()
    assert families(prom.read_text())["daemoneye_sink_sent"] == [0.0]
    assert first.st_mode & 0o777 == 0o644
    next_file(metering_house)
    assert prom.stat().st_ino != first.st_ino  # replaced as a whole
    assert families(prom.read_text())["daemoneye_sink_sent"] == [1.0]
    assert os.listdir(prom.parent) == [prom.name]  # noqa: PTH208 - nothing else stays


def test_a_file_that_cannot_be_written_is_tried_again(
    metering_house: Doorstep, prom: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said once, and that it is over."""
    said: list[str] = []
    monkeypatch.setattr(metering, "log", lambda _level, event, **_: said.append(event))
    prom.mkdir()
    for after_s in (0, PERIOD_S, PERIOD_S):
        next_file(metering_house, after_s)
    prom.rmdir()
    next_file(metering_house)
    assert families(prom.read_text())["daemoneye_sink_lost"] == [3.0]
    caller = metering_house.call()
    caller.say(MetricsRequest(), 1)
    metering_house.stage.deliver(report(metering_house.asked(AskStatus).request))
    answer = caller.answer()
    assert isinstance(answer, Metrics)
    assert families(answer.text)["daemoneye_sink_up"] == [1.0]
    assert said == ["metrics.file_failed", "metrics.file_recovered"]


def test_a_directory_that_is_not_there_is_no_reason_to_die(tmp_path: Path) -> None:
    """It may come later."""
    path = tmp_path / "later" / "x.prom"
    with Doorstep(tmp_path / "s", metrics_textfile=str(path)) as house:
        next_file(house, 0)
        path.parent.mkdir()
        next_file(house)
    assert path.exists()


def test_while_a_file_is_being_written_no_other_is_begun(
    metering_house: Doorstep, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that hangs holds one of them, and nobody else."""
    release = threading.Event()
    real = metering._write

    def slow(path: Path, text: str) -> object:
        assert release.wait(10)
        return real(path, text)

    monkeypatch.setattr(metering, "_write", slow)
    stage = metering_house.stage
    for after_s in (0, PERIOD_S):
        stage.pass_time(after_s)
        stage.deliver(report(metering_house.asked(AskStatus).request))
    assert stage.heartbeat().idle
    release.set()
    stage.read()
    (sink,) = metering_house.gateway._file.sinks
    assert (sink.sent, sink.lost) == (1, 1)


def test_at_the_end_nothing_is_waited_for(metering_house: Doorstep) -> None:
    """A file that is still being written ends with the process."""
    metering_house.stage.stop()
    assert metering_house.stage.watched == []
