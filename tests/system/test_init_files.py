"""The files for the init system are right, as far as its own tools can tell without one that runs."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from daemoneye.cli import COMMANDS
from daemoneye.errors import Exit
from daemoneye.settings import Settings
from tests.system.program import DAEMONEYE

if TYPE_CHECKING:
    from collections.abc import Sequence

CONFIG: Final = Path(__file__).parents[2] / "config"
UNIT: Final = CONFIG / "systemd/daemoneye.service"
WORST_EXPOSURE: Final = 1.6  # of 10, by systemd 252; other agents have 8.6 to 9.6


def service() -> dict[str, list[str]]:
    """Every assignment of the unit; a name may be given more than once."""
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#") and "=" in line:
            name, value = line.split("=", 1)
            found.setdefault(name, []).append(value)
    return found


def tool(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


def say(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"LC_ALL": "C.UTF-8"})
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def unit(tmp_path: Path) -> str:
    """With the program where it is here, because the tools ask whether it exists."""
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text(encoding="utf-8").replace("/usr/bin/daemoneye", DAEMONEYE), encoding="utf-8")
    return str(copy)


def test_systemd_finds_nothing_wrong_with_the_unit(unit: str) -> None:
    """No misspelt name, no unknown system call, no contradiction."""
    assert say(tool("systemd-analyze"), "verify", "--man=no", unit) == ""


def test_the_unit_is_closed_as_far_as_it_can_be(unit: str) -> None:
    """What is left open is what looking at every process takes."""
    told = say(tool("systemd-analyze"), "security", "--offline=true", "--no-pager", unit)
    exposure = re.search(r"Overall exposure level for daemoneye.service: ([0-9.]+)", told)
    assert exposure
    assert float(exposure[1]) <= WORST_EXPOSURE


def test_the_unit_starts_a_command_that_exists() -> None:
    """And needs no shell to do so."""
    (line,) = service()["ExecStart"]
    program, command, *rest = shlex.split(line)
    assert (program, rest) == ("/usr/bin/daemoneye", [])
    assert command in COMMANDS


def test_the_unit_gives_the_two_capabilities_and_no_other() -> None:
    """Whatever went wrong in the agent, it could not get a third one."""
    two = ["CAP_SYS_PTRACE CAP_DAC_READ_SEARCH"]
    given = service()
    assert (given["AmbientCapabilities"], given["CapabilityBoundingSet"]) == (two, two)
    assert given["NoNewPrivileges"] == ["yes"]


def test_what_would_blind_the_collector_is_not_set() -> None:
    """Hardening that hides processes from the one program that is to see them."""
    assert service().keys().isdisjoint({"ProtectProc", "ProcSubset", "PrivateUsers"})


def test_a_start_is_not_repeated_where_it_cannot_help() -> None:
    """The codes are those of the contract."""
    codes = {int(code) for code in service()["RestartPreventExitStatus"][0].split()}
    assert codes == {Exit.USAGE, Exit.NO_PERMISSION, Exit.CONFIG}


def test_the_directories_are_those_of_the_settings() -> None:
    """Unit and defaults agree on where things are and who may look into them."""
    given, paths = service(), Settings().paths
    assert f"/run/{given['RuntimeDirectory'][0]}" == str(paths.runtime_dir)
    assert f"/var/lib/{given['StateDirectory'][0]}" == str(paths.state_dir)
    assert f"/var/log/{given['LogsDirectory'][0]}" == str(paths.log_dir)
    assert {given[f"{each}DirectoryMode"][0] for each in ("Runtime", "State", "Logs")} == {"0750"}
    assert (given["User"], given["Group"]) == ([Settings().user], [Settings().user])


def test_account_and_directories_come_from_the_files_for_them(tmp_path: Path) -> None:
    """The system's own tools make them on an empty system, with the modes of the contract."""
    sysusers, tmpfiles = tool("systemd-sysusers"), tool("systemd-tmpfiles")
    if os.geteuid():
        pytest.skip("gives files to another account")
    (tmp_path / "etc").mkdir()
    say(sysusers, f"--root={tmp_path}", str(CONFIG / "sysusers.d/daemoneye.conf"))
    account = accounts(tmp_path, "passwd")
    assert account[5] == "/var/lib/daemoneye"
    assert account[6].endswith("nologin")
    say(tmpfiles, f"--root={tmp_path}", "--create", str(CONFIG / "tmpfiles.d/daemoneye.conf"))
    uid, gid = int(account[2]), int(accounts(tmp_path, "group")[2])
    made = {name: (tmp_path / name).stat() for name in ("etc/daemoneye", "var/lib/daemoneye", "var/log/daemoneye")}
    assert [(each.st_uid, each.st_gid, oct(each.st_mode)) for each in made.values()] == [
        (0, gid, "0o40750"),
        (uid, gid, "0o40750"),
        (uid, gid, "0o40750"),
    ]


def accounts(root: Path, table: str) -> Sequence[str]:
    lines = (root / "etc" / table).read_text(encoding="utf-8").splitlines()
    return next(line.split(":") for line in lines if line.startswith("daemoneye:"))
