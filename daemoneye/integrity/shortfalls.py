"""When something was due and could not be had: told once when it begins, and once when it is over.

Each cause, digests or a child of the agent, has those who lack something and why. It becomes an alert when one of them
has lacked it for a while, and ends when nobody has for as long: what comes and goes within moments, as a burst of
processes or a child that is restarted, is neither. How many there were, by reason, goes out with both alerts.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from daemoneye.model.alert import Phase, Shortfall
from daemoneye.model.process import HashStatus

if TYPE_CHECKING:
    from collections.abc import Iterable

    from daemoneye.integrity.sighting import Hashed, Now

GRACE_MS: Final = 10_000  # longer than a child needs to be restarted a few times, shorter than anybody's patience
_CAPACITY: Final = 32_768  # those who lack something; the default pid_max of Linux. What is beyond is only counted
NO_SSDEEP: Final = "no_ssdeep"
# Not due: by the settings, by nature, or because a process ended before anybody could look.
_NOT_DUE: Final = frozenset({HashStatus.DISABLED, HashStatus.GONE})
# By the settings not due either, unless it could be had before: a program may have been made to escape.
_BY_LIMIT: Final = frozenset({HashStatus.TOO_LARGE, HashStatus.NOT_REGULAR, HashStatus.REMOTE_FILESYSTEM})


def lacking(hashed: Hashed, *, had_before: bool) -> str | None:
    """Name the reason if digests were due and are missing."""
    if hashed.content:
        return NO_SSDEEP if hashed.no_ssdeep else None
    if hashed.status is None or hashed.status in _NOT_DUE or (hashed.status in _BY_LIMIT and not had_before):
        return None
    return hashed.status.label


@dataclass(slots=True)
class _Cause:
    lacking: dict[str, tuple[str, int]] = field(default_factory=dict)  # who: the reason, and since when
    totals: Counter[str] = field(default_factory=Counter)
    began_ms: int | None = None  # told
    clear_since: int | None = None

    def is_due(self, monotonic_ms: int) -> bool:
        return any(monotonic_ms - since >= GRACE_MS for _, since in self.lacking.values())

    def is_over(self, monotonic_ms: int, *, all_seen: bool) -> bool:
        if self.lacking or not all_seen:
            self.clear_since = None
            return False
        if self.clear_since is None:
            self.clear_since = monotonic_ms
        return monotonic_ms - self.clear_since >= GRACE_MS


class Shortfalls:
    def __init__(self, standing: Iterable[Shortfall] = ()) -> None:
        """Take over those whose start was told and whose end was not."""
        self._causes = {
            each.cause: _Cause(totals=Counter(dict(each.counts)), began_ms=each.began_ms) for each in standing
        }

    def note(self, cause: str, who: str, reason: str | None, now: Now) -> None:
        """``None``: it lacks nothing, or is no more."""
        known = self._causes.get(cause)
        if reason is None:
            if known:
                known.lacking.pop(who, None)
            return
        known = known or self._causes.setdefault(cause, _Cause())
        before, since = known.lacking.get(who, (None, now.monotonic_ns // 1_000_000))
        if before == reason:
            return
        known.totals[reason] += 1
        if before is not None or len(known.lacking) < _CAPACITY:
            known.lacking[who] = (reason, since)

    def lacks(self, cause: str, who: str) -> bool:
        known = self._causes.get(cause)
        return known is not None and who in known.lacking

    def who(self, cause: str) -> frozenset[str]:
        known = self._causes.get(cause)
        return frozenset(known.lacking if known else ())

    def tick(self, now: Now, *, all_seen: bool = True) -> list[Shortfall]:
        """Nothing is over before all that may still lack it was seen, after a restart."""
        told = [self._turn(name, cause, now, all_seen=all_seen) for name, cause in list(self._causes.items())]
        return [each for each in told if each]

    def standing(self) -> tuple[Shortfall, ...]:
        return tuple(
            _shortfall(name, Phase.START, cause) for name, cause in self._causes.items() if cause.began_ms is not None
        )

    def _turn(self, name: str, cause: _Cause, now: Now, *, all_seen: bool) -> Shortfall | None:
        monotonic_ms = now.monotonic_ns // 1_000_000
        if cause.began_ms is None:
            if cause.is_due(monotonic_ms):
                cause.began_ms = now.wall_ms
                cause.totals = Counter(reason for reason, _ in cause.lacking.values())
                return _shortfall(name, Phase.START, cause)
            if not cause.lacking:
                del self._causes[name]
            return None
        if not cause.is_over(monotonic_ms, all_seen=all_seen):
            return None
        del self._causes[name]
        return _shortfall(name, Phase.END, cause)


def _shortfall(name: str, phase: Phase, cause: _Cause) -> Shortfall:
    counts = tuple(sorted(cause.totals.items()))
    return Shortfall(cause=name, phase=phase, counts=counts, began_ms=cause.began_ms or 0)
