"""An entry of the journal as the message that a receiver gets."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from daemoneye.errors import DaemoneyeError
from daemoneye.outputs.formats import Format, line
from daemoneye.outputs.native import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Callable

    from daemoneye.model.record import Entry
    from daemoneye.outputs.origin import Origin
    from daemoneye.outputs.syslog import Syslog

# What reading and formatting say of a body that is not what this release or one before it writes.
_WRONG: Final = (ValueError, LookupError, TypeError, AttributeError, RecursionError)


class Unfit(DaemoneyeError):  # noqa: N818 - it says what is to be done with the record, not what went wrong in here
    """No message can be made of it."""


@dataclass(frozen=True, slots=True)
class AsSyslog:
    syslog: Syslog

    def __call__(self, entry: Entry, sequence: int) -> bytes:
        return _made(lambda: self.syslog.message(record_of(entry), sequence))


@dataclass(frozen=True, slots=True)
class AsLine:
    origin: Origin
    limit: int

    def __call__(self, entry: Entry, sequence: int) -> bytes:
        return _made(
            lambda: line(record_of(entry), sequence=sequence, origin=self.origin, format=Format.ECS, limit=self.limit)
        )


def record_of(entry: Entry) -> dict[str, Any]:
    """Its body; what the journal says of itself has only the particulars in there, and gets the rest from beside it."""
    said: dict[str, Any] = json.loads(entry.body)
    if said.get("id") == entry.id:
        return said
    return {
        "schema": SCHEMA,
        "stream": entry.stream.word,
        "kind": entry.kind,
        "id": entry.id,
        "severity": entry.severity.word,
        "wall_ms": entry.occurred.wall_ms,
        "monotonic_ns": entry.occurred.monotonic_ns,
        "boot_id": entry.occurred.boot_id,
        "journal": said,
    }


def _made(make: Callable[[], bytes]) -> bytes:
    try:
        return make()
    except _WRONG as error:
        raise Unfit(f"{type(error).__name__}: {error}") from None
