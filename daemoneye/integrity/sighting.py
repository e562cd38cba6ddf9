"""A running executable, with all that is known about it at the moment, and what else would have to be known."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from daemoneye.integrity.baselines import Key
from daemoneye.integrity.territory import HOST
from daemoneye.model.process import OnDisk

if TYPE_CHECKING:
    from daemoneye.model.alert import AlertProcess, Content, PackageVerdict
    from daemoneye.model.event import Ancestor
    from daemoneye.model.process import Container, FileIdentity, HashStatus


class Now(NamedTuple):
    wall_ms: int
    monotonic_ns: int
    boot_id: str


class Need(StrEnum):
    """A question that somebody with hands must answer; then the sighting comes again, with the answer in it."""

    RUNNING = "running"  # the digests of the running image
    THERE = "there"  # the digests of the file that its path leads to now
    PACKAGE = "package"  # what the package database says of the file that its path leads to now


class Hashed(NamedTuple):
    """How it went with the digests of one file. Without a status nobody has answered yet."""

    status: HashStatus | None = None
    content: Content | None = None
    no_ssdeep: str = ""  # why, if one was due
    md5: str | None = None  # for the package database, and for nothing else

    @property
    def answered(self) -> bool:
        return self.status is not None

    @property
    def sha256(self) -> str | None:
        return self.content.sha256 if self.content else None


UNANSWERED: Final = Hashed()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One process and its image. Answers are added with ``replace``; ``detected_ms`` stays what it was."""

    process: AlertProcess
    start_ticks: int  # with the pid: through whom its files can be opened
    path: str | None
    detected_ms: int  # when the process was first seen like this
    namespace: str = HOST  # see ``territory``
    file: FileIdentity | None = None
    on_disk: OnDisk = OnDisk.UNKNOWN
    running: Hashed = UNANSWERED
    file_there: FileIdentity | None = None
    there: Hashed = UNANSWERED
    package: PackageVerdict | None = None  # None: not asked, or not to be told yet
    ancestors: tuple[Ancestor, ...] = ()
    container: Container | None = None
    mount_namespace: int | None = None

    @property
    def key(self) -> Key | None:
        """Whose baseline it is held against; a program without a name has none."""
        if self.path is None or self.on_disk is OnDisk.MEMFD:
            return None
        return Key(self.namespace, self.path)

    @property
    def lost_its_file(self) -> bool:
        return self.on_disk in (OnDisk.DELETED, OnDisk.REPLACED)
