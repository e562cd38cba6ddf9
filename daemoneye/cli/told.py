"""What a running agent knows of the programs, for commands that look at the machine themselves: digests above all.

Without an agent, or without an answer, there is nothing to add, and that is no mistake.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from daemoneye.client import Client
from daemoneye.errors import OperatorError
from daemoneye.model.process import OnDisk
from daemoneye.tree import AGENT_SOCKET

if TYPE_CHECKING:
    from collections.abc import Callable

    from daemoneye.model.process import FileIdentity, ProcessRecord
    from daemoneye.settings import Settings

_TIMEOUT_S: Final = 1.0  # somebody sits in front of it
_EVERY_S: Final = 5.0
_SHARE: Final = 20  # a list of ten thousand takes a second: asking takes at most a twentieth of the time
_AGAIN_S: Final = 60.0  # after no answer


class Told:
    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._agent = Client(settings.paths.runtime_dir / AGENT_SOCKET, timeout_s=_TIMEOUT_S)
        self._clock = clock
        self._due_s = clock()
        self._known: dict[str, ProcessRecord] = {}

    def refresh(self) -> None:
        """Ask again, if it is time."""
        began = self._clock()
        if began < self._due_s or sys.platform == "win32":  # where Python has no such sockets, and no agent runs
            return
        try:
            with self._agent as agent:
                self._known = {record.entity_id or "": record for record in agent.processes() if record.hash_status}
            self._due_s = began + max(_EVERY_S, _SHARE * (self._clock() - began))
        except OperatorError:
            self._known = {}
            self._due_s = began + _AGAIN_S

    def stamp(self, record: ProcessRecord) -> ProcessRecord:
        """The same record, with what we could not see or do not take."""
        told = self._known.get(record.entity_id or "")
        if told is None or not _same(record.executable_file, told.executable_file):
            return record
        return replace(
            record,
            executable_hash=told.executable_hash,
            hash_algorithm=told.hash_algorithm,
            ssdeep_hash=told.ssdeep_hash,
            ssdeep_degraded=told.ssdeep_degraded,
            hash_status=told.hash_status,
            on_disk=told.on_disk if record.on_disk is OnDisk.UNKNOWN else record.on_disk,
        )


def _same(ours: FileIdentity | None, theirs: FileIdentity | None) -> bool:
    """Whether it still runs what it ran. Who may not look has to believe it."""
    return ours is None or (theirs is not None and (ours.dev, ours.ino) == (theirs.dev, theirs.ino))
