"""What is counted for the metrics, beyond what a status tells. Counts are since the start of whoever counts them."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

Counts: TypeAlias = tuple[tuple[str, int], ...]  # by reason, rule or result

# Seconds. A thousand processes take 30 ms (measured), ten thousand 300; more than a second is a machine in need.
ENUMERATION_BOUNDS_S: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """How many observations were at most so much; the last count is of those beyond all bounds."""

    bounds: tuple[float, ...] = ENUMERATION_BOUNDS_S
    counts: tuple[int, ...] = (0,) * (len(ENUMERATION_BOUNDS_S) + 1)
    sum: float = 0.0

    def with_one(self, value: float) -> Distribution:
        place = bisect_left(self.bounds, value)
        counts = (*self.counts[:place], self.counts[place] + 1, *self.counts[place + 1 :])
        return replace(self, counts=counts, sum=self.sum + value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """Something bounded: how full it is, and how often it had to let go of something."""

    name: str
    entries: int
    capacity: int
    evictions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sink:
    """One way out: `jsonl`, `syslog`, `relp`, `nats`."""

    name: str
    up: bool
    sent: int
    retries: int = 0
    lost: int = 0
    last_success_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tallies:
    enumerations: Distribution | None = None
    process_reads: Counts = ()  # by result
    starts_unobserved: int | None = None
    hash_bytes: int | None = None
    hash_files: Counts = ()  # by result
    alerts: tuple[tuple[str, str, int], ...] = ()  # rule, severity
    alerts_suppressed: int | None = None
    degraded: tuple[tuple[str, str, int], ...] = ()  # cause, reason: of the coverage, at this moment
    fillings: tuple[Filling, ...] = ()
    sinks: tuple[Sink, ...] = ()
