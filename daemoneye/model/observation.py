"""What a reader saw of the machine at one moment.

A process is read in two parts. Its ``Sample`` is cheap and taken at every scan; its ``Facts`` cost more and are taken
once per identity, and again when the sample says that the image may have changed. ``Snapshot`` is one scan.
A process is the same process only while ``ProcessKey`` and the boot are the same: pids are reused.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from daemoneye.model.process import OnDisk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemoneye.model.process import Container, Credentials, FileIdentity, LinuxMetadata


class ProcessKey(NamedTuple):
    """Which process, within one boot."""

    pid: int
    start_ticks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What has to be known once to make sense of the readings."""

    boot_id: str
    boot_time_s: float
    ticks_per_second: int

    def entity_id(self, key: ProcessKey) -> str:
        """One name for one process, on this machine, in this boot, for ever."""
        text = f"{self.boot_id}\0{key.pid}\0{key.start_ticks}".encode()
        return hashlib.blake2b(text, digest_size=16).hexdigest()

    def start_time_s(self, start_ticks: int) -> float:
        return self.boot_time_s + start_ticks / self.ticks_per_second


class Sample(NamedTuple):
    """The part that moves. A tuple, because ten thousand are made at every scan."""

    pid: int
    start_ticks: int
    ppid: int
    comm: str  # the kernel's name for it: at most 15 bytes, and the process may change it
    state: str  # a word: running, sleeping, disk_sleep, stopped, traced, zombie, dead, idle
    cpu_ticks: int
    rss_bytes: int
    process_group: int
    session: int
    tty_number: int
    threads: int
    kernel_thread: bool
    image_mark: tuple[
        int, ...
    ]  # changes whenever the process executes another image; empty when the system does not tell
    uid: int | None = None  # effective

    @property
    def key(self) -> ProcessKey:
        return ProcessKey(self.pid, self.start_ticks)


class Abroad(NamedTuple):
    """Where a process lives that has another mount namespace than whoever looked at it."""

    mount_namespace: int
    territory: str  # whose path its path is; in the words of ``integrity.territory``
    container: Container | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The part that holds for the life of an image."""

    name: str
    executable_path: str | None = None
    executable_file: FileIdentity | None = None
    on_disk: OnDisk = OnDisk.UNKNOWN
    file_there: FileIdentity | None = None  # what was put in the place of the executable, if something was
    command_line: tuple[str, ...] = ()  # masked: nothing downstream ever sees it otherwise
    cwd: str | None = None
    root: str | None = None
    credentials: Credentials | None = None
    tty: str | None = None
    login_uid: int | None = None
    linux: LinuxMetadata | None = None
    abroad: Abroad | None = None  # None: it sees our files, or we may not ask
    unread: tuple[tuple[str, str], ...] = ()


# A process that has ended keeps its pid until its parent looks, but not its image, its arguments or its session.
ENDED: Final = frozenset({"zombie", "dead"})


class Observation(NamedTuple):
    sample: Sample
    facts: Facts

    @property
    def key(self) -> ProcessKey:
        return self.sample.key


@dataclass(frozen=True, slots=True, kw_only=True)
class Losses:
    """Processes of which a scan has nothing to show, by what became of them."""

    vanished: int = 0  # listed, and gone before they could be read
    malformed: int = 0  # what the kernel is said to have written makes no sense
    timeout: int = 0  # still stuck from before, or stuck at the first byte
    refused: int = 0  # listed, and not to be opened: closed to us, or we have run out of descriptors or memory
    hidden: bool = False  # the processes of other accounts are not even listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One scan."""

    machine: Machine
    wall_ms: int
    monotonic_s: float  # includes time asleep: a laptop's lid must not look like a busy process
    processes: Mapping[ProcessKey, Observation]
    losses: Losses = Losses()
    unseen: frozenset[int] = frozenset()  # pids listed and not read, being stuck or malformed: no news is not an exit
    forks: int | None = None  # the kernel's count of tasks ever started, threads among them
