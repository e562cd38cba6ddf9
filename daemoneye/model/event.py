"""What happened to processes between two scans, in the past tense.

Every event shows the process as it was last seen (``observation``), names it for ever (``entity_id``) and says where it
came from (``ancestors``, the parent first, as they were at its start: a parent's death does not change them). The time
is the scan's: what happened, happened at some moment between the scan before and this one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from daemoneye.model.observation import Observation, ProcessKey


class Suspicion(StrEnum):
    """A fact about a beginning that an honest machine has little reason to show."""

    START_IN_FUTURE = "start_in_future"
    PARENT_MISMATCH = "parent_mismatch"  # the process named as its parent cannot be: it started later
    DELETED_IMAGE = "deleted_image"  # the image it began with is not what its path leads to, or never had a path


class Field(StrEnum):
    """What a process, or another on its behalf, can change without executing another image."""

    PPID = "ppid"
    SESSION = "session"
    TTY = "tty"
    CREDENTIALS = "credentials"
    LOGIN_UID = "login_uid"
    ROOT = "root"
    NAME = "name"
    COMMAND_LINE = "command_line"
    EXECUTABLE_PATH = "executable_path"
    ON_DISK = "on_disk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ancestor:
    """One link of a chain: enough to name a process that may be long gone."""

    key: ProcessKey
    entity_id: str
    name: str
    executable_path: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """What all events have in common."""

    observation: Observation
    entity_id: str
    ancestors: tuple[Ancestor, ...]
    detected_ms: int
    detected_monotonic_s: float

    @property
    def key(self) -> ProcessKey:
        return self.observation.key


@dataclass(frozen=True, slots=True, kw_only=True)
class Started(Happening):
    suspicions: tuple[Suspicion, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exited(Happening):
    run_time_s: float  # up to the scan that missed it
    run_time_error_s: float  # the end may lie this much earlier: nobody looked in between


@dataclass(frozen=True, slots=True, kw_only=True)
class Exec(Happening):
    """The same process with another image."""

    before: Observation
    suspicions: tuple[Suspicion, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Modified(Happening):
    before: Observation
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen(Happening):
    """It was there when somebody began to look: no change, and what all later changes start from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hashed(Happening):
    """The digest of its image is known now: it was not when the process was told of."""


LifecycleEvent: TypeAlias = Started | Exited | Exec | Modified
Recordable: TypeAlias = LifecycleEvent | Seen | Hashed
