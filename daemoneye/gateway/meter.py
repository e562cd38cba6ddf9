"""Counts what is told to the gateway, for the metrics: of each look, and of the clients."""

from __future__ import annotations

import re
from collections import Counter
from itertools import starmap
from typing import TYPE_CHECKING, Final

from daemoneye.gateway import tellings
from daemoneye.outputs.exposition import render
from daemoneye.outputs.metrics import families
from daemoneye.outputs.tallies import Distribution, Filling, Sink, Tallies

if TYPE_CHECKING:
    from collections.abc import Iterable

    from daemoneye.gateway.notebook import Notebook
    from daemoneye.messages.observation import Scanned
    from daemoneye.model.status import Status

_NOT_IN_A_NAME: Final = re.compile(r"[^a-z0-9_]+")


class Meter:
    """Since the start of the gateway; looks that it was not told of are not in it."""

    def __init__(self) -> None:
        self._enumerations = Distribution()
        self._reads: Counter[str] = Counter()
        self._unobserved: int | None = None
        self._occupancies: tuple[tuple[str, int, int, int], ...] = ()

    def scanned(self, told: Scanned) -> None:
        self._occupancies = tuple((each.name, each.entries, each.capacity, each.evictions) for each in told.occupancies)
        if told.failed:
            return  # then the coverage is an earlier one's
        self._enumerations = self._enumerations.with_one(told.duration_s)
        self._reads["full"] += told.coverage.fully_read
        self._reads["partial"] += told.coverage.partly_read
        if told.coverage.came_and_went_at_most is not None:
            self._unobserved = (self._unobserved or 0) + told.coverage.came_and_went_at_most

    def text(self, status: Status, max_clients: int, notebook: Notebook, sinks: Iterable[Sink] = ()) -> str:
        """Say all of it, in the text format of Prometheus."""
        scanned = self._reads.total() > 0
        hashing, integrity = notebook.hashing, notebook.integrity
        bounded = (*(hashing.bounded if hashing else ()), *(integrity.bounded if integrity else ()))
        tallies = Tallies(
            enumerations=self._enumerations if scanned else None,
            process_reads=tuple(sorted(self._reads.items())),
            starts_unobserved=self._unobserved,
            hash_bytes=hashing.bytes_read if hashing else None,
            hash_files=hashing.files if hashing else (),
            alerts=integrity.alerts if integrity else (),
            alerts_suppressed=integrity.suppressed if integrity else None,
            degraded=integrity.degraded if integrity else (),
            fillings=(*starmap(_filling, (*self._occupancies, *bounded)), *_clients(status, max_clients)),
            sinks=(*_alert_file(status), *map(tellings.sink, status.sinks), *sinks),
        )
        return render(families(status, tallies))


def _filling(called: str, entries: int, capacity: int, evictions: int) -> Filling:
    name = _NOT_IN_A_NAME.sub("_", called.lower())
    return Filling(name=name, entries=entries, capacity=capacity, evictions=evictions)


def _alert_file(status: Status) -> tuple[Sink, ...]:
    file = status.journal.alert_file if status.journal else None
    return (Sink(name="jsonl", up=not file.trouble, sent=file.written),) if file else ()


def _clients(status: Status, capacity: int) -> tuple[Filling, ...]:
    if status.clients is None:
        return ()
    turned_away = dict(status.clients.dropped).get("crowd", 0)
    connected = status.clients.connected
    return (Filling(name="ipc_clients", entries=connected, capacity=capacity, evictions=turned_away),)
