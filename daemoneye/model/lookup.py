"""Asking for what was recorded, on agent.sock and of the file alike: stretch by stretch.

Whoever answers keeps nothing between two questions: a question says where to go on, an answer how far it went. So a
reader may be slow, go away, or find another process answering, and nothing is lost or told twice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(frozen=True, slots=True, kw_only=True)
class EntriesRequest:
    """AND between what is given."""

    stream: str = ""  # alerts, events
    after: int | None = None  # a sequence; None: from the first that can fit
    through: int | None = None  # a sequence, the last to look at
    since_ms: int | None = None
    until_ms: int | None = None  # itself not included
    at_least: int | None = None  # severity
    kind: str | None = None
    pid: int | None = None
    name: str | None = None
    name_glob: str | None = None
    sha256: str | None = None
    entity_id: str | None = None
    parent_entity_id: str | None = None
    unknown: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedEntry:
    stream: str = ""
    sequence: int = 0
    id: str = ""
    severity: int = 0
    kind: str = ""
    wall_ms: int = 0
    monotonic_ns: int = 0
    boot_id: str = ""
    body: str = ""
    pid: int | None = None
    entity_id: str | None = None
    parent_entity_id: str | None = None
    name: str | None = None
    sha256: str | None = None
    unknown: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """``reached`` is how far was looked, ``end`` how far there is anything to look for."""

    entries: tuple[RecordedEntry, ...] = ()
    reached: int = 0
    end: int = 0
    left_out: int = 0  # each larger than a frame
    unknown: bytes = b""

    @property
    def last(self) -> bool:
        return self.reached >= self.end


def following(request: EntriesRequest, ask: Callable[[EntriesRequest], Entries]) -> Iterator[Entries]:
    """Ask, and go on asking, until everything that there was at the first answer has been looked at."""
    while True:
        answer = ask(request)
        yield answer
        if answer.last:
            return
        request = replace(going_on_after(request, answer.reached), through=answer.end)


def going_on_after(request: EntriesRequest, sequence: int) -> EntriesRequest:
    return replace(request, after=sequence)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsRequest:
    unknown: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    text: str = ""
    unknown: bytes = b""
