"""An entry of the journal as a document: for programs as one line of JSON, for our own tables as plain values.

What the journal proves are the bytes of the body; who wrote them may have been an earlier release, or nobody of us. So
the columns beside it have the last word, and a body that is not what it should be is shown as it is.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from daemoneye.model.alert import Severity
from daemoneye.outputs.formats import Format, line

if TYPE_CHECKING:
    from daemoneye.model.lookup import RecordedEntry
    from daemoneye.outputs.origin import Origin

# What a format can make of a body that is no record of ours.
_NOT_A_RECORD: Final = (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError)


def native(entry: RecordedEntry) -> dict[str, Any]:
    """The record, in our own names."""
    return _body(entry) | _columns(entry)


def as_line(entry: RecordedEntry, form: str, origin: Origin) -> str:
    """In that schema; in our own names what it has no place for."""
    bare = {"unreadable": entry.body} | _columns(entry)
    for body in (native(entry), bare):
        with suppress(*_NOT_A_RECORD):
            return line(body, sequence=entry.sequence, origin=origin, format=Format(form)).decode()
    return line(bare, sequence=entry.sequence, origin=origin, format=Format.NATIVE).decode()


def _body(entry: RecordedEntry) -> dict[str, Any]:
    try:
        body = json.loads(entry.body)
    except (ValueError, RecursionError):
        body = entry.body
    if isinstance(body, dict) and "schema" in body:
        return body
    # the journal's own entries, which have no more to say than numbers, and what nobody can read
    return {"details": body}


def _columns(entry: RecordedEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "stream": entry.stream,
        "kind": entry.kind,
        "severity": Severity(entry.severity).word,
        "wall_ms": entry.wall_ms,
        "monotonic_ns": entry.monotonic_ns,
        "boot_id": entry.boot_id,
    }


def text_at(document: object, *path: str) -> str | None:
    """A text somewhere in a document, if there is one."""
    found = _at(document, path)
    return found if isinstance(found, str) and found else None


def number_at(document: object, *path: str) -> int | float | None:
    found = _at(document, path)
    return found if isinstance(found, int | float) and not isinstance(found, bool) else None


def texts_at(document: object, *path: str) -> list[str]:
    found = _at(document, path)
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []


def _at(document: object, path: tuple[str, ...]) -> object:
    for name in path:
        if isinstance(document, list):
            document = document[0] if document else None
        document = document.get(name) if isinstance(document, dict) else None
    return document
