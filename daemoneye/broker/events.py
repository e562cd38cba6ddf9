"""What main is told, besides what the supervisor says: its words are events as they stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from daemoneye.broker.words import SupervisorWord


@dataclass(frozen=True, slots=True)
class Begun:
    """The first event there is."""


@dataclass(frozen=True, slots=True)
class RunnerGone:
    """It is dead, or could not be started."""

    reason: str


@dataclass(frozen=True, slots=True)
class ControlConnected:
    """The supervisor is there."""


@dataclass(frozen=True, slots=True)
class SupervisorGone:
    reason: str


@dataclass(frozen=True, slots=True)
class StopSignal:
    name: str


@dataclass(frozen=True, slots=True)
class HangupSignal:
    pass


@dataclass(frozen=True, slots=True)
class ReopenSignal:
    pass


@dataclass(frozen=True, slots=True)
class Tick:
    """The time of ``WakeMeAt`` has come."""


Loss: TypeAlias = RunnerGone | SupervisorGone
Signal: TypeAlias = StopSignal | HangupSignal | ReopenSignal
Event: TypeAlias = Begun | Loss | ControlConnected | Signal | Tick | SupervisorWord
