"""`daemoneye selftest`: it shows that the alarm works, or says what does not, and nothing of it stays."""

from __future__ import annotations

import hashlib
import json
import os
import select
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes.answering_agent import AnsweringAgent
from tests.system.agents import running
from tests.system.program import DAEMONEYE, daemoneye, environment
from tests.system.zoo import NOBODY, as_root, others_run_python

if TYPE_CHECKING:
    from collections.abc import Iterator
    from subprocess import CompletedProcess

    from chaos.agent import Agent

STEPS = ["agent", "program", "seen", "exchanged", "alert"]


class Installation:
    """Where an agent would be, and where programs are put."""

    def __init__(self, directory: Path) -> None:
        self.runtime, self.place = directory / "run", directory / "place"
        self.runtime.mkdir()
        self.place.mkdir()

    @property
    def settings(self) -> dict[str, str]:
        return {"DAEMONEYE_PATHS__RUNTIME_DIR": str(self.runtime), "TMPDIR": str(self.place)}

    def run(self, *arguments: str) -> CompletedProcess[str]:
        return daemoneye("selftest", *arguments, env=self.settings)

    def agent(self, **changed: Any) -> AnsweringAgent:
        """One that has never heard of the program."""
        return AnsweringAgent(self.runtime / "agent.sock", **changed)


@pytest.fixture
def here(tmp_path: Path) -> Installation:
    return Installation(tmp_path)


def test_without_an_agent_it_says_so_in_one_line(here: Installation) -> None:
    """Nothing is started where nobody would see it."""
    outcome = here.run()
    assert (outcome.returncode, outcome.stdout, outcome.stderr.count("\n")) == (69, "", 1)
    assert outcome.stderr.startswith(f"{here.runtime}/agent.sock: ")


@pytest.mark.parametrize("timeout", ["5", "0s", "2h", "soon"])
def test_a_time_that_is_none_is_wrong_usage(here: Installation, timeout: str) -> None:
    """With a unit, as in the settings."""
    outcome = here.run("--timeout", timeout)
    assert (outcome.returncode, outcome.stderr.count("\n")) == (64, 1)


def test_an_agent_that_sees_nothing_fails_the_step_that_shows_it(here: Installation) -> None:
    """It is said which step, why, and how those are who take part in an alarm; the program is gone."""
    with here.agent():
        outcome = here.run("--timeout", "1s")
    assert (outcome.returncode, outcome.stderr) == (1, "")
    lines = outcome.stdout.splitlines()
    assert [line.split()[2] for line in lines[:2]] == STEPS[:2]
    assert lines[2].split(None, 2)[:2] == ["seen", "failed:"]
    assert "the agent does not list pid" in lines[2]
    assert "agent: degraded" in lines
    assert "collector: backing_off; last said: OSError: no luck" in lines
    assert "integrity: not part of this agent" in lines
    assert lines[-1] == "the alarm was not raised"
    assert list(here.place.iterdir()) == []


def test_a_failure_for_programs_is_one_document(here: Installation) -> None:
    """The same facts under names that stay."""
    with here.agent():
        outcome = here.run("--timeout", "1s", "--json")
    (line,) = outcome.stdout.splitlines()
    said = json.loads(line)
    assert (outcome.returncode, said["ok"], said["failed"]["step"], said["alert"]) == (1, False, "seen", None)
    assert [each["step"] for each in said["steps"]] == STEPS[:2]
    assert said["path"].startswith(f"{here.place}/daemoneye-selftest-")
    assert said["status"].keys() == {"agent", "collector", "hashing", "integrity", "journal"}
    assert 1 <= said["seconds"] < 10


def test_no_place_for_a_program_is_one_line(here: Installation) -> None:
    """Every place that was tried, and what is wrong with it."""
    settings = here.settings | {"XDG_RUNTIME_DIR": "/nowhere/too", "TMPDIR": "/nowhere"}
    code = (
        "from daemoneye.host import decoy; decoy._USUAL = (); import sys; from daemoneye.__main__ import main;"
        "sys.argv[1:] = ['selftest']; sys.exit(main())"
    )
    with here.agent():
        interpreter = str(Path(DAEMONEYE).parent / "python")
        outcome = subprocess.run(
            [interpreter, "-c", code], capture_output=True, text=True, env=environment(settings), check=False
        )
    assert outcome.returncode == 73
    assert outcome.stderr == (
        "selftest: /nowhere: no such file or directory; /nowhere/too: no such file or directory: "
        "a local directory from which a program can be started\n"
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_whoever_ends_it_leaves_no_program_behind(here: Installation, number: signal.Signals) -> None:
    """Ctrl-C, a stop, a terminal that is closed; a kill leaves at most files, and no process."""
    with (
        here.agent(),
        subprocess.Popen(
            [DAEMONEYE, "selftest"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(here.settings | {"PYTHONUNBUFFERED": "1"}),
        ) as process,
    ):
        assert process.stdout is not None
        assert process.stderr is not None
        pid = next(int(words[4]) for line in process.stdout if (words := line.split())[2] == "program")
        assert (Path("/proc") / str(pid)).exists()
        process.send_signal(number)
        assert "Traceback" not in process.stderr.read()
    assert process.returncode == {signal.SIGINT: 130, signal.SIGKILL: -9}.get(number, 128 + number)
    assert gone(pid)
    if number != signal.SIGKILL:
        assert list(here.place.iterdir()) == []


def gone(pid: int) -> bool:
    """Who is not told to end notices that its pipe was closed, which takes a moment."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], 10)[0])
    finally:
        os.close(descriptor)


# -- on a running agent


@pytest.fixture(scope="module")
def agent() -> Iterator[Agent]:
    with running() as agent:
        yield agent


def alarm(agent: Agent, *arguments: str, **how: Any) -> dict[str, Any]:
    outcome = subprocess.run(
        [DAEMONEYE, "selftest", "--json", "--config", str(agent.config), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        **({"env": environment()} | how),
    )
    assert (outcome.returncode, outcome.stderr) == (0, ""), outcome.stdout
    said: dict[str, Any] = json.loads(outcome.stdout)
    return said


def test_the_alarm_works(agent: Agent) -> None:
    """On a real agent, within seconds, and the alert says of itself that it was a test."""
    said = alarm(agent)
    assert [each["step"] for each in said["steps"]] == STEPS
    assert said["seconds"] < 15
    alert = said["alert"]
    assert (alert["kind"], alert["severity"]) == ("integrity.disk_mismatch", "high")
    assert (alert["process"]["pid"], alert["process"]["executable"]) == (said["pid"], said["path"])
    assert "daemoneye-selftest-" in alert["message"]
    assert not Path(said["path"]).parent.exists()
    assert not Path(f"/proc/{said['pid']}").exists()


def test_people_read_each_step_and_the_alert(agent: Agent) -> None:
    """Again at once: a second test is no repetition of the first."""
    outcome = daemoneye("selftest", "--config", str(agent.config))
    assert (outcome.returncode, outcome.stderr) == (0, "")
    *steps, alert, last = outcome.stdout.splitlines()
    assert [line.split()[2] for line in steps] == STEPS
    assert alert.startswith("integrity.disk_mismatch (high): ")
    assert "the alarm works: " in last


def test_a_test_is_one_alert_and_no_more(agent: Agent) -> None:
    """Neither the end of the program nor the removal of its file is another finding."""
    said = alarm(agent)
    with agent.client() as client:
        alerts = [entry.kind for entry in client.alerts() if "daemoneye-selftest" in entry.body]
        of_this_one = [entry.kind for entry in client.alerts(pid=said["pid"])]
    assert of_this_one == ["integrity.disk_mismatch"]
    assert set(alerts) == {"integrity.disk_mismatch"}


def test_tree_top_and_ps_show_what_the_agent_knows(agent: Agent) -> None:
    """Digests that they do not take themselves; without the agent there are none."""
    main = f"{hashlib.sha256(Path(f'/proc/{agent.pid}/exe').read_bytes()).hexdigest()[:12]} daemoneye: main"

    def known() -> bool:
        with agent.client() as client:
            return any(record.pid == agent.pid and record.executable_hash for record in client.processes())

    agent.until(known, "a digest of the agent itself")
    for command in (["tree", "--pid", str(agent.pid)], ["top"], ["ps"]):
        assert main in daemoneye(*command, "--config", str(agent.config)).stdout
    assert main not in daemoneye("tree", env={"DAEMONEYE_PATHS__RUNTIME_DIR": "/nowhere"}).stdout


def test_a_collector_that_is_paused_fails_it(agent: Agent) -> None:
    """What keeps an alarm from being raised is found and named."""
    with agent.client() as client:
        client.pause("collector")
    agent.until(lambda: agent.child("collector").state == "paused", "a paused collector")
    try:
        outcome = daemoneye("selftest", "--timeout", "2s", "--config", str(agent.config))
    finally:
        with agent.client() as client:
            client.resume("collector")
        agent.until_running()
    assert outcome.returncode == 1
    assert "collector: paused" in outcome.stdout.splitlines()


@as_root
@others_run_python
def test_who_may_only_ask_can_test_the_alarm_too() -> None:
    """An account of ipc.allow_users, with an agent that runs as another."""
    with running({"ipc": {"allow_users": ["nobody"]}}) as agent:
        for each in (agent.directory / "runtime", agent.directory / "runtime" / "agent.sock"):
            each.chmod(0o777)
        said = alarm(
            agent,
            user=NOBODY,
            group=NOBODY,
            extra_groups=[],
            env={name: value for name, value in environment().items() if not name.startswith("COVERAGE_")},
        )
    assert said["alert"]["process"]["pid"] == said["pid"]
