"""What the collector has to record of a look: who has come, gone and become another; and at the first, who was there.

A first look knows of no change, and a record that began with the first change could not say who was there before. So it
begins with ``scan.began``, and one ``process.seen`` for everybody; so that neither age nor length makes it worthless,
the same is recorded as ``scan.again`` where ``landmarks`` says so. What changed is recorded where it tells of rights;
titles, terminals and parents change all day long and explain nothing afterwards. A digest that came after the process
that it belongs to was recorded is recorded as ``process.hashed``, with the next look.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final

from daemoneye.actors.landmarks import Landmarks
from daemoneye.model.alert import Severity
from daemoneye.model.event import Exited, Field, Modified
from daemoneye.model.record import Moment
from daemoneye.outputs import recorded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from daemoneye.actors.landmarks import Kept
    from daemoneye.lifecycle.digests import Digests
    from daemoneye.lifecycle.tracker import Scan, Tracker
    from daemoneye.model.event import LifecycleEvent, Recordable
    from daemoneye.model.observation import ProcessKey
    from daemoneye.model.record import Entry

BEGAN: Final = "scan.began"
AGAIN: Final = "scan.again"
_OF_RIGHTS: Final = frozenset({Field.CREDENTIALS, Field.LOGIN_UID, Field.ROOT})


class Chronicle:
    def __init__(self, new_id: Callable[[], str], digests: Digests) -> None:
        self._new_id = new_id
        self._digests = digests
        self._landmarks = Landmarks()
        self._bare: set[ProcessKey] = set()  # the living whose image was recorded without a digest
        self._learned: int | None = 0  # what was known when all of them were looked for

    def of(self, scan: Scan, tracker: Tracker, kept: Kept) -> Iterator[Entry]:
        if scan.baseline:
            yield from self._everybody(BEGAN, scan, tracker)
        changes = (event for event in scan.events if _tells(event))
        for event in chain(changes, tracker.hashed(self._come(scan))):
            self._landmarks.add(1)
            yield self._event(event, scan)
        if self._landmarks.is_due(scan.snapshot.monotonic_s, len(scan.snapshot.processes), kept):
            yield from self._everybody(AGAIN, scan, tracker)

    def _everybody(self, kind: str, scan: Scan, tracker: Tracker) -> Iterator[Entry]:
        self._landmarks.look(scan.snapshot.monotonic_s)
        seen = tuple(tracker.seen())
        yield self._look(kind, scan, len(seen))
        for event in seen:
            yield self._event(event, scan)

    def _come(self, scan: Scan) -> Iterator[ProcessKey]:
        """Whose digest is known by now; who has ended needs none."""
        processes, unseen = scan.snapshot.processes, scan.snapshot.unseen
        self._bare = {key for key in self._bare if key in processes or key.pid in unseen}
        learned = self._digests.learned
        news, self._learned = learned != self._learned, None if unseen else learned
        for key in tuple(self._bare) if news else ():
            if key in processes and self._digests.content_of(processes[key].facts):
                yield key

    def _event(self, event: Recordable, scan: Scan) -> Entry:
        content = self._digests.content_of(event.observation.facts)
        if content is not None:
            self._bare.discard(event.key)
        elif not isinstance(event, Exited) and not event.observation.sample.kernel_thread:
            self._bare.add(event.key)
        return recorded.of_event(event, id=self._new_id(), machine=scan.snapshot.machine, hash=content)

    def _look(self, kind: str, scan: Scan, processes: int) -> Entry:
        snapshot = scan.snapshot
        moment = Moment(
            wall_ms=snapshot.wall_ms,
            monotonic_ns=round(snapshot.monotonic_s * 1e9),
            boot_id=snapshot.machine.boot_id,
        )
        return recorded.of_the_agent(
            kind,
            Severity.INFO,
            id=self._new_id(),
            occurred=moment,
            message=f"Whoever is not among the {processes} that follow was not seen at this moment.",
            processes=processes,
            coverage=scan.coverage.as_json(),
        )


def _tells(event: LifecycleEvent) -> bool:
    return not isinstance(event, Modified) or not _OF_RIGHTS.isdisjoint(event.fields)
