"""What the journal takes of what can be recorded, and what it refuses."""

from __future__ import annotations

import json
import re
from enum import StrEnum
from typing import Any, Final

from daemoneye.model.alert import Severity
from daemoneye.model.record import LONGEST_BODY, Entry, Moment, Stream

__all__ = ["LONGEST_BODY", "Entry", "Moment", "Severity", "Stream", "Why", "canonical", "fault"]

_LONGEST_TEXT: Final = 512  # bytes; a name has at most 63, a digest 64, an entity 32
_LARGEST: Final = 2**63 - 1  # what a column of SQLite holds
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}").fullmatch
_KIND: Final = re.compile(r"[a-z][a-z0-9._-]{0,63}").fullmatch


class Why(StrEnum):
    """Why an entry was refused. It will be refused again: sending it once more is of no use."""

    MALFORMED = "malformed"
    TOO_LONG = "too_long"
    OTHER_CONTENT = "other_content"  # its id is that of another fact: one of the two is not what it says it is


def fault(entry: Entry) -> Why | None:
    """Tell what is wrong with an entry by itself."""
    texts = (entry.occurred.boot_id, entry.entity_id, entry.parent_entity_id, entry.name, entry.sha256)
    try:
        too_long = any(text and _length(text) > _LONGEST_TEXT for text in texts)
    except UnicodeEncodeError:
        return Why.MALFORMED  # a stray byte of the host; whoever sent this forgot to make it visible
    if len(entry.body) > LONGEST_BODY or too_long:
        return Why.TOO_LONG
    numbers = (entry.occurred.wall_ms, entry.occurred.monotonic_ns, entry.pid or 0)
    right = _UUID(entry.id) and _KIND(entry.kind) and all(0 <= number <= _LARGEST for number in numbers)
    return None if right else Why.MALFORMED


def _length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def canonical(fact: Any) -> bytes:
    """Write JSON the one way this project writes it: sorted, compact, UTF-8."""
    return json.dumps(fact, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
