"""Alerts and events to be recorded that can be counted: each has its number in its id, its time and its message."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from daemoneye.journal.ids import uuid7
from daemoneye.model.alert import Severity
from daemoneye.model.record import Entry, Moment, Stream
from daemoneye.outputs import recorded
from tests.fakes import outgoing

if TYPE_CHECKING:
    from collections.abc import Iterable

SEVERITIES = tuple(Severity)


def alert(number: int, severity: Severity = Severity.HIGH) -> Entry:
    said = outgoing.alert(id=uuid7(number, 0, number), wall_ms=number, message=f"number {number}", severity=severity)
    return recorded.of_alert(said)


def event(number: int, severity: Severity = Severity.INFO, size: int = 0) -> Entry:
    return Entry(
        id=uuid7(number, 1, number),
        stream=Stream.EVENTS,
        severity=severity,
        kind="process.started",
        occurred=Moment(wall_ms=number, monotonic_ns=number, boot_id=outgoing.BOOT),
        body=json.dumps({"message": f"number {number}", "padding": "x" * size}).encode(),
    )


def alerts(numbers: Iterable[int]) -> tuple[Entry, ...]:
    return tuple(map(alert, numbers))


def events(numbers: Iterable[int]) -> tuple[Entry, ...]:
    return tuple(map(event, numbers))


def number_of(entry: Entry) -> int:
    return entry.occurred.wall_ms
