"""Alerts and events as entries of the journal: the native record, and the words by which it will be looked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from daemoneye.model.alert import Severity
from daemoneye.model.record import LONGEST_BODY, Entry, Moment, Stream
from daemoneye.outputs import native
from daemoneye.outputs.formats import kept
from daemoneye.sanitize.hostile import decodable

if TYPE_CHECKING:
    from daemoneye.model.alert import Alert, Content
    from daemoneye.model.event import Recordable
    from daemoneye.model.observation import Machine


# As much as a column takes: a file's name has 255 bytes, each of which may have to be shown as four.
_LONGEST_NAME: Final = 512


def of_alert(alert: Alert) -> Entry:
    process, ancestors = alert.process, alert.evidence.ancestors if alert.evidence else ()
    return Entry(
        id=alert.id,
        stream=Stream.ALERTS,
        severity=alert.severity,
        kind=alert.rule.value,
        occurred=Moment(wall_ms=alert.wall_ms, monotonic_ns=alert.monotonic_ns, boot_id=alert.boot_id),
        body=kept(native.of_alert(alert), LONGEST_BODY),
        pid=process.pid if process else None,
        entity_id=process.entity_id if process else None,
        parent_entity_id=ancestors[0].entity_id if ancestors else None,
        name=_name(process.name) if process else None,
        sha256=alert.hash.sha256 if alert.hash else None,
    )


def of_event(event: Recordable, *, id: str, machine: Machine, hash: Content | None = None) -> Entry:  # noqa: A002 - the name of the column
    """``hash`` is of the running image, where it is known by now."""
    body = native.of_event(event, id=id, machine=machine, hash=hash)
    return Entry(
        id=id,
        stream=Stream.EVENTS,
        severity=Severity.INFO,
        kind=body["kind"],
        occurred=Moment(wall_ms=body["wall_ms"], monotonic_ns=body["monotonic_ns"], boot_id=body["boot_id"]),
        body=kept(body, LONGEST_BODY),
        pid=event.key.pid,
        entity_id=event.entity_id,
        parent_entity_id=event.ancestors[0].entity_id if event.ancestors else None,
        name=_name(event.observation.facts.name),
        sha256=hash.sha256 if hash else None,
    )


def of_the_agent(kind: str, severity: Severity, *, id: str, occurred: Moment, message: str, **details: Any) -> Entry:  # noqa: A002
    """What the agent has to say of itself, as an event: a line among the alerts is somebody's reason to act."""
    said = {
        "schema": native.SCHEMA,
        "stream": native.EVENTS,
        "kind": kind,
        "id": id,
        "severity": severity.word,
        "wall_ms": occurred.wall_ms,
        "monotonic_ns": occurred.monotonic_ns,
        "boot_id": occurred.boot_id,
        "message": message,
    }
    return Entry(
        id=id,
        stream=Stream.EVENTS,
        severity=severity,
        kind=kind,
        occurred=occurred,
        body=kept(said | details, LONGEST_BODY),
    )


def _name(text: str) -> str:
    return decodable(text).encode()[:_LONGEST_NAME].decode("utf-8", "ignore")
