"""What a running agent has recorded, and what it counts, as its users get at it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.system.agents import DURABLE, exit_line, installed, running
from tests.system.program import DAEMONEYE, daemoneye, environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chaos.agent import Agent


def command(agent: Agent, *arguments: str) -> str:
    outcome = daemoneye(*arguments, "--config", str(agent.config))
    assert (outcome.returncode, outcome.stderr) == (0, "")
    return outcome.stdout


def documents(agent: Agent, *arguments: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in command(agent, *arguments, "--json").splitlines()]


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A program of a name that no other has."""
    path = tmp_path / "recorded-1"
    shutil.copy("/bin/sleep", path)
    return path


def open_the_way_to(directory: Path) -> None:
    """For the account of the agent."""
    for each in (directory, *directory.parents[:2]):
        each.chmod(each.stat().st_mode | 0o011)


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    (tmp_path / "prom").mkdir()
    tmp_path.joinpath("prom").chmod(0o777)  # any account may be the agent's
    open_the_way_to(tmp_path)
    with running(DURABLE | {"outputs": {"metrics_textfile": str(tmp_path / "prom/daemoneye.prom")}}) as agent:
        yield agent


def recorded(agent: Agent, *arguments: str) -> list[dict[str, Any]]:
    return agent.until(lambda: documents(agent, "events", *arguments), f"events {arguments}")


def test_a_process_is_found_by_what_is_known_of_it(agent: Agent, program: Path, tmp_path: Path) -> None:
    """What ran, started by whom, when; and it is in the tree of its time, and not in that of later."""
    with subprocess.Popen([program, "60"]) as process:
        (started,) = recorded(agent, "--name", program.name, "--kind", "process.started")
        then = started["@timestamp"]
        assert started["process"]["pid"] == process.pid
        assert started["process"]["parent"]["pid"] == os.getpid()
        assert started["process"]["args"] == [str(program), "60"]
        chain = [each["process"]["pid"] for each in documents(agent, "events", "--ancestor-of", str(process.pid))]
        assert chain[-1] == os.getpid()
        process.kill()
    recorded(agent, "--pid", str(process.pid), "--kind", "process.exited")
    *present, about = documents(agent, "at", then)
    assert process.pid in [each["pid"] for each in present]
    assert (about["whole"], about["processes"]) == (True, len(present))
    assert process.pid not in [each["pid"] for each in documents(agent, "at", "now")[:-1]]
    metrics_are_what_prometheus_takes(agent, tmp_path)


def metrics_are_what_prometheus_takes(agent: Agent, tmp_path: Path) -> None:
    """Asked for, and in the file; each name once, and nothing of a single process."""
    told = list(text_string_to_metric_families(command(agent, "metrics")))
    values = {sample.name: sample.value for family in told for sample in family.samples if not sample.labels}
    assert values["daemoneye_journal_up"] == 1
    assert values["daemoneye_processes"] > 1
    assert values["daemoneye_enumeration_duration_seconds_count"] > 1
    assert len({family.name for family in told}) == len(told)
    assert not {name for family in told for sample in family.samples for name in sample.labels} & {
        "pid",
        "name",
        "path",
    }
    file = tmp_path / "prom/daemoneye.prom"
    agent.until(file.exists, "the file of metrics")
    assert file.stat().st_mode & 0o777 == 0o644
    assert "daemoneye_build_info" in {family.name for family in text_string_to_metric_families(file.read_text())}


def test_following_outlives_the_gateway_and_the_journal(agent: Agent, tmp_path: Path) -> None:
    """Both are killed on the way, and every start is told once, in order."""
    follower = subprocess.Popen(
        [
            *(DAEMONEYE, "events", "--follow", "--since", "1h", "--json", "--config", str(agent.config)),
            *("--name", "numbered-*", "--kind", "process.started"),
        ],
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    assert follower.stdout
    names = []
    for number, victim in enumerate((None, "gateway", "journal", None)):
        program = tmp_path / f"numbered-{number}"
        shutil.copy("/bin/sleep", program)
        with subprocess.Popen([program, "60"]) as process:
            names.append(json.loads(follower.stdout.readline())["process"]["name"])
            process.kill()
        if victim:
            os.kill(agent.by_role()[victim].pid, signal.SIGKILL)
    time.sleep(1)  # for what might be told twice
    follower.send_signal(signal.SIGINT)
    rest, _ = follower.communicate(timeout=10)
    assert follower.returncode == 130
    assert (names, rest) == ([f"numbered-{number}" for number in range(4)], "")


def test_a_place_that_cannot_be_had_for_the_metrics_stops_the_start(tmp_path: Path) -> None:
    """The key is named, before anything else happens."""
    open_the_way_to(tmp_path)
    (tmp_path / "file").touch()
    with installed({"outputs": {"metrics_textfile": str(tmp_path / "file/x.prom")}}) as agent:
        agent.start()
        code, line = exit_line(agent)
    assert code == 73
    assert line.startswith(f"outputs.metrics_textfile: {tmp_path}/file: not a directory: ")
