"""New settings for a running agent: all of them, or none; and whoever asked is told which."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import sys
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from daemoneye.tree import COLLECTOR, GATEWAY
from tests.system.agents import DURABLE, SOON_S, Books, books, is_in_order, is_whole, lives, pause, running
from tests.system.program import daemoneye
from tests.system.zoo import as_root

if TYPE_CHECKING:
    from collections.abc import Iterator
    from subprocess import CompletedProcess

    from chaos.agent import Agent

pytestmark = [as_root, pytest.mark.root, pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")]


@pytest.fixture(scope="module")
def shared() -> Iterator[Agent]:
    with running(DURABLE) as agent:
        yield agent


@pytest.fixture
def agent(shared: Agent) -> Iterator[Agent]:
    """The same one, with its first settings in force."""
    first = shared.config.read_bytes()
    yield shared
    shared.config.write_bytes(first)
    shared.config.chmod(0o644)
    with shared.client(SOON_S) as client:
        client.reload()


@pytest.fixture
def before(agent: Agent) -> Books:
    agent.until(lambda: is_whole(agent), "a whole tree")
    return books(agent)


def reload(agent: Agent) -> CompletedProcess[str]:
    return daemoneye("reload", "--config", str(agent.config), env=places(agent))


def places(agent: Agent) -> dict[str, str]:
    """So that the command finds the agent whatever is in the file."""
    return {"DAEMONEYE_PATHS__RUNTIME_DIR": str(agent.directory / "runtime")}


def asked(agent: Agent) -> CompletedProcess[str]:
    """By somebody whose own settings are in order."""
    return daemoneye("reload", env=places(agent))


def write(agent: Agent, **sections: Any) -> None:
    document = json.loads(agent.config.read_text(encoding="utf-8"))
    for section, values in sections.items():
        document[section] = {**document.get(section, {}), **values} if isinstance(values, dict) else values
    agent.config.write_text(json.dumps(document), encoding="utf-8")


def results(agent: Agent) -> tuple[int, str]:
    status = agent.until_running()
    assert status.config
    assert status.reload
    return status.config.generation, status.reload.result


def looks_within(agent: Agent, seconds: float) -> int:
    first = last_scan(agent)
    pause(seconds)
    return last_scan(agent) - first


def last_scan(agent: Agent) -> int:
    scan = agent.until(lambda: agent.until_running().scan, "what the collector has seen")
    return scan.scan


def test_a_changed_interval_takes_effect_in_the_collector(agent: Agent, before: Books) -> None:
    """No process is replaced for it."""
    tree, (generation, _) = lives(agent), results(agent)
    assert looks_within(agent, 0.5) >= 1
    write(agent, scan={"interval": "1h"})
    outcome = reload(agent)
    assert (outcome.returncode, outcome.stderr) == (0, "")
    assert outcome.stdout == "scan.interval: in force, collector goes on with it\n"
    assert looks_within(agent, 0.5) <= 1
    assert results(agent) == (generation + 1, "accepted")
    assert lives(agent) == tree
    is_in_order(agent, before)


def test_a_signal_reloads_too(agent: Agent) -> None:
    """What an init system sends; the status says which file is in force since when."""
    generation, _ = results(agent)
    write(agent, scan={"interval": "1h"})
    earliest = datetime.now(UTC)
    agent.send(signal.SIGHUP)
    agent.until(lambda: results(agent) == (generation + 1, "accepted"), "the reload")
    status = json.loads(daemoneye("status", "--json", env=places(agent)).stdout)
    assert status["config"]["sha256"] == hashlib.sha256(agent.config.read_bytes()).hexdigest()
    assert abs((datetime.fromisoformat(status["config"]["loaded_at"]) - earliest).total_seconds()) < 5
    assert status["reload"]["at"] == status["config"]["loaded_at"]


def test_settings_that_only_main_may_read_are_read_by_main(agent: Agent) -> None:
    """The file may be root's alone: the unprivileged processes are handed what is in it."""
    generation, _ = results(agent)
    write(agent, scan={"interval": "30m"})
    agent.config.chmod(0o600)
    assert reload(agent).returncode == 0
    assert results(agent) == (generation + 1, "accepted")


WRONG = {
    "no YAML": ("scan: {interval: 5s\n", 1, 7),
    "an unknown key": ("scan:\n  intervall: 5s\n", 2, 3),
    "a wrong value": ("scan:\n  interval: 5\n", 2, 13),
    "a key twice": ("user: a\nuser: b\n", 2, 1),
    "bytes that are no text": ("user: \udcff\n", 1, 7),
}


@pytest.mark.parametrize(("text", "line", "column"), WRONG.values(), ids=[*WRONG])
def test_wrong_settings_change_nothing(agent: Agent, text: str, line: int, column: int) -> None:
    """The mistake is told with its place, to who asked and in `status`; the old values stay in force."""
    tree, before = lives(agent), agent.until_running()
    agent.config.write_text(text, encoding="utf-8", errors="surrogateescape")
    outcome = asked(agent)
    assert outcome.returncode == 78
    assert outcome.stdout == ""
    assert f"{agent.config}:{line}:{column}: " in outcome.stderr
    assert "Traceback" not in outcome.stderr
    after = agent.until_running()
    assert after.config == before.config
    assert after.reload
    assert after.reload.result == "rejected"
    assert f"{agent.config}:{line}:{column}: " in (after.reload.error or "")
    assert after.reload.at_ms
    assert lives(agent) == tree


def test_every_mistake_is_told_at_once(agent: Agent) -> None:
    """Nobody mends a file line by line."""
    agent.config.write_text("scan:\n  interval: 5\n  enhanced: maybe\nuser: ''\n")
    outcome = asked(agent)
    assert outcome.returncode == 78
    told = [line.removeprefix(f"{agent.config}:")[:2] for line in outcome.stderr.splitlines() if "yaml:" in line]
    assert told == ["2:", "3:", "4:"]


def test_a_missing_file_is_a_rejected_reload(agent: Agent) -> None:
    """It was there at the start; that it is gone is a mistake, not a wish for defaults."""
    kept = agent.config.read_bytes()
    agent.config.unlink()
    outcome = asked(agent)
    agent.config.write_bytes(kept)
    assert outcome.returncode == 78
    assert f"{agent.config}: no such file or directory" in outcome.stderr
    assert results(agent)[1] == "rejected"


@pytest.mark.parametrize("what", ["directory", "pipe", "a gigabyte"])
def test_what_is_no_settings_file_is_refused(agent: Agent, what: str) -> None:
    """Nothing that is put in its place makes main wait or swell."""
    kept = agent.config.read_bytes()
    agent.config.unlink()
    try:
        if what == "directory":
            agent.config.mkdir()
        elif what == "pipe":
            os.mkfifo(agent.config)
        else:
            with agent.config.open("wb") as file:
                file.truncate(1 << 30)
        outcome = asked(agent)
    finally:
        with contextlib.suppress(OSError):
            agent.config.rmdir()
        agent.config.unlink(missing_ok=True)
        agent.config.write_bytes(kept)
    assert outcome.returncode == 78
    assert str(agent.config) in outcome.stderr
    assert results(agent)[1] == "rejected"


def test_a_child_that_refuses_rolls_all_back(agent: Agent, before: Books) -> None:
    """What one cannot take, none gets: the others have their old settings again."""
    tree, first = lives(agent), agent.until_running()
    write(agent, scan={"proc": "/tmp", "interval": "1h"}, ipc={"max_clients": 7})  # noqa: S108 - no /proc
    outcome = asked(agent)
    assert outcome.returncode == 78
    assert "collector: " in outcome.stderr
    assert "/tmp" in outcome.stderr  # noqa: S108
    after = agent.until_running()
    assert after.reload
    assert (after.reload.result, after.config) == ("rolled_back", first.config)
    assert lives(agent) == tree
    assert looks_within(agent, 0.5) >= 1
    is_in_order(agent, before)


def test_keys_that_cannot_change_say_so(agent: Agent) -> None:
    """The rest of the file is in force; what has to wait for the next start is named."""
    write(agent, paths={"state_dir": "/var/lib/elsewhere"}, supervisor={"intensity": 7}, scan={"interval": "45s"})
    outcome = asked(agent)
    assert outcome.returncode == 0
    assert outcome.stdout.splitlines() == [
        "paths.state_dir: takes effect at the next start of the agent",
        "scan.interval: in force, collector goes on with it",
        "supervisor.intensity: takes effect at the next start of the agent",
    ]
    status = agent.until_running()
    assert status.config
    assert list(status.config.notes) == outcome.stdout.splitlines()


def test_nothing_new_is_accepted_too(agent: Agent) -> None:
    """Asking twice does no harm."""
    generation, _ = results(agent)
    assert asked(agent).returncode == 0
    assert asked(agent).returncode == 0
    assert results(agent) == (generation + 2, "accepted")


def test_a_storm_of_reloads_ends_in_the_last_settings(agent: Agent, before: Books) -> None:
    """However fast they come: the agent stays up, and what is in the file in the end is in force."""
    tree = lives(agent)
    for number in range(20):
        write(agent, scan={"interval": f"{number + 30}s"})
        agent.send(signal.SIGHUP)
    wanted = hashlib.sha256(agent.config.read_bytes()).hexdigest()
    agent.until(lambda: (s := agent.status()) and s.config and s.config.sha256 == wanted, "the last settings")
    assert lives(agent) == tree
    assert asked(agent).returncode == 0
    is_in_order(agent, before)


@pytest.mark.parametrize("victim", [COLLECTOR, GATEWAY])
def test_a_child_that_dies_during_a_reload_does_not_hold_it_up(agent: Agent, before: Books, victim: str) -> None:
    """The next life of it begins with what was decided."""
    for number in range(3):
        write(agent, scan={"interval": f"{number + 1}h"})
        wanted = hashlib.sha256(agent.config.read_bytes()).hexdigest()
        agent.send(signal.SIGHUP)
        os.kill(agent.until(lambda: agent.by_role().get(victim), victim).pid, signal.SIGKILL)
        agent.until(lambda sha=wanted: (s := agent.status()) and s.config and s.config.sha256 == sha, "the settings")  # type: ignore[misc]
    is_in_order(agent, before)
    assert looks_within(agent, 0.5) <= 1


def test_a_stopped_child_makes_the_reload_late_and_not_wrong(agent: Agent) -> None:
    """It is replaced, and whoever asked hears how it went."""
    os.kill(agent.by_role()[COLLECTOR].pid, signal.SIGSTOP)
    write(agent, scan={"interval": "2h"})
    assert asked(agent).returncode == 0
    assert results(agent)[1] == "accepted"
    assert looks_within(agent, 0.5) <= 1


def test_who_asks_while_others_ask_hears_what_came_of_it(agent: Agent) -> None:
    """A request that another took the place of was no failure: its settings were read again, and are in force."""
    outcomes: list[str] = []

    def ask_again_and_again() -> None:
        with agent.client(SOON_S) as client:
            for _ in range(10):
                client.reload()
        outcomes.append("accepted")

    threads = [threading.Thread(target=ask_again_and_again) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == ["accepted"] * len(threads)
