"""What hashing asks to have opened: who may be asked for, the opening, and the way of the descriptor to hashing.

Each order is answered once, with the file or with the reason why there is none. When hashing does not read, answers
wait here; those of which there are too many are dropped, the oldest first, and hashing gives them up by itself.
"""

from __future__ import annotations

import os
from collections import deque
from typing import TYPE_CHECKING, Final

from daemoneye.actors.opener import Opened
from daemoneye.host.handing import NUMBERS, send_file, send_refusal
from daemoneye.host.hashing import HashOutcome
from daemoneye.host.opening import Order
from daemoneye.model.observation import ProcessKey
from daemoneye.model.process import HashStatus

if TYPE_CHECKING:
    import socket

    from daemoneye.actors.opener import Opener
    from daemoneye.lifecycle.tracker import Scan
    from daemoneye.messages.hashing import OpenFile
    from daemoneye.model.observation import Snapshot

# Each may hold a descriptor. Those who hash wait for one file each, and there are at most some dozens.
_UNSENT: Final = 64
_GONE: Final = HashOutcome(status=HashStatus.GONE, reason="the process has ended")


class Files:
    def __init__(self, channel: socket.socket, opener: Opener) -> None:
        self._channel = channel
        self._opener = opener
        self._unsent: deque[Opened] = deque()
        self.dropped = 0

    def ask(self, message: OpenFile, scan: Scan | None, proc: str) -> None:
        """Only of processes that were there at the latest look; before the first, of any that runs that very file."""
        if message.number not in NUMBERS:
            return  # no packet has room for it, so nobody can be waiting
        if scan and not _is_there(ProcessKey(message.pid, message.start_ticks), scan.snapshot):
            self._unsent.append(Opened(message.number, _GONE))
            return
        order = Order(os.fsencode(proc), message.pid, message.there, message.dev, message.ino)
        self._opener.ask(message.number, order)

    def arrived(self) -> None:
        """Hashing is there, or another one in its place, which has asked for nothing yet."""
        self._opener.forget()
        while self._unsent:
            _close(self._unsent.popleft())

    def settle(self, now_s: float) -> bool:
        """Hand out what is there; true: there is more to come, so ask again soon."""
        self._unsent += self._opener.settle(now_s)
        while self._unsent and self._send(self._unsent[0]):
            _close(self._unsent.popleft())
        while len(self._unsent) > _UNSENT:
            _close(self._unsent.popleft())
            self.dropped += 1
        return self._opener.busy or bool(self._unsent)

    def _send(self, opened: Opened) -> bool:
        number, file = opened
        if isinstance(file, int):
            return send_file(self._channel, number, file)
        return send_refusal(self._channel, number, file.status, file.reason)


def _is_there(key: ProcessKey, snapshot: Snapshot) -> bool:
    return key in snapshot.processes or key.pid in snapshot.unseen


def _close(opened: Opened) -> None:
    if isinstance(opened.file, int):
        os.close(opened.file)
