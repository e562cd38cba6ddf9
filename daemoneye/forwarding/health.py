"""What an agent says of itself, so that its silence can be told from a quiet day.

It carries an anchor of the journal: kept by the receiver, it proves later that nothing was cut off or made anew. It is
no record: it is sent now and then, once, and the next one says more than the one that was lost.
"""

from __future__ import annotations

import json
import time
import uuid
from typing import TYPE_CHECKING, Final

from daemoneye.model.record import Stream

if TYPE_CHECKING:
    from daemoneye.forwarding.delivery import Delivery
    from daemoneye.outputs.origin import Origin

FORMAT: Final = "daemoneye.health.v1"
EVERY_S: Final = 60.0  # three missed in a row are noticed within the five minutes that most dashboards look back


class Health:
    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._due_s = 0.0
        self.anchor = ""  # of the journal; where there is one, there is something to report

    def due(self, now_s: float) -> bool:
        """Whether to ask for an anchor."""
        return not self.anchor and now_s >= self._due_s

    def report(self, delivery: Delivery, now_s: float) -> tuple[str, bytes]:
        self._due_s = now_s + EVERY_S
        identity = str(uuid.uuid4())
        said = {
            "format": FORMAT,
            "id": identity,
            "at_ms": time.time_ns() // 1_000_000,
            "host": {"id": self._origin.host_id, "name": self._origin.host_name},
            "version": self._origin.version,
            "recorded": {stream.word: delivery.recorded(stream) for stream in Stream},
            "acknowledged": {stream.word: delivery.cursor.of(stream) for stream in Stream},
            "set_aside": delivery.set_aside,
            "anchor": json.loads(self.anchor),
        }
        self.anchor = ""
        return identity, json.dumps(said).encode()
