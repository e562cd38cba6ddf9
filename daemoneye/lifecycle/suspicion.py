"""Facts about a beginning that do not fit the rest of the picture.

None of them is proof. A start in the future means that somebody, or a broken clock, rewrites what the kernel says; a
parent younger than its child means that the pid was reused while we looked, or the same; an image that is not on disk
is how fileless code runs, and also what an upgrade at the wrong moment looks like.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from daemoneye.lifecycle.genealogy import can_be_parent
from daemoneye.model.event import Suspicion
from daemoneye.model.process import OnDisk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemoneye.model.observation import Observation, ProcessKey, Snapshot

# A scan has one time stamp and takes a while; what starts during it is honestly later than the stamp. Ten seconds is
# twice the default interval between scans: a scan that takes longer has other troubles.
FUTURE_TOLERANCE_S: Final = 10.0

_NOT_ON_DISK: Final = frozenset({OnDisk.DELETED, OnDisk.REPLACED, OnDisk.MEMFD})


def at_start(observation: Observation, snapshot: Snapshot, by_pid: Mapping[int, ProcessKey]) -> tuple[Suspicion, ...]:
    facts = {
        Suspicion.START_IN_FUTURE: _starts_in_future(observation, snapshot),
        Suspicion.PARENT_MISMATCH: _parent_mismatch(observation, by_pid),
        Suspicion.DELETED_IMAGE: not_on_disk(observation),
    }
    return tuple(suspicion for suspicion, holds in facts.items() if holds)


def at_exec(observation: Observation) -> tuple[Suspicion, ...]:
    return (Suspicion.DELETED_IMAGE,) if not_on_disk(observation) else ()


def not_on_disk(observation: Observation) -> bool:
    return observation.facts.on_disk in _NOT_ON_DISK


def _starts_in_future(observation: Observation, snapshot: Snapshot) -> bool:
    # on the clock that start ticks count in: the wall clock is stepped for honest reasons, and would accuse everybody
    start_s = observation.sample.start_ticks / snapshot.machine.ticks_per_second
    return start_s > snapshot.monotonic_s + FUTURE_TOLERANCE_S


def _parent_mismatch(observation: Observation, by_pid: Mapping[int, ProcessKey]) -> bool:
    parent = by_pid.get(observation.sample.ppid)
    return parent is not None and not can_be_parent(parent, observation.key)
