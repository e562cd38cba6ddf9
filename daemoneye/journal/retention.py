"""What goes when something must, and the words in which the journal says what has gone.

Low severity first, within a severity events before alerts, within a lane the old before the new. A *tombstone* names
exactly what went, and carries the *cuts*: where each lane begins from now on, with the digest that its first remaining
entry follows. Only the last tombstone is needed to verify; older ones are entries like others, and go like others.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from daemoneye.errors import HostileInput
from daemoneye.journal.chain import LANE_OF, Head, Lane
from daemoneye.journal.entry import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

TOMBSTONE: Final = "journal.tombstone"
STEP: Final = 1000  # entries; one tombstone names them all, and one transaction is still short on a slow disk
# What JSON that is not what it should be can end in, from the parser to the last field.
NOT_IT: Final = (ValueError, TypeError, KeyError, AttributeError, RecursionError)
_SLACK: Final = 32  # a day for a month: without it every entry that came of age would leave a tombstone of its own


class Reason(StrEnum):
    SIZE = "size"
    AGE = "age"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    max_bytes: int  # of the file and its write-ahead log
    max_age_ms: int
    checkpoint_every: int = 10_000  # entries; half a second of the fastest stream, and 1.5 KiB are nothing beside them
    waiting_entries: int = 20_000  # one second of the fastest stream
    waiting_bytes: int = 16 << 20  # as many of usual length, and sixty-four of the longest


def goes_first(filled: Iterable[Lane]) -> Lane:
    return min(filled, key=lambda lane: (lane.severity, -lane.stream))


def is_due(oldest_ms: int, now_ms: int, max_age_ms: int) -> bool:
    """Wait a little beyond the limit, so that what goes by age goes in lots."""
    return oldest_ms < now_ms - max_age_ms - max_age_ms // _SLACK


def tombstone(lane: Lane, reason: Reason, sequences: Sequence[int], cuts: Mapping[Lane, Head]) -> bytes:
    stream, severity = lane.word.split("/")
    return canonical(
        {
            "reason": reason,
            "stream": stream,
            "severity": severity,
            "count": len(sequences),
            "sequences": ranges(sequences),
            "cuts": heads_as_json(cuts),
        }
    )


def cuts_of(body: bytes) -> dict[Lane, Head]:
    try:
        return heads_of_json(json.loads(body)["cuts"])
    except NOT_IT as error:
        raise HostileInput(f"not a tombstone ({type(error).__name__})") from None


def gone_of(body: bytes) -> tuple[str, list[tuple[int, int]]]:
    """Return the stream and the ranges that a tombstone names."""
    try:
        said = json.loads(body)
        return said["stream"], [(int(first), int(last)) for first, last in said["sequences"]]
    except NOT_IT as error:
        raise HostileInput(f"not a tombstone ({type(error).__name__})") from None


def ranges(rising: Iterable[int]) -> list[list[int]]:
    """Write 1, 2, 3, 7 as 1-3, 7-7."""
    found: list[list[int]] = []
    for number in rising:
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return found


def heads_as_json(heads: Mapping[Lane, Head]) -> dict[str, list[object]]:
    return {lane.word: [head.ordinal, head.sequence, head.digest.hex()] for lane, head in heads.items()}


def heads_of_json(said: Mapping[str, tuple[int, int, str]]) -> dict[Lane, Head]:
    """Read them back; whatever else stands there is one of ``NOT_IT``."""
    return {LANE_OF[word]: _head(*numbers) for word, numbers in said.items()}


def _head(ordinal: int, sequence: int, digest: str) -> Head:
    if type(ordinal) is not int or type(sequence) is not int:
        raise TypeError("a number")
    return Head(ordinal, sequence, bytes.fromhex(digest))
