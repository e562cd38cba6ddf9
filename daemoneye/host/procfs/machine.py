"""What ``/proc`` says about the machine as a whole."""

from __future__ import annotations

import os
import re
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from daemoneye.errors import NoInputError
from daemoneye.host.procfs.files import chunks_at, read_at
from daemoneye.host.text import decode
from daemoneye.model.observation import Machine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")

# /proc/stat has a line of counters per CPU and one number per interrupt: 130 KB on a machine of 512 CPUs
_STAT_LIMIT: Final = 4 << 20
# It lives as long as its pid namespace. Where it is not listed `hidepid` hides the processes of other accounts.
FIRST_PID: Final = 1
_is_pid = re.compile(r"[1-9][0-9]{0,9}").fullmatch


def open_proc(root: bytes) -> int:
    try:
        return os.open(root, os.O_PATH | os.O_DIRECTORY)
    except OSError as error:
        raise NoInputError(decode(root), error.strerror or "cannot be opened", "a mounted proc filesystem") from error


def read_machine(proc: int) -> Machine:
    """Identify this boot, without which a process cannot be told from one of another boot."""
    boot_id = _asked(proc, "sys/kernel/random/boot_id", "the id of this boot", _boot_id)
    boot_time_s = _asked(proc, "stat", "a line `btime` with the time of the boot", partial(_counter, name=b"btime"))
    return Machine(boot_id=boot_id, boot_time_s=float(boot_time_s), ticks_per_second=os.sysconf("SC_CLK_TCK"))


def _asked(proc: int, name: str, expected: str, read: Callable[[int], T]) -> T:
    where = f"{name} of the proc filesystem"
    try:
        return read(proc)
    except OSError as error:
        raise NoInputError(where, error.strerror or "cannot be read", expected) from error
    except ValueError as error:
        raise NoInputError(where, "makes no sense", expected) from error


def _boot_id(proc: int) -> str:
    boot_id = read_at(proc, b"sys/kernel/random/boot_id", 64).decode("ascii").strip()
    if not boot_id:
        raise ValueError("empty")
    return boot_id


def own_mount_namespace(proc: int) -> bytes | None:
    """Name the namespace in which paths lead where they lead for us; ``None`` if this tree is of other processes."""
    try:
        ours = os.readlink(b"self", dir_fd=proc) == b"%d" % os.getpid()
        return os.readlink(b"self/ns/mnt", dir_fd=proc) if ours else None
    except OSError:
        return None


def read_forks(proc: int) -> int | None:
    """Tell how many tasks were started since boot: with it, those that came and went between scans can be counted."""
    try:
        return _counter(proc, name=b"processes")
    except (OSError, ValueError):
        return None


def list_pids(proc: int) -> list[int]:
    """Processes, not their threads, which are found only below them."""
    return [int(name) for name in _names(proc) if _is_pid(name)]


def _names(proc: int) -> list[str]:
    # os.listdir wants a descriptor it can read, and `proc` is only a place
    directory = os.open(".", os.O_RDONLY | os.O_DIRECTORY, dir_fd=proc)
    try:
        return os.listdir(directory)  # noqa: PTH208 - Path knows no descriptors
    finally:
        os.close(directory)


def _counter(proc: int, *, name: bytes) -> int:
    for line in _lines(proc):
        if line.startswith(name + b" "):
            return int(line.split()[1])
    raise ValueError(f"no {name.decode()} in stat")


def _lines(proc: int) -> Iterator[bytes]:
    yield from b"".join(chunks_at(proc, b"stat", chunk=1 << 16, limit=_STAT_LIMIT)).split(b"\n")
