"""What each program was when it was last known to be right.

A baseline belongs to a path in one mount namespace and holds two contents. ``last`` follows what is seen. ``reference``
moves only when a package verifies the new content or an operator accepts it: whoever changes a program a little every
day is held against the first day, not against yesterday. Nothing is forgotten because a process ended; what ends a
baseline is lack of room, and that is counted. Those of containers go first, for they come and go with their paths; then
those not seen for longest; those of a program with an open finding go last.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from daemoneye.integrity.territory import HOST
from daemoneye.lifecycle.bounded import Occupancy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from daemoneye.model.alert import Content, PackageVerdict

CAPACITY: Final = 10_000  # programs; a desktop runs some hundreds in a month, a build host some thousands in a day
_FORMER: Final = 8  # references; a process outlives a few upgrades of its program, not many
# The order of eviction needs no better, and a finer one would write every baseline at every scan.
_SEEN_EVERY_MS: Final = 3_600_000


class Key(NamedTuple):
    namespace: str  # see ``territory``
    path: str


class Source(StrEnum):
    """Why a reference is trusted."""

    SEEDED = "seeded"  # it was the first
    PACKAGE = "package"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    key: Key
    reference: Content
    last: Content
    source: Source
    first_seen_ms: int
    last_seen_ms: int
    moved_ms: int  # when the reference became what it is
    package: PackageVerdict | None = None  # of the reference; None: not known yet
    former: tuple[str, ...] = ()  # SHA-256 of earlier references, the latest first: old processes may still run them
    open: bool = False  # there is a finding about this program that nothing has answered yet

    @classmethod
    def seeded(cls, key: Key, content: Content, now_ms: int) -> Baseline:
        return cls(
            key=key,
            reference=content,
            last=content,
            source=Source.SEEDED,
            first_seen_ms=now_ms,
            last_seen_ms=now_ms,
            moved_ms=now_ms,
        )

    def moved(self, content: Content, source: Source, now_ms: int, package: PackageVerdict | None = None) -> Baseline:
        """Trust another content from now on, and remember the one before."""
        former = tuple(each for each in (self.reference.sha256, *self.former) if each != content.sha256)
        return replace(
            self,
            reference=content,
            last=content,
            source=source,
            moved_ms=now_ms,
            last_seen_ms=now_ms,
            package=package,
            former=former[:_FORMER],
            open=False,
        )

    def was_trusted(self, sha256: str) -> bool:
        return sha256 == self.reference.sha256 or sha256 in self.former

    def is_stale(self, now_ms: int) -> bool:
        """Whether the time of the last sight is worth writing again; so it is if the clock was set back."""
        return not 0 <= now_ms - self.last_seen_ms < _SEEN_EVERY_MS


class Baselines:
    """All of them, with a capacity, and which ones have changed since they were last written."""

    def __init__(self, kept: Iterable[Baseline] = (), *, capacity: int = CAPACITY) -> None:
        if capacity < 1:
            raise ValueError(f"baselines: capacity {capacity}: at least 1")
        self._capacity = capacity
        self._evictions = 0
        self._foreign: dict[Key, Baseline] = {}
        self._host: dict[Key, Baseline] = {}
        self._held: dict[Key, Baseline] = {}
        self.changed: set[Key] = set()
        for each in sorted(kept, key=lambda baseline: baseline.last_seen_ms):
            self.set(each)
        self.changed = {key for key in self.changed if self.get(key) is None}  # those for which there was no room

    def __len__(self) -> int:
        return len(self._foreign) + len(self._host) + len(self._held)

    def __iter__(self) -> Iterator[Baseline]:
        for shelf in self._shelves:
            yield from shelf.values()

    def get(self, key: Key) -> Baseline | None:
        return self._shelf(key).get(key) or self._held.get(key)

    def touch(self, baseline: Baseline) -> None:
        """Note that it was seen, without a change: it moves to the end of those that may be forgotten."""
        shelf = self._held if baseline.open else self._shelf(baseline.key)
        del shelf[baseline.key]
        shelf[baseline.key] = baseline

    def set(self, baseline: Baseline) -> None:
        key = baseline.key
        if not (self._shelf(key).pop(key, None) or self._held.pop(key, None)) and len(self) >= self._capacity:
            self._evict()
        (self._held if baseline.open else self._shelf(key))[key] = baseline
        self.changed.add(key)

    def forget(self, key: Key) -> None:
        if self._shelf(key).pop(key, None) or self._held.pop(key, None):
            self.changed.add(key)

    def forget_namespace(self, namespace: str) -> None:
        """Its number will be given to another one, of which these say nothing."""
        for key in [each.key for each in self if each.key.namespace == namespace]:
            self.forget(key)

    @property
    def occupancy(self) -> Occupancy:
        return Occupancy("baselines", len(self), self._capacity, self._evictions)

    @property
    def _shelves(self) -> tuple[dict[Key, Baseline], ...]:
        return self._foreign, self._host, self._held

    def _shelf(self, key: Key) -> dict[Key, Baseline]:
        return self._host if key[0] == HOST else self._foreign

    def _evict(self) -> None:
        oldest = next(key for shelf in self._shelves for key in shelf)
        self.forget(oldest)
        self._evictions += 1
