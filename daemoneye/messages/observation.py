"""Between the gateway and the collector: what a look at the machine has shown, in numbers after each, whole on request.

A snapshot travels in numbered parts, each acknowledged; at most two are on their way. What is on its way to a peer that
does not read is in the collector's memory and in the collector's way, so news of a look are acknowledged too, and until
then there are no others. What the collector takes is made of whole numbers only: its inbox is no pickle.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from daemoneye.model.coverage import Coverage
from daemoneye.model.process import (
    Capabilities,
    Container,
    Credentials,
    FileIdentity,
    HashStatus,
    LinuxMetadata,
    ListeningSocket,
    Namespaces,
    OnDisk,
    ProcessRecord,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeSnapshot:
    """Show me every process of the latest look. The number is the asker's, and higher than in its questions before."""

    request: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PartTaken:
    """I am ready for another."""

    request: int
    part: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanTaken:
    """I have heard of this look; tell me of the next."""

    scan: int


class SnapshotRefusal(StrEnum):
    BUSY = "busy"  # as many snapshots as there may be are on their way: ask again when one has ended
    NOT_TAKEN = "not_taken"  # it was on its way, and nothing of it was taken for too long: there is no more of it


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotPart:
    request: int
    part: int  # from 0
    last: bool
    records: tuple[ProcessRecord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotRefused:
    request: int
    reason: SnapshotRefusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Occupancy:
    """Something bounded, how full it is, and how often it had to let go of something."""

    name: str
    entries: int
    capacity: int
    evictions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """One look is over. Counts are of this look alone, except where a field says that they are since the start.

    A look that could not be told of before the next one is not told of later: ``scan`` then rises by more than one.
    """

    scan: int  # from 1
    at_ms: int
    duration_s: float
    overrun: int  # looks left out, because this one was not over when they were due
    failed: int  # looks in a row that were not possible, the latest among them; then the coverage is an earlier one's
    coverage: Coverage
    executed: int
    modified: int
    occupancies: tuple[Occupancy, ...]
    shed: tuple[tuple[str, int], ...]  # what was dropped or turned away, by name; since the start


ToCollector: TypeAlias = TakeSnapshot | PartTaken | ScanTaken
FromCollector: TypeAlias = SnapshotPart | SnapshotRefused | Scanned

# Every type that occurs in these messages, at any depth.
OBSERVATION_TYPES: Final[tuple[type, ...]] = (
    TakeSnapshot,
    PartTaken,
    ScanTaken,
    SnapshotRefusal,
    SnapshotPart,
    SnapshotRefused,
    Occupancy,
    Scanned,
    Coverage,
    ProcessRecord,
    OnDisk,
    HashStatus,
    FileIdentity,
    Credentials,
    LinuxMetadata,
    Namespaces,
    Container,
    Capabilities,
    ListeningSocket,
)
