"""The forwarder: questions to the journal, answers to the outputs, news to the gateway and to the log."""

from __future__ import annotations

import select
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from daemoneye.actors import forwarder
from daemoneye.actors.forwarder import TELL_S, Forwarder
from daemoneye.forwarding import asking
from daemoneye.forwarding.desk import Wanted
from daemoneye.forwarding.line import NoConnection
from daemoneye.forwarding.rendering import AsLine
from daemoneye.messages.delivery import Taken
from daemoneye.messages.forwarding import Pull, PullRefused, SinksState
from daemoneye.messages.supervision import ForwarderSettings, SettingsApplied
from daemoneye.model.record import Stream
from daemoneye.outputs.relp import Acked, Closed, Refused
from daemoneye.settings.outputs import NATS, RELP
from tests.fakes.actor_stage import Died, Stage, stages
from tests.fakes.fleet import Recorded, until
from tests.fakes.outgoing import ORIGIN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from daemoneye.forwarding.line import Told
    from daemoneye.model.record import Entry


class World:
    """The other side, and whether it is there."""

    def __init__(self) -> None:
        self.there = True
        self.bug = False
        self.poison = ""
        self.taken: list[str] = []


class FakeLine:
    room = 4

    def __init__(self, world: World) -> None:
        self._world = world
        self._told: list[Told] = []

    def send(self, identity: str, stream: Stream, message: bytes) -> None:  # noqa: ARG002 - of a Line
        assert message
        if identity == self._world.poison:
            self._told.append(Refused(identity, "500 no"))
        else:
            self._world.taken.append(identity)
            self._told.append(Acked(identity))

    def tell(self, identity: str, health: bytes) -> None:
        assert identity
        assert health

    def wait(self, seconds: float, wake: int) -> list[Told]:
        if not self._told:
            select.select([wake], [], [], min(seconds, 0.02))
        told, self._told = self._told, []
        return told if self._world.there else [*told, Closed("gone", ())]

    def close(self) -> None:
        pass


def fake_receiver(world: World, name: str) -> type:
    class FakeReceiver:
        timeout_s = 5.0

        def __init__(self, settings: Any, origin: Any) -> None:
            assert settings.enabled
            self.name = name
            self._render = AsLine(origin, 4096)

        def connect(self) -> FakeLine:
            if world.bug:
                raise ZeroDivisionError("by zero")
            if not world.there:
                raise NoConnection("nobody is there")
            return FakeLine(world)

        def render(self, entry: Entry, sequence: int) -> bytes:
            return self._render(entry, sequence)

    return FakeReceiver


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World()
    module = ModuleType("receivers_of_a_test")
    for name in ("relp", "nats"):
        setattr(module, name, fake_receiver(world, name))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(asking, "POLL_S", 0.02)
    monkeypatch.setattr(forwarder, "RECEIVERS", {name: (module.__name__, name) for name in ("relp", "nats")})
    return world


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    lines: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(forwarder, "log", lambda _level, name, **fields: lines.append((name, fields)))
    return lines


@pytest.fixture
def stage(world: World) -> Iterator[Stage[Forwarder]]:  # noqa: ARG001 - it is made before the actor
    for stage in stages(Forwarder()):
        yield stage
        if hasattr(stage.actor, "_outputs"):
            stage.stop()


def settings(directory: Path, **on: bool) -> ForwarderSettings:
    return ForwarderSettings(
        directory=str(directory),
        relp=RELP(enabled=on.get("relp", True)),
        nats=NATS(enabled=on.get("nats", False)),
        version=ORIGIN.version,
        host_name=ORIGIN.host_name,
        host_id=ORIGIN.host_id,
    )


class Journal:
    """Answers what the forwarder asks, as long as there is something to answer."""

    def __init__(self, stage: Stage[Forwarder]) -> None:
        self.recorded = Recorded()
        self._stage = stage
        self._answered = 0

    def serve(self) -> None:
        self._stage.read()
        asked = self._stage.heard(Pull)
        for pull in asked[self._answered :]:
            self._stage.deliver(self.answer(pull), "journal")
        self._answered = len(asked)

    def answer(self, pull: Pull) -> Any:
        wanted = Wanted(alerts=pull.alerts, events=pull.events, anchored=pull.anchored)
        return self.recorded.answer(wanted, pull.request)

    def serve_until(self, true: Any) -> None:
        for _ in range(1000):
            if true():
                return
            self.serve()
        raise AssertionError("never")


@pytest.fixture
def journal(stage: Stage[Forwarder], tmp_path: Path) -> Journal:
    stage.begin(settings(tmp_path))
    stage.introduce("journal")
    return Journal(stage)


def test_what_is_recorded_is_delivered(stage: Stage[Forwarder], journal: Journal, world: World) -> None:
    """It is pulled, sent, and counted as progress when it is acknowledged."""
    journal.recorded.record(Stream.ALERTS, 20)
    journal.serve_until(lambda: stage.heartbeat().work_done == 20)
    assert world.taken == journal.recorded.ids


def test_each_output_has_its_own_way(stage: Stage[Forwarder], world: World, tmp_path: Path) -> None:
    """Two outputs ask for themselves, and every record goes to both."""
    stage.begin(settings(tmp_path, nats=True))
    stage.introduce("journal")
    journal = Journal(stage)
    journal.recorded.record(Stream.ALERTS, 5)
    journal.serve_until(lambda: stage.heartbeat().work_done == 10)
    assert sorted(world.taken) == sorted(journal.recorded.ids * 2)
    stage.stop()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["nats.cursor", "relp.cursor"]


def test_without_a_journal_it_waits(stage: Stage[Forwarder], tmp_path: Path) -> None:
    """And asks when there is one."""
    stage.begin(settings(tmp_path))
    stage.read()
    assert stage.heard(Pull) == []
    stage.introduce("journal")
    if not stage.heard(Pull):
        stage.read()
    assert len(stage.heard(Pull)) == 1


def test_another_journal_is_asked_again(stage: Stage[Forwarder], journal: Journal, world: World) -> None:
    """A question that died with the one before is not waited for; an answer that comes after all is no one's."""
    journal.recorded.record(Stream.ALERTS, 3)
    while not stage.heard(Pull):
        stage.read()
    stage.introduce("journal")
    stage.deliver(PullRefused(request=1, reason="x"), "journal")
    journal._answered = 1
    journal.serve_until(lambda: stage.heartbeat().work_done == 3)
    assert world.taken == journal.recorded.ids


def test_a_receiver_that_is_away_is_told_once_and_when_it_is_back(
    stage: Stage[Forwarder], world: World, said: list[tuple[str, dict[str, Any]]], tmp_path: Path
) -> None:
    """The forwarder is idle meanwhile: for somebody else's absence it is not restarted."""
    world.there = False
    stage.begin(settings(tmp_path))
    stage.introduce("journal")
    journal = Journal(stage)
    journal.recorded.record(Stream.ALERTS, 3)
    journal.serve_until(lambda: said)
    until(lambda: stage.actor.idle, "rest")
    assert stage.heartbeat().idle
    world.there = True
    journal.serve_until(lambda: len(said) > 1)
    assert said == [
        ("forwarder.degraded", {"output": "relp", "state": "away", "because": "nobody is there"}),
        ("forwarder.connected", {"output": "relp"}),
    ]


def test_a_record_that_is_set_aside_is_told(
    world: World, said: list[tuple[str, dict[str, Any]]], journal: Journal
) -> None:
    """With what it takes to find it in the journal."""
    journal.recorded.record(Stream.ALERTS, 6)
    world.poison = journal.recorded.ids[2]
    journal.serve_until(lambda: any(name == "forwarder.set_aside" for name, _ in said))
    fields = dict(said)["forwarder.set_aside"]
    assert (fields["sequence"], fields["id"], fields["because"]) == (3, world.poison, "500 no")


def test_the_gateway_is_told_and_not_again_before_it_has_taken_it(stage: Stage[Forwarder], journal: Journal) -> None:
    """What somebody does not take is in our way."""
    stage.introduce("gateway")
    journal.recorded.record(Stream.ALERTS, 3)
    journal.serve_until(lambda: stage.heartbeat().work_done == 3)
    stage.pass_time(5 * TELL_S)
    (first,) = stage.heard(SinksState)
    stage.deliver(Taken(number=first.number + 7), "gateway")
    stage.pass_time(2 * TELL_S)
    assert stage.heard(SinksState) == [first]
    stage.deliver(Taken(number=first.number), "gateway")
    stage.pass_time(2 * TELL_S)
    assert stage.heard(SinksState) == [first]  # nothing has changed
    journal.recorded.record(Stream.ALERTS, 3)
    journal.serve_until(lambda: stage.heartbeat().work_done == 6)
    stage.pass_time(2 * TELL_S)
    second = stage.heard(SinksState)[-1]
    assert (second.sinks[0].name, second.sinks[0].state, second.sinks[0].acknowledged) == ("relp", "connected", 6)
    stage.introduce("gateway")  # another one, which knows nothing
    stage.pass_time(2 * TELL_S)
    assert len(stage.heard(SinksState)) == 3


def test_what_has_not_changed_is_not_told(stage: Stage[Forwarder], journal: Journal) -> None:
    """A quiet day is quiet."""
    stage.introduce("gateway")
    journal.serve_until(lambda: stage.actor._outputs[0].report.state == "connected")
    for _ in range(10):
        stage.pass_time(TELL_S)
        for state in stage.heard(SinksState):
            stage.deliver(Taken(number=state.number), "gateway")
    assert len(stage.heard(SinksState)) <= 2


@pytest.mark.usefixtures("journal")
def test_new_settings_are_for_the_next_one(stage: Stage[Forwarder], tmp_path: Path) -> None:
    """The supervisor restarts it for what it cannot take; what concerns others is taken."""
    stage.apply(settings(tmp_path))
    assert len(stage.heard(SettingsApplied)) == 1


def test_asked_to_stop_it_saves_its_cursors(stage: Stage[Forwarder], journal: Journal, tmp_path: Path) -> None:
    """And the next one goes on there."""
    journal.recorded.record(Stream.EVENTS, 8)
    journal.serve_until(lambda: stage.heartbeat().work_done == 8)
    stage.stop()
    assert b'"events": 8' in (tmp_path / "relp.cursor").read_bytes()


def test_a_bug_in_a_thread_ends_the_process(stage: Stage[Forwarder], world: World, tmp_path: Path) -> None:
    """With its last words, like one in the actor."""
    world.bug = True
    stage.begin(settings(tmp_path))
    with pytest.raises(Died):
        list(iter(stage.read, "never"))
    assert stage.last_words.startswith("ZeroDivisionError: by zero")


def test_a_directory_that_is_missing_is_a_failed_start(stage: Stage[Forwarder], tmp_path: Path) -> None:
    """Nothing may be sent of which it cannot be known later that it was."""
    with pytest.raises(Died):
        stage.begin(settings(tmp_path / "none"))
    assert "FileNotFoundError" in stage.last_words
