"""Digests: who wants them, who has the files opened, who is told.

``integrity`` asks; ``hashing`` decides and answers each question once, at once or later; the collector opens the files
of running programs, because nobody else may, and hears what became of them. All but ``OpenFile`` go in batches, each
acknowledged with ``Taken``.

An opened file does not travel as a message. It goes through the socket that main left to both of them, with the number
of the ``OpenFile``; where there is none, the reason goes instead. A process is named and never a path: nobody can have
other files opened than those that programs run, or the ones now in their place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from daemoneye.messages.delivery import Taken
from daemoneye.model.alert import Content
from daemoneye.model.process import FileIdentity, HashStatus
from daemoneye.model.reports import HashingReport, WorkerReport

# A few milliseconds' work for either side.
BATCH: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The digests of the file that this process runs, or of the one at its path now."""

    number: int  # never used before by this asker, also not in an earlier life
    file: FileIdentity
    pid: int
    start_ticks: int
    there: bool  # not the running image, but what lies at its path
    priority: int  # of ``hashing.values.Priority``
    mount_namespace: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    number: int
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileAnswer:
    """The one answer to each of these questions."""

    questions: tuple[int, ...]
    status: HashStatus
    reason: str = ""
    content: Content | None = None
    md5: str | None = None  # what dpkg knows its files by
    no_ssdeep: str = ""
    file: FileIdentity | None = None  # what was read: the inode asked for, at times with newer times


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    number: int
    answers: tuple[FileAnswer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenFile:
    """To the collector. The answer comes through the socket."""

    number: int
    pid: int
    start_ticks: int
    there: bool
    dev: int
    ino: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDigest:
    """What is known of a content. Numbers and text only: the collector's inbox is no pickle."""

    dev: int
    ino: int
    size: int
    mtime_ns: int
    ctime_ns: int
    status: int  # of ``HashStatus``
    sha256: str  # empty: none
    ssdeep: str  # empty: none
    ssdeep_missing: bool  # one was due, and there is none


@dataclass(frozen=True, slots=True, kw_only=True)
class Digested:
    """To the collector, which puts them into its records."""

    number: int
    files: tuple[FileDigest, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HashingState:
    """To the gateway, when something has changed and at most once a second."""

    number: int
    report: HashingReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Workers:
    """To the supervisor, whenever one of them comes or goes: all of them, by name."""

    workers: tuple[WorkerReport, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceWorker:
    """From the supervisor, because an operator wants it."""

    name: str


ToHashing: TypeAlias = Ask | Taken | ReplaceWorker
FromHashing: TypeAlias = Answers | Taken | Workers | HashingState

# Every type that occurs in these messages, at any depth.
HASHING_TYPES: Final[tuple[type, ...]] = (
    Ask,
    Question,
    Answers,
    FileAnswer,
    OpenFile,
    Digested,
    FileDigest,
    HashingState,
    HashingReport,
    Workers,
    WorkerReport,
    ReplaceWorker,
    Taken,
    Content,
    FileIdentity,
    HashStatus,
)
