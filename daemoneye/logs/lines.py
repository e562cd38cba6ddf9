"""An event as one line of bytes. Whatever its fields hold, the line has one end, one meaning and a limited length."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Final, TypeAlias

from daemoneye.sanitize.hostile import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

Field: TypeAlias = str | int | float | bool | None

# PIPE_BUF of Linux: a write of so much is not torn apart by other writers of the same pipe.
LINE_BYTES: Final = 4096
# A path, an error, the last words of a child: what is longer is no longer read, and eight of them fill a line.
FIELD_CHARACTERS: Final = 512
# When fields are many or their characters wide, all are cut shorter until the line fits.
_TIGHTER: Final = (FIELD_CHARACTERS, 128, 32)
_CUT: Final = "…"
# JSON of others ends at 64 bits, and Python refuses to write a number of thousands of digits
_WHOLE: Final = range(-(1 << 63), 1 << 64)

_PRIORITY: Final = {"info": 6, "warning": 4, "error": 3, "critical": 2}  # syslog(3)
_YELLOW, _RED = "\x1b[33m", "\x1b[31m"
_COLOR: Final = {"warning": _YELLOW, "error": _RED, "critical": _RED}
_PLAIN: Final = "\x1b[0m"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    when: datetime
    level: str
    event: str
    role: str
    pid: int
    fields: Mapping[str, Field]


Shape: TypeAlias = "Callable[[Entry, dict[str, Field]], str]"


def line(entry: Entry, shape: Shape) -> bytes:
    for limit in _TIGHTER:
        data = _written(entry, shape, {_text(name, limit): shown(value, limit) for name, value in entry.fields.items()})
        if len(data) <= LINE_BYTES:
            return data
    return _written(entry, shape, {"fields_left_out": len(entry.fields)})


def shown(value: Field, limit: int = FIELD_CHARACTERS) -> Field:
    match value:
        case int() if value not in _WHOLE:  # bool is one too, and fits
            return f"a number of {value.bit_length()} bits"
        case float() if not math.isfinite(value):
            return str(value)  # JSON has no word for it
        case None | int() | float():
            return value
        case _:  # a type checker lets nothing but str through, and a line in a log must not depend on it
            return _text(str(value), limit)


def as_json(entry: Entry, fields: Mapping[str, Field]) -> str:
    """For machines. What every line has comes first, and no field can take its place."""
    when = entry.when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    head = {"ts": when, "level": entry.level, "event": entry.event, "role": entry.role, "pid": entry.pid}
    return json.dumps({**head, **fields, **head}, ensure_ascii=False, separators=(",", ":"))


def for_journald(entry: Entry, fields: Mapping[str, Field]) -> str:
    """The same behind the priority that sd-daemon(3) asks for."""
    return f"<{_PRIORITY[entry.level]}>{as_json(entry, fields)}"


def for_a_person(entry: Entry, fields: Mapping[str, Field]) -> str:
    """A sentence where there is one; otherwise the name and what belongs to it."""
    return _sentence(entry, fields, f"{entry.level}: " if entry.level in _COLOR else "")


def in_color(entry: Entry, fields: Mapping[str, Field]) -> str:
    color = _COLOR.get(entry.level)
    return _sentence(entry, fields, f"{color}{entry.level}{_PLAIN}: " if color else "")


def _sentence(entry: Entry, fields: Mapping[str, Field], level: str) -> str:
    message = fields.get("message")
    said = message if isinstance(message, str) else " ".join([entry.event, *map(_pair, fields.items())])
    return f"{entry.when:%H:%M:%S} {entry.role}: {level}{said}"


def _pair(field: tuple[str, Field]) -> str:
    name, value = field
    bare = not isinstance(value, str) or value.isalnum()
    return f"{name}={value if bare else json.dumps(value, ensure_ascii=False)}"


def _written(entry: Entry, shape: Shape, fields: dict[str, Field]) -> bytes:
    return f"{shape(entry, fields)}\n".encode()


def _text(text: str, limit: int) -> str:
    # cut twice: what is invisible takes more room when it is shown
    seen = printable(text[: limit + 1])
    return seen if len(seen) <= limit else f"{seen[: limit - 1]}{_CUT}"
