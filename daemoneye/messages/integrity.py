"""Between integrity and the rest of the tree, beside what it sees and what it asks: troubles, trust, and how it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from daemoneye.messages.delivery import Taken
from daemoneye.model.reports import IntegrityReport
from daemoneye.model.trust import Trust

__all__ = [
    "INTEGRITY_TYPES",
    "Accept",
    "Accepted",
    "ChildrenInTrouble",
    "FromIntegrity",
    "IntegrityState",
    "ToIntegrity",
    "Trust",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildrenInTrouble:
    """From the supervisor, whenever it changes: all that are not at work, each with ``down`` or ``quarantined``."""

    troubles: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accept:
    """From the gateway. The number is the asker's."""

    request: int
    trusts: tuple[Trust, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """All of it is written, or none, and then the text says why not."""

    request: int
    count: int
    refusal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrityState:
    """To the gateway, when something has changed and at most once a second."""

    number: int
    report: IntegrityReport


ToIntegrity: TypeAlias = ChildrenInTrouble | Accept | Taken
FromIntegrity: TypeAlias = Accepted | IntegrityState

# Every type that occurs in these messages, at any depth.
INTEGRITY_TYPES: Final[tuple[type, ...]] = (
    ChildrenInTrouble,
    Trust,
    Accept,
    Accepted,
    IntegrityState,
    IntegrityReport,
    Taken,
)
