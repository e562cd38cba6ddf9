"""Writes lines to a descriptor: now, or not at all.

A terminal that was stopped with Ctrl-S, a pipe whose reader hangs, a full disk: none of them may stop an agent. A line
that does not fit is lost, and it is for the caller to count it.
"""

from __future__ import annotations

import os
import select
import signal
import stat
from contextlib import suppress


class Stream:
    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._rest = b""  # of a line that went out in part, as it can at a terminal and on a full disk
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLOUT)

    def write(self, line: bytes) -> bool:
        """Whether it went out; never half of it, unless the other half follows before the next line."""
        self._rest = self._rest[self._push(self._rest) :]
        if self._rest:
            return False
        written = self._push(line)
        self._rest = line[written:] if written else b""
        return bool(written)

    def _push(self, data: bytes) -> int:
        # asked first, because a descriptor that we could not make our own would wait for room
        if not data or not any(happened & select.POLLOUT for _, happened in self._poll.poll(0)):
            return 0
        try:
            return os.write(self._descriptor, data)
        except OSError:  # the reader left, the terminal is gone, somebody else took the room, the disk is full
            return 0


def take_over(descriptor: int) -> None:
    """Put an open file of our own that never waits behind the descriptor, where that can be done.

    ``O_NONBLOCK`` belongs to the open file, which a shell and its other programs share with us: set there, it would be
    theirs too. Several of our processes write to it, and between asking for room and writing another may take it. What
    cannot be opened again keeps that gap; a socket says that it has room only while most of it is free.
    """
    with suppress(OSError):
        terminal = os.isatty(descriptor)
        if terminal or stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            again = os.open(f"/proc/self/fd/{descriptor}", os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
            os.dup2(again, descriptor)
            os.close(again)
        if terminal:
            # in the background of a shell with `stty tostop`, a line would stop the process that writes it
            signal.signal(signal.SIGTTOU, signal.SIG_IGN)


def is_journald(descriptor: int, promised: str) -> bool:
    """Whether this is the stream that ``$JOURNAL_STREAM`` names; a redirected one is not, though the variable stays."""
    try:
        status = os.fstat(descriptor)
    except OSError:
        return False
    return promised == f"{status.st_dev}:{status.st_ino}"
