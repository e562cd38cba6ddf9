"""Between the gateway and the supervisor: what an operator asks of the tree as a whole, and what comes of it.

The number of a request is the gateway's and comes back with the answer. The reports are those of the wire, so that what
is known about a child is named in one place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from daemoneye.model.agent import ChildAction
from daemoneye.model.status import ChildReport, ConfigReport, ProcessReport, ReloadReport

__all__ = [
    "CONTROL_TYPES",
    "AskReload",
    "AskStatus",
    "ChildAction",
    "ChildReport",
    "ConfigReport",
    "ControlChild",
    "Done",
    "FromSupervisor",
    "ProcessReport",
    "ReloadReport",
    "StatusReport",
    "ToSupervisor",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskStatus:
    request: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlChild:
    request: int
    action: ChildAction
    child: str  # a name of the last status


@dataclass(frozen=True, slots=True, kw_only=True)
class AskReload:
    request: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    request: int
    state: str
    uptime_s: float
    tree: int  # how many there were, this one included
    children: tuple[ChildReport, ...]
    sandbox: tuple[ProcessReport, ...]
    findings: tuple[str, ...]
    config: ConfigReport
    reload: ReloadReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """``ok``: it was done, or will be. Otherwise the text says why not; of a reload, one line for each mistake."""

    request: int
    ok: bool
    text: str


ToSupervisor: TypeAlias = AskStatus | ControlChild | AskReload
FromSupervisor: TypeAlias = StatusReport | Done

# Every type that occurs in these messages, at any depth.
CONTROL_TYPES: Final[tuple[type, ...]] = (
    AskStatus,
    ControlChild,
    AskReload,
    StatusReport,
    Done,
    ChildAction,
    ChildReport,
    ProcessReport,
    ConfigReport,
    ReloadReport,
)
