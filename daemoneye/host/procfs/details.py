"""What ``scan.enhanced`` adds: where a process is confined to, what it listens on, what was slipped into it."""

from __future__ import annotations

import errno
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from daemoneye.host.procfs.cgroup import read_cgroup
from daemoneye.host.procfs.environment import read_environment
from daemoneye.host.procfs.files import link_at, read_at
from daemoneye.host.procfs.sockets import listening, read_descriptors
from daemoneye.host.text import decode
from daemoneye.model.process import LinuxMetadata, Namespaces, Unread

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from daemoneye.host.procfs.files import Gaps
    from daemoneye.host.procfs.owner import Status
    from daemoneye.host.procfs.sockets import Descriptors, Tables
    from daemoneye.model.process import ListeningSocket

_NAMESPACE: Final = re.compile(rb"\w+:\[(\d{1,19})\]")
_LABEL_LIMIT: Final = 4096  # a page, which is what the kernel gives a label


class Wanted(NamedTuple):
    environment_names: Collection[bytes]
    mask: Callable[[Sequence[str]], tuple[str, ...]]


def read_details(
    directory: int, status: Status | None, *, tables: Tables, wanted: Wanted, cautious: bool, gaps: Gaps
) -> LinuxMetadata:
    if cautious:
        gaps.note(Unread.TIMEOUT, "linux.environment")
    environment = None if cautious else _environment(directory, wanted, gaps)
    descriptors = gaps.attempt("linux.fd_count", read_descriptors, directory)
    return LinuxMetadata(
        namespaces=_namespaces(directory, gaps),
        container=gaps.attempt("linux.container", read_cgroup, directory),
        capabilities=status.capabilities if status else None,
        seccomp_mode=status.seccomp_mode if status else None,
        no_new_privs=status.no_new_privs if status else None,
        lsm_label=gaps.attempt("linux.lsm_label", _label, directory),
        fd_count=None if descriptors is None else descriptors.total,
        listening=_listening(directory, descriptors, tables, gaps),
        environment=environment or (),
    )


def _environment(directory: int, wanted: Wanted, gaps: Gaps) -> tuple[tuple[str, str], ...] | None:
    if not wanted.environment_names:
        return None
    return gaps.attempt("linux.environment", read_environment, directory, wanted.environment_names, wanted.mask)


def _listening(
    directory: int, descriptors: Descriptors | None, tables: Tables, gaps: Gaps
) -> tuple[ListeningSocket, ...]:
    if descriptors is None:
        gaps.note(gaps.why("linux.fd_count"), "linux.listening")
        return ()
    return gaps.attempt("linux.listening", listening, directory, descriptors, tables) or ()


def _namespaces(directory: int, gaps: Gaps) -> Namespaces | None:
    # every kernel has this one, and every process that has not ended: without it the others are gone, not unsupported
    mnt = gaps.attempt("linux.namespaces", _namespace, directory, "mnt")

    def inode(kind: str) -> int | None:
        # a kernel may lack one kind; what keeps us from one for another reason keeps us from all
        return gaps.attempt("linux.namespaces", _optional_namespace, directory, kind)

    found = Namespaces(
        cgroup=inode("cgroup"),
        ipc=inode("ipc"),
        mnt=mnt,
        net=inode("net"),
        pid=inode("pid"),
        time=inode("time"),
        user=inode("user"),
        uts=inode("uts"),
    )
    return None if found == Namespaces() else found


def _namespace(directory: int, kind: str) -> int:
    return namespace_number(link_at(directory, b"ns/" + kind.encode()))


def namespace_number(link: bytes) -> int:
    match = _NAMESPACE.fullmatch(link)
    if match is None:
        raise ValueError("not a namespace")
    return int(match[1])


def _optional_namespace(directory: int, kind: str) -> int:
    try:
        return _namespace(directory, kind)
    except FileNotFoundError as error:
        raise OSError(errno.ENOSYS, "a kind that this kernel lacks") from error


def _label(directory: int) -> str | None:
    try:
        raw = read_at(directory, b"attr/current", _LABEL_LIMIT)
    except OSError as error:
        if error.errno in {errno.EINVAL, errno.ENOENT}:
            raise OSError(errno.ENOSYS, "no active security module labels processes") from error
        raise
    return decode(raw.rstrip(b"\0\n")) or None
