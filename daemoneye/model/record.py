"""What can be recorded: one fact, its place in time, and the words by which somebody will look for it.

``body`` is the fact itself, JSON in UTF-8; the journal keeps and proves its bytes and never reads them. The columns
beside it exist to be searched, and are proven with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from daemoneye.model.alert import Severity  # noqa: TC001 - how an entry travels is read from its annotations

LONGEST_BODY: Final = 256 * 1024  # 32 KiB of arguments, each byte escaped as \u00XX, and as much again for the rest


class Stream(IntEnum):
    """Each counts its entries from one, without gaps. The number is part of what is stored and proven."""

    ALERTS = 1
    EVENTS = 2

    @property
    def word(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Both clocks: people read the first, which can jump; the second orders what happened within one boot."""

    wall_ms: int
    monotonic_ns: int
    boot_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    id: str  # a UUID, best of version 7; it never changes for one fact, however often it is sent
    stream: Stream
    severity: Severity
    kind: str  # what happened, or the rule that says so: `process.started`, `integrity.disk_mismatch`
    occurred: Moment
    body: bytes
    pid: int | None = None
    entity_id: str | None = None
    parent_entity_id: str | None = None
    name: str | None = None
    sha256: str | None = None

    def __hash__(self) -> int:
        return hash(self.id)  # which tells them apart; all of it would be read for each of a hundred thousand
