"""How far a receiver has acknowledged. What is after it is sent, again if need be; nothing before it ever is.

A journal that had to begin anew counts from one again, so a cursor belongs to a chain.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, replace
from typing import Final

from daemoneye.errors import HostileInput
from daemoneye.model.record import Stream

FORMAT: Final = "daemoneye.forwarder.cursor.v1"
_LARGEST: Final = 2**56 - 1  # what the journal can count to
_CHAIN: Final = re.compile(r"[0-9a-f]{0,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Sequences; what is at or before them is settled. No chain: nothing was ever sent."""

    chain: str = ""
    alerts: int = 0
    events: int = 0

    def of(self, stream: Stream) -> int:
        return self.alerts if stream is Stream.ALERTS else self.events

    def moved(self, stream: Stream, sequence: int) -> Cursor:
        return replace(self, alerts=sequence) if stream is Stream.ALERTS else replace(self, events=sequence)

    def to_bytes(self) -> bytes:
        return json.dumps({"format": FORMAT} | asdict(self)).encode() + b"\n"

    @classmethod
    def of_bytes(cls, data: bytes) -> Cursor:
        try:
            said = json.loads(data)
            chain, alerts, events = said["chain"], said["alerts"], said["events"]
            right = said["format"] == FORMAT and _CHAIN.fullmatch(chain) and {type(alerts), type(events)} == {int}
            right = right and 0 <= alerts <= _LARGEST and 0 <= events <= _LARGEST
        except (ValueError, LookupError, TypeError, RecursionError):
            raise HostileInput("not a cursor") from None
        if not right:
            raise HostileInput("not a cursor")
        return cls(chain=chain, alerts=alerts, events=events)
