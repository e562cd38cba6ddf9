"""Landlock: a process gives up writing anywhere but where its work lies, and keeps reading.

Only rights that write are handled. Reading is left to the file modes: what an agent needs to read cannot be listed in
advance, and what it must not read is not its account's to read. What a kernel does not know is left out, newest first.

Not for the collector, nor for a parent of it: whatever the rules say, and with CAP_SYS_PTRACE too, a process in a
Landlock domain is refused every look at a process outside of it that the right to trace guards: ``/proc/PID/exe``,
``environ``, what ``fd`` leads to. ``seccomp`` is what holds the collector.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import struct
from enum import IntFlag
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# The same numbers on every architecture but Alpha.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION: Final = 1
_PATH_BENEATH: Final = 1
_NOT_HERE: Final = {errno.ENOSYS, errno.EOPNOTSUPP}  # not compiled in; not switched on at boot


class Right(IntFlag):
    """Those of include/uapi/linux/landlock.h that change something."""

    WRITE_FILE = 1 << 1
    REMOVE_DIR = 1 << 4
    REMOVE_FILE = 1 << 5
    MAKE_CHAR = 1 << 6
    MAKE_DIR = 1 << 7
    MAKE_REG = 1 << 8
    MAKE_SOCK = 1 << 9
    MAKE_FIFO = 1 << 10
    MAKE_BLOCK = 1 << 11
    MAKE_SYM = 1 << 12
    REFER = 1 << 13  # to another directory, by rename or link
    TRUNCATE = 1 << 14


_ON_A_FILE: Final = Right.WRITE_FILE | Right.TRUNCATE
_ALL: Final = Right(sum(Right))
_BIND_TCP, _CONNECT_TCP = 1 << 0, 1 << 1
_SCOPE_ABSTRACT_SOCKETS, _SCOPE_SIGNALS = 1 << 0, 1 << 1
# The first version of the interface that knows them.
_REFER_SINCE, _TRUNCATE_SINCE, _TCP_SINCE, _SCOPES_SINCE = 2, 3, 4, 6


class Handled(NamedTuple):
    """What the rules decide about; everything else stays as it was."""

    files: Right
    tcp: int
    scopes: int


def handled(known: int, *, tcp: bool, scope_signals: bool) -> Handled:
    files = _ALL
    if known < _TRUNCATE_SINCE:
        files &= ~Right.TRUNCATE
    if known < _REFER_SINCE:
        files &= ~Right.REFER
    scopes = _SCOPE_ABSTRACT_SOCKETS | (_SCOPE_SIGNALS if scope_signals else 0)
    return Handled(
        files=files,
        tcp=0 if tcp or known < _TCP_SINCE else _BIND_TCP | _CONNECT_TCP,
        scopes=scopes if known >= _SCOPES_SINCE else 0,
    )


def restrict(writable: Sequence[Path], *, make_sockets_in: Path | None, tcp: bool, scope_signals: bool) -> int:
    """Confine this thread and whatever it starts; answer the version in force, 0 where the kernel has none.

    Needs no_new_privs. In ``make_sockets_in`` a socket can be made and none removed or replaced. A path that is not
    there, or any other failure, is an ``OSError``: nothing is confined then.
    """
    known = version()
    if not known:
        return 0
    wanted = handled(known, tcp=tcp, scope_signals=scope_signals)
    ruleset = _create(known, wanted)
    try:
        for path, rights in _rules(writable, make_sockets_in):
            _allow(ruleset, path, rights & wanted.files)
        _call("landlock_restrict_self", _RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)
    return known


def _rules(writable: Sequence[Path], make_sockets_in: Path | None) -> Iterator[tuple[Path, Right]]:
    yield Path(os.devnull), _ON_A_FILE
    yield from ((path, _ALL) for path in writable)
    if make_sockets_in is not None:
        yield make_sockets_in, Right.MAKE_SOCK


def version() -> int:
    """Ask for the version of the kernel's interface; 0 where there is none."""
    try:
        return _call("landlock_create_ruleset", _CREATE_RULESET, None, 0, _ASK_VERSION)
    except OSError as error:
        if error.errno in _NOT_HERE:
            return 0
        raise


def _create(known: int, wanted: Handled) -> int:
    # the kernel refuses a structure longer than it knows unless the rest is zero; shorter ones are older ones
    attributes = struct.pack("=QQQ", *wanted)[: 8 if known < _TCP_SINCE else 16 if known < _SCOPES_SINCE else 24]
    return _call("landlock_create_ruleset", _CREATE_RULESET, attributes, len(attributes), 0)


def _allow(ruleset: int, path: Path, rights: Right) -> None:
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            rights &= _ON_A_FILE  # others on a file are refused as nonsense
        rule = struct.pack("=Qi", rights, descriptor)
        _call("landlock_add_rule", _ADD_RULE, ruleset, _PATH_BENEATH, rule, 0)
    finally:
        os.close(descriptor)


@cache
def _libc() -> ctypes.CDLL:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return libc


def _call(name: str, number: int, *arguments: int | bytes | None) -> int:
    # syscall(2) takes longs: a C int would leave half a register to chance
    words = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    answer: int = _libc().syscall(ctypes.c_long(number), *words)
    if answer < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")
    return answer
