"""Directories and sockets of the agent: made as the contract says, or one line that says why not."""

from __future__ import annotations

import contextlib
import grp
import os
import shutil
import socket
import stat
import sys
from typing import TYPE_CHECKING

import pytest

from chaos.agent import survivors
from daemoneye.client import Client
from daemoneye.errors import OperatorError
from tests.system.agents import exit_line, installed, is_whole, leftovers, running
from tests.system.test_agent_processes import ACCOUNT, GAMES, NOBODY, SOMEBODY
from tests.system.zoo import as_root

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chaos.agent import Agent

pytestmark = [as_root, pytest.mark.root, pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")]

CLIENTS = "users"  # a group that every distribution has


def seen(path: Path) -> tuple[str, int, int]:
    found = path.stat()
    return stat.filemode(found.st_mode), found.st_uid, found.st_gid


def at(agent: Agent, **places: str) -> None:
    agent.configure({"paths": {f"{name}_dir": str(agent.directory / place) for name, place in places.items()}})


def test_what_is_missing_is_made() -> None:
    """Closed to others, for the account, with a way in; whatever the umask of whoever started it."""
    settings = {"user": ACCOUNT, "ipc": {"allow_groups": [CLIENTS]}}
    with installed(settings, before=lambda: os.umask(0o077)) as agent:
        at(agent, state="var/lib/state", runtime="run/daemoneye", log="var/log/ours")
        agent.start()
        runtime = agent.directory / "run/daemoneye"
        agent.until(lambda: is_whole(agent), "a whole tree")
        clients = grp.getgrnam(CLIENTS).gr_gid
        assert seen(agent.directory / "var/lib/state") == ("drwxr-x---", *GAMES)
        assert seen(agent.directory / "var/log/ours") == ("drwxr-x---", *GAMES)
        assert seen(runtime) == ("drwxr-x---", GAMES[0], clients)
        assert seen(runtime / "agent.sock") == ("srw-rw----", GAMES[0], clients)
        assert seen(runtime / "broker.sock") == ("srw-------", *GAMES)
        assert seen(runtime / "actors") == ("drwx------", *GAMES)
        assert {seen(each) for each in (runtime / "actors").iterdir()} == {("srw-------", *GAMES)}
        assert seen(agent.directory / "var/lib") == ("drwxr-xr-x", 0, 0)
        assert agent.stop() == 0
        assert [*runtime.iterdir()] == []


def test_what_is_there_is_left_as_it_is() -> None:
    """An operator's own mode, owner and files stay."""
    with installed({"user": ACCOUNT}) as agent:
        state = agent.directory / "state"
        state.mkdir()
        (state / "note").write_text("mine")
        os.chown(state, GAMES[0], 0)
        state.chmod(0o711)
        agent.start()
        agent.until_running()
        assert agent.stop() == 0
        assert seen(state) == ("drwx--x--x", GAMES[0], 0)
        assert (state / "note").read_text() == "mine"


def test_a_second_agent_in_the_same_place_is_refused() -> None:
    """One line, and the first one does not notice; with places of their own both run."""
    with running() as first:
        first.until(lambda: is_whole(first), "a whole tree")
        with installed() as second:
            second.configure({"paths": {"runtime_dir": str(first.directory / "runtime")}})
            second.start()
            code, line = exit_line(second)
            assert code == 73
            assert line == (
                f"paths.runtime_dir: {first.directory}/runtime: in use by another agent: "
                "a directory of its own for each agent"
            )
            second.configure({"paths": {"runtime_dir": str(second.directory / "runtime")}})
            second.start()
            second.until_running()
            assert first.until_running().pid == first.pid
            assert second.stop() == 0
        assert is_whole(first)
        assert first.stop() == 0


def test_what_a_dead_agent_left_is_no_obstacle() -> None:
    """Stale sockets are replaced, and whatever else has their name."""
    with installed() as agent:
        runtime = agent.directory / "runtime"
        (runtime / "actors").mkdir(parents=True)
        for path in (runtime, runtime / "actors"):
            os.chown(path, NOBODY, NOBODY)
            path.chmod(0o700)
        for name in ("agent.sock", "broker.sock", "actors/admin", "actors/collector.7.00000000"):
            with socket.socket(socket.AF_UNIX) as dead:
                dead.bind(str(runtime / name))
                os.chown(runtime / name, NOBODY, NOBODY)
        agent.start()
        agent.until_running()
        assert not (runtime / "actors/collector.7.00000000").exists()
        assert agent.stop() == 0
        assert leftovers(agent) == []


def a_file(agent: Agent) -> None:
    (agent.directory / "f").write_text("")


def a_closed_directory(agent: Agent) -> None:
    (agent.directory / "closed").mkdir(mode=0o700)


def a_directory_of_root(agent: Agent) -> None:
    (agent.directory / "roots").mkdir(mode=0o755)


def a_link(agent: Agent) -> None:
    (agent.directory / "nowhere").symlink_to("missing")
    (agent.directory / "round").symlink_to("round")


def nothing(_: Agent) -> None:
    """Everything is as it should be, but for the settings."""


REFUSED: dict[str, tuple[Callable[[Agent], None], dict[str, str], int, str]] = {
    "a file": (a_file, {"state": "f"}, 73, "paths.state_dir: {}/f: not a directory: a directory, or nothing"),
    "below a file": (a_file, {"log": "f/x"}, 73, "paths.log_dir: {}/f/x: not a directory: "),
    "a link to nowhere": (a_link, {"log": "nowhere"}, 73, "paths.log_dir: {}/nowhere: no such file or directory: "),
    "a link to itself": (a_link, {"runtime": "round"}, 73, "paths.runtime_dir: {}/round: too many levels of symbolic"),
    "closed to the account": (
        a_closed_directory,
        {"runtime": "closed/run"},
        77,
        "paths.runtime_dir: {}/closed: drwx------, uid 0: a directory that uid 65534 may enter",
    ),
    "not for the account": (
        a_directory_of_root,
        {"state": "roots"},
        77,
        "paths.state_dir: {}/roots: drwxr-xr-x, uid 0: a directory that uid 65534 may write",
    ),
    "too long a path": (nothing, {"runtime": "r" * 94}, 78, ""),
}


@pytest.mark.parametrize(("prepare", "places", "code", "expected"), REFUSED.values(), ids=[*REFUSED])
def test_a_place_that_will_not_do_is_refused_in_one_line(
    prepare: Callable[[Agent], None], places: dict[str, str], code: int, expected: str
) -> None:
    """Where it was found, what was found, what was expected; at the start and not as a riddle later."""
    with installed() as agent:
        prepare(agent)
        at(agent, **places)
        agent.start()
        exit_code, line = exit_line_or_place(agent)
        assert exit_code == code
        assert line.startswith(expected.format(agent.directory)), line
        assert leftovers(agent) == []


def exit_line_or_place(agent: Agent) -> tuple[int, str]:
    """Mistakes in a file come with the line they are in."""
    code = agent.wait()
    told = [line for line in agent.log.read_text(encoding="utf-8").splitlines() if not line.startswith("{")]
    assert not any("Traceback" in line for line in told)
    assert len(told) == 1 or code == 78, told
    return code, told[0]


def test_somebody_without_rights_is_told_so() -> None:
    """Started by hand as nobody in particular, with places that are root's."""
    with installed(program=(*SOMEBODY, f"{NOBODY}")) as agent:
        agent.start()
        code, line = exit_line_or_place(agent)
        assert code == 77
        assert line.startswith(f"paths.state_dir: {agent.directory}/state: permission denied: ")


def test_the_longest_path_that_the_settings_take_works() -> None:
    """No socket of the actors needs more room than those of clients."""
    with installed() as agent:
        room = 93 - len(str(agent.directory)) - 1
        at(agent, runtime="r" * room)
        agent.start()
        client_socket = agent.directory / ("r" * room) / "agent.sock"
        agent.until(lambda: answers(client_socket), "an answer")
        assert agent.stop() == 0
        assert [*client_socket.parent.iterdir()] == []


def answers(path: Path) -> bool:
    with contextlib.suppress(OperatorError), Client(path) as client:
        return client.status().state == "running"
    return False


def test_a_group_that_does_not_exist_is_a_mistake_in_the_settings() -> None:
    """The sockets would belong to nobody who could use them."""
    with installed({"ipc": {"allow_groups": ["daemoneye-no-such-group"]}}) as agent:
        agent.start()
        code, line = exit_line_or_place(agent)
        assert code == 78
        assert line.startswith("ipc.allow_groups: 'daemoneye-no-such-group' is no group of this host: ")


def test_a_directory_that_is_removed_under_the_agent_does_not_keep_it_from_stopping() -> None:
    """Somebody tidied up too much: nobody can reach the agent any more, and its end is an ordered one."""
    with running() as agent:
        tree = agent.descendants()
        shutil.rmtree(agent.directory / "runtime")
        assert agent.status() is None
        assert agent.stop() == 0
        assert survivors(tree) == []
        assert agent.lines()[-1]["event"] == "main.left"
