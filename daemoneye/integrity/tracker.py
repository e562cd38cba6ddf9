"""The memory of integrity: takes sightings, says what was found, what else has to be asked, and what has to be kept.

It is made of parts that know nothing of each other: baselines, judgement, dedup and shortfalls. Most sightings are of a
program that is what it was, where it was; those are recognised before anything is weighed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from daemoneye.integrity import alarm, wording
from daemoneye.integrity.baselines import CAPACITY, Baseline, Baselines, Key, Source
from daemoneye.integrity.dedup import Dedup
from daemoneye.integrity.kept import Changes, Kept
from daemoneye.integrity.shortfalls import Shortfalls, lacking
from daemoneye.integrity.territory import HOST, Residents, outlives_us
from daemoneye.integrity.verdicts import judge
from daemoneye.model.process import OnDisk

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from daemoneye.integrity.findings import Finding
    from daemoneye.integrity.sighting import Need, Now, Sighting
    from daemoneye.integrity.verdicts import Policy
    from daemoneye.lifecycle.bounded import Occupancy
    from daemoneye.model.alert import Alert, Content, Shortfall


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """``wanted``: see each of these again with what it needs or, if that takes longer than patience, without."""

    alerts: tuple[Alert, ...] = ()
    wanted: tuple[tuple[Sighting, frozenset[Need]], ...] = ()


class Tracker:
    def __init__(
        self,
        *,
        policy: Policy,
        dedup_window_s: float,
        new_id: Callable[[], str],
        kept: Kept | None = None,
        capacity: int = CAPACITY,
    ) -> None:
        kept = kept or Kept()
        self.baselines = Baselines(kept.baselines, capacity=capacity)
        self._policy = policy
        self._dedup = Dedup(dedup_window_s, kept.windows, kept.occasions)
        self._shortfalls = Shortfalls(kept.shortfalls)
        self._residents = Residents()
        self._new_id = new_id

    def apply(self, policy: Policy, dedup_window_s: float) -> None:
        """Go on under other settings."""
        self._policy = policy
        self._dedup.window_s = dedup_window_s

    def observe(self, sightings: Iterable[Sighting], now: Now) -> Outcome:
        alerts: list[Alert] = []
        wanted: list[tuple[Sighting, frozenset[Need]]] = []
        for sighting in sightings:
            if self._is_as_ever(sighting, now.wall_ms):
                continue
            findings, needs = self._weigh(sighting, now)
            alerts += self._say(findings, now)
            if needs:
                wanted.append((sighting, needs))
        return Outcome(alerts=tuple(alerts), wanted=tuple(wanted))

    def exited(self, entity_ids: Iterable[str], now: Now) -> None:
        for entity_id in entity_ids:
            self._dedup.in_order(entity_id)
            self._shortfalls.note(wording.DIGESTS, entity_id, None, now)
            self._desert(self._residents.leave(entity_id))

    def keep_only(self, alive: Collection[str], now: Now) -> None:
        """Take these for all there are: after a time in which ends may have gone unnoticed."""
        known = {*self._dedup.entities, *self._shortfalls.who(wording.DIGESTS), *self._residents}
        self.exited(known.difference(alive), now)

    def still_there(self, keys: Iterable[Key], now_ms: int) -> None:
        """Hear of those who run on: what nobody tells of again is not what was not seen for longest."""
        for key in keys:
            baseline = self.baselines.get(key)
            if baseline is None:
                continue
            if baseline.is_stale(now_ms):
                self.baselines.set(replace(baseline, last_seen_ms=now_ms))
            else:
                self.baselines.touch(baseline)

    def child(self, name: str, trouble: str | None, now: Now) -> None:
        """Hear of a child of the agent: ``quarantined``, ``down``, or ``None`` if it is at work."""
        self._shortfalls.note(name, name, trouble, now)

    def tick(self, now: Now, *, all_seen: bool = True) -> tuple[Alert, ...]:
        """Tell what has been lacking for long enough or, if all were seen, no longer is. To be called every second."""
        told = self._shortfalls.tick(now, all_seen=all_seen)
        return tuple(alarm.of_shortfall(each, self._new_id(), now) for each in told)

    def committed(self, alert_id: str, now_ms: int) -> None:
        self._dedup.commit(alert_id, now_ms)

    def refused(self, alert_id: str) -> None:
        """Hear that it will never be on record."""
        self._dedup.abandon(alert_id)

    def accept(self, path: str, content: Content | None, now_ms: int, namespace: str = HOST) -> Baseline | None:
        """Trust what an operator trusts: this content, or else the one last seen at that path."""
        key = Key(namespace, path)
        before = self.baselines.get(key)
        content = content or (before.last if before else None)
        if content is None:
            return None
        after = (before or Baseline.seeded(key, content, now_ms)).moved(content, Source.OPERATOR, now_ms)
        self.baselines.set(after)
        return after

    def pending(self) -> Changes:
        """All that changed since ``written``; write it before the alerts are sent."""
        return Changes(
            baselines={key: self.baselines.get(key) for key in self.baselines.changed if outlives_us(key.namespace)},
            windows={key: self._dedup.window(key) for key in self._dedup.changed_windows},
            occasions={each: self._dedup.occasions(each) for each in self._dedup.changed_occasions},
            shortfalls=self._shortfalls.standing(),
        )

    def everything(self) -> Changes:
        """All there is, for a store that had to start over."""
        self.baselines.changed.update(each.key for each in self.baselines)
        self._dedup.all_changed()
        return self.pending()

    def written(self) -> None:
        self.baselines.changed.clear()
        self._dedup.changed_windows.clear()
        self._dedup.changed_occasions.clear()

    @property
    def degraded(self) -> tuple[Shortfall, ...]:
        """Whose start was told, and whose end was not."""
        return self._shortfalls.standing()

    @property
    def suppressed(self) -> int:
        """How many findings were counted instead of said, since the start."""
        return self._dedup.suppressed

    @property
    def occupancies(self) -> tuple[Occupancy, ...]:
        return self.baselines.occupancy, *self._dedup.occupancies

    def _is_as_ever(self, sighting: Sighting, now_ms: int) -> bool:
        """Go the short way where the long one would change nothing."""
        content, path, namespace = sighting.running.content, sighting.path, sighting.namespace
        if sighting.on_disk is not OnDisk.PRESENT or content is None or path is None or sighting.running.no_ssdeep:
            return False
        baseline = self.baselines.get(Key(namespace, path))
        if baseline is None or baseline.open or baseline.is_stale(now_ms) or not _says_nothing_new(baseline, content):
            return False
        if not (baseline.package or not self._policy.asks_about(namespace)) or not outlives_us(namespace):
            return False
        entity_id = sighting.process.entity_id
        if self._dedup.has_taken_from(entity_id) or self._shortfalls.lacks(wording.DIGESTS, entity_id):
            return False
        self.baselines.touch(baseline)
        return True

    def _weigh(self, sighting: Sighting, now: Now) -> tuple[tuple[Finding, ...], frozenset[Need]]:
        entity_id, key = sighting.process.entity_id, sighting.key
        self._desert(self._residents.enter(entity_id, sighting.namespace))
        baseline = self.baselines.get(key) if key else None
        if sighting.running.answered:
            missing = lacking(sighting.running, had_before=baseline is not None)
            self._shortfalls.note(wording.DIGESTS, entity_id, missing, now)
        verdict = judge(sighting, baseline, self._policy, now.wall_ms)
        if verdict.baseline:
            self.baselines.set(verdict.baseline)
        elif baseline:
            self.baselines.touch(baseline)
        if not verdict.findings and not verdict.put_off:
            self._dedup.in_order(entity_id)
        return verdict.findings, verdict.needs

    def _say(self, findings: Iterable[Finding], now: Now) -> Iterable[Alert]:
        for finding in findings:
            suppressed = self._dedup.admit(finding, now.wall_ms)
            if suppressed is None:
                continue
            alert = alarm.of_finding(finding, self._new_id(), now, suppressed)
            self._dedup.said(finding, alert.id)
            yield alert

    def _desert(self, namespace: str | None) -> None:
        if namespace is not None:
            self.baselines.forget_namespace(namespace)


def _says_nothing_new(baseline: Baseline, content: Content) -> bool:
    reference = baseline.reference
    return reference.sha256 == content.sha256 and not (reference.ssdeep is None and content.ssdeep is not None)
