"""The record of the running agent: what it has acknowledged is there, whatever is done to it and to its disk."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from chaos.accounts import INFORMED, SETTINGS, drawn_up, head, kill, kill_at_random
from chaos.agent import PROGRAM, Agent
from chaos.informer import NOTES
from tests.system.agents import running
from tests.system.zoo import as_root

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chaos.accounts import Accounts

pytestmark = [as_root, pytest.mark.root, pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")]

KILLS = int(os.environ.get("DAEMONEYE_TEST_KILLS", "15"))  # two hundred are an experiment: chaos/experiments
NOBODY = 65534


def notes(agent: Agent) -> Path:
    return agent.directory / "log" / NOTES


def acknowledged(agent: Agent) -> int:
    try:
        return notes(agent).read_bytes().count(b"\n")
    except FileNotFoundError:
        return 0


def until_more(agent: Agent, more: int = 20) -> None:
    """Until alerts flow again."""
    before = acknowledged(agent)
    agent.until(lambda: acknowledged(agent) >= before + more, f"{more} acknowledged alerts more than {before}")


def journal(agent: Agent) -> dict[str, Any]:
    """As an operator sees it."""
    told: dict[str, Any] = json.loads(command(agent, "status", "--json"))
    found: dict[str, Any] = told["journal"]
    return found


def command(agent: Agent, *arguments: str) -> str:
    given = [PROGRAM, *arguments, "--config", str(agent.config)]
    return subprocess.run(given, check=True, capture_output=True, text=True).stdout


def demand(accounts: Accounts) -> None:
    assert accounts.acknowledged
    assert accounts.lost == 0
    assert accounts.in_order
    assert accounts.without_gaps
    assert accounts.lines_agree
    assert accounts.verified == 0, accounts.said


def test_whatever_is_killed_no_acknowledged_alert_is_lost() -> None:
    """Journal, sender, the whole agent: each alert is there once, in order, in the record and in the file."""
    with running(SETTINGS, program=INFORMED) as agent:
        until_more(agent)
        anchor = head(agent)
        kill_at_random(agent, KILLS, Random(int(time.time())))  # noqa: S311 - the moments of the kills
        for victim in ("journal", "informer", "main"):  # each at least once
            agent.until_running()
            until_more(agent)
            kill(agent, victim)
        agent.until_running()
        until_more(agent)
        assert agent.stop() == 0
        demand(drawn_up(agent, anchor))


@contextlib.contextmanager
def on_a_small_disk(mebibytes: int = 64) -> Iterator[Agent]:
    """An agent whose state has a disk of its own."""
    agent = Agent(SETTINGS, program=INFORMED)
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, agent.directory, ignore_errors=True)  # a place cannot go while it is a mount
        place = agent.directory / "state"
        place.mkdir()
        options = f"size={mebibytes}m,uid={NOBODY},gid={NOBODY},mode=750"
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "test", str(place)], check=False)
        if mounted.returncode:
            pytest.skip("cannot mount")
        stack.callback(subprocess.run, ["umount", "--lazy", str(place)], check=True)
        stack.enter_context(agent)
        agent.until_running()
        yield agent
        agent.destroy()


def degraded(agent: Agent) -> bool:
    status = agent.status()
    return status is not None and status.state == "degraded" and journal(agent)["trouble"] == "disk_full"


def fill(ballast: Path) -> None:
    with ballast.open("ab", buffering=0) as file:
        for size in (1 << 20, 4096):
            with contextlib.suppress(OSError):
                while file.write(bytes(size)) == size:
                    pass


def test_a_full_disk_loses_no_acknowledged_alert_and_shows() -> None:
    """Nothing is acknowledged that is not on it, the status says what is wrong, and it recovers by itself."""
    with on_a_small_disk() as agent:
        until_more(agent)
        ballast = agent.directory / "state" / "ballast"
        fill(ballast)
        agent.until(lambda: degraded(agent), "the trouble in the status")
        stuck = acknowledged(agent)
        agent.until(lambda: journal(agent)["waiting"] > 0, "entries that wait")
        assert "journal: cannot record: disk_full" in command(agent, "status")
        assert acknowledged(agent) == stuck
        assert degraded(agent)
        kill(agent, "journal")
        agent.until(lambda: agent.child("journal").restarts == 1 and degraded(agent), "the same, in another process")
        ballast.unlink()
        until_more(agent, 500)
        agent.until_running()
        assert journal(agent)["trouble"] is None
        assert [line["trouble"] for line in agent.logged("journal.cannot_record")][-1] == "disk_full"
        assert agent.logged("journal.records_again")
        assert agent.stop() == 0
        demand(drawn_up(agent))


def test_files_that_were_moved_away_are_made_anew() -> None:
    """After SIGUSR1, as log rotation does it; not a line is lost, and none comes twice."""
    with running(SETTINGS, program=INFORMED) as agent:
        until_more(agent)
        path = agent.directory / "log" / "alerts.jsonl"
        path.rename(path.with_name("alerts.jsonl.1"))
        agent.send(signal.SIGUSR1)
        agent.until(path.exists, "a new file")
        until_more(agent)
        assert path.stat().st_mode & 0o777 == 0o640
        assert agent.stop() == 0
        demand(drawn_up(agent))


def test_what_the_limits_do_not_allow_goes_and_the_rest_goes_on() -> None:
    """Confined as the journal is, it can make room."""
    small = SETTINGS | {"journal": {"max_size": "1MiB"}}
    with running(small, program=INFORMED) as agent:
        agent.until(lambda: journal(agent).get("pruned", 0) > 500, "something that has gone")
        until_more(agent)
        told = journal(agent)
        assert (told["trouble"], agent.logged("journal.cannot_record")) == (None, [])
        assert told["disk_bytes"] <= 1 << 20
        assert told["streams"]["alerts"]["kept"] < told["streams"]["alerts"]["last"]
        assert agent.stop() == 0
        accounts = drawn_up(agent)
        assert accounts.verified == 0, accounts.said
        assert accounts.lines == sorted(set(accounts.lines)), "each once, in order; of those that went at once, none"


def test_the_record_begins_with_who_was_there_and_tells_who_came() -> None:
    """With the processes of this very test, found by their names."""
    with running() as agent:
        agent.until(lambda: journal(agent).get("streams", {}).get("events", {}).get("kept"), "a first look")
        with subprocess.Popen(["sleep", "1000"]) as sleeper:
            looked = agent.until_running().scan
            assert looked
            agent.until(lambda: (now := agent.status()) and now.scan and now.scan.scan > looked.scan + 1, "a look")
            sleeper.kill()
        agent.until(lambda: {"process.started", "process.exited"} <= kinds(agent, sleeper.pid), "its whole life")
        assert "process.seen" in kinds(agent, os.getpid())
        told = journal(agent)
        assert told["streams"]["events"]["last"] == told["streams"]["events"]["kept"] > 0
        assert told["alert_file"]["trouble"] is None


def kinds(agent: Agent, pid: int) -> set[str]:
    exported = command(agent, "journal", "export").splitlines()
    return {entry["kind"] for entry in map(json.loads, exported) if entry.get("pid") == pid}
