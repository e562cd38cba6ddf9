"""What a supervisor is told, in the past tense where it is news.

News of a child carries the generation it is about. A name lives many lives, one after another, and news travels: the
exit notice of the life before may come after the next has begun, and may come twice. The number is what makes that
harmless. It is the shell that knows which process is which generation; what a process says of itself is not taken for
it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from daemoneye.supervisor.specs import Manner


@dataclass(frozen=True, slots=True)
class ChildStarted:
    """It is ready to work, not just there."""

    name: str
    generation: int


@dataclass(frozen=True, slots=True)
class ChildDied:
    """The kernel says so; a child's own farewell is not a death."""

    name: str
    generation: int
    manner: Manner
    reason: str


@dataclass(frozen=True, slots=True)
class StartFailed:
    """There is no process of this generation, and there will be none."""

    name: str
    generation: int
    reason: str

    @property
    def manner(self) -> Manner:
        return Manner.ABNORMAL


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The answer to ``AskHeartbeat``."""

    name: str
    generation: int
    work_done: int  # counts up, in units that each take less than a heartbeat
    idle: bool  # nothing is pending


@dataclass(frozen=True, slots=True)
class RestartRequested:
    name: str


@dataclass(frozen=True, slots=True)
class PauseRequested:
    name: str


@dataclass(frozen=True, slots=True)
class ResumeRequested:
    name: str


@dataclass(frozen=True, slots=True)
class StartRequested:
    """Bring everything up."""


@dataclass(frozen=True, slots=True)
class StopRequested:
    """Take everything down; said again, without waiting for anybody."""


@dataclass(frozen=True, slots=True)
class Tick:
    """The answer to ``WakeMeAt``. It says to which: an old timer cannot be cancelled, and must not pass for new."""

    at_s: float


class Timer(Enum):
    """What a child's own clock says: not from outside, but a column of the table like all other events."""

    DUE = "due"


News: TypeAlias = ChildStarted | ChildDied | StartFailed | Heartbeat
Request: TypeAlias = RestartRequested | PauseRequested | ResumeRequested
Event: TypeAlias = News | Request | StartRequested | StopRequested | Tick
