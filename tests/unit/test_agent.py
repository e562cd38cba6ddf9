"""The composition root: what is done in which order, and what each fork is left with. Nothing is dropped here."""

from __future__ import annotations

import errno
import importlib
import os
import stat
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from daemoneye import agent
from daemoneye.actors import runner
from daemoneye.actors.base import GuardedActor
from daemoneye.actors.supervisor import SupervisorActor
from daemoneye.actors.transport import rebinds
from daemoneye.broker.words import StartRequest
from daemoneye.errors import CannotCreateError, ConfigError
from daemoneye.host import landlock, places, seccomp, signals
from daemoneye.host.identities import Identities, Identity, Mode
from daemoneye.premises import Premises, prepare
from daemoneye.settings.model import Settings
from daemoneye.settings.places import ConfigRejected
from daemoneye.tree import COLLECTOR, GATEWAY, SUPERVISOR, Ground, Read, present

if TYPE_CHECKING:
    from collections.abc import Iterator

US = Identity(uid=os.geteuid(), gid=os.getegid())
LOOKS = replace(US, groups=(1,))
BROKER = replace(US, groups=(2,))
IDENTITIES = Identities(broker=BROKER, collector=LOOKS, others=US, mode=Mode.ONE_UID, warnings=("less is seen",))


@pytest.fixture
def place() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="de-") as directory:
        Path(directory).chmod(0o755)
        yield Path(directory)


def settings_in(place: Path, **changed: Any) -> Settings:
    default = Settings()
    paths = replace(default.paths, state_dir=place / "state", runtime_dir=place / "run", log_dir=place / "log")
    return replace(default, paths=paths, **changed)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Premises]]:
    """What ``run`` has prepared, which it leaves to the end of its process to close."""
    made: list[Premises] = []

    def note(settings: Settings, identities: Identities) -> Premises:
        made.append(prepare(settings, identities))
        return made[-1]

    monkeypatch.setattr(agent, "prepare", note)
    yield made
    for each in made:
        close(each)


def close(prepared: Premises) -> None:
    os.close(prepared.lock)
    for each in (prepared.broker, *prepared.sockets.values(), *prepared.channels.values()):
        each.close()


class Steps:
    """What was done, in order; none of it was."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.done: list[Any] = []
        for name in ("put_on", "tie_to_parent", "_entitle", "configure", "share_with_forks", "keep", "begin_child"):
            monkeypatch.setattr(agent, name, self._note(name))
        monkeypatch.setattr(agent, "plan", lambda _: IDENTITIES)
        monkeypatch.setattr(agent, "log", lambda *_, **__: None)
        monkeypatch.setattr(landlock, "restrict", self._note("landlock"))
        monkeypatch.setattr(seccomp, "restrict", self._note("seccomp"))
        monkeypatch.setattr(signals, "ignore", self._note("signals"))
        monkeypatch.setattr(runner, "run", self._note("run"))
        monkeypatch.setattr(rebinds, "apply", self._note("mend"))
        monkeypatch.setattr(os, "chdir", self._note("chdir"))

    def _note(self, name: str) -> Any:
        def note(*arguments: Any, **named: Any) -> int:
            self.done.append((name, arguments, named))
            return 0

        return note

    @property
    def names(self) -> list[str]:
        return [name for name, _, _ in self.done]

    def of(self, name: str) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return next((arguments, named) for each, arguments, named in self.done if each == name)


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Steps:
    return Steps(monkeypatch)


@pytest.fixture
def prepared(place: Path) -> Iterator[Premises]:
    prepared = prepare(settings_in(place), IDENTITIES)
    yield prepared
    for each in (prepared.broker, *prepared.sockets.values(), *prepared.channels.values()):
        each.close()


@pytest.fixture
def forks(place: Path, prepared: Premises) -> Iterator[agent.Agent]:
    before = GuardedActor.inherited
    ground = Ground(
        first=Read(settings=settings_in(place), sha256=None, at_ms=0),
        identities=IDENTITIES,
        broker=prepared.broker_path,
        main_pid=77,
        began_s=0.0,
    )
    yield agent.Agent(ground, prepared, None)
    GuardedActor.inherited = before


def test_everything_is_made_before_anything_is_dropped(place: Path) -> None:
    """Directories for the account, sockets that clients can knock at, a lock against a second agent."""
    prepared = prepare(settings_in(place), IDENTITIES)
    try:
        assert {path.name for path in (place / "run").iterdir()} == {"actors", "agent.sock", "broker.sock"}
        modes = {path.name: stat.filemode(path.stat().st_mode) for path in (place / "run").iterdir()}
        assert modes == {"actors": "drwx------", "agent.sock": "srw-rw----", "broker.sock": "srw-------"}
        assert prepared.correlation_key == b""
        with pytest.raises(CannotCreateError):
            prepare(settings_in(place), IDENTITIES)
        (prepared.actors / "left").write_text("")
        prepared.remove()
        assert [*(place / "run").iterdir()] == []
    finally:
        close(prepared)


@pytest.mark.parametrize(("mask", "correlate", "length"), [(True, True, 32), (False, True, 0), (True, False, 0)])
def test_the_key_of_the_host_is_made_where_it_is_needed(place: Path, mask: bool, correlate: bool, length: int) -> None:
    """Where nothing is masked there is nothing to correlate."""
    sanitize = replace(Settings().sanitize, mask=mask, correlate=correlate)
    prepared = prepare(settings_in(place, sanitize=sanitize), IDENTITIES)
    close(prepared)
    assert len(prepared.correlation_key) == length
    assert (place / "state" / "redact.key").exists() is bool(length)


def test_what_cannot_be_prepared_leaves_no_socket(place: Path) -> None:
    """A key that others could read is a reason not to start."""
    (place / "state").mkdir()
    (place / "state" / "redact.key").write_text("open")
    sanitize = replace(Settings().sanitize, correlate=True)
    with pytest.raises(ConfigError):
        prepare(settings_in(place, sanitize=sanitize), IDENTITIES)
    assert not (place / "run").exists()


def test_the_sockets_belong_to_the_first_group_that_may_call(place: Path) -> None:
    """One that does not exist is told from one that is not wanted."""
    ipc = replace(Settings().ipc, allow_groups=("0", "nonsense"))
    if os.geteuid() == 0:
        close(prepare(settings_in(place, ipc=ipc), IDENTITIES))
        assert (place / "run" / "agent.sock").stat().st_gid == 0
    missing = replace(Settings().ipc, allow_groups=("daemoneye-no-such-group",))
    with pytest.raises(ConfigError, match="is no group of this host"):
        prepare(settings_in(place / "b", ipc=missing), IDENTITIES)


@pytest.mark.usefixtures("made")
def test_the_order_of_a_start(steps: Steps, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read, prepare, load, drop, and only then listen; at the end nothing is left in the runtime directory."""
    config = place / "c.yaml"
    config.write_text(f"paths: {{state_dir: {place}/s, runtime_dir: {place}/r, log_dir: {place}/l}}\n")
    loaded: list[list[str]] = []
    monkeypatch.setattr(agent, "_preload", lambda _: loaded.append(list(steps.names)))
    assert agent.run(config) == 0
    assert steps.names == ["configure", "mend", "share_with_forks", "put_on", "_entitle", "keep", "put_on"]
    assert loaded == [["configure"]]
    assert [arguments[0] for name, arguments, _ in steps.done if name == "put_on"] == [BROKER, US]
    assert [*(place / "r").iterdir()] == []
    (brokered,), _ = steps.of("keep")
    assert brokered.roles == {role.name for role in present(Settings())}
    assert brokered.requester_uid == US.uid
    assert brokered.reread().endswith(b",")


def test_a_mistake_in_the_settings_ends_it_before_anything_is_made(place: Path) -> None:
    """And nothing was said to anybody."""
    config = place / "c.yaml"
    config.write_text(f"paths: {{state_dir: {place}/s}}\nnonsense: 1\n")
    with pytest.raises(ConfigRejected):
        agent.run(config)
    assert not (place / "s").exists()


@pytest.mark.usefixtures("made")
def test_an_end_that_finds_no_directory_is_an_end(steps: Steps, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody tidied up too much: that is no reason to have failed."""
    config = place / "c.yaml"
    config.write_text(f"paths: {{state_dir: {place}/s, runtime_dir: {place}/r, log_dir: {place}/l}}\n")
    monkeypatch.setattr(agent, "_preload", lambda _: None)

    def vanish(_: object) -> int:
        places.remove([place / "r/agent.sock", place / "r/broker.sock"])
        (place / "r/actors").rmdir()
        return 70

    monkeypatch.setattr(agent, "keep", vanish)
    assert agent.run(config) == 70
    assert "configure" in steps.names


def test_what_is_used_later_is_loaded_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """An extra that was not installed is named before the start."""
    wanted: list[str] = []
    monkeypatch.setattr(importlib, "import_module", wanted.append)
    agent._preload(Settings())
    assert {"difflib", "daemoneye.actors.collector", "daemoneye.actors.gateway"} <= set(wanted)

    def lack(_: str) -> None:
        raise ModuleNotFoundError(name="nats")

    monkeypatch.setattr(importlib, "import_module", lack)
    with pytest.raises(ConfigError, match="nats is not installed"):
        agent._preload(Settings())


def test_the_runner_is_nobody_before_it_reads_anything(steps: Steps, forks: agent.Agent, prepared: Premises) -> None:
    """It holds neither the clients' sockets nor the lock, ignores what is meant for main, and dies with it."""
    with pytest.raises(SystemExit):
        forks.start_runner(None, 1)  # type: ignore[arg-type]
    assert steps.names == ["signals", "chdir", "put_on", "landlock", "tie_to_parent", "_entitle", "run"]
    assert steps.of("put_on")[0] == (US,)
    assert steps.of("tie_to_parent")[0] == (77,)
    assert steps.of("landlock")[1] == {"make_sockets_in": None, "tcp": False, "scope_signals": False}
    assert all(each.fileno() == -1 for each in (*prepared.sockets.values(), *prepared.channels.values()))
    with pytest.raises(OSError, match="Bad file descriptor") as closed:
        os.fstat(prepared.lock)
    assert closed.value.errno == errno.EBADF
    assert SupervisorActor.ground.runner_pid == os.getpid()


@pytest.mark.parametrize(("text", "interval"), [("scan: {interval: 9s}\n", 9.0), ("scan: {interval: 9}\n", 5.0)])
def test_a_later_tree_begins_with_the_settings_of_its_day(
    steps: Steps, place: Path, prepared: Premises, forks: agent.Agent, text: str, interval: float
) -> None:
    """If they are valid; otherwise with those of the start."""
    config = place / "c.yaml"
    config.write_text(text)
    with pytest.raises(SystemExit):
        agent.Agent(forks._ground, prepared, config).start_runner(None, 2)  # type: ignore[arg-type]
    first = SupervisorActor.ground.first.settings
    assert first.scan.interval == interval
    assert first.paths.state_dir == place / "state"
    assert steps.names[-1] == "run"


@pytest.mark.parametrize(("role", "held"), [(GATEWAY, {"agent.sock"}), (COLLECTOR, {"files.out"})])
def test_a_role_is_left_with_what_is_its_own(
    steps: Steps, forks: agent.Agent, prepared: Premises, role: str, held: set[str]
) -> None:
    """Only the gateway can answer clients, and only the collector hands files out."""
    reading, writing = os.pipe()
    request = StartRequest(role, 3, 4, "supervisor.7.00000000", "logger.6.00000000", 5)
    forks.begin(request, writing)
    assert set(GuardedActor.inherited.sockets) == held
    assert GuardedActor.inherited.last_words == writing
    opened = prepared.sockets | prepared.channels
    assert {name for name, each in opened.items() if each.fileno() >= 0} == held
    _, named = steps.of("begin_child")
    assert (named["instance"], named["parent"], named["admin_pid"], named["main_pid"]) == (4, request.parent, 5, 77)
    os.close(reading)
    os.close(writing)


def test_each_role_enters_as_who_it_is(steps: Steps, forks: agent.Agent) -> None:
    """The collector behind its filter, the others behind Landlock; Thespian's own are what the runner was."""
    forks._enter(COLLECTOR)
    assert steps.names == ["put_on", "seccomp", "_entitle"]
    assert steps.of("put_on")[0] == (LOOKS,)
    steps.done.clear()
    forks._enter(GATEWAY)
    assert steps.names == ["put_on", "landlock", "_entitle"]
    assert steps.of("put_on")[0] == (US,)
    assert steps.of("landlock")[1]["scope_signals"]
    assert not steps.of("landlock")[1]["tcp"]
    steps.done.clear()
    forks._enter(SUPERVISOR)
    assert steps.names == ["_entitle"]


def test_titles_and_logs_say_the_role(monkeypatch: pytest.MonkeyPatch) -> None:
    """The two places where an operator meets a process."""
    told: list[tuple[str, ...]] = []
    monkeypatch.setattr(agent, "become", lambda role: told.append((role,)))
    monkeypatch.setattr(agent, "set_title", lambda role, privilege: told.append((role, privilege)))
    agent._entitle("gateway", US)
    assert told == [("gateway",), ("gateway", "none")]


@pytest.mark.parametrize(("event", "level"), [("left", "info"), ("tree_lost", "error")])
def test_main_s_own_news_is_calm_or_not(monkeypatch: pytest.MonkeyPatch, event: str, level: str) -> None:
    """What is part of an ordinary day is no error."""
    said: list[tuple[str, str]] = []
    monkeypatch.setattr(agent, "log", lambda how, what, **_: said.append((how, what)))
    agent._log(event, tree=1)
    assert said == [(level, f"main.{event}")]
