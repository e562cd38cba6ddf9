"""The kernel's calls about privilege, through ctypes: no library beyond libc has to be on the host.

They act on the calling thread. Whoever drops privileges with them has to be a process of one thread; ``privileges``
sees to that. Each call that fails raises ``OSError`` with its name.
"""

from __future__ import annotations

import ctypes
import errno
import os
import signal
from enum import IntEnum, auto
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Capability(IntEnum):
    """Numbers of include/uapi/linux/capability.h, up to Linux 5.9, which added the last one."""

    CHOWN = 0
    DAC_OVERRIDE = auto()
    DAC_READ_SEARCH = auto()
    FOWNER = auto()
    FSETID = auto()
    KILL = auto()
    SETGID = auto()
    SETUID = auto()
    SETPCAP = auto()
    LINUX_IMMUTABLE = auto()
    NET_BIND_SERVICE = auto()
    NET_BROADCAST = auto()
    NET_ADMIN = auto()
    NET_RAW = auto()
    IPC_LOCK = auto()
    IPC_OWNER = auto()
    SYS_MODULE = auto()
    SYS_RAWIO = auto()
    SYS_CHROOT = auto()
    SYS_PTRACE = auto()
    SYS_PACCT = auto()
    SYS_ADMIN = auto()
    SYS_BOOT = auto()
    SYS_NICE = auto()
    SYS_RESOURCE = auto()
    SYS_TIME = auto()
    SYS_TTY_CONFIG = auto()
    MKNOD = auto()
    LEASE = auto()
    AUDIT_WRITE = auto()
    AUDIT_CONTROL = auto()
    SETFCAP = auto()
    MAC_OVERRIDE = auto()
    MAC_ADMIN = auto()
    SYSLOG = auto()
    WAKE_ALARM = auto()
    BLOCK_SUSPEND = auto()
    AUDIT_READ = auto()
    PERFMON = auto()
    BPF = auto()
    CHECKPOINT_RESTORE = auto()


class Sets(NamedTuple):
    """The three sets that ``capset`` changes, as masks."""

    effective: int
    permitted: int
    inheritable: int


_NAMES: Final = {each.value: each.name.lower() for each in Capability}
_LAST_BIT: Final = 63  # /proc/PID/status writes 64 bits, whatever the kernel knows
# _LINUX_CAPABILITY_VERSION_3: two words of 32 bits for each set
_VERSION: Final = 0x20080522
_WORD: Final = 0xFFFFFFFF
_NO_ID: Final = 2**32 - 1  # (uid_t) -1 changes nothing, and the answer is the present value

# include/uapi/linux/prctl.h
_SET_PDEATHSIG, _SET_DUMPABLE, _GET_DUMPABLE, _SET_KEEPCAPS = 1, 4, 3, 8
_BOUNDING_READ, _BOUNDING_DROP = 23, 24
_SET_SECCOMP, _SECCOMP_FILTER = 22, 2
_SET_SUBREAPER, _SET_NO_NEW_PRIVS = 36, 38
_AMBIENT, _AMBIENT_CLEAR_ALL = 47, 4


def mask_of(capabilities: Iterable[int]) -> int:
    return sum(1 << each for each in set(capabilities))


def members(mask: int) -> frozenset[Capability]:
    """Those that have a name here."""
    return frozenset(each for each in Capability if mask >> each & 1)


def named(mask: int) -> str:
    """Write a set as an operator reads it: ``dac_read_search,sys_ptrace``, and nothing for an empty one."""
    return ",".join(_NAMES.get(bit, str(bit)) for bit in range(_LAST_BIT + 1) if mask >> bit & 1)


def parse_names(text: str) -> int:
    """Undo ``named``; ``cap_`` before a name and capital letters are as good."""
    numbers = {name: bit for bit, name in _NAMES.items()}
    words = [word.strip().lower().removeprefix("cap_") for word in text.split(",") if word.strip()]
    unknown = [word for word in words if word not in numbers and not _is_number(word)]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is no capability")
    return mask_of(numbers[word] if word in numbers else int(word) for word in words)


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdigit() and int(word) <= _LAST_BIT


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Filter(ctypes.Structure):
    _fields_ = (("steps", ctypes.c_ushort), ("program", ctypes.c_char_p))


class _Word(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


@cache
def _libc() -> ctypes.CDLL:
    # on first use, so that a system without these calls can import what it does not need
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl.argtypes = (ctypes.c_int, *[ctypes.c_ulong] * 4)
    libc.setfsuid.argtypes = libc.setfsgid.argtypes = (ctypes.c_uint32,)
    libc.setfsuid.restype = libc.setfsgid.restype = ctypes.c_uint32
    return libc


def _checked(answer: int, call: str) -> int:
    if answer < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")
    return answer


def _prctl(name: str, option: int, *arguments: int) -> int:
    padded = (*arguments, 0, 0, 0, 0)[:4]
    return _checked(_libc().prctl(option, *padded), f"prctl({name})")


def capget() -> Sets:
    header, words = _Header(_VERSION, 0), (_Word * 2)()
    _checked(_libc().capget(ctypes.byref(header), words), "capget")
    low, high = words
    return Sets(*(getattr(low, name) | getattr(high, name) << 32 for name in Sets._fields))


def capset(sets: Sets) -> None:
    header = _Header(_VERSION, 0)
    words = (_Word * 2)(_Word(*(each & _WORD for each in sets)), _Word(*(each >> 32 for each in sets)))
    _checked(_libc().capset(ctypes.byref(header), words), "capset")


def _known_to_the_kernel() -> Iterator[int]:
    for bit in range(_LAST_BIT + 1):
        try:
            _prctl("CAPBSET_READ", _BOUNDING_READ, bit)
        except OSError as error:
            if error.errno == errno.EINVAL:
                return
            raise
        yield bit


def empty_bounding_set() -> None:
    """Need CAP_SETPCAP in the effective set."""
    for bit in _known_to_the_kernel():
        _prctl("CAPBSET_DROP", _BOUNDING_DROP, bit)


def empty_ambient_set() -> None:
    _prctl("CAP_AMBIENT_CLEAR_ALL", _AMBIENT, _AMBIENT_CLEAR_ALL)


def keep_capabilities(keep: bool) -> None:
    """Keep the permitted set when the last uid of 0 goes away; off again with the next exec."""
    _prctl("SET_KEEPCAPS", _SET_KEEPCAPS, int(keep))


def gain_nothing_by_exec() -> None:
    _prctl("SET_NO_NEW_PRIVS", _SET_NO_NEW_PRIVS, 1)


def close_memory() -> None:
    """Keep every process without CAP_SYS_PTRACE out of our memory, those of our own uid too, and make no core file."""
    _prctl("SET_DUMPABLE", _SET_DUMPABLE, 0)


def memory_is_closed() -> bool:
    return _prctl("GET_DUMPABLE", _GET_DUMPABLE) == 0


def set_seccomp_filter(program: bytes) -> None:
    """Have every later system call judged by a program of 8-byte instructions."""
    described = _Filter(len(program) // 8, program)
    _prctl("SET_SECCOMP", _SET_SECCOMP, _SECCOMP_FILTER, ctypes.addressof(described))


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent dies."""
    _prctl("SET_CHILD_SUBREAPER", _SET_SUBREAPER, 1)


def die_with_parent() -> None:
    """Be killed when the thread that forked us ends; a change of uid takes that back."""
    _prctl("SET_PDEATHSIG", _SET_PDEATHSIG, signal.SIGKILL)


def set_filesystem_uid(uid: int) -> None:
    """Own and be judged as another where files are concerned, and only there."""
    _libc().setfsuid(uid)  # its answer is the value before, in success and failure alike
    if _libc().setfsuid(_NO_ID) != uid:
        raise PermissionError(errno.EPERM, f"setfsuid: {os.strerror(errno.EPERM)}")


def set_filesystem_gid(gid: int) -> None:
    _libc().setfsgid(gid)
    if _libc().setfsgid(_NO_ID) != gid:
        raise PermissionError(errno.EPERM, f"setfsgid: {os.strerror(errno.EPERM)}")
