"""A child as its parent has it: believed by its pid from its start to its end, and tidied up after."""

from __future__ import annotations

from multiprocessing.context import ForkProcess
from typing import TYPE_CHECKING, Any

from daemoneye.actors.transport.addresses import ADMIN

if TYPE_CHECKING:
    from daemoneye.actors.transport.kin import Kin


class ChildProcess(ForkProcess):
    """Thespian asks whether it is alive at every sign of a death, until it is not."""

    def __init__(self, kin: Kin, role: str, **settings: Any) -> None:
        super().__init__(**settings)
        self._kin = kin
        self._role = role

    def start(self) -> None:
        super().start()
        if self.pid and self._role != ADMIN:  # which is about to leave that pid
            self._kin.children[self.pid] = self._role

    def is_alive(self) -> bool:
        alive = super().is_alive()
        if not alive and self.pid and self._kin.children.pop(self.pid, None):
            self._kin.site.sweep(self.pid)  # who was killed left its socket, and perhaps before it told us its name
        return alive
