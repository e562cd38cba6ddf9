"""An actor that does wrong on command: a child of the tree like any other, in a tree that `faulty` makes.

- What for: faults that no well-formed input brings about in the real children, and that have to be survived anyway.
- Privilege: none.
- Takes: what every child takes; its orders stand in a file, a fault and the generation that is to commit it.
- Says: nothing beyond what every child says.
- Dies: in all the ways that there are.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from daemoneye.actors.base import RoleActor

if TYPE_CHECKING:
    from collections.abc import Callable

ORDERS: Final = "CHAOS_ORDERS"
# Room for a little more, and then an end: what a memory limit of the unit does to the whole agent, for one process.
_ROOM: Final = 64 * 1024 * 1024
_LOOK_S: Final = 0.02


class Wrongdoer(RoleActor):
    role = "faulty"

    def begin(self, settings: Any) -> None:  # noqa: ARG002 - it is content with anything
        self._orders = Path(os.environ[ORDERS])
        self._stuck = False
        self._faults: dict[str, Callable[[], None]] = {
            "raise": self._raise,
            "shout": self._shout,
            "leave": self._leave,
            "abort": os.abort,
            "loop": self._loop,
            "sleep": self._sleep,
            "stick": self._stick,
            "allocate": self._allocate,
        }
        self.wake_after(_LOOK_S, "look")

    def apply(self, settings: Any) -> str | None:  # noqa: ARG002
        return None

    def receive(self, message: Any, speaker: str) -> None:
        pass

    @property
    def idle(self) -> bool:
        return not self._stuck

    def woken(self, purpose: str) -> None:
        self.wake_after(_LOOK_S, purpose)
        fault, _, generation = self._orders.read_text(encoding="ascii").partition(" ")
        if fault and int(generation) == self._generation:
            self._faults[fault]()

    def _raise(self) -> None:
        raise RuntimeError("told to")

    def _shout(self) -> None:
        raise RuntimeError("\x1b[2J\n" + "x" * 10_000_000)

    def _leave(self) -> None:
        sys.exit(0)

    def _loop(self) -> None:
        while True:
            pass

    def _sleep(self) -> None:
        time.sleep(1000)

    def _stick(self) -> None:
        """It still answers, and gets nowhere."""
        self._stuck = True

    def _allocate(self) -> None:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        limit = pages * resource.getpagesize() + _ROOM
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        hoard = []
        while True:
            hoard.append(bytes(1024 * 1024))
