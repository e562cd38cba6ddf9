"""The three schemas, behind one function; and the way back from a line to its place in the stream."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from daemoneye.outputs import ecs, ocsf
from daemoneye.outputs.fitting import fit

if TYPE_CHECKING:
    from collections.abc import Callable

    from daemoneye.outputs.fitting import Path
    from daemoneye.outputs.native import Json
    from daemoneye.outputs.origin import Origin

# The longest line that osquery writes. What the journal takes, four times over, stays below it: nothing is cut.
LONGEST_LINE: Final = 1024 * 1024
# Every record fits in here, whatever the host put into its names: OCSF needs 700 bytes when all details have gone.
SHORTEST_LIMIT: Final = 720


class Format(StrEnum):
    """The words of ``outputs.jsonl.format``."""

    ECS = "ecs"
    OCSF = "ocsf"
    NATIVE = "native"


class _Schema(NamedTuple):
    document: Callable[[Json, int, Origin], Json]
    sequence: Path
    id: Path
    mark: Path
    expendable: tuple[Path, ...]


def _native(body: Json, sequence: int, origin: Origin) -> Json:
    agent = {"version": origin.version, "host_name": origin.host_name, "host_id": origin.host_id}
    return {"time": ecs.timestamp(body["wall_ms"])} | body | {"sequence": sequence, "agent": agent}


_SCHEMAS: Final = {
    Format.ECS: _Schema(ecs.document, ("event", "sequence"), ("event", "id"), ecs.MARK, ecs.EXPENDABLE),
    Format.OCSF: _Schema(ocsf.document, ("metadata", "sequence"), ("metadata", "uid"), ocsf.MARK, ocsf.EXPENDABLE),
    Format.NATIVE: _Schema(
        _native,
        ("sequence",),
        ("id",),
        ("truncated",),
        (
            ("evidence",),
            ("before",),
            ("ancestors",),
            ("recheck",),
            ("process", "credentials"),
            ("process", "container"),
            ("process", "command_line"),
            ("process", "working_directory"),
            ("process", "root"),
            ("process", "file"),
            ("process", "tty"),
            ("shortfall",),
            ("suspicions",),
            ("fields",),
            ("agent",),
            ("process", "name"),
            ("process", "user"),
            ("hash", "ssdeep"),
            ("process", "executable"),
            ("message",),
        ),
    ),
}


def line(body: Json, *, sequence: int, origin: Origin, format: Format, limit: int = LONGEST_LINE) -> bytes:  # noqa: A002 - the word of the settings
    """One record as JSON in UTF-8 of at most ``limit`` bytes, without a line feed anywhere."""
    schema = _SCHEMAS[format]
    return fit(schema.document(body, sequence, origin), limit, mark=schema.mark, expendable=schema.expendable)


def kept(body: Json, limit: int) -> bytes:
    """Encode the native record as the journal keeps it; what is too long even for that is cut, and says so."""
    schema = _SCHEMAS[Format.NATIVE]
    return fit(body, limit, mark=schema.mark, expendable=schema.expendable)


class Mark(NamedTuple):
    """Which record a line is."""

    sequence: int
    id: str


def mark_of(written: bytes) -> Mark | None:
    """Find what a line of any of these formats says of itself, so that a writer knows where it stopped."""
    try:
        found = json.loads(written)
    except ValueError:
        return None
    for schema in _SCHEMAS.values():
        sequence, identity = _at(found, schema.sequence), _at(found, schema.id)
        if type(sequence) is int and isinstance(identity, str):
            return Mark(sequence, identity)
    return None


def sequence_of(written: bytes) -> int | None:
    mark = mark_of(written)
    return mark.sequence if mark else None


def _at(document: object, path: Path) -> object:
    for name in path:
        document = document.get(name) if isinstance(document, dict) else None
    return document
