"""The one thing to hold on to between two scans.

``observe`` takes a snapshot and gives back a ``Scan``: what happened since the one before, how much was seen, and the
records, made when asked for. The tracker keeps the last snapshot, which is as large as the machine is busy, and the
genealogy, which has a capacity; nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypedDict

from daemoneye.lifecycle import suspicion
from daemoneye.lifecycle.cpu import percent_between, percent_since_start
from daemoneye.lifecycle.diff import comparable, diff
from daemoneye.lifecycle.genealogy import CAPACITY, Genealogy
from daemoneye.lifecycle.measure import measure
from daemoneye.lifecycle.records import record
from daemoneye.model.event import Exec, Exited, Hashed, LifecycleEvent, Modified, Seen, Started

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from daemoneye.lifecycle.bounded import Occupancy
    from daemoneye.lifecycle.diff import Change, Difference
    from daemoneye.lifecycle.digests import Digests
    from daemoneye.model.coverage import Coverage
    from daemoneye.model.event import Ancestor
    from daemoneye.model.observation import Machine, Observation, ProcessKey, Snapshot
    from daemoneye.model.process import ProcessRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """One snapshot and what follows from it."""

    snapshot: Snapshot
    before: Snapshot | None  # of the same boot; None: this scan is the baseline
    events: tuple[LifecycleEvent, ...]
    coverage: Coverage
    digests: Digests | None = None  # what becomes known later shows in records that are made later

    @property
    def baseline(self) -> bool:
        return self.before is None

    def cpu_usage(self, key: ProcessKey) -> float | None:
        now, hz = self.snapshot, self.snapshot.machine.ticks_per_second
        sample = now.processes[key].sample
        then = self.before.processes.get(key) if self.before else None
        if self.before is None or then is None:
            return percent_since_start(sample, monotonic_s=now.monotonic_s, ticks_per_second=hz)
        elapsed_s = now.monotonic_s - self.before.monotonic_s
        return percent_between(then.sample, sample, elapsed_s=elapsed_s, ticks_per_second=hz)

    def record(self, key: ProcessKey) -> ProcessRecord:
        return self.record_of(self.snapshot.processes[key])

    def record_of(self, observation: Observation) -> ProcessRecord:
        """Also of one that is gone: what it used is known, how busy it was at its end is not."""
        alive = observation.key in self.snapshot.processes
        return record(
            self.snapshot.machine,
            observation,
            collected_ms=self.snapshot.wall_ms,
            cpu_usage=self.cpu_usage(observation.key) if alive else None,
            digest=self.digests.of(observation.facts) if self.digests else None,
        )

    def records(self) -> Iterator[ProcessRecord]:
        return map(self.record, self.snapshot.processes)


class _Common(TypedDict):
    observation: Observation
    entity_id: str
    ancestors: tuple[Ancestor, ...]
    detected_ms: int
    detected_monotonic_s: float


class Tracker:
    def __init__(self, *, genealogy_capacity: int = CAPACITY) -> None:
        self._genealogy_capacity = genealogy_capacity
        self._genealogy = Genealogy(genealogy_capacity)
        self._last: Snapshot | None = None
        self._known: Snapshot | None = None  # the last, with what could not be read that time as it was seen before

    def observe(self, snapshot: Snapshot, digests: Digests | None = None) -> Scan:
        if not comparable(self._last, snapshot):
            self._last = self._known = None
        difference = diff(self._known, snapshot)
        known = _with_held(snapshot, difference)
        events = self._begin(known) if self._known is None else self._follow(self._known, known, difference)
        coverage = measure(self._known, snapshot, difference, digests)
        scan = Scan(snapshot=snapshot, before=self._last, events=events, coverage=coverage, digests=digests)
        self._last, self._known = snapshot, known
        return scan

    def _begin(self, now: Snapshot) -> tuple[LifecycleEvent, ...]:
        self._genealogy = Genealogy(self._genealogy_capacity)
        self._genealogy.add(now.processes.values(), _by_pid(now))
        return ()

    def _follow(self, before: Snapshot, now: Snapshot, difference: Difference) -> tuple[LifecycleEvent, ...]:
        """First the exits: a pid that is used again must be free before it starts again."""
        events: list[LifecycleEvent] = [self._exited(each, before, now) for each in difference.exited]
        for each in difference.exited:
            self._genealogy.bury(each.key)
        parents = _by_pid(now) if difference.started else {}
        self._genealogy.add(difference.started, parents)
        events += [self._started(each, now, parents) for each in difference.started]
        for change in difference.changed:
            self._genealogy.show(change.after)
            events += self._changed(change, now)
        return tuple(events)

    def _exited(self, observation: Observation, before: Snapshot, now: Snapshot) -> Exited:
        start_s = observation.sample.start_ticks / now.machine.ticks_per_second
        return Exited(
            **self._common(observation, now),
            run_time_s=max(0.0, now.monotonic_s - start_s),
            run_time_error_s=max(0.0, now.monotonic_s - max(before.monotonic_s, start_s)),
        )

    def _started(self, observation: Observation, now: Snapshot, parents: Mapping[int, ProcessKey]) -> Started:
        suspicions = suspicion.at_start(observation, now, parents)
        return Started(**self._common(observation, now), suspicions=suspicions)

    def _changed(self, change: Change, now: Snapshot) -> Iterator[LifecycleEvent]:
        common = self._common(change.after, now)
        if change.executed:
            yield Exec(**common, before=change.before, suspicions=suspicion.at_exec(change.after))
        if change.fields:
            yield Modified(**common, before=change.before, fields=change.fields)

    def _common(self, observation: Observation, now: Snapshot) -> _Common:
        return {
            "observation": observation,
            "entity_id": now.machine.entity_id(observation.key),
            "ancestors": self.ancestors(observation.key, now.machine),
            "detected_ms": now.wall_ms,
            "detected_monotonic_s": now.monotonic_s,
        }

    def seen(self) -> Iterator[Seen]:
        """Everybody who is known to be there: what can be followed from here on, also who was not to be read now."""
        now = self._known
        if now is not None:
            for observation in now.processes.values():
                yield Seen(**self._common(observation, now))

    def hashed(self, keys: Iterable[ProcessKey]) -> Iterator[Hashed]:
        """Those of the last snapshot whose digests have come by now."""
        now = self._last
        for key in keys if now is not None else ():
            if now and (observation := now.processes.get(key)):
                yield Hashed(**self._common(observation, now))

    def ancestors(self, key: ProcessKey, machine: Machine) -> tuple[Ancestor, ...]:
        """The parent first. May be asked in another thread: then it is as of this look, or of the next."""
        return self._genealogy.chain(key, machine)

    @property
    def occupancies(self) -> tuple[Occupancy, ...]:
        return (self._genealogy.occupancy,)


def _with_held(snapshot: Snapshot, difference: Difference) -> Snapshot:
    if not difference.held:
        return snapshot
    return replace(snapshot, processes={each.key: each for each in difference.held} | dict(snapshot.processes))


def _by_pid(snapshot: Snapshot) -> dict[int, ProcessKey]:
    return {key.pid: key for key in snapshot.processes}
