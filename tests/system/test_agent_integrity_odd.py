"""Names and files that nobody would give a program: they are told like any other, and stop nobody's work."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.system.agents import DURABLE, running
from tests.system.variants import GOOD, NEARLY, put
from tests.system.witness import Witness, evidence_of
from tests.system.zoo import SLEEP, as_root

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.system.zoo import Zoo

pytestmark = [as_root, pytest.mark.root, pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")]


NAMES = {
    b"two\nlines": "two\nlines",
    b"\x1b[31mred": "\x1b[31mred",
    b"not\xffutf-8": "not\\xffutf-8",
    b'\'; touch "$HOME" #': '\'; touch "$HOME" #',
    "höflich ☃".encode(): "höflich ☃",
    b"x" * 255: "x" * 255,
}


@pytest.fixture(scope="module")
def shared() -> Iterator[Witness]:
    with running(DURABLE | {"hashing": {"max_file_size": "64MiB"}}) as agent:
        witness, lives = Witness(agent), {each.name: each.restarts for each in agent.until_running().children}
        yield witness
        witness.nothing_unexpected()
        assert {each.name: each.restarts for each in agent.until_running().children} == lives


@pytest.fixture
def witness(shared: Witness, tmp_path: Path) -> Witness:
    shared.of(tmp_path)
    return shared


@pytest.fixture
def program(zoo: Zoo) -> Path:
    return zoo.copy("program")


def test_names_of_any_bytes(witness: Witness, zoo: Zoo, tmp_path: Path) -> None:
    """What they were is remembered, and what happens to them is told, under names that every reader can take."""
    programs = {tmp_path / os.fsdecode(name): f"{tmp_path}/{shown}" for name, shown in NAMES.items()}
    for program in programs:
        shutil.copy(SLEEP, program)
        zoo.start(program)
    witness.looks(4)
    zoo.end()
    for program in programs:
        program.unlink()
        program.write_bytes(NEARLY)
        program.chmod(0o755)
    pids = {zoo.start(program): program for program in programs}
    for pid, program in pids.items():
        (alert,) = witness.expect(pid, "content_changed")
        assert alert["process"]["executable"] == programs[program]
        program.unlink()
    for pid in pids:
        _, alert = witness.expect(pid, "content_changed", "disk_mismatch")
        assert alert["process"]["hash"] == evidence_of(alert)["old"]


def test_a_shell_that_becomes_a_program(witness: Witness, zoo: Zoo, program: Path) -> None:
    """The process is the one that was there before; what it runs now is another matter."""
    zoo.start(program)
    witness.known(program)
    zoo.end()
    put(program, NEARLY)
    shell = zoo.waiting_to_become(program)
    witness.looks(2)
    assert witness.about(shell.pid) == []
    assert shell.stdin
    shell.stdin.write(b"\n")
    shell.stdin.close()
    (alert,) = witness.expect(program, "content_changed")
    assert alert["process"]["pid"] == shell.pid


def test_a_path_as_long_as_there_can_be(witness: Witness, zoo: Zoo, tmp_path: Path) -> None:
    """It does not fit a line of the screen, but it does fit the record."""
    place = tmp_path
    while len(str(place)) < 3600:
        place /= "d" * 200
    place.mkdir(parents=True)
    program = zoo.copy("deep", place)
    zoo.start(program)
    witness.known(program)
    program.unlink()
    witness.expect(program, "disk_mismatch")


def bind(path: Path) -> None:
    directory = os.open(path.parent, os.O_PATH)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"/proc/self/fd/{directory}/{path.name}")  # the path itself may be too long for a socket
    os.close(directory)


def link_to_itself(path: Path) -> None:
    path.symlink_to("program")


def link_to_a_copy(path: Path) -> None:
    path.with_name("copy").write_bytes(GOOD)
    path.symlink_to("copy")


def giant(path: Path) -> None:
    path.touch()
    os.truncate(path, 1 << 40)


def null(path: Path) -> None:
    os.mknod(path, 0o20666, os.makedev(1, 3))


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (Path.touch, None),
        (os.mkfifo, "not_regular"),
        (bind, "not_regular"),
        (null, "not_regular"),
        (link_to_itself, "not_regular"),
        (link_to_a_copy, "not_regular"),
        (giant, "too_large"),
    ],
    ids=["empty", "pipe", "socket", "device", "link to itself", "link to a copy", "giant"],
)
def test_something_else_in_its_place(
    witness: Witness, zoo: Zoo, program: Path, make: Callable[[Path], object], why: str | None
) -> None:
    """Whatever lies there now, nobody hangs at it, and it is not the program that runs."""
    zoo.start(program)
    witness.known(program)
    new = program.with_name("new")
    make(new)
    new.rename(program)
    (alert,) = witness.expect(program, "disk_mismatch")
    evidence = evidence_of(alert)
    assert evidence["on_disk"] == "replaced"
    assert alert["process"]["hash"] == evidence["old"]
    assert ("new" in evidence) == (why is None)
    assert why is None or f"not compared ({why})" in alert["message"]


def test_a_program_that_deletes_itself(witness: Witness, zoo: Zoo, program: Path) -> None:
    """It was never seen with its file: what runs is told all the same."""
    pid = zoo.start(program)
    program.unlink()
    (alert,) = witness.expect(pid, "disk_mismatch")
    assert alert["process"]["executable"] == str(program)
    assert alert["process"]["hash"]["sha256"]


def test_a_program_on_a_disk_in_memory(witness: Witness, zoo: Zoo) -> None:
    """A file that had a name is deleted, not fileless, wherever it was."""
    program = zoo.copy(f"daemoneye-{os.getpid()}", Path("/dev/shm"))  # noqa: S108 - it is one
    witness.of(program)
    zoo.start(program)
    program.unlink()
    (alert,) = witness.expect(program, "disk_mismatch")
    assert evidence_of(alert)["on_disk"] == "deleted"
