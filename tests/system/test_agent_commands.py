"""The commands that ask the running agent, against the real gateway with a script for the rest of the agent."""

from __future__ import annotations

import json
import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest

from daemoneye import __version__
from daemoneye.model.status import ChildReport, ConfigReport, ReloadReport
from tests.fakes.answering_agent import AnsweringAgent
from tests.system.program import daemoneye

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from subprocess import CompletedProcess

RUNNING = ChildReport(name="collector", pid=5, state="running", uptime_s=3.0, heartbeat_age_s=0.5, privilege="ptrace")
FAILED = ChildReport(name="gateway", state="failed", last_words="\x1b[31mboom")


class Installation:
    """Where an agent would be."""

    def __init__(self, directory: Path) -> None:
        self.socket = directory / "agent.sock"
        self._environment = {"DAEMONEYE_PATHS__RUNTIME_DIR": str(directory)}

    def run(self, *arguments: str) -> CompletedProcess[str]:
        return daemoneye(*arguments, env=self._environment)

    def agent(self, **changed: Any) -> AnsweringAgent:
        return AnsweringAgent(self.socket, **changed)


@pytest.fixture
def here(tmp_path: Path) -> Installation:
    return Installation(tmp_path)


def one_line(outcome: CompletedProcess[str]) -> str:
    assert outcome.stdout == ""
    assert outcome.stderr.count("\n") == 1
    assert "Traceback" not in outcome.stderr
    return outcome.stderr


def test_status_as_json_has_the_keys_of_the_contract(here: Installation) -> None:
    """Monitoring written today works with the next release."""
    with here.agent():
        outcome = here.run("status", "--json")
    assert outcome.returncode == 0
    status = json.loads(outcome.stdout)
    assert {"state", "pid", "version", "uptime_s", "children", "coverage", "sandbox", "config", "reload"} <= set(status)
    assert (status["state"], status["version"], status["uptime_s"]) == ("degraded", __version__, 61.5)
    supervisor, _, collector = status["children"]
    assert {key: supervisor[key] for key in ("name", "pid", "state", "restarts", "uptime_s", "heartbeat_age_s")} == {
        "name": "supervisor",
        "pid": 11,
        "state": "running",
        "restarts": 0,
        "uptime_s": 61.0,
        "heartbeat_age_s": 0.0,
    }
    assert (collector["pid"], collector["uptime_s"], collector["privilege"]) == (None, None, "ptrace,dac_read_search")
    assert status["coverage"]["partly_read_by_reason"] == {"permission": 1}
    assert status["sandbox"]["ok"] is True
    assert status["sandbox"]["processes"][0]["capabilities"] == "kill"
    assert status["config"] == {
        "generation": 2,
        "sha256": "ab" * 32,
        "loaded_at": "2023-11-14T22:13:20.000Z",
        "notes": [],
    }
    assert status["reload"] == {"result": "none", "error": None, "at": None}


def test_status_for_people_is_a_calm_table(here: Installation) -> None:
    """One look tells who is up, since when, and what it last said."""
    with here.agent():
        outcome = here.run("status")
    assert outcome.returncode == 0
    assert outcome.stderr == ""
    lines = outcome.stdout.splitlines()
    assert lines[0].startswith(f"daemoneye {__version__}: degraded, pid ")
    assert lines[2].split() == ["CHILD", "STATE", "PID", "UP", "RESTARTS", "HEARTBEAT", "PRIVILEGE"]
    assert lines[3].split() == ["supervisor", "running", "11", "1m", "1s", "0", "0.0s", "none"]
    assert lines[5].split() == ["collector", "backing_off", "-", "-", "3", "-", "ptrace,dac_read_search"]
    assert "collector last said: OSError: no luck" in lines
    assert any(line.startswith("sees: 3 processes seen") for line in lines)
    assert "sandbox: 1 processes, each with the rights it should have" in lines


def test_status_shows_a_rejected_reload_and_a_broken_sandbox(here: Installation) -> None:
    """What an operator has to act on is not hidden."""
    changed = {
        "reload": ReloadReport(result="rejected", error="f:1:1: a: b\nf:2:1: \x1b[2J: d", at_ms=1_700_000_000_000),
        "findings": ("gateway: holds sys_ptrace: expected no capability",),
        "config": ConfigReport(generation=1, notes=("user: takes a restart of the agent",)),
    }
    with here.agent(**changed):
        text = here.run("status").stdout
        status = json.loads(here.run("status", "--json").stdout)
    assert "sandbox: gateway: holds sys_ptrace: expected no capability" in text
    assert "reload: rejected " in text
    assert "  f:2:1: \\x1b[2J: d" in text.splitlines()
    assert "settings: user: takes a restart of the agent" in text.splitlines()
    assert status["sandbox"]["ok"] is False
    assert status["reload"]["result"] == "rejected"
    assert status["reload"]["at"] == "2023-11-14T22:13:20.000Z"


@pytest.mark.parametrize(
    ("state", "children", "fail_on", "code"),
    [
        ("running", (RUNNING,), "degraded", 0),
        ("starting", (RUNNING,), "degraded", 0),
        ("degraded", (RUNNING,), "degraded", 1),
        ("degraded", (RUNNING,), "failed", 0),
        ("degraded", (RUNNING, FAILED), "failed", 1),
        ("degraded", (RUNNING, FAILED), "degraded", 1),
        ("degraded", (RUNNING, FAILED), None, 0),
    ],
)
def test_fail_on_makes_trouble_an_exit_code(
    here: Installation, state: str, children: tuple[ChildReport, ...], fail_on: str | None, code: int
) -> None:
    """A monitor that only reads exit codes can choose what is worth an alarm."""
    with here.agent(state=state, children=children):
        outcome = here.run("status", *(["--fail-on", fail_on] if fail_on else []))
    assert outcome.returncode == code
    assert "\x1b" not in outcome.stdout


def test_status_of_an_agent_that_does_not_run_is_three(here: Installation) -> None:
    """As the LSB has it for services."""
    outcome = here.run("status", "--json")
    assert outcome.returncode == 3
    assert "agent.sock: no such file or directory" in one_line(outcome)


def test_status_of_an_agent_that_does_not_answer_is_four(here: Installation) -> None:
    """Nobody can tell, and that is said within a few seconds."""
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(here.socket))
        door.listen()
        outcome = here.run("status")
    assert outcome.returncode == 4
    assert "no answer within 5 s" in one_line(outcome)


def _close_the_next(door: socket.socket) -> None:
    door.accept()[0].close()


@pytest.fixture
def closing(here: Installation) -> Iterator[Installation]:
    """Somebody listens, and closes at once."""
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(here.socket))
        door.listen()
        door.settimeout(30)
        thread = threading.Thread(target=_close_the_next, args=(door,))
        thread.start()
        yield here
        thread.join()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("status",), 4),
        (("health",), 69),
        (("health", "collector"), 69),
        (("child", "list"), 69),
        (("child", "restart", "collector"), 69),
        (("reload",), 69),
        (("ps", "--json"), 69),
    ],
)
def test_who_is_turned_away_hears_it_in_one_line(closing: Installation, arguments: tuple[str, ...], code: int) -> None:
    """Not allowed, or too many: no command hangs or shows a traceback."""
    outcome = closing.run(*arguments)
    assert outcome.returncode == code
    assert "closed the connection at once" in one_line(outcome)


@pytest.mark.parametrize(
    "arguments", [("health",), ("child", "pause", "collector"), ("reload", "--json"), ("ps",), ("child", "list")]
)
def test_without_an_agent_the_others_end_with_sixty_nine(here: Installation, arguments: tuple[str, ...]) -> None:
    """Not reachable is told from refused."""
    outcome = here.run(*arguments)
    assert outcome.returncode == 69
    assert "the socket of a running agent" in one_line(outcome)


@pytest.mark.parametrize(
    "arguments",
    [
        ("status", "--fail-on", "anything"),
        ("status", "extra"),
        ("health", "a", "b"),
        ("health", "\x1b[31m"),
        ("health", ""),
        ("child",),
        ("child", "restart"),
        ("child", "kill", "collector"),
        ("child", "restart", "x" * 65),
        ("reload", "now"),
        ("ps", "--nosuch"),
    ],
)
def test_wrong_usage_is_sixty_four(here: Installation, arguments: tuple[str, ...]) -> None:
    """And never two, which means something else to a shell."""
    outcome = here.run(*arguments)
    assert outcome.returncode == 64
    assert outcome.stderr.isascii()
    assert "\x1b" not in outcome.stderr


def test_wrong_settings_are_no_news_of_the_agent(here: Installation, tmp_path: Path) -> None:
    """A mistake in a file is told from an agent that does not run."""
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("nosuch: 1\n")
    assert here.run("status", "--config", str(wrong)).returncode == 78
    assert here.run("status", "--config", str(tmp_path / "missing.yaml")).returncode == 66


def test_a_config_file_says_where_the_agent_is(here: Installation, tmp_path: Path) -> None:
    """Several agents on one host are told apart by their settings."""
    config = tmp_path / "second.yaml"
    config.write_text(f"paths:\n  runtime_dir: {tmp_path}\n")
    with here.agent():
        assert daemoneye("health", "gateway", "--config", str(config)).returncode == 0


def test_health_is_an_exit_code(here: Installation) -> None:
    """A probe needs no parser."""
    with here.agent():
        assert here.run("health").returncode == 1  # the collector is down
        assert here.run("health", "gateway").returncode == 0
        assert here.run("health", "collector").returncode == 1
        unknown = here.run("health", "nobody")
    assert unknown.returncode == 64
    assert one_line(unknown) == "nobody: no such child: one of supervisor, gateway, collector\n"


def test_health_as_json_is_a_line_for_each(here: Installation) -> None:
    """One document per line, as everywhere."""
    with here.agent():
        lines = here.run("health", "--json").stdout.splitlines()
    assert [(each["name"], each["healthy"]) for each in map(json.loads, lines)] == [
        ("supervisor", True),
        ("gateway", True),
        ("collector", False),
    ]


def test_children_are_listed_for_people_and_programs(here: Installation) -> None:
    """The list is that of the status."""
    with here.agent():
        table = here.run("child", "list").stdout.splitlines()
        lines = here.run("child", "list", "--json").stdout.splitlines()
    assert [line.split()[0] for line in table] == ["CHILD", "supervisor", "gateway", "collector"]
    assert [json.loads(line)["name"] for line in lines] == ["supervisor", "gateway", "collector"]


@pytest.mark.parametrize("action", ["restart", "pause", "resume"])
def test_what_is_wanted_for_a_child_is_confirmed(here: Installation, action: str) -> None:
    """The operator sees that it was heard."""
    with here.agent():
        text = here.run("child", action, "collector")
        document = here.run("child", action, "collector", "--json")
        refused = here.run("child", action, "supervisor")
        unknown = here.run("child", action, "colector")
    assert (text.returncode, text.stdout) == (0, f"collector: {action}\n")
    assert json.loads(document.stdout) == {"accepted": f"collector: {action}"}
    assert (refused.returncode, one_line(refused)) == (1, "supervisor: nobody's child\n")
    assert (unknown.returncode, "one of supervisor" in one_line(unknown)) == (64, True)


def test_the_gateway_cannot_be_paused(here: Installation) -> None:
    """Nobody locks himself out."""
    with here.agent():
        outcome = here.run("child", "pause", "gateway")
    assert outcome.returncode == 1
    assert one_line(outcome).startswith("gateway: cannot be paused: ")


def test_a_reload_is_zero_or_seventy_eight_with_each_mistake_on_a_line(here: Installation) -> None:
    """A deployment script knows whether its settings are in force."""
    with here.agent():
        accepted = here.run("reload")
        document = here.run("reload", "--json")
    assert (accepted.returncode, accepted.stdout) == (0, "generation 3\n")
    assert json.loads(document.stdout) == {"accepted": "generation 3"}
    here.socket.unlink()
    with here.agent(rejects="f:1:1: a: b\nf:2:1: \x1b[2J: d"):
        rejected = here.run("reload")
    assert (rejected.returncode, rejected.stdout) == (78, "")
    assert rejected.stderr == "f:1:1: a: b\nf:2:1: \\x1b[2J: d\n"


def test_ps_shows_what_scan_shows(here: Installation) -> None:
    """Same keys, same columns, same last line."""
    with here.agent():
        lines = here.run("ps", "--json").stdout.splitlines()
        table = here.run("ps").stdout.splitlines()
    assert [json.loads(line)["pid"] for line in lines[:-1]] == [1, 2, 1001, 1002, 2001, 2002]
    assert json.loads(lines[-1])["coverage"]["seen"] == 3
    assert table[0].split()[:4] == ["PID", "PPID", "UID", "STATE"]
    assert [line.split()[0] for line in table[1:-1]] == ["1", "2", "1001", "1002", "2001", "2002"]
    assert table[-1].startswith("3 processes seen")


def test_a_long_list_is_whole(here: Installation) -> None:
    """However many parts it took."""
    with here.agent(parts=200):
        outcome = here.run("ps", "--json")
    assert outcome.returncode == 0
    assert len(outcome.stdout.splitlines()) == 401
