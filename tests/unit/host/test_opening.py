"""Opening what real processes run, and what was put in its place."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from daemoneye.host import opening, seccomp
from daemoneye.host.capabilities import gain_nothing_by_exec
from daemoneye.host.handing import send_file
from daemoneye.host.hashing import HashOutcome
from daemoneye.host.opening import Order, open_image
from daemoneye.model.process import HashStatus
from tests.fakes.forked import in_a_child
from tests.system.zoo import NOBODY, Zoo, as_root, may_mount, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

PROC = b"/proc"


@pytest.fixture
def zoo() -> Iterator[Zoo]:
    """Where other accounts may come, too."""
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        zoo = Zoo(Path(place))
        yield zoo
        zoo.end()


def descriptors() -> set[str]:
    return {each.name for each in Path("/proc/self/fd").iterdir()}


def order(pid: int, file: Path, *, there: bool = True, proc: bytes = PROC) -> Order:
    status = file.lstat()
    return Order(proc, pid, there, status.st_dev, status.st_ino)


def opened(wanted: Order) -> bytes | tuple[HashStatus, str]:
    """What can be read of it, or why there is nothing; descriptors are counted."""
    before = descriptors()
    answer = open_image(wanted)
    if isinstance(answer, HashOutcome):
        assert descriptors() == before
        return answer.status, answer.reason
    try:
        assert not os.get_inheritable(answer)
        return os.pread(answer, 1 << 20, 0)
    finally:
        os.close(answer)


def test_the_running_file_is_opened_whatever_became_of_its_name(zoo: Zoo) -> None:
    """Present, deleted or replaced: it is what the process runs."""
    program = zoo.copy()
    wanted = order(zoo.start(program), program, there=False)
    content = program.read_bytes()
    assert opened(wanted) == content
    program.unlink()
    assert opened(wanted) == content
    program.write_bytes(b"something else")
    assert opened(wanted) == content


def test_the_file_in_its_place_is_opened(zoo: Zoo) -> None:
    """Put there by renaming or by writing anew, also where the name itself ends in ``(deleted)``."""
    for name in ("program", "x (deleted)"):
        program = zoo.copy(name)
        pid = zoo.start(program)
        program.unlink()
        program.write_bytes(b"new")
        assert opened(order(pid, program)) == b"new"


def test_a_program_in_its_place_is_there_too(zoo: Zoo) -> None:
    """Nothing was replaced, and the path still leads to it."""
    program = zoo.copy()
    assert opened(order(zoo.start(program), program)) == program.read_bytes()


def test_what_was_replaced_since_is_gone(zoo: Zoo) -> None:
    """Between the look and the opening another file was put there: it is not the one that was asked for."""
    program = zoo.copy()
    pid = zoo.start(program)
    program.unlink()
    program.write_bytes(b"first")
    wanted = order(pid, program)
    other = zoo.place / "other"
    other.write_bytes(b"second")
    other.rename(program)
    assert opened(wanted) == (HashStatus.GONE, "another file lies there by now")
    program.unlink()
    assert opened(wanted)[0] is HashStatus.GONE


def test_a_process_that_executed_something_else_is_gone(zoo: Zoo) -> None:
    """And so is one that has ended, or whose number another has."""
    program, other = zoo.copy(), zoo.copy("other")
    pid = zoo.start(program)
    assert opened(order(pid, other, there=False)) == (HashStatus.GONE, "another file lies there by now")
    zoo.end()
    assert opened(order(pid, program, there=False)) == (HashStatus.GONE, "no such file or directory")
    assert opened(order(pid, program)) == (HashStatus.GONE, "no such file or directory")


@pytest.mark.parametrize("kind", ["fifo", "directory", "link", "device"])
def test_only_regular_files_are_opened(zoo: Zoo, kind: str) -> None:
    """Nothing blocks and nothing is woken, whatever lies in the place of a program."""
    program = zoo.copy()
    pid = zoo.start(program)
    program.unlink()
    if kind == "fifo":
        os.mkfifo(program)
    elif kind == "directory":
        program.mkdir()
    elif kind == "link":
        program.symlink_to("/etc/passwd")
    else:
        try:
            os.mknod(program, 0o20666, os.makedev(1, 5))
        except PermissionError:
            pytest.skip("no devices can be made here")
    status, reason = opened(order(pid, program))
    assert status is HashStatus.NOT_REGULAR, reason


def test_no_link_on_the_way_is_followed(zoo: Zoo) -> None:
    """The path that the kernel tells has none: a link was put there to lead somewhere else."""
    place, elsewhere = zoo.place / "place", zoo.place / "elsewhere"
    place.mkdir()
    elsewhere.mkdir()
    program = zoo.copy(place=place)
    pid = zoo.start(program)
    program.unlink()
    place.rmdir()
    place.symlink_to(elsewhere)
    program.write_bytes(b"secret")
    assert Path(f"/proc/{pid}/exe").readlink() == Path(f"{program} (deleted)")
    assert opened(order(pid, program)) == (HashStatus.GONE, "not a directory")


def test_a_long_way_takes_few_descriptors(zoo: Zoo, monkeypatch: pytest.MonkeyPatch) -> None:
    """However deep a program lies."""
    place = zoo.place.joinpath(*["d"] * 200)
    place.mkdir(parents=True)
    program = zoo.copy(place=place)
    pid = zoo.start(program)
    most = 0
    really = os.open

    def counted(*arguments: object, **named: object) -> int:
        nonlocal most
        most = max(most, len(descriptors()))
        return really(*arguments, **named)  # type: ignore[arg-type]

    before = len(descriptors())
    with monkeypatch.context() as patched:
        patched.setattr(os, "open", counted)
        answer = open_image(order(pid, program))
    assert isinstance(answer, int)
    os.close(answer)
    assert most < before + 10


@as_root
def test_nobody_has_the_secrets_of_others_opened(zoo: Zoo) -> None:
    """What a process may neither read nor execute itself is not opened for its sake; a program that others have is."""
    program = zoo.copy()
    pid = zoo.start(program, user=NOBODY, group=NOBODY, extra_groups=[])
    program.unlink()
    program.write_bytes(b"not theirs")
    for mode, allowed in ((0o640, False), (0o600, False), (0o644, True), (0o711, True), (0o755, True)):
        program.chmod(mode)
        answer = opened(order(pid, program))
        assert answer == (b"not theirs" if allowed else (HashStatus.PERMISSION, opening._NOT_THEIRS.reason)), oct(mode)
    os.chown(program, 0, NOBODY)
    program.chmod(0o640)
    assert opened(order(pid, program)) == b"not theirs"
    program.chmod(0o604)
    assert opened(order(pid, program))[0] is HashStatus.PERMISSION
    os.chown(program, NOBODY, 0)
    program.chmod(0o400)
    assert opened(order(pid, program)) == b"not theirs"
    program.chmod(0o044)
    assert opened(order(pid, program))[0] is HashStatus.PERMISSION


@as_root
def test_what_runs_is_opened_for_whoever_was_allowed_to_run_it(zoo: Zoo) -> None:
    """A program that may be executed and not be read is hashed all the same."""
    program = zoo.copy()
    program.chmod(0o711)
    pid = zoo.start(program)
    assert opened(order(pid, program, there=False)) == program.read_bytes()


def test_a_remote_filesystem_is_told_by_name(zoo: Zoo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is read from where another machine would have to answer."""
    program = zoo.copy()
    monkeypatch.setattr(opening, "remote", lambda _: "nfs")
    answer = opened(order(zoo.start(program), program, there=False))
    assert answer == (HashStatus.REMOTE_FILESYSTEM, "on nfs, which another machine or process serves")


def test_without_a_proc_filesystem_nothing_is_there(zoo: Zoo) -> None:
    """It was taken away, or is none."""
    program = zoo.copy()
    pid = zoo.start(program)
    assert opened(order(pid, program, proc=b"/nowhere"))[0] is HashStatus.GONE
    (zoo.place / "proc" / str(pid)).mkdir(parents=True)
    (zoo.place / "proc" / str(pid) / "status").write_bytes(b"none of this makes sense\n")
    wanted = order(pid, program, proc=bytes(zoo.place / "proc"))
    assert opened(wanted) == (HashStatus.UNSPECIFIED, "no ids in status")


@pytest.mark.skipif(platform.machine() not in seccomp._MACHINES, reason="a machine without a list")
def test_the_collectors_filter_leaves_it(zoo: Zoo) -> None:
    """Opening, looking at the filesystem, and handing over; all of which the collector does."""
    program = zoo.copy()
    pid = zoo.start(program)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)

    def work() -> list[bool]:
        gain_nothing_by_exec()
        assert seccomp.restrict()
        answers = [open_image(order(pid, program, there=there)) for there in (False, True)]
        return [send_file(ours, number, file) for number, file in enumerate(answers) if isinstance(file, int)]

    with ours, theirs:
        assert in_a_child(work) == [True, True]


@as_root
@may_mount
def test_in_another_mount_namespace_its_own_file_is_opened(zoo: Zoo) -> None:
    """The same path leads to another file for us, which is not the one."""
    place = zoo.place / "place"
    place.mkdir()
    program = zoo.copy(place=place)
    program.write_bytes(b"ours")
    script = (
        f"mount -t tmpfs x {place} && cp {shutil.which('sleep')} {program} && cp {program} {place}/new "
        f"&& (exec {program} 1000 & echo $! > {zoo.place}/pid; sleep 0.2; mv {place}/new {program}; "
        f"touch {zoo.place}/ready; wait)"
    )
    zoo.start(shutil.which("unshare") or "unshare", "-m", "sh", "-c", script)
    wait_for((zoo.place / "ready").exists)
    pid = int((zoo.place / "pid").read_text())
    try:
        their = Path(f"/proc/{pid}/root{program}")
        assert Path(f"/proc/{pid}/exe").readlink().name.endswith(" (deleted)")
        content = opened(order(pid, their))
        assert isinstance(content, bytes)
        assert content[:4] == b"\x7fELF"
        assert opened(order(pid, program))[0] is HashStatus.GONE
    finally:
        os.kill(pid, 9)
