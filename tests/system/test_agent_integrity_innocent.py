"""Nobody is bothered with what is in order: each of these looks odd, and none is an alert."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.system.agents import DURABLE, running
from tests.system.variants import GOOD, NEARLY, put
from tests.system.witness import Witness, evidence_of
from tests.system.zoo import SLEEP, Zoo, as_root, jail, may_mount, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [as_root, pytest.mark.root, pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")]

BURST = 500


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Witness]:
    zoo = Zoo(tmp_path_factory.mktemp("canary"))
    with running(DURABLE) as agent:
        witness = Witness(agent)
        yield witness
        witness.in_passing(zoo)
        zoo.end()
        witness.nothing_unexpected()
        assert witness.shortfalls() == []


@pytest.fixture
def witness(shared: Witness, tmp_path: Path) -> Witness:
    shared.of(tmp_path)
    return shared


@pytest.fixture
def program(zoo: Zoo) -> Path:
    return zoo.copy("program")


def is_silent_about(witness: Witness, *subjects: Path | int) -> None:
    witness.looks(1)
    assert witness.about(*subjects) == []


def test_a_burst_of_processes_that_live_for_a_moment(witness: Witness, tmp_path: Path) -> None:
    """Most are gone before anybody can look at them: they lack nothing, and are no finding."""
    program = Path(shutil.copy(shutil.which("true") or "/bin/true", tmp_path / "brief"))
    for _ in range(BURST):
        os.waitpid(os.posix_spawn(program, ["brief"], {}), 0)
    is_silent_about(witness, tmp_path)


def test_programs_that_are_gone_when_somebody_looks(witness: Witness, tmp_path: Path) -> None:
    """What a compiler makes, runs and deletes, file after file at the same path, was never trusted there."""
    program = tmp_path / "conftest"
    for number in range(50):
        put(program, GOOD + bytes([number]))
        os.waitpid(os.posix_spawn(program, ["conftest", "0"], {}), 0)
        program.unlink()
    is_silent_about(witness, tmp_path)


def test_the_same_again_in_another_file(witness: Witness, zoo: Zoo, program: Path) -> None:
    """A package that is installed again brings new files with the old content."""
    zoo.start(program)
    witness.known(program)
    before = program.stat().st_ino
    put(program, GOOD)
    assert program.stat().st_ino != before
    is_silent_about(witness, program)


def test_a_name_that_looks_like_a_deleted_file(witness: Witness, zoo: Zoo) -> None:
    """A file may really be called so, and it is that file that counts."""
    program = zoo.copy("x (deleted)")
    zoo.copy("x")
    zoo.start(program)
    witness.known(program)
    zoo.place.joinpath("x").unlink()
    is_silent_about(witness, program, zoo.place)


def test_a_link_to_a_program_may_be_turned(witness: Witness, zoo: Zoo, program: Path) -> None:
    """Two versions beside each other and a link to one of them: nothing has changed but the link."""
    put(zoo.place / "program-2", NEARLY)
    link = zoo.place / "current"
    for target in (program, zoo.place / "program-2"):
        link.unlink(missing_ok=True)
        link.symlink_to(target)
        zoo.start(link)
        witness.known(target)
    is_silent_about(witness, zoo.place)


def test_one_of_two_names_may_go(witness: Witness, zoo: Zoo, program: Path) -> None:
    """The file of a program is that of the name by which it was started."""
    other = zoo.place / "other"
    os.link(program, other)
    zoo.start(program)
    zoo.start(other, "999")
    witness.known(program, other)
    third = zoo.place / "third"
    os.link(program, third)
    third.unlink()
    is_silent_about(witness, zoo.place)


def test_a_program_that_is_renamed(witness: Witness, zoo: Zoo, program: Path) -> None:
    """It is still the file that runs, under another name."""
    zoo.start(program)
    witness.known(program)
    moved = program.with_name("moved")
    program.rename(moved)
    witness.known(moved)
    moved.rename(program)
    is_silent_about(witness, zoo.place)


def test_a_script_is_not_its_interpreter(witness: Witness, zoo: Zoo) -> None:
    """What runs is the shell; the script may be edited and deleted meanwhile."""
    script = zoo.place / "script"
    put(script, b"#!/bin/sh\nread x\n")
    pid = zoo.start(script, stdin=subprocess.PIPE)
    witness.looks(3)
    put(script, b"#!/bin/sh\nread y\n")
    witness.looks(3)
    script.unlink()
    is_silent_about(witness, zoo.place, pid)


def test_touched_and_opened_up(witness: Witness, zoo: Zoo, program: Path) -> None:
    """Other times and permissions are another file to a cache, and the same to everybody else."""
    zoo.start(program)
    witness.known(program)
    program.chmod(0o700)
    witness.looks(2)
    os.utime(program, (0, 0))
    witness.looks(2)
    os.chown(program, 65534, 65534)
    is_silent_about(witness, program)


def test_a_program_in_a_chroot(witness: Witness, zoo: Zoo, tmp_path: Path) -> None:
    """Its path is the one below the root it was given."""
    root = jail(tmp_path)
    inside = root / str(SLEEP)[1:]
    put(inside, NEARLY)
    pid = zoo.start(shutil.which("chroot") or "chroot", str(root), str(SLEEP), "1000")
    wait_for(lambda: Path(f"/proc/{pid}/exe").readlink() == inside)
    witness.known(inside)
    is_silent_about(witness, tmp_path, pid)


def contained(zoo: Zoo, root: Path, program: Path) -> int:
    """A process in a mount namespace with a root of its own, the way containers are made."""
    script = f"mount -t tmpfs none /mnt && cp -a {root}/. /mnt && cd /mnt && mkdir old && pivot_root . old"
    pid = zoo.start(shutil.which("unshare") or "unshare", "-m", "sh", "-c", f"{script} && exec {program} 1000")
    wait_for(lambda: Path(f"/proc/{pid}/exe").readlink() == program)
    return pid


@may_mount
def test_the_same_path_in_a_container(witness: Witness, zoo: Zoo, program: Path, tmp_path: Path) -> None:
    """Another program by the same name is another program there, and neither is held against the other."""
    zoo.start(program)
    witness.known(program)
    root = jail(tmp_path)
    inside = root / str(program)[1:]
    inside.parent.mkdir(parents=True)
    put(inside, NEARLY)
    pid = contained(zoo, root, program)
    is_silent_about(witness, program, pid)
    Path(f"/proc/{pid}/root{program}").unlink()
    (alert,) = witness.expect(pid, "disk_mismatch")
    assert evidence_of(alert)["on_disk"] == "deleted"
    assert evidence_of(alert)["mount_namespace"] == Path(f"/proc/{pid}/ns/mnt").stat().st_ino
    assert program.exists()


@may_mount
def test_a_service_that_is_shut_off_from_part_of_the_host(witness: Witness, zoo: Zoo, program: Path) -> None:
    """A mount namespace with the host's files runs the host's programs: what is known of them holds there."""
    zoo.start(program)
    witness.known(program)
    script = f"mount -t tmpfs none /mnt && exec {program} 1000"
    pid = zoo.start(shutil.which("unshare") or "unshare", "-m", "sh", "-c", script)
    wait_for(lambda: Path(f"/proc/{pid}/exe").readlink() == program)
    is_silent_about(witness, program, pid)
