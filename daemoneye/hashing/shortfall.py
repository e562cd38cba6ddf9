"""Files whose digests are due and cannot be had: told once when it begins and once when it is over, with counts.

A file is not missing digests for ever. It may get them; or nobody asks for it any more, and it is forgotten.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from daemoneye.hashing.effects import Degraded, Recovered
from daemoneye.lifecycle.bounded import Occupancy
from daemoneye.model.process import HashStatus

if TYPE_CHECKING:
    from daemoneye.hashing.values import Known

# Whoever still runs it has asked again by then, were the longest queue and some scans between.
FORGOTTEN_S: Final = 1200.0
QUIET_S: Final = 30.0  # a shortage that comes back within it has not been over
CAPACITY: Final = 10_000  # files; beyond it they are only counted
NO_SSDEEP: Final = "no_ssdeep"
_DUE: Final = frozenset(
    [
        HashStatus.UNSPECIFIED,
        HashStatus.PERMISSION,
        HashStatus.CHANGED_WHILE_READ,
        HashStatus.TIMEOUT,
        HashStatus.QUARANTINED,
        HashStatus.BUDGET,
    ]
)


def missing(status: HashStatus, known: Known | None, *, want_ssdeep: bool) -> str | None:
    """Why something that is due is not there; what the settings or its nature exclude is not due."""
    if known is not None:
        return NO_SSDEEP if want_ssdeep and known.no_ssdeep else None
    return status.label if status in _DUE else None


class Shortfall:
    def __init__(self) -> None:
        self._files: dict[tuple[int, int], tuple[str, float]] = {}  # device, inode: why, and when last; oldest first
        self._totals: Counter[str] = Counter()
        self._told = False
        self._quiet_since_s = 0.0

    def __bool__(self) -> bool:
        return bool(self._files)

    def note(self, file: tuple[int, int], reason: str | None, now_s: float) -> None:
        before = self._files.pop(file, None)
        if reason is None:
            if before is not None:
                self._quiet_since_s = now_s
            return
        if before is None or before[0] != reason:
            self._totals[reason] += 1
        if len(self._files) < CAPACITY:
            self._files[file] = (reason, now_s)

    def turn(self, now_s: float) -> Degraded | Recovered | None:
        while self._files and now_s >= self._oldest_s + FORGOTTEN_S:
            del self._files[next(iter(self._files))]
            self._quiet_since_s = now_s
        if self._files and not self._told:
            self._told = True
            return Degraded(self._counts)
        if self._told and not self._files and now_s >= self._quiet_since_s + QUIET_S:
            over = Recovered(self._counts)
            self._told = False
            self._totals.clear()
            return over
        return None

    @property
    def is_untold(self) -> bool:
        """Whether it has begun or ended, and that was not told yet."""
        return self._told != bool(self._files)

    @property
    def wake_s(self) -> float | None:
        if self._files:
            return self._oldest_s + FORGOTTEN_S
        return self._quiet_since_s + QUIET_S if self._told else None

    @property
    def occupancy(self) -> Occupancy:
        return Occupancy("hash_shortfall", len(self._files), CAPACITY, 0)

    @property
    def present(self) -> tuple[tuple[str, int], ...]:
        """Files by reason, as far as there is room to know them."""
        return tuple(sorted(Counter(reason for reason, _ in self._files.values()).items()))

    @property
    def _oldest_s(self) -> float:
        return next(iter(self._files.values()))[1]

    @property
    def _counts(self) -> tuple[tuple[str, int], ...]:
        return tuple(sorted(self._totals.items()))
