"""What is known about one process, as it is told to others.

The first seventeen fields are the ones our users' clients know, with their names and meaning; ours follow. ``None``
means "not known", and ``unread`` then says why. ``unknown`` in every record keeps the fields of a newer peer, so that
passing a record on loses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from daemoneye.model.open_enum import OpenEnum


class OnDisk(OpenEnum):
    """What the path of a running image leads to now. Numbers are the wire's."""

    UNKNOWN = 0
    PRESENT = 1
    DELETED = 2
    REPLACED = 3
    MEMFD = 4


class HashStatus(OpenEnum):
    """Why a digest is there or not. Numbers are the wire's."""

    UNSPECIFIED = 0
    HASHED = 1
    CACHED = 2
    TOO_LARGE = 3
    NOT_REGULAR = 4
    REMOTE_FILESYSTEM = 5
    PERMISSION = 6
    CHANGED_WHILE_READ = 7
    TIMEOUT = 8
    QUARANTINED = 9
    BUDGET = 10
    GONE = 11
    DISABLED = 12


class Unread(StrEnum):
    """Why a field could not be had."""

    PERMISSION = "permission"
    GONE = "gone"  # the process, or the file it names, went away while it was read
    TIMEOUT = "timeout"
    MALFORMED = "malformed"
    IO = "io"
    UNSUPPORTED = "unsupported"  # this platform does not tell
    UNREACHABLE = "unreachable"  # its path leads elsewhere, or nowhere, from here


@dataclass(frozen=True, slots=True, kw_only=True)
class FileIdentity:
    """Which file, and which content of it: any write moves ctime."""

    dev: int = 0
    ino: int = 0
    size: int = 0
    mtime_ns: int = 0
    ctime_ns: int = 0
    unknown: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Real, effective, saved and filesystem ids."""

    ruid: int = 0
    euid: int = 0
    suid: int = 0
    fsuid: int = 0
    rgid: int = 0
    egid: int = 0
    sgid: int = 0
    fsgid: int = 0
    groups: tuple[int, ...] = ()
    unknown: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Namespaces:
    """Inode numbers of the namespaces a process lives in."""

    cgroup: int | None = None
    ipc: int | None = None
    mnt: int | None = None
    net: int | None = None
    pid: int | None = None
    time: int | None = None
    user: int | None = None
    uts: int | None = None
    unknown: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """The five sets, as bit masks."""

    inheritable: int = 0
    permitted: int = 0
    effective: int = 0
    bounding: int = 0
    ambient: int = 0
    unknown: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """Where the control group says a process runs."""

    cgroup_path: str | None = None
    runtime: str | None = None
    container_id: str | None = None
    pod_uid: str | None = None
    systemd_unit: str | None = None
    unknown: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListeningSocket:
    protocol: str = ""
    address: str = ""
    port: int = 0
    unknown: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinuxMetadata:
    """What ``scan.enhanced`` adds on Linux."""

    namespaces: Namespaces | None = None
    container: Container | None = None
    capabilities: Capabilities | None = None
    seccomp_mode: int | None = None
    no_new_privs: bool | None = None
    lsm_label: str | None = None
    fd_count: int | None = None
    listening: tuple[ListeningSocket, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    unknown: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessRecord:
    """One process. Names and order are those of ``proto/common.proto``."""

    pid: int = 0
    ppid: int | None = None
    name: str = ""
    executable_path: str | None = None
    command_line: tuple[str, ...] = ()
    start_time: int | None = None
    cpu_usage: float | None = None
    memory_usage: int | None = None
    executable_hash: str | None = None
    hash_algorithm: str | None = None
    user_id: str | None = None
    accessible: bool = False
    file_exists: bool = False
    collection_time: int = 0
    ssdeep_hash: str | None = None
    on_disk_mismatch: bool = False
    ssdeep_degraded: bool = False

    entity_id: str | None = None
    start_ticks: int | None = None
    boot_id: str | None = None
    on_disk: OnDisk = OnDisk.UNKNOWN
    kernel_thread: bool = False
    hash_status: HashStatus = HashStatus.UNSPECIFIED
    unread: tuple[tuple[str, str], ...] = ()
    executable_file: FileIdentity | None = None
    state: str | None = None
    cpu_time_ms: int | None = None
    cwd: str | None = None
    root: str | None = None
    credentials: Credentials | None = None
    process_group: int | None = None
    session: int | None = None
    tty: str | None = None
    login_uid: int | None = None
    threads: int | None = None
    linux: LinuxMetadata | None = None
    unknown: bytes = b""

    def __post_init__(self) -> None:
        # a digest without its algorithm compares to nothing, and an algorithm without a digest claims work not done
        if bool(self.executable_hash) != bool(self.hash_algorithm):  # empty is as good as absent
            raise ValueError("executable_hash and hash_algorithm are given together or not at all")
