"""A child process that has one socket to its parent, and nothing else of what its parent has open.

It is a fork in the middle of whatever its parent is doing: none of that is ever gone on with. It does its one work and
ends, whatever happens, without a line of its parent's being run at the end; it dies with its parent. It may open
nothing for writing, signal nobody, not even its parent, speak to no other host and execute nothing.
"""

from __future__ import annotations

import fcntl
import gc
import os
import signal
import socket
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from daemoneye.errors import Exit
from daemoneye.host import capabilities, landlock, seccomp, signals
from daemoneye.host.titles import set_title

if TYPE_CHECKING:
    from collections.abc import Callable

_BELOW_ARE_STANDARD: Final = 3


class Offspring(NamedTuple):
    pid: int
    pidfd: int  # readable when it is dead
    connection: socket.socket  # does not block

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)

    def is_stopped(self) -> bool:
        """By a signal, as far as that can be seen; a tracer stops whom it looks at now and then, and lets him go on."""
        try:
            stat = Path(f"/proc/{self.pid}/stat").read_bytes()
        except OSError:
            return False
        return stat[stat.rindex(b")") + 2 :].startswith(b"T")

    def reap(self) -> int | None:
        """Its exit status as ``waitpid`` has it; ``None`` while it lives."""
        try:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
        except ChildProcessError:
            return 0  # somebody else has, and knows how it ended
        return status if pid else None

    def close(self) -> None:
        self.connection.close()
        os.close(self.pidfd)


def spawn(
    name: str, live: Callable[[socket.socket], object], last_words: Callable[[str], bytes], privilege: str = "none"
) -> Offspring:
    """Live that life in a new process; ``last_words`` makes a packet of the reason, if it ends in an exception.

    To be called by the thread that lives longest: the child dies with it.
    """
    with ExitStack() as undo:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        undo.callback(ours.close)
        parent = os.getpid()
        with theirs:
            pid = _fork()
            if not pid:
                _be(parent, theirs.fileno(), name, privilege, live, last_words)
        undo.callback(os.waitpid, pid, 0)
        undo.callback(os.kill, pid, signal.SIGKILL)
        pidfd = os.pidfd_open(pid)
        ours.setblocking(False)
        undo.pop_all()
    return Offspring(pid, pidfd, ours)


def _fork() -> int:
    """With signals held back: one to the newborn would run the handlers of its parent."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        pid = os.fork()
        if not pid:
            _forget_handlers()
        return pid
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _forget_handlers() -> None:
    for each in signal.valid_signals():
        if callable(signal.getsignal(each)):
            signal.signal(each, signal.SIG_DFL)
    signals.ignore()  # those are for main


def _be(
    parent: int,
    connection: int,
    name: str,
    privilege: str,
    live: Callable[[socket.socket], object],
    last_words: Callable[[str], bytes],
) -> None:
    code: int = Exit.INTERNAL
    # What the parent refers to is never let go in here: a socket of its that is collected closes a number, under which
    # something of ours is open by then.
    gc.freeze()
    try:
        with socket.socket(fileno=_leave_all_but(connection)) as own:
            try:
                _confine(parent, name, privilege)
                live(own)
                code = Exit.OK
            finally:
                error = sys.exception()
                if isinstance(error, SystemExit):
                    code = int(error.code or Exit.OK)
                elif isinstance(error, Exception):
                    own.send(last_words(f"{type(error).__name__}: {error}"), socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
    finally:
        os._exit(code)


def _leave_all_but(connection: int) -> int:
    """Close the rest, and have nothing where others expect standard input and output."""
    own = fcntl.fcntl(connection, fcntl.F_DUPFD_CLOEXEC, _BELOW_ARE_STANDARD)
    os.closerange(0, own)
    os.closerange(own + 1, os.sysconf("SC_OPEN_MAX"))
    null = os.open(os.devnull, os.O_RDWR)
    for each in range(null + 1, _BELOW_ARE_STANDARD):
        os.dup2(null, each)
    return own


def _confine(parent: int, name: str, privilege: str) -> None:
    capabilities.die_with_parent()
    if os.getppid() != parent:  # it died before we asked, and nobody would tell us
        raise SystemExit(Exit.INTERNAL)
    capabilities.gain_nothing_by_exec()
    landlock.restrict([], make_sockets_in=None, tcp=False, scope_signals=True)
    set_title(name, privilege)
    seccomp.restrict()
