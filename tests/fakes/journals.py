"""Journals for tests: a clock that is set, ids that count, entries of any kind, and a peephole into the file."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from daemoneye.journal.entry import Entry, Moment, Severity, Stream, canonical
from daemoneye.journal.ids import uuid7
from daemoneye.journal.journal import Journal
from daemoneye.journal.own_keys import own_keys
from daemoneye.journal.query import Query
from daemoneye.journal.reading import Reader
from daemoneye.journal.retention import Limits
from daemoneye.journal.schema import FILE_NAME
from daemoneye.journal.store import Receipt
from daemoneye.journal.verify import verify

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from daemoneye.journal.anchor import Anchor
    from daemoneye.journal.query import Recorded
    from daemoneye.journal.trouble import Trouble
    from daemoneye.journal.verify import Report

BOOT = "6c1d6e86-0000-4000-8000-000000000000"
DAY_MS = 24 * 3600 * 1000


def limits(**given: int) -> Limits:
    return Limits(**{"max_bytes": 64 << 20, "max_age_ms": 30 * DAY_MS} | given)


@dataclass
class World:
    """A directory and a clock, which outlive the journals that are opened in it."""

    directory: Path
    wall_ms: int = 1_800_000_000_000
    ids: int = 0
    open: list[Journal] = field(default_factory=list)

    @property
    def path(self) -> Path:
        return self.directory / FILE_NAME

    def now(self) -> Moment:
        return Moment(wall_ms=self.wall_ms, monotonic_ns=self.wall_ms * 1000, boot_id=BOOT)

    def new_id(self) -> str:
        self.ids += 1
        return uuid7(self.wall_ms, self.ids % 4096, self.ids)

    def journal(self, **given: int) -> Journal:
        journal = Journal(self.directory, limits(**given), self.now, self.new_id)
        self.open.append(journal)
        return journal

    def entry(
        self, stream: Stream = Stream.ALERTS, severity: Severity = Severity.HIGH, size: int = 0, **columns: Any
    ) -> Entry:
        id_ = columns.pop("id", None) or self.new_id()
        body = columns.pop("body", None) or canonical({"n": self.ids, "padding": "x" * size})
        return Entry(
            id=id_,
            stream=stream,
            severity=severity,
            kind=columns.pop("kind", "test.happened"),
            occurred=columns.pop("occurred", None) or self.now(),
            body=body,
            **columns,
        )

    def alerts(self, count: int, **given: Any) -> list[Entry]:
        return [self.entry(**given) for _ in range(count)]

    def events(self, count: int, **given: Any) -> list[Entry]:
        return [self.entry(**{"stream": Stream.EVENTS, "severity": Severity.INFO} | given) for _ in range(count)]

    def end(self) -> None:
        for journal in self.open:
            journal.close()

    def recorded(self, **query: Any) -> list[Recorded]:
        with closing(Reader(self.path)) as reader:
            return list(reader.entries(Query(**query)))

    def bodies(self, stream: Stream = Stream.ALERTS) -> list[bytes]:
        return [each.entry.body for each in self.recorded(stream=stream, after=0)]

    def anchor(self) -> Anchor:
        with closing(Reader(self.path)) as reader:
            return reader.anchor()

    def verified(self, *anchors: Anchor, keys: bool = True) -> Report:
        own = own_keys(self.directory)
        with closing(Reader(self.path)) as reader:
            if not keys:
                return verify(reader, anchors=anchors)
            return verify(reader, anchors=anchors, identity=own.identity, epoch=own.epoch)

    @contextmanager
    def tampering(self) -> Iterator[sqlite3.Connection]:
        """Change the file as somebody with the right tool would."""
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            yield connection


def trouble(journal: Journal) -> Trouble | None:
    return journal.condition.trouble if journal.condition else None


def sequences(answers: Sequence[object]) -> list[int]:
    return [answer.sequence for answer in answers if isinstance(answer, Receipt)]
