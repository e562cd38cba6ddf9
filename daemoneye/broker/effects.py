"""What main decides to do. Values; the loop carries them out in the order given. Only the kill waits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from daemoneye.broker.words import AskBeat, Reload, Reopen, Stop


@dataclass(frozen=True, slots=True)
class StartTree:
    number: int


@dataclass(frozen=True, slots=True)
class KillTree:
    """Everything that descends from main; harmless when there is nothing."""


@dataclass(frozen=True, slots=True)
class TellSupervisor:
    word: AskBeat | Stop | Reopen


@dataclass(frozen=True, slots=True)
class TellRunner:
    word: Reload | Stop


@dataclass(frozen=True, slots=True)
class Notify:
    """Assignments for the init system, in one message."""

    assignments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WakeMeAt:
    """Send ``Tick`` at that time; takes the place of the one before."""

    at_s: float


@dataclass(frozen=True, slots=True)
class Log:
    event: str
    fields: tuple[tuple[str, object], ...]


@dataclass(frozen=True, slots=True)
class Leave:
    """The last effect there is."""

    exit_code: int


Effect: TypeAlias = StartTree | KillTree | TellSupervisor | TellRunner | Notify | WakeMeAt | Log | Leave
