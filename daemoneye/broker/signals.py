"""Signals, as something that can be waited for together with everything else."""

from __future__ import annotations

import signal
import socket
from typing import TYPE_CHECKING, Final

from daemoneye.host.signals import FOR_MAIN

if TYPE_CHECKING:
    from types import FrameType

CAUGHT: Final = (*FOR_MAIN, signal.SIGCHLD)


def _note(_number: int, _frame: FrameType | None) -> None:
    """There has to be a handler; the number is on the socket already."""


class Signals:
    def __init__(self) -> None:
        self._ours, self._kernels = socket.socketpair()
        self._ours.setblocking(False)
        self._kernels.setblocking(False)
        # a full socket holds hundreds of unread signals; one more would tell nothing new
        self._wakeup_before = signal.set_wakeup_fd(self._kernels.fileno(), warn_on_full_buffer=False)
        self._before = {each: signal.signal(each, _note) for each in CAUGHT}
        # what was held back until now is heard now; at the end it is held back again, if it was
        self._mask_before = signal.pthread_sigmask(signal.SIG_UNBLOCK, CAUGHT)

    def fileno(self) -> int:
        return self._ours.fileno()

    def read(self) -> tuple[int, ...]:
        """Their numbers, in the order in which they came."""
        return tuple(self._ours.recv(4096))

    def close(self) -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask_before)
        signal.set_wakeup_fd(self._wakeup_before)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._close_sockets()

    def forget(self) -> None:
        """In a new process, where they are nobody's any more."""
        signal.set_wakeup_fd(-1)
        for each in CAUGHT:
            signal.signal(each, signal.SIG_DFL)
        self._close_sockets()

    def _close_sockets(self) -> None:
        self._ours.close()
        self._kernels.close()
