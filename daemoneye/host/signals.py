"""Signals from outside: they are for the main process, from its first line to its last, and for nobody below it."""

from __future__ import annotations

import signal
from typing import Final

# Stop, stop (Ctrl-C), read the settings again, open the files again.
FOR_MAIN: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1)


def hold_back() -> None:
    """Until there is somebody who can act on them: by default each of them ends the process, and cleans nothing up."""
    signal.pthread_sigmask(signal.SIG_BLOCK, FOR_MAIN)


def ignore() -> None:
    """For good, and for what is forked from here: whoever signals the whole tree means main, which tells the others."""
    for each in FOR_MAIN:
        signal.signal(each, signal.SIG_IGN)
