"""What holds the collector, which Landlock cannot hold: a filter of system calls.

CAP_SYS_PTRACE can look into every process, and it could also take every process over. The filter leaves it the looking,
which is done with open, read, readlink and stat below ``/proc``, and refuses what the collector never does: tracing,
changing who it is, executing, opening for writing, making and removing names, sending signals, sockets other than Unix
ones. Refused calls answer EPERM: Python turns that into an exception, and an exception ends the role with a reason.

It is a list of what is refused, not of what is allowed, so that another libc or interpreter does not break it. ``bind``
and ``chmod`` are left because the transport makes its own socket with them.
"""

from __future__ import annotations

import errno
import os
import platform
import socket
import struct
from typing import TYPE_CHECKING, Final, NamedTuple

from daemoneye.host.capabilities import set_seccomp_filter

if TYPE_CHECKING:
    from collections.abc import Iterator

# Names and numbers of both: arch/x86/entry/syscalls/syscall_64.tbl and scripts/syscall.tbl; None: not there.
REFUSED: Final[dict[str, tuple[int | None, int | None]]] = {
    # into other processes
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    "move_pages": (279, 239),
    "migrate_pages": (256, 238),
    # into the kernel, and past this filter
    "perf_event_open": (298, 241),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "open_by_handle_at": (304, 265),  # with CAP_DAC_READ_SEARCH: every file of the filesystem, from outside our root
    # signals
    "kill": (62, 129),
    "tkill": (200, 130),
    "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "pidfd_send_signal": (424, 424),
    # becoming somebody or something else
    "setuid": (105, 146),
    "setgid": (106, 144),
    "setreuid": (113, 145),
    "setregid": (114, 143),
    "setresuid": (117, 147),
    "setresgid": (119, 149),
    "setfsuid": (122, 151),
    "setfsgid": (123, 152),
    "setgroups": (116, 159),
    "capset": (126, 91),
    "execve": (59, 221),
    "execveat": (322, 281),
    "unshare": (272, 97),
    "setns": (308, 268),
    "chroot": (161, 51),
    "pivot_root": (155, 41),
    "mount": (165, 40),
    "umount2": (166, 39),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "mount_setattr": (442, 442),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    # names and files
    "creat": (85, None),
    "truncate": (76, 45),
    "unlink": (87, None),
    "unlinkat": (263, 35),
    "rename": (82, None),
    "renameat": (264, 38),
    "renameat2": (316, 276),
    "link": (86, None),
    "linkat": (265, 37),
    "symlink": (88, None),
    "symlinkat": (266, 36),
    "mkdir": (83, None),
    "mkdirat": (258, 34),
    "rmdir": (84, None),
    "mknod": (133, None),
    "mknodat": (259, 33),
    "chown": (92, None),
    "lchown": (94, None),
    "fchown": (93, 55),
    "fchownat": (260, 54),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "setxattrat": (463, 463),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "removexattrat": (466, 466),
    "mq_open": (240, 180),
    # its flags lie in memory, where a filter cannot see them
    "openat2": (437, 437),
}
# Where the flags of an open are, and the domain of a socket.
_OPENS: Final[dict[str, tuple[tuple[int | None, int | None], int]]] = {"open": ((2, None), 1), "openat": ((257, 56), 2)}
_SOCKET: Final = (41, 198)
_WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


class _Machine(NamedTuple):
    column: int
    audit: int  # AUDIT_ARCH_* of include/uapi/linux/audit.h
    other_abi: int  # the first number of an ABI within this one


_MACHINES: Final = {
    "x86_64": _Machine(0, 0xC000003E, 0x40000000),  # x32
    "aarch64": _Machine(1, 0xC00000B7, 0x40000000),  # there is none; no number is as high
}

# include/uapi/linux/bpf_common.h, filter.h: load a word, jump if, and, return
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _IF_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
# struct seccomp_data: the number, the architecture, the instruction pointer, six arguments of 64 bits, low word first
_NUMBER_AT, _ARCHITECTURE_AT, _ARGUMENTS_AT = 0, 4, 16
_ALLOW: Final = 0x7FFF0000
_REFUSE: Final = 0x00050000 | errno.EPERM


def restrict(machine: str | None = None) -> bool:
    """Confine this thread and what it starts, for good; ``False`` where that is not possible. Needs no_new_privs."""
    known = _MACHINES.get(machine or platform.machine())
    if known is None:
        return False
    try:
        set_seccomp_filter(b"".join(_program(known)))
    except OSError as error:
        if error.errno == errno.EINVAL:  # compiled without it
            return False
        raise
    return True


def _program(machine: _Machine) -> Iterator[bytes]:
    yield _step(_LOAD, _ARCHITECTURE_AT)
    yield from _unless(_IF_EQUAL, machine.audit)
    yield _step(_LOAD, _NUMBER_AT)
    yield from _if(_IF_AT_LEAST, machine.other_abi)
    for number in (each[machine.column] for each in REFUSED.values()):
        if number is not None:
            yield from _if(_IF_EQUAL, number)
    for numbers, argument in _OPENS.values():
        if (number := numbers[machine.column]) is not None:
            yield from _with_argument(number, argument, _if(_IF_ANY_BIT, _WRITING))
    yield from _with_argument(_SOCKET[machine.column], 0, _unless(_IF_EQUAL, socket.AF_UNIX))
    yield _step(_RETURN, _ALLOW)


def _with_argument(number: int, argument: int, judged: Iterator[bytes]) -> Iterator[bytes]:
    steps = (_step(_LOAD, _ARGUMENTS_AT + 8 * argument), *judged, _step(_RETURN, _ALLOW))
    yield _step(_IF_EQUAL, number, otherwise=len(steps))
    yield from steps


def _if(test: int, value: int) -> Iterator[bytes]:
    yield _step(test, value, otherwise=1)
    yield _step(_RETURN, _REFUSE)


def _unless(test: int, value: int) -> Iterator[bytes]:
    yield _step(test, value, then=1)
    yield _step(_RETURN, _REFUSE)


def _step(code: int, value: int, *, then: int = 0, otherwise: int = 0) -> bytes:
    return struct.pack("=HBBI", code, then, otherwise, value)
