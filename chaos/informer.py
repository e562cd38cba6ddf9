"""An actor that raises the alarm without end: a child of the tree like any other, in a tree that `informed` makes.

- What for: alerts that are numbered, so that after anything that was done to the agent they can be counted.
- Privilege: none. It may write in the directory of logs, where it notes the number of each alert that was acknowledged.
- Takes: what every child takes, and ``Kept`` of the journal.
- Says: ``Keep`` to the journal.
- Dies: when it is killed. The next life of it goes on with higher numbers, since they are microseconds.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from daemoneye.actors.base import RoleActor
from daemoneye.actors.custody import Custody
from daemoneye.host.clocks import Clocks
from daemoneye.journal.ids import uuid7
from daemoneye.model.alert import Alert, Rule, Severity
from daemoneye.outputs import recorded

if TYPE_CHECKING:
    from daemoneye.messages.record import Kept
    from daemoneye.model.record import Entry

JOURNAL: Final = "journal"
NOTES: Final = "acknowledged"  # in the directory of logs
_SEVERITIES: Final = tuple(Severity)
# Some batches of one, and some of many: five hundred alerts a second.
_EVERY_S: Final = 0.01
_AT_ONCE: Final = 5


class Informer(RoleActor):
    role = "informer"

    def begin(self, settings: Any) -> None:
        self._notes = os.open(
            Path(settings.alert_file.path).with_name(NOTES), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640
        )
        self._clocks = Clocks()
        self._custody = Custody(lambda: uuid7(0, 0, time.time_ns()), self._clocks.now)
        self._number = time.time_ns() // 1000
        self._numbers: dict[int, list[int]] = {}  # of what is on its way, by batch
        self.wake_after(0, "more")

    def apply(self, settings: Any) -> str | None:  # noqa: ARG002 - it is content with anything
        return None

    def introduced(self, role: str) -> None:
        if role == JOURNAL:
            self._custody.arrived()
            self._numbers.clear()
            self._speak()

    def woken(self, purpose: str) -> None:
        for _ in range(_AT_ONCE):
            self._number += 1
            self._custody.take(self._alert(self._number))
        self._speak()
        self.wake_after(_EVERY_S, purpose)

    def receive(self, message: Kept, speaker: str) -> None:  # noqa: ARG002 - the table decides
        if message.refused:
            raise RuntimeError(f"refused: {message.refused}")
        if self._custody.kept(message):
            told = "".join(f"{number}\n" for number in self._numbers.pop(message.batch))
            os.write(self._notes, told.encode())
        self._speak()

    def _speak(self) -> None:
        for keep in self._custody.to_say():
            self._numbers[keep.batch] = [number_of(entry) for entry in keep.entries]
            self.say(JOURNAL, keep)

    def _alert(self, number: int) -> Entry:
        moment = self._clocks.now()
        return recorded.of_alert(
            Alert(
                id=uuid7(number // 1000, 0, number),
                rule=Rule.FILELESS,
                severity=_SEVERITIES[number % len(_SEVERITIES)],
                wall_ms=moment.wall_ms,
                monotonic_ns=number,
                boot_id=moment.boot_id,
                message=f"number {number}",
            )
        )


def number_of(entry: Entry) -> int:
    return entry.occurred.monotonic_ns


def is_ours(entry: Entry) -> bool:
    """Integrity tells of what it finds on the machine, too: of processes."""
    return entry.pid is None and entry.kind == Rule.FILELESS.value
