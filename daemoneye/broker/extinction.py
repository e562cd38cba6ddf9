"""The end of everything below main.

Main is a subreaper: whoever loses its parent becomes its child. So killing children until there are none ends every
descendant, however deep, and whatever it did to get away; only the order in which they go is not known.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_PR_SET_CHILD_SUBREAPER: Final = 36  # linux/prctl.h
_PROC: Final = Path("/proc")
# A killed process takes about a millisecond to be gone; asking twice as often as that would only slow it down.
_ROUND_S: Final = 0.002


def become_subreaper() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def reap() -> Iterator[tuple[int, int]]:
    """Pid and status of everybody who has died, ours by birth or by adoption; ``ChildProcessError`` if none is left."""
    while True:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        yield pid, status


def extinguish(known: Iterable[int], limit_s: float) -> frozenset[int]:
    """Kill all that descends from us, and give who is still there after that time."""
    deadline_s = time.monotonic() + limit_s
    left = frozenset(known)
    while True:
        left |= frozenset(children())
        for pid in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):  # no child, or one that changed its identity
                os.kill(pid, signal.SIGKILL)
        try:
            left -= {pid for pid, _ in reap()}
        except ChildProcessError:
            return frozenset()
        if time.monotonic() > deadline_s:
            return left
        time.sleep(_ROUND_S)


def children(proc: Path = _PROC) -> Iterator[int]:
    """Our own, as the kernel lists them; a child may come or go meanwhile, so this is asked again until it is true."""
    try:
        # not filtered by hidepid, under which we could not see the others
        yield from map(int, (proc / "thread-self" / "children").read_text(encoding="ascii").split())
    except FileNotFoundError:  # a kernel without CONFIG_PROC_CHILDREN
        for entry in proc.iterdir():
            if entry.name.isdigit() and _parent(entry) == os.getpid():
                yield int(entry.name)


def _parent(entry: Path) -> int | None:
    try:
        stat = (entry / "stat").read_bytes()
    except OSError:
        return None  # gone since it was listed
    return int(stat[stat.rindex(b")") + 2 :].split()[1])  # after a name that may hold anything: state, parent
