"""How hashing and integrity are, in numbers, for ``status`` and the metrics."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerReport:
    """One place for a worker, by a name that stays when it is taken by the next."""

    name: str = ""
    pid: int | None = None
    state: str = ""  # starting, running, stopping, backing_off; idle: nobody is needed there now
    restarts: int = 0  # unplanned ones
    generation: int = 0
    began_s: float | None = None  # by the monotonic clock, as is
    heard_s: float | None = None  # the last beat at which it had said something
    last_words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HashingReport:
    """Counts are since the start of the child."""

    files: tuple[tuple[str, int], ...] = ()  # answers, by status
    bytes_read: int = 0
    waiting: int = 0  # files
    share: float = 1.0  # of the rate that the settings allow, as the machine is pressed
    degraded: tuple[tuple[str, int], ...] = ()  # files whose digests are due and cannot be had, by reason
    quarantined: int = 0
    bounded: tuple[tuple[str, int, int, int], ...] = ()
    trouble: str = ""  # of the store


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrityReport:
    """Counts are since the start of the child."""

    alerts: tuple[tuple[str, str, int], ...] = ()  # on record, by rule and severity
    suppressed: int = 0
    degraded: tuple[tuple[str, str, int], ...] = ()  # by cause and reason, while it lasts
    waiting: int = 0  # programs about which an answer is awaited
    packages: str = ""  # the database that is asked, or why there is none
    bounded: tuple[tuple[str, int, int, int], ...] = ()
    trouble: str = ""  # of the store
