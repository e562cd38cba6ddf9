"""On whose behalf a process runs: credentials, the login it came from, its terminal. And how far it is confined."""

from __future__ import annotations

import errno
import re
from functools import lru_cache
from typing import Final, NamedTuple

from daemoneye.host.procfs.files import read_at
from daemoneye.model.process import Capabilities, Credentials

# 65,536 groups (NGROUPS_MAX) of ten digits are 700 KB, and every one of them counts for access
STATUS_LIMIT: Final = 1 << 20
_FOUR = rb"(\d+\t\d+\t\d+\t\d+)"
_IDS: Final = re.compile(rb"^Uid:\t" + _FOUR + rb"\nGid:\t" + _FOUR + rb"\n(?:.*\n)?Groups:\t([\d ]*)$", re.MULTILINE)
_REMEMBERED: Final = 256  # a machine has some dozens of distinct sets of ids
_LINE: Final = re.compile(rb"^(\w+):\t(.*)$", re.MULTILINE)
_NO_LOGIN: Final = 2**32 - 1  # (uid_t) -1: started by no one who logged in

# The names of terminals by device number, as Documentation/admin-guide/devices.txt in the kernel has them.
_CONSOLES, _SYSTEM, _VIRTIO, _USB_SERIAL = 4, 5, 229, 188
_FIRST_PTS, _LAST_PTS = 136, 143
_FIRST_SERIAL = 64


class Status(NamedTuple):
    """The part of ``/proc/PID/status`` that is used."""

    credentials: Credentials
    capabilities: Capabilities | None
    seccomp_mode: int | None
    no_new_privs: bool | None


def read_status(directory: int, *, confinement: bool) -> Status:
    return parse_status(read_at(directory, b"status", STATUS_LIMIT), confinement=confinement)


def parse_status(raw: bytes, *, confinement: bool) -> Status:
    """Raise ``ValueError`` where the ids are missing; the rest depends on the kernel."""
    # a newline in the name is escaped here, so no process can write lines of its own
    ids = _IDS.search(raw)
    if ids is None:
        raise ValueError("no ids in status")
    credentials = _credentials(*ids.groups())
    if not confinement:
        return Status(credentials, None, None, None)
    lines: dict[bytes, bytes] = dict(_LINE.findall(raw))
    return Status(credentials, _capabilities(lines), _number(lines, b"Seccomp"), _flag(lines, b"NoNewPrivs"))


@lru_cache(_REMEMBERED)
def _credentials(user: bytes, group: bytes, groups: bytes) -> Credentials:
    ruid, euid, suid, fsuid = _ids(user)
    rgid, egid, sgid, fsgid = _ids(group)
    return Credentials(
        ruid=ruid,
        euid=euid,
        suid=suid,
        fsuid=fsuid,
        rgid=rgid,
        egid=egid,
        sgid=sgid,
        fsgid=fsgid,
        groups=tuple(_ids(groups)),
    )


def _ids(text: bytes) -> list[int]:
    ids = [int(word) for word in text.split()]
    if any(each >= 2**32 for each in ids):
        raise ValueError("not ids")
    return ids


def _capabilities(lines: dict[bytes, bytes]) -> Capabilities | None:
    try:
        sets = [int(lines[name], 16) for name in (b"CapInh", b"CapPrm", b"CapEff", b"CapBnd", b"CapAmb")]
    except KeyError:
        return None
    if any(not 0 <= each < 2**64 for each in sets):
        raise ValueError("not sets of capabilities")
    inheritable, permitted, effective, bounding, ambient = sets
    return Capabilities(
        inheritable=inheritable, permitted=permitted, effective=effective, bounding=bounding, ambient=ambient
    )


def _number(lines: dict[bytes, bytes], name: bytes) -> int | None:
    found = int(lines[name]) if name in lines else None
    if found is not None and not 0 <= found < 2**31:
        raise ValueError(f"{name.decode()} out of range")
    return found


def _flag(lines: dict[bytes, bytes], name: bytes) -> bool | None:
    number = _number(lines, name)
    return None if number is None else bool(number)


def read_login_uid(directory: int) -> int | None:
    try:
        uid = int(read_at(directory, b"loginuid", 32))
    except FileNotFoundError as error:
        raise OSError(errno.ENOSYS, "a kernel without audit") from error
    if not 0 <= uid <= _NO_LOGIN:
        raise ValueError("not a uid")
    return None if uid == _NO_LOGIN else uid


def terminal_name(device: int) -> str | None:
    """Name a terminal by arithmetic: looking through ``/dev`` would find those of our own namespace."""
    if device <= 0:
        return None
    # the kernel's old encoding of a device number: twelve bits of major between eight low and twelve high of minor
    major, minor = device >> 8 & 0xFFF, device & 0xFF | device >> 12 & 0xFFF00
    if _FIRST_PTS <= major <= _LAST_PTS:
        return f"/dev/pts/{(major - _FIRST_PTS) * 256 + minor}"
    if major == _CONSOLES:
        return f"/dev/tty{minor}" if minor < _FIRST_SERIAL else f"/dev/ttyS{minor - _FIRST_SERIAL}"
    if major == _SYSTEM and minor == 1:
        return "/dev/console"
    prefix = {_VIRTIO: "/dev/hvc", _USB_SERIAL: "/dev/ttyUSB"}.get(major)
    return f"{prefix}{minor}" if prefix else f"{major}:{minor}"
