"""One tree, as far as main has to remember it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemoneye.supervisor.liveness import Pulse

if TYPE_CHECKING:
    from daemoneye.supervisor.liveness import Rhythm


class Life:
    due_s: float | None = None  # when the patience with what it is doing ends
    connected_s: float | None = None
    runner_gone = False
    children_gone = False  # the supervisor has said so; it was its last word
    _pulse: Pulse | None = None
    _asked = False

    def __init__(self, rhythm: Rhythm) -> None:
        self._rhythm = rhythm

    @property
    def supervised(self) -> bool:
        """There is somebody who listens, and has something to do."""
        return self._pulse is not None

    def connected(self, now_s: float) -> None:
        self.connected_s = now_s
        self._pulse = Pulse(self._rhythm, now_s)

    def children_are_gone(self) -> None:
        self.children_gone, self._pulse = True, None

    def up_s(self, now_s: float) -> float:
        return 0.0 if self.connected_s is None else now_s - self.connected_s

    def asks(self, now_s: float) -> bool:
        """Whether it is time for a question; it counts as asked."""
        if not self._pulse or self._pulse.due_s > now_s:
            return False
        self._pulse.ask(now_s)
        self._asked = True
        return True

    def hears(self, now_s: float) -> bool:
        """Whether this was an answer; nobody asked for anything else."""
        if not self._pulse or not self._asked:
            return False
        # its work is that of its children, and for those it answers itself: idle
        self._pulse.hear(0, idle=True, now_s=now_s)
        self._asked = False
        return True

    def hung(self, now_s: float) -> str | None:
        return self._pulse.hung(now_s) if self._pulse else None

    def forgive(self, now_s: float) -> None:
        """We were away ourselves: what others said meanwhile has still to be read."""
        if self._pulse:
            self._pulse.forgive(now_s)
        if self.due_s is not None:
            self.due_s = max(self.due_s, now_s + self._rhythm.beat_s)

    @property
    def wake_s(self) -> float | None:
        dues = [self.due_s, self._pulse.due_s if self._pulse else None]
        return min((due_s for due_s in dues if due_s is not None), default=None)
