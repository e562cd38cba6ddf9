"""What the collector has to record of a look: who has come, gone and become another; and at the first, who was there.

A first look knows of no change, and a record that began with the first change could not say who was there before. So it
begins with ``scan.began``, and one ``process.seen`` for everybody. What changed is recorded where it tells of rights;
titles, terminals and parents change all day long and explain nothing afterwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from daemoneye.model.alert import Severity
from daemoneye.model.event import Field, Modified
from daemoneye.model.record import Moment
from daemoneye.outputs import recorded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from daemoneye.lifecycle.tracker import Scan, Tracker
    from daemoneye.model.event import LifecycleEvent
    from daemoneye.model.record import Entry

BEGAN: Final = "scan.began"
_OF_RIGHTS: Final = frozenset({Field.CREDENTIALS, Field.LOGIN_UID, Field.ROOT})


class Chronicle:
    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id

    def of(self, scan: Scan, tracker: Tracker) -> Iterator[Entry]:
        machine = scan.snapshot.machine
        if scan.baseline:
            yield self._began(scan)
        for event in tracker.seen() if scan.baseline else filter(_tells, scan.events):
            yield recorded.of_event(event, id=self._new_id(), machine=machine)

    def _began(self, scan: Scan) -> Entry:
        snapshot = scan.snapshot
        moment = Moment(
            wall_ms=snapshot.wall_ms,
            monotonic_ns=round(snapshot.monotonic_s * 1e9),
            boot_id=snapshot.machine.boot_id,
        )
        return recorded.of_the_agent(
            BEGAN,
            Severity.INFO,
            id=self._new_id(),
            occurred=moment,
            message=f"Whoever is not among the {len(snapshot.processes)} that follow was not seen at this moment.",
            processes=len(snapshot.processes),
            coverage=scan.coverage.as_json(),
        )


def _tells(event: LifecycleEvent) -> bool:
    return not isinstance(event, Modified) or not _OF_RIGHTS.isdisjoint(event.fields)
