"""What a supervisor wants done. Values: the shell carries them out, in the order given, and decides nothing.

All of them may be said twice, and all are harmless about a generation that is gone or was never there.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, TypeAlias


@dataclass(frozen=True, slots=True)
class Start:
    name: str
    generation: int


@dataclass(frozen=True, slots=True)
class AskToStop:
    name: str
    generation: int


@dataclass(frozen=True, slots=True)
class Kill:
    name: str
    generation: int


@dataclass(frozen=True, slots=True)
class AskHeartbeat:
    name: str
    generation: int


@dataclass(frozen=True, slots=True)
class WakeMeAt:
    """Send ``Tick(at_s)`` at that time. The latest of these counts; earlier timers may ring or not."""

    at_s: float


class Context(StrEnum):
    """What was going on. OTP's words, and one of ours: its children do not hang."""

    PROGRESS = "progress"
    START_ERROR = "start_error"
    CHILD_TERMINATED = "child_terminated"
    CHILD_HUNG = "child_hung"
    SHUTDOWN_ERROR = "shutdown_error"  # stopping did not go as it should
    SHUTDOWN = "shutdown"  # the supervisor gives up


class Offender(NamedTuple):
    name: str
    generation: int


@dataclass(frozen=True, slots=True)
class Report:
    """The same four fields, whatever happened."""

    supervisor: str
    context: Context
    reason: str
    offender: Offender


@dataclass(frozen=True, slots=True)
class Escalate:
    """Restarting does not help. The ordered stop begins with this; ``Stopped`` ends it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """Nobody is left. The last effect there is."""


Effect: TypeAlias = Start | AskToStop | Kill | AskHeartbeat | WakeMeAt | Report | Escalate | Stopped
