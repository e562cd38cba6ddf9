"""Says a finding once, and how often it came since.

Findings are alike if the rule, the executable and the change are the same, whichever process shows it. The first is
said; those that follow within the window are counted, and the count goes out with the next that is said. The window
runs from the moment the alert is committed, and before that nothing like it is said either: an alert on its way is
kept by its sender until it has arrived. One that was refused is forgotten, with its window.

The same process seen again with the same finding is not another occasion: it neither counts nor repeats, until it was
seen in order in between. Nor is one whose digests could be had only afterwards, or no longer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from daemoneye.lifecycle.bounded import BoundedMap

if TYPE_CHECKING:
    from collections.abc import Iterable

    from daemoneye.integrity.findings import Finding
    from daemoneye.lifecycle.bounded import Occupancy

Name = TypeVar("Name")

CAPACITY: Final = 10_000  # as many changes as there can be baselines; and processes that have findings


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What was said last about one change."""

    key: bytes
    alert_id: str
    committed_ms: int | None = None  # None: it is on its way
    suppressed: int = 0  # since


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasions:
    """The findings already taken from one process."""

    entity_id: str
    keys: frozenset[bytes]


class Dedup:
    def __init__(
        self,
        window_s: float,
        windows: Iterable[Window] = (),
        occasions: Iterable[Occasions] = (),
        *,
        capacity: int = CAPACITY,
    ) -> None:
        self.window_s = window_s
        self._windows: BoundedMap[bytes, Window] = BoundedMap("dedup_windows", capacity)
        self._occasions: BoundedMap[str, frozenset[bytes]] = BoundedMap("dedup_occasions", capacity)
        self._on_its_way: dict[str, bytes] = {}
        self.suppressed = 0  # since the start
        self.changed_windows: set[bytes] = set()
        self.changed_occasions: set[str] = set()
        for window in windows:
            self._set(window)
            if window.committed_ms is None:
                self._on_its_way[window.alert_id] = window.key
        for each in occasions:
            self._take(each.entity_id, each.keys)
        # of what was read, only that for which there is no room has to be written, as forgotten
        self.changed_windows.difference_update(self._windows)
        self.changed_occasions.difference_update(self._occasions)

    def admit(self, finding: Finding, now_ms: int) -> int | None:
        """Return how many were kept back since the last, if this one is to be said; ``None`` if it is not."""
        entity_id, key = finding.sighting.process.entity_id, finding.key
        taken = self._occasions.get(entity_id) or frozenset()
        if not taken.isdisjoint(finding.likes):
            return None
        self._take(entity_id, taken | {key, finding.outline})
        window = self._windows.get(key)
        if window is None:
            return 0
        if self._is_open(window, now_ms):
            return window.suppressed
        self._set(replace(window, suppressed=window.suppressed + 1))
        self.suppressed += 1
        return None

    def said(self, finding: Finding, alert_id: str) -> None:
        self._set(Window(key=finding.key, alert_id=alert_id))
        self._on_its_way[alert_id] = finding.key

    def commit(self, alert_id: str, now_ms: int) -> None:
        """Start the window of an alert that is on record. To hear it twice does no harm."""
        window = self._arrived(alert_id)
        if window and window.alert_id == alert_id:  # with a window of nothing, the next is on its way already
            self._set(replace(window, committed_ms=now_ms))

    def abandon(self, alert_id: str) -> None:
        """Forget an alert that will never be on record: the next finding like it is said."""
        window = self._arrived(alert_id)
        if window and window.alert_id == alert_id:
            self._windows.discard(window.key)
            self.changed_windows.add(window.key)

    def in_order(self, entity_id: str) -> None:
        """Take what this process shows from now on for new; also when it has ended."""
        if self._occasions.get(entity_id) is not None:
            self._occasions.discard(entity_id)
            self.changed_occasions.add(entity_id)

    @property
    def entities(self) -> frozenset[str]:
        return frozenset(self._occasions)

    def has_taken_from(self, entity_id: str) -> bool:
        return self._occasions.get(entity_id) is not None

    def window(self, key: bytes) -> Window | None:
        return self._windows.get(key)

    def occasions(self, entity_id: str) -> Occasions | None:
        keys = self._occasions.get(entity_id)
        return Occasions(entity_id=entity_id, keys=keys) if keys is not None else None

    def all_changed(self) -> None:
        self.changed_windows.update(self._windows)
        self.changed_occasions.update(self._occasions)

    @property
    def occupancies(self) -> tuple[Occupancy, ...]:
        return self._windows.occupancy, self._occasions.occupancy

    def _is_open(self, window: Window, now_ms: int) -> bool:
        if self.window_s == 0:
            return True
        # a clock that was set back must not keep anything back for longer
        return window.committed_ms is not None and not 0 <= now_ms - window.committed_ms < self.window_s * 1000

    def _arrived(self, alert_id: str) -> Window | None:
        key = self._on_its_way.pop(alert_id, None)
        return self._windows.get(key) if key is not None else None

    def _set(self, window: Window) -> None:
        self.changed_windows |= {window.key, *_crowded_out(self._windows, window.key)}
        self._windows.set(window.key, window)

    def _take(self, entity_id: str, keys: frozenset[bytes]) -> None:
        self.changed_occasions |= {entity_id, *_crowded_out(self._occasions, entity_id)}
        self._occasions.set(entity_id, keys)


def _crowded_out(known: BoundedMap[Name, Any], key: Name) -> tuple[Name, ...]:
    """What has to go for another one."""
    full = known.occupancy.entries >= known.occupancy.capacity
    return (next(iter(known)),) if full and known.get(key) is None else ()
