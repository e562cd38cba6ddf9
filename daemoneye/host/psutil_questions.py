"""Questions that psutil's public methods answer in a way we cannot use.

Its ``exe()`` falls back on argv[0], which the process writes itself: a path from there could be forged. Its ``name()``
adds to the kernel's name from the same source, which is wanted beside that name and not instead of it. Its
``create_time()`` is shifted on macOS. The unchanged answers lie one level below, in ``Process._proc``; should a version
of psutil not have that, the field is ``unsupported`` and everything else goes on.
"""

from __future__ import annotations

from contextlib import suppress
from operator import attrgetter
from typing import TYPE_CHECKING

from daemoneye.model.process import Credentials

if TYPE_CHECKING:
    from collections.abc import Callable

    import psutil

    from daemoneye.host.psutil_platform import Platform


def created_s(process: psutil.Process, platform: Platform) -> float:
    """When it started, on the clock that ``boot_time()`` counts from."""
    if platform.shifts_creation:
        # psutil 7.0 neither shifts nor has the argument
        with suppress(AttributeError, TypeError):
            unshifted: float = attrgetter("_proc.create_time")(process)(monotonic=True)
            return unshifted
    return process.create_time()


def executable(process: psutil.Process) -> str:
    path: str = attrgetter("_proc.exe")(process)()
    return path or ""


def kernel_name(process: psutil.Process) -> str:
    name: str = attrgetter("_proc.name")(process)()
    return name


def of_another(question: Callable[[int], int], pid: int) -> int:
    if pid == 0:
        raise NotImplementedError("to these calls 0 is whoever asks, not the kernel's process")
    return question(pid)


def terminal(process: psutil.Process) -> str | None:
    return process.terminal()  # Windows: there is no such method, which is the answer


def credentials(process: psutil.Process) -> Credentials:
    uids, gids = process.uids(), process.gids()
    return Credentials(
        ruid=uids.real,
        euid=uids.effective,
        suid=uids.saved,
        fsuid=uids.effective,  # only Linux has one of its own
        rgid=gids.real,
        egid=gids.effective,
        sgid=gids.saved,
        fsgid=gids.effective,
    )
