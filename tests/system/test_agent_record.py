"""What a running agent has recorded, and what it counts, as its users get at it."""

from __future__ import annotations

import hashlib
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
        agent.until(lambda: agent.until_running().scan, "a look: who is there before it has not been seen to start")
        yield agent


def recorded(agent: Agent, *arguments: str) -> list[dict[str, Any]]:
    return agent.until(lambda: documents(agent, "events", *arguments), f"events {arguments}")


def test_a_program_is_found_by_its_digest(agent: Agent, program: Path) -> None:
    """Also when the digest came after the start was recorded; and the next start has it from the beginning."""
    with program.open("ab") as file:
        file.write(b"like no other")
    digest = hashlib.sha256(program.read_bytes()).hexdigest()
    with subprocess.Popen([program, "60"]) as first:
        found = recorded(agent, "--sha256", digest)
        assert {each["process"]["pid"] for each in found} == {first.pid}
        assert {each["process"]["hash"]["sha256"] for each in found} == {digest}
        assert found[-1]["event"]["action"] in ("process.hashed", "process.started")
        with subprocess.Popen([program, "61"]) as second:
            (started,) = agent.until(
                lambda: documents(agent, "events", "--sha256", digest, "--pid", str(second.pid)), "the second start"
            )
            assert started["event"]["action"] == "process.started"
            second.kill()
        first.kill()
    coverage = agent.until(lambda: _all_hashed(agent), "everything is hashed or has a reason")
    assert coverage["hashed"] > 0


def _all_hashed(agent: Agent) -> dict[str, Any] | None:
    coverage: dict[str, Any] = json.loads(command(agent, "status", "--json"))["coverage"]
    without = coverage["not_hashed_by_reason"]
    assert coverage["hashed"] + sum(without.values()) == coverage["seen"] - coverage["kernel_threads"]
    return None if "waiting" in without else coverage


@pytest.mark.parametrize("child", ["collector", "hashing", "integrity"])
def test_digests_come_back_with_whoever_was_killed(agent: Agent, program: Path, child: str) -> None:
    """What one of them forgot the others still know, or find out again."""
    with program.open("ab") as file:
        file.write(child.encode())
    agent.until(lambda: _all_hashed(agent), "everything is hashed or has a reason")
    pid = agent.child(child).pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    digest = hashlib.sha256(program.read_bytes()).hexdigest()
    with subprocess.Popen([program, "60"]) as process:
        assert recorded(agent, "--sha256", digest, "--pid", str(process.pid))
        process.kill()
    agent.until(lambda: _all_hashed(agent), "everything is hashed or has a reason again")


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


def test_a_past_moment_can_be_told_after_the_first_look_has_gone(tmp_path: Path) -> None:
    """In a record so small that it forgets all the time: there is always a look at everybody to stand on."""
    program = tmp_path / "short-lived"
    shutil.copy("/bin/sleep", program)
    with running(DURABLE | {"journal": {"max_size": "4MiB"}}) as agent:
        first = agent.until(lambda: looks(agent), "the first look")[0]
        for _ in range(10):
            crowd = [subprocess.Popen([program, "60"]) for _ in range(150)]
            agent.until(lambda: present(agent) >= {each.pid for each in crowd}, "all of them in the tree of now")  # noqa: B023
            for each in crowd:
                each.kill()
                each.wait()
            if first not in looks(agent):
                break
        about = agent.until(lambda: documents(agent, "at", "now")[-1], "the tree of now")
        assert first not in looks(agent), "it has been forgotten"
        assert (about["whole"], about["processes"] > 10) == (True, True)
        assert about["floor"] > first


def looks(agent: Agent) -> list[str]:
    """When there was one at everybody, as far as the record goes back."""
    found = documents(agent, "events", "--pid", "1", "--kind", "process.seen")
    return [each["@timestamp"] for each in found]


def present(agent: Agent) -> set[int]:
    return {each["pid"] for each in documents(agent, "at", "now")[:-1]}
