"""Between those who have something to record and the journal; and between the journal and the gateway.

What was not acknowledged is still its sender's: it is kept there, and said again when the journal was restarted. An
entry has an id, so whoever says it twice has said it once. The limits below are the agreement on how much of one sender
may be on its way; whoever keeps them is never turned away.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from daemoneye.messages.delivery import Taken
from daemoneye.model.alert import Severity
from daemoneye.model.record import Entry, Moment, Stream
from daemoneye.model.status import AlertFileReport, JournalReport, SinkReport, StreamReport

# A batch takes the journal 15 ms [measured], and so it is never longer deaf than that.
BATCH_ENTRIES: Final = 512
# As many of usual length. One entry may be longer by itself: with its columns, an eighth of the transport's frame.
BATCH_BYTES: Final = 512 * 1024
# While one is written, another waits and a third is on its way; one more, so that neither side waits for the other.
WINDOW: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """Record these, in this order. The number is the sender's, and higher than those before."""

    batch: int
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """All of them are recorded for good, but for those that are refused, and would be refused again."""

    batch: int
    refused: tuple[str, ...] = ()  # their ids


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalState:
    """How it is. It is said when something has changed, and not again before it was taken."""

    number: int
    report: JournalReport
    sinks: tuple[SinkReport, ...] = ()  # ways out that are its own


ToJournal: TypeAlias = Keep | Taken
FromJournal: TypeAlias = Kept | JournalState

# Every type that occurs in these messages, at any depth.
RECORD_TYPES: Final[tuple[type, ...]] = (
    Keep,
    Kept,
    JournalState,
    Taken,
    JournalReport,
    StreamReport,
    AlertFileReport,
    SinkReport,
    Entry,
    Moment,
    Stream,
    Severity,
)
