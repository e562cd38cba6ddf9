"""What the init system is told of the agent (sd_notify(3)). Pure: gives assignments, sends nothing.

Ready is said once, when the first tree is up; a tree that is lost and replaced later is a line of status, because to
whoever waits for us we are the same service. A reload opens with ``RELOADING`` and has to be closed by ``READY``, also
when the tree is lost in the middle of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from daemoneye.supervisor.transitions import TreeState

if TYPE_CHECKING:
    from collections.abc import Iterator

_AT_WORK: Final = frozenset({TreeState.RUNNING, TreeState.DEGRADED})

Assignments = tuple[str, ...]


def microseconds(seconds: float) -> int:
    return int(seconds * 1_000_000)


class Herald:
    def __init__(self) -> None:
        self._ready = False  # has been said, and holds
        self._reloading = False
        self._stopping = False
        self._status = ""

    def state(self, state: TreeState, text: str) -> Assignments:
        return tuple(self._of_state(state, text or state.value))

    def _of_state(self, state: TreeState, status: str) -> Iterator[str]:
        if state in _AT_WORK and not (self._ready or self._reloading or self._stopping):
            self._ready = True
            yield "READY=1"
        if status != self._status:
            self._status = status
            yield f"STATUS={status}"

    def reloading(self, now_s: float) -> Assignments:
        if not self._ready or self._stopping:
            return ()
        self._ready, self._reloading = False, True
        return ("RELOADING=1", f"MONOTONIC_USEC={microseconds(now_s)}")

    def reloaded(self) -> Assignments:
        if not self._reloading or self._stopping:
            return ()
        self._ready, self._reloading = True, False
        return ("READY=1",)

    def lost(self, reason: str) -> Assignments:
        self._reloading = False  # nobody is left to finish it; the next tree that is up does
        self._status = f"starting again: {reason}"
        return (f"STATUS={self._status}",)

    def stopping(self, reason: str) -> Assignments:
        if self._stopping:
            return ()
        self._stopping, self._status = True, f"stopping: {reason}"
        return ("STOPPING=1", f"STATUS={self._status}")
