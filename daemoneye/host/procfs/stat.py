"""``/proc/PID/stat``: the one file that is read of every process at every scan (proc(5), fields counted from 1)."""

from __future__ import annotations

from operator import itemgetter
from typing import Final

from daemoneye.host.text import decode
from daemoneye.model.observation import Sample

# 64 bytes of name and fifty numbers of at most twenty digits are 1.2 KB
STAT_LIMIT: Final = 4096

_STATES: Final = {
    b"R": "running",
    b"S": "sleeping",
    b"D": "disk_sleep",
    b"T": "stopped",
    b"t": "traced",
    b"Z": "zombie",
    b"X": "dead",
    b"x": "dead",
    b"I": "idle",
    b"P": "idle",  # parked: a kernel thread without work
}
_KERNEL_THREAD: Final = 0x00200000  # PF_KTHREAD in include/linux/sched.h

# positions after the name: field 3, the state, is number 0
_PPID, _PROCESS_GROUP, _SESSION, _TTY, _FLAGS, _USER, _SYSTEM, _THREADS, _START, _RSS = (
    1,
    2,
    3,
    4,
    6,
    11,
    12,
    17,
    19,
    21,
)
_START_CODE, _END_CODE, _START_STACK, _START_BRK = 23, 24, 25, 44
# The kernel puts each of these somewhere else at every execve, and nothing else moves them. The bounds of the argument
# area are left out on purpose: a program may move them to retitle itself.
_NUMBERS = itemgetter(
    _PPID, _PROCESS_GROUP, _SESSION, _TTY, _FLAGS, _USER, _SYSTEM, _THREADS, _START, _RSS,
    _START_CODE, _END_CODE, _START_STACK, _START_BRK,
)  # fmt: skip

_sample = Sample._make


def parse_stat(raw: bytes, *, pid: int, uid: int, page_size: int) -> Sample:
    """Make a sample of what the kernel wrote, or raise ``ValueError``: half a line tells nothing for certain."""
    opening = b"%d (" % pid
    closing = raw.rfind(b")")  # the last one: a name may hold any bytes, `) (` among them
    if not raw.startswith(opening) or closing < len(opening):
        raise ValueError("not the stat of this process")
    fields = raw[closing + 2 :].split()
    try:
        numbers = tuple(map(int, _NUMBERS(fields)))
    except IndexError as error:
        raise ValueError("cut short") from error
    ppid, group, session, tty, flags, user, system, threads, start, rss, *image = numbers
    # int() takes underscores and signs, the kernel writes neither; what does not fit its types was not written by it
    if not fields[_START].isdigit() or start >= 2**63 or min(numbers) < -1 or max(numbers) >= 2**64:
        raise ValueError("not numbers of the kernel")
    # by position, and past the constructor that takes names: ten thousand are made at every scan
    return _sample(
        (
            pid,
            start,
            ppid,
            decode(raw[len(opening) : closing]),
            _STATES.get(fields[0], "unknown"),
            user + system,
            rss * page_size,
            # a task on its way out has -1 here, which stands for none, as 0 does elsewhere
            max(0, group),
            max(0, session),
            tty,
            threads,
            flags & _KERNEL_THREAD != 0,
            # without permission, and for a zombie, the stack is at 0: then there is no mark
            tuple(image) if image[2] else (),
            uid,
        )
    )
