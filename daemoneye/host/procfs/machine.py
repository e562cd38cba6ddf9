"""What ``/proc`` says about the machine as a whole."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

from daemoneye.errors import NoInputError
from daemoneye.host.procfs.files import chunks_at, read_at
from daemoneye.host.text import decode
from daemoneye.model.observation import Machine

if TYPE_CHECKING:
    from collections.abc import Iterator

# /proc/stat has a line of counters per CPU and one number per interrupt: 130 KB on a machine of 512 CPUs
_STAT_LIMIT: Final = 4 << 20
_is_pid = re.compile(r"[1-9][0-9]{0,9}").fullmatch


def open_proc(root: bytes) -> int:
    try:
        return os.open(root, os.O_PATH | os.O_DIRECTORY)
    except OSError as error:
        raise NoInputError(decode(root), error.strerror or "cannot be opened", "a mounted proc filesystem") from error


def read_machine(proc: int) -> Machine:
    """Identify this boot, without which a process cannot be told from one of another boot."""
    try:
        boot_id = read_at(proc, b"sys/kernel/random/boot_id", 64).decode("ascii").strip()
        boot_time_s = float(_counter(proc, b"btime"))
    except (OSError, ValueError) as error:
        raise NoInputError("proc filesystem", str(error), "sys/kernel/random/boot_id and stat") from error
    if not boot_id:
        raise NoInputError("sys/kernel/random/boot_id", "empty", "the id of this boot")
    return Machine(boot_id=boot_id, boot_time_s=boot_time_s, ticks_per_second=os.sysconf("SC_CLK_TCK"))


def read_forks(proc: int) -> int | None:
    """Tell how many tasks were started since boot: with it, those that came and went between scans can be counted."""
    try:
        return _counter(proc, b"processes")
    except (OSError, ValueError):
        return None


def list_pids(proc: int) -> list[int]:
    """Processes, not their threads, which are found only below them. ``hidepid`` hides without a trace."""
    return [int(name) for name in _names(proc) if _is_pid(name)]


def _names(proc: int) -> list[str]:
    # os.listdir wants a descriptor it can read, and `proc` is only a place
    directory = os.open(".", os.O_RDONLY | os.O_DIRECTORY, dir_fd=proc)
    try:
        return os.listdir(directory)  # noqa: PTH208 - Path knows no descriptors
    finally:
        os.close(directory)


def _counter(proc: int, name: bytes) -> int:
    for line in _lines(proc):
        if line.startswith(name + b" "):
            return int(line.split()[1])
    raise ValueError(f"no {name.decode()} in stat")


def _lines(proc: int) -> Iterator[bytes]:
    yield from b"".join(chunks_at(proc, b"stat", chunk=1 << 16, limit=_STAT_LIMIT)).splitlines()
