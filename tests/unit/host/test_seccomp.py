"""What the filter refuses, what it leaves, and that it is the list it says it is."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import re
import signal
import socket
import struct
import subprocess
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from daemoneye.host import capabilities, seccomp
from daemoneye.host.capabilities import gain_nothing_by_exec
from daemoneye.host.sandbox import inspect
from tests.fakes.forked import errno_name, in_a_child

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

known_machine = pytest.mark.skipif(platform.machine() not in seccomp._MACHINES, reason="a machine without a list")


def confined(attempts: dict[str, Callable[[], object]]) -> Any:
    def work() -> dict[str, str]:
        gain_nothing_by_exec()
        assert seccomp.restrict()
        assert inspect("self").seccomp_mode == 2
        return {name: errno_name(attempt) for name, attempt in attempts.items()}

    return in_a_child(work)


def call(number: int, *arguments: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(ctypes.c_long(number), *(ctypes.c_long(each) for each in arguments)) < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


@pytest.fixture
def bystander() -> Iterator[int]:
    with subprocess.Popen(["sleep", "1000"]) as process:
        yield process.pid
        process.kill()


@known_machine
def test_looking_is_left(bystander: int, tmp_path: Path) -> None:
    """Everything that a scan does works as before."""
    place = Path(f"/proc/{bystander}")
    (tmp_path / "file").touch()
    attempts: dict[str, Callable[[], object]] = {
        "read": (place / "stat").read_bytes,
        "environment": (place / "environ").read_bytes,
        "executable": (place / "exe").readlink,
        "content": (place / "exe").read_bytes,
        "descriptors": lambda: [each.readlink() for each in (place / "fd").iterdir()],
        "list": lambda: list(Path("/proc").iterdir()),
        "place": lambda: os.close(os.open(place, os.O_PATH | os.O_DIRECTORY)),
        "thread": start_and_join,
        "unix socket": lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).close(),
        "pair": socket.socketpair,
        "own socket": lambda: socket.socket(socket.AF_UNIX).bind(str(tmp_path / "socket")),
        "own mode": lambda: (tmp_path / "socket").chmod(0o600),
        "pidfd": lambda: os.close(os.pidfd_open(bystander)),
    }
    assert confined(attempts) == dict.fromkeys(attempts, "ok")


@known_machine
def test_changing_anything_is_refused(bystander: int, tmp_path: Path) -> None:
    """A compromised collector reads: it writes no file, ends no process, starts no program, reaches no network."""
    file = tmp_path / "file"
    file.touch()
    attempts: dict[str, Callable[[], object]] = {
        "write": lambda: os.open(file, os.O_WRONLY),
        "both": lambda: os.open(file, os.O_RDWR),
        "append": lambda: file.open("a", encoding="ascii"),
        "create": lambda: os.open(tmp_path / "new", os.O_RDONLY | os.O_CREAT),
        "cut": lambda: os.open(file, os.O_RDONLY | os.O_TRUNC),
        "unnamed": lambda: os.open(tmp_path, os.O_TMPFILE | os.O_WRONLY),
        "truncate": lambda: os.truncate(file, 0),
        "remove": file.unlink,
        "rename": lambda: file.rename(tmp_path / "other"),
        "link": lambda: os.link(file, tmp_path / "link"),
        "symlink": lambda: (tmp_path / "link").symlink_to(file),
        "directory": (tmp_path / "sub").mkdir,
        "owner": lambda: os.chown(file, 0, 0),
        "time": lambda: os.utime(file),
        "memory": lambda: os.open(f"/proc/{bystander}/mem", os.O_RDWR),
        "signal": lambda: os.kill(bystander, signal.SIGKILL),
        "pidfd signal": lambda: signal.pidfd_send_signal(os.pidfd_open(bystander), signal.SIGKILL),
        "exec": lambda: os.execv("/bin/true", ["true"]),  # noqa: S606 - refused, or the test is gone
        "uid": lambda: os.setuid(os.getuid()),
        "filesystem uid": lambda: call(seccomp.REFUSED["setfsuid"][column()] or 0, 0),
        "capabilities": lambda: capabilities.capset(capabilities.capget()),
        "trace": lambda: call(seccomp.REFUSED["ptrace"][column()] or 0, 16, bystander, 0, 0),
        "namespace": lambda: call(seccomp.REFUSED["unshare"][column()] or 0, 0),
        "ring": lambda: call(seccomp.REFUSED["io_uring_setup"][column()] or 0, 1, 0),
        "internet": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM),
        "datagrams": lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM),
        "kernel": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
    }
    assert confined(attempts) == dict.fromkeys(attempts, "EPERM")
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def start_and_join() -> None:
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()


def column() -> int:
    return seccomp._MACHINES[platform.machine()].column


@known_machine
def test_every_call_of_the_list_is_refused() -> None:
    """Nothing of the list is overlooked by a jump that goes wrong."""
    numbers = {name: each[column()] for name, each in seccomp.REFUSED.items() if each[column()] is not None}
    attempts = {name: partial(call, number or 0, -1, -1, -1, -1) for name, number in numbers.items()}
    assert confined(dict(attempts)) == dict.fromkeys(attempts, "EPERM")


@known_machine
@pytest.mark.skipif(platform.machine() != "x86_64", reason="another ABI within this one")
def test_the_other_numbers_of_the_same_calls_are_refused() -> None:
    """The x32 door to the same kernel is closed."""
    assert confined({"getpid": partial(call, 0x40000000 | 39)}) == {"getpid": "EPERM"}


@pytest.mark.parametrize("machine", seccomp._MACHINES)
@pytest.mark.parametrize(("audit", "verdict"), [(None, seccomp._ALLOW), (0x40000003, seccomp._REFUSE)])
def test_the_program_ends_with_a_verdict_whatever_is_called(machine: str, audit: int | None, verdict: int) -> None:
    """Run by hand, for both machines: a harmless call passes, a call of another architecture does not."""
    known = seccomp._MACHINES[machine]
    for number in (600, 0x3FFFFFFF):
        assert run(machine, number, audit=audit or known.audit) == verdict
    assert run(machine, 0x40000000) == seccomp._REFUSE


@pytest.mark.parametrize("machine", seccomp._MACHINES)
def test_both_machines_refuse_the_same(machine: str) -> None:
    """What cannot be tried here is computed here."""
    column = seccomp._MACHINES[machine].column
    for name, numbers in seccomp.REFUSED.items():
        if (number := numbers[column]) is not None:
            assert run(machine, number) == seccomp._REFUSE, name
    assert run(machine, seccomp._SOCKET[column], (socket.AF_INET,)) == seccomp._REFUSE
    assert run(machine, seccomp._SOCKET[column], (socket.AF_UNIX,)) == seccomp._ALLOW
    for both, argument in seccomp._OPENS.values():
        if (number := both[column]) is not None:
            before = (0,) * argument
            assert run(machine, number, (*before, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)) == seccomp._ALLOW
            for flag in (os.O_WRONLY, os.O_RDWR, os.O_CREAT, os.O_TRUNC):
                assert run(machine, number, (*before, flag)) == seccomp._REFUSE


def run(machine: str, number: int, arguments: tuple[int, ...] = (), *, audit: int | None = None) -> int:
    """A filter machine in ten lines: the answer for one call."""
    known = seccomp._MACHINES[machine]
    padded = (*arguments, *[0] * 6)[:6]
    data = struct.pack("=IIQ6Q", number, audit or known.audit, 0, *padded)
    steps = [struct.unpack("=HBBI", step) for step in seccomp._program(known)]
    position = word = 0
    while True:
        code, then, otherwise, value = steps[position]
        position += 1
        if code == 0x06:
            return int(value)
        if code == 0x20:
            (word,) = struct.unpack_from("=I", data, value)
        else:
            position += (
                then if {0x15: word == value, 0x35: word >= value, 0x45: bool(word & value)}[code] else otherwise
            )


def test_a_machine_that_is_not_known_is_no_error() -> None:
    """The agent runs there as well, and says that this is missing."""
    assert seccomp.restrict("riscv64") is False


@pytest.mark.parametrize(("code", "outcome"), [(errno.EINVAL, False), (errno.EACCES, None)])
def test_only_a_kernel_without_filters_is_excused(
    monkeypatch: pytest.MonkeyPatch, code: int, outcome: bool | None
) -> None:
    """A collector that should be confined and is not does not go on."""

    def refuse(_program: bytes) -> None:
        raise OSError(code, "prctl(SET_SECCOMP)")

    monkeypatch.setattr(seccomp, "set_seccomp_filter", refuse)
    if outcome is None:
        with pytest.raises(PermissionError, match="SET_SECCOMP"):
            seccomp.restrict("x86_64")
    else:
        assert seccomp.restrict("x86_64") is outcome


@pytest.mark.parametrize(
    ("column", "header"),
    [(0, "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"), (1, "/usr/include/asm-generic/unistd.h")],
)
def test_the_numbers_are_those_of_the_headers(column: int, header: str) -> None:
    """A wrong number would refuse something else."""
    if not Path(header).exists():
        pytest.skip("no kernel headers here")
    text = Path(header).read_text(encoding="utf-8")
    theirs = {name: int(number) for name, number in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", text)}
    ours = {name: each[column] for name, each in seccomp.REFUSED.items()}
    ours |= {name: each[column] for name, (each, _) in seccomp._OPENS.items()} | {"socket": seccomp._SOCKET[column]}
    assert {name: number for name, number in ours.items() if name in theirs} == {
        name: theirs[name] for name in ours if name in theirs
    }
    assert len(theirs.keys() & ours.keys()) > 50
