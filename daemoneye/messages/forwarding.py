"""Between the forwarder and the journal: what was recorded after this. And between the forwarder and the gateway: how
the receivers are.

The forwarder pulls, and has one question on its way for each of its outputs. What it is shown is on the disk for good:
nobody outside is told of something that a power cut could take back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from daemoneye.messages.delivery import Taken
from daemoneye.model.alert import Severity
from daemoneye.model.record import Entry, Moment, Stream
from daemoneye.model.status import SinkReport

# One answer takes the journal 20 ms [measured], and so long it is deaf; with its columns it fits the transport's frame.
LARGEST_ANSWER: Final = 512 * 1024  # bytes of bodies, of each stream; one entry may be longer by itself
MOST_ENTRIES: Final = 1024  # of each stream


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    after: int  # a sequence
    entries: int  # at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """Show me what follows. The number is the asker's, and comes back."""

    request: int
    alerts: Stretch
    events: Stretch
    anchored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    sequence: int
    entry: Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    request: int
    chain: str  # another one counts from one again
    last_alert: int  # the newest there is
    last_event: int
    alerts: tuple[Passage, ...]
    events: tuple[Passage, ...]
    anchor: str = ""  # if asked for: what `journal head` prints; kept elsewhere, it shows what is cut off later


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRefused:
    """Not now; ask again in a while."""

    request: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SinksState:
    """How the receivers are. It is said when something has changed, and not again before it was taken."""

    number: int
    sinks: tuple[SinkReport, ...]


ToJournal: TypeAlias = Pull
ToForwarder: TypeAlias = Pulled | PullRefused | Taken

# Every type that occurs in these messages, at any depth.
FORWARDING_TYPES: Final[tuple[type, ...]] = (
    Pull,
    Stretch,
    Pulled,
    Passage,
    PullRefused,
    SinksState,
    Taken,
    SinkReport,
    Entry,
    Moment,
    Stream,
    Severity,
)
