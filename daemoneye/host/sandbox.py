"""What a process may do, as the kernel tells it, and what of that its role should not have.

The same comparison serves twice: a process that just put an identity on compares itself before it does anything else,
and ``status`` compares every process of the tree from outside.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from daemoneye.host.capabilities import mask_of, named
from daemoneye.host.procfs.files import read_at
from daemoneye.host.procfs.owner import STATUS_LIMIT, parse_status

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from daemoneye.host.identities import Identity
    from daemoneye.model.process import Capabilities, Credentials

_THREADS: Final = re.compile(rb"^Threads:\t(\d{1,10})$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessPrivileges:
    credentials: Credentials
    capabilities: Capabilities
    no_new_privs: bool
    seccomp_mode: int | None  # None: a kernel without it
    threads: int


def inspect(pid: int | Literal["self"], proc: str | Path = "/proc") -> ProcessPrivileges:
    """Raise ``OSError`` for a process that is gone or hidden, ``ValueError`` for a kernel that leaves a set out."""
    directory = os.open(f"{proc}/{pid}", os.O_PATH | os.O_DIRECTORY)
    try:
        return _parse(read_at(directory, b"status", STATUS_LIMIT))
    finally:
        os.close(directory)


def _parse(raw: bytes) -> ProcessPrivileges:
    status, threads = parse_status(raw, confinement=True), _THREADS.search(raw)
    if status.capabilities is None or status.no_new_privs is None or threads is None:
        # NoNewPrivs is there since Linux 4.10; to run without knowing would be to trust
        raise ValueError("status lacks the capability sets, NoNewPrivs or Threads")
    return ProcessPrivileges(
        credentials=status.credentials,
        capabilities=status.capabilities,
        no_new_privs=status.no_new_privs,
        seccomp_mode=status.seccomp_mode,
        threads=int(threads[1]),
    )


def findings(expected: Identity, seen: ProcessPrivileges) -> tuple[str, ...]:
    """Name everything that is not as the identity has it; what is wrong in which process is the caller's to say."""
    return (*_wrong_ids(expected, seen.credentials), *_wrong_sets(expected, seen.capabilities), *_open_doors(seen))


def _wrong_ids(expected: Identity, seen: Credentials) -> Iterator[str]:
    file_uid, file_gid = expected.file_ids
    ids = (
        ("uids", (seen.ruid, seen.euid, seen.suid, seen.fsuid), (*[expected.uid] * 3, file_uid)),
        ("gids", (seen.rgid, seen.egid, seen.sgid, seen.fsgid), (*[expected.gid] * 3, file_gid)),
        ("groups", tuple(sorted(seen.groups)), tuple(sorted(expected.groups))),
    )
    for what, found, wanted in ids:
        if found != wanted:
            yield f"has {what} {_numbers(found)}: expected {_numbers(wanted)}"


def _numbers(ids: tuple[int, ...]) -> str:
    return " ".join(str(each) for each in ids) or "none"


def _wrong_sets(expected: Identity, seen: Capabilities) -> Iterator[str]:
    wanted = mask_of(expected.capabilities)
    if too_many := (seen.permitted | seen.effective) & ~wanted:
        yield f"holds {named(too_many)}: expected {_no_more_than(wanted)}"
    if missing := wanted & ~(seen.permitted & seen.effective):
        yield f"lacks {named(missing)}: expected {named(wanted)}"
    for name, mask in (("inheritable", seen.inheritable), ("ambient", seen.ambient)):
        if mask:
            yield f"{name} set holds {named(mask)}: expected it empty"
    if expected.bounding_emptied and seen.bounding:
        yield f"bounding set holds {named(seen.bounding)}: expected it empty"


def _no_more_than(wanted: int) -> str:
    return f"only {named(wanted)}" if wanted else "no capability"


def _open_doors(seen: ProcessPrivileges) -> Iterator[str]:
    if not seen.no_new_privs:
        yield "could gain privileges by exec: expected no_new_privs"
