"""The processes of a running agent, as an operator with ``ps`` and ``/proc`` sees them."""

from __future__ import annotations

import json
import os
import pwd
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from daemoneye.host import landlock
from tests.system.agents import EVERYBODY, HASHERS, SHOWN, Status, is_whole, running, sockets_of, status_of
from tests.system.program import daemoneye
from tests.system.zoo import as_root

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chaos.agent import Agent

pytestmark = [as_root, pytest.mark.root, pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")]

NOBODY = 65534
TWO = 0x80004  # SYS_PTRACE, DAC_READ_SEARCH
FIVE = TWO | 0xE0  # and KILL, SETGID, SETUID
ACCOUNT = "games"  # every distribution has it, and it is nobody's
START_AS = ("env", "-u", "COVERAGE_PROCESS_START", "-u", "COVERAGE_PROCESS_CONFIG")
SOMEBODY = (*START_AS, sys.executable, str(Path(__file__).with_name("start_as.py")))


class Expected(NamedTuple):
    """Of one process: uid and gid, those towards files, and what it holds."""

    uid: int
    gid: int
    files: tuple[int, int]
    capabilities: int


def one(uid: int, gid: int, capabilities: int = 0) -> Expected:
    return Expected(uid, gid, (uid, gid), capabilities)


class Start(NamedTuple):
    """A row of the table in docs/privileges.md."""

    settings: dict[str, Any]
    how: dict[str, Any]
    main: Expected
    collector: Expected
    others: Expected
    bounded: bool  # whether the bounding set could be emptied
    warnings: int


def _account() -> tuple[int, int]:
    try:
        found = pwd.getpwnam(ACCOUNT)
    except KeyError:
        return NOBODY, NOBODY
    return found.pw_uid, found.pw_gid


GAMES = _account()
STARTS = {
    "root, the account is missing": Start(
        {"user": "daemoneye-no-such-account"},
        {},
        one(0, 0, FIVE),
        Expected(0, 0, (NOBODY, NOBODY), TWO),
        one(NOBODY, NOBODY),
        bounded=True,
        warnings=1,
    ),
    "root, the account is there": Start(
        {"user": ACCOUNT}, {}, one(0, 0, FIVE), one(*GAMES, TWO), one(*GAMES), bounded=True, warnings=0
    ),
    "somebody with the two": Start(
        {},
        {"program": (*SOMEBODY, f"{NOBODY}+")},
        one(NOBODY, NOBODY, TWO),
        one(NOBODY, NOBODY, TWO),
        one(NOBODY, NOBODY),
        bounded=False,
        warnings=0,
    ),
    "somebody with nothing": Start(
        {},
        {"program": (*SOMEBODY, f"{NOBODY}")},
        one(NOBODY, NOBODY),
        one(NOBODY, NOBODY),
        one(NOBODY, NOBODY),
        bounded=False,
        warnings=1,
    ),
}


@pytest.fixture(scope="module", params=STARTS.items(), ids=[*STARTS])
def started(request: pytest.FixtureRequest) -> Iterator[tuple[Start, Agent]]:
    """One agent for each way to be started."""
    start: Start = request.param[1]
    # somebody else may write where his settings are, and nobody else has to
    with running(start.settings, owner=NOBODY if start.main.uid else 0, **start.how) as agent:
        yield start, agent


def test_every_process_is_who_the_table_says(started: tuple[Start, Agent]) -> None:
    """Whoever reads docs/privileges.md knows what runs on the host, however it was started."""
    start, agent = started
    agent.until(lambda: is_whole(agent), "a whole tree")
    for role, process in agent.by_role().items():
        expected = {"main": start.main, "collector": start.collector}.get(role, start.others)
        assert told(status_of(process.pid)) == expected, role


def told(status: Status) -> Expected:
    assert len(set(status.uids[:3])) == len(set(status.gids[:3])) == 1
    assert status.permitted == status.effective
    return Expected(status.uids[0], status.gids[0], (status.uids[3], status.gids[3]), status.permitted)


def test_nothing_more_can_be_gained(started: tuple[Start, Agent]) -> None:
    """No set but the two in use holds anything, no exec helps, no group came along, and memory is closed."""
    start, agent = started
    for role, process in agent.by_role().items():
        status = status_of(process.pid)
        assert status.groups == (), role
        assert (status.inheritable, status.ambient, status.no_new_privs) == (0, 0, 1), role
        assert status.bounding == 0 or not start.bounded, role
        assert Path(f"/proc/{process.pid}/environ").stat().st_uid == 0, f"{role}: PR_SET_DUMPABLE"


def test_titles_say_role_and_privilege(started: tuple[Start, Agent]) -> None:
    """`ps` shows what each process is and what it holds; nobody has to ask which one may do what."""
    start, agent = started
    names = {TWO: "dac_read_search,sys_ptrace", FIVE: "dac_read_search,kill,setgid,setuid,sys_ptrace", 0: "none"}
    assert sorted(each.title for each in agent.descendants().values()) == sorted(
        f"daemoneye: {role} [{names[held.capabilities]}]"
        for role in (*EVERYBODY, *HASHERS)
        for held in [{"main": start.main, "collector": start.collector}.get(role, start.others)]
    )


def test_the_agent_says_so_itself(started: tuple[Start, Agent]) -> None:
    """`status` compares every process with what it should be, and what is missing was said at the start."""
    start, agent = started
    status = agent.until_running()
    assert status.findings == ()
    assert sorted(each.name for each in status.sandbox) == sorted((*EVERYBODY, *HASHERS))
    told = {each.name: (each.pid, each.uid, each.capabilities) for each in status.sandbox}
    assert {name: (pid, uid) for name, (pid, uid, _) in told.items()} == {
        role: (process.pid, status_of(process.pid).uids[1]) for role, process in agent.by_role().items()
    }
    assert {name for name, (_, _, held) in told.items() if held != "none"} <= {"main", "collector"}
    confined = f"version {landlock.version()}" if landlock.version() else "none"
    assert {each.landlock for each in status.sandbox if each.name not in {"main", "collector"}} == {confined}
    assert len(agent.logged("privileges.limited")) == start.warnings


def test_no_process_has_a_network_socket(started: tuple[Start, Agent]) -> None:
    """Nothing listens, nothing could be reached, nothing was ever connected: all sockets are local ones."""
    _, agent = started
    for role, process in agent.by_role().items():
        held = sockets_of(process.pid)
        assert held, role
        elsewhere = {name: held & inodes(name) for name in ("tcp", "tcp6", "udp", "udp6", "raw", "raw6", "netlink")}
        assert not any(elsewhere.values()), (role, elsewhere)
        # one may be closed between the two looks, so a look that finds all of them to be local is enough
        agent.until(lambda pid=process.pid: sockets_of(pid) <= inodes("unix"), f"{role}: local sockets only")  # type: ignore[misc]


def inodes(table: str) -> set[str]:
    path = Path("/proc/net") / table
    column = {"netlink": -1, "unix": 6}.get(table, 9)
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()[1:] if path.exists() else []
    return {line.split()[column] for line in lines}


def test_the_collector_is_confined_by_a_filter_and_the_rest_by_landlock(started: tuple[Start, Agent]) -> None:
    """The one that must look at everything may change nothing."""
    _, agent = started
    modes = {role: status_of(process.pid).seccomp for role, process in agent.by_role().items()}
    if os.uname().machine in {"x86_64", "aarch64"}:
        assert modes["collector"] == 2
    assert modes["main"] == status_of(os.getpid()).seccomp


def test_status_json_is_what_the_contract_says(started: tuple[Start, Agent]) -> None:
    """Monitoring written from the contract works: its keys, its names, its values."""
    _, agent = started
    outcome = daemoneye("status", "--json", "--config", str(agent.config))
    assert (outcome.returncode, outcome.stderr) == (0, "")
    status = json.loads(outcome.stdout)
    assert status.keys() >= {
        *("state", "pid", "version", "uptime_s", "children", "coverage", "sandbox", "config", "reload"),
    }
    assert (status["state"], status["pid"]) == ("running", agent.pid)
    assert 0 < status["uptime_s"] < 60
    roles = agent.by_role()
    assert [each["name"] for each in status["children"]] == [*SHOWN]
    for child in status["children"]:
        assert child.keys() >= {"name", "pid", "state", "restarts", "uptime_s", "heartbeat_age_s", "privilege"}
        assert (child["pid"], child["state"], child["restarts"]) == (roles[child["name"]].pid, "running", 0)
        assert f"[{child['privilege']}]" in roles[child["name"]].title
        assert 0 <= child["heartbeat_age_s"] < (5 if child["name"] in HASHERS else 2)
        assert 0 <= child["uptime_s"] <= status["uptime_s"]
    assert status["config"].keys() >= {"generation", "sha256", "loaded_at"}
    assert status["config"]["generation"] == 1
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", status["config"]["loaded_at"])
    assert status["reload"] == {"result": "none", "error": None, "at": None}
    assert status["sandbox"]["ok"] is True
    assert status["coverage"]["seen"] >= len(EVERYBODY)
