"""The nouns of the pool: who asks, for what, how urgently, and within which limits."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from daemoneye.model.alert import Content
    from daemoneye.model.process import FileIdentity, HashStatus

# Device, inode, size, mtime and ctime in ns: which file, and which content of it.
Key: TypeAlias = tuple[int, int, int, int, int]


def key_of(file: FileIdentity) -> Key:
    return file.dev, file.ino, file.size, file.mtime_ns, file.ctime_ns


class Priority(IntEnum):
    """The lower the sooner."""

    ALERTED = 0  # somebody is about to be told of it
    NEW = 1
    REFRESH = 2
    BACKGROUND = 3


class Tag(NamedTuple):
    """A question. It comes back with its answer; while it has none, it is the same question however often it comes."""

    asker: str
    number: int


class Known(NamedTuple):
    """What a file holds, in digests. Where ssdeep was wanted and is not there, ``no_ssdeep`` says why."""

    content: Content
    no_ssdeep: str = ""
    md5: str | None = None  # for comparing with what a package brought


class Answer(NamedTuple):
    """Digests come with ``HASHED`` and ``CACHED``, a reason with most others."""

    status: HashStatus
    reason: str = ""
    known: Known | None = None
    file: FileIdentity | None = None  # what they are of: the inode that was asked for, at times with newer times


class Now(NamedTuple):
    """Both clocks: the first only grows, the second is the one that files are stamped with."""

    s: float
    wall_ns: int

    @property
    def wall_s(self) -> int:
        return self.wall_ns // 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The section ``hashing`` of the settings; the defaults are there."""

    enabled: bool
    workers: int
    bytes_per_second: int
    file_timeout_s: float
    max_file_size: int
    ssdeep: bool
    md5: bool  # somebody compares with what packages brought
