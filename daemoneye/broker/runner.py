"""The runner: the first child of each tree, which opens the actor system and names the supervisor."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import socket
from typing import TYPE_CHECKING

from daemoneye.broker.datagrams import hand, receive, say
from daemoneye.broker.events import RunnerGone
from daemoneye.broker.forking import describe
from daemoneye.broker.words import RUNNER, Reload, RunnerFailed, Stop, SupervisorNamed, parse
from daemoneye.errors import HostileInput

if TYPE_CHECKING:
    from collections.abc import Callable

    from daemoneye.broker.events import Event
    from daemoneye.broker.leases import Fork
    from daemoneye.broker.refusals import Refusals
    from daemoneye.broker.watcher import Watcher


class Runner:
    def __init__(
        self,
        watcher: Watcher,
        fork: Fork,
        run: Callable[[socket.socket, int], None],
        *,
        reread: Callable[[], bytes],
        named: Callable[[int], None],
        refusals: Refusals,
        happened: Callable[[Event], None],
    ) -> None:
        self._watcher, self._fork, self._run, self._reread = watcher, fork, run, reread
        self._named, self._refusals, self._happened = named, refusals, happened
        self.pid: int | None = None
        self._connection: socket.socket | None = None
        self._complaint = ""  # why it is going, in its own words

    def start(self, tree: int) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

        def live() -> None:
            ours.close()
            self._run(theirs, tree)

        with theirs:
            try:
                self.pid = self._fork(live, lambda text: _complain(theirs, text))
            except OSError as error:
                ours.close()
                name = errno.errorcode.get(error.errno or 0, "EIO")
                self._happened(RunnerGone(f"runner: cannot be started: {name}"))
                return
        ours.setblocking(False)
        self._connection, self._complaint = ours, ""
        self._watcher.watch(ours, self._said)

    def tell(self, word: Reload | Stop) -> bool:
        if self._connection is None:
            return False
        if isinstance(word, Reload):
            return hand(self._connection, word, self._reread())
        return say(self._connection, word)

    def _said(self) -> None:
        if not self._connection:
            return
        datagram = receive(self._connection)
        try:
            if not datagram:
                self._send_away()  # whoever cannot be talked to is of no use; mostly it is dying already
                return
            word = parse(datagram, RUNNER)
            if isinstance(word, SupervisorNamed):
                self._named(word.pid)
            else:
                self._complaint = word.text
        except HostileInput as refused:
            self._refusals.add("word", str(refused))
            self._complaint = "said what it cannot say"
            self._send_away()

    def _send_away(self) -> None:
        self._hang_up()
        if self.pid is not None:
            os.kill(self.pid, signal.SIGKILL)

    def reaped(self, pid: int, status: int) -> None:
        if pid == self.pid:
            self.pid = None  # before anything else: the number may be somebody else's from now on
            self._hear_the_last()
            complaint = f": {self._complaint}" if self._complaint else ""
            self.drop()
            self._happened(RunnerGone(f"runner: {describe(status)}{complaint}"))

    def _hear_the_last(self) -> None:
        """Its death may be known before its last word was read."""
        with contextlib.suppress(BlockingIOError):
            while self._connection:
                self._said()

    def _hang_up(self) -> None:
        if self._connection:
            self._watcher.unwatch(self._connection)
            self._connection.close()
            self._connection = None

    def drop(self) -> None:
        self._hang_up()
        self.pid = None


def _complain(connection: socket.socket, text: str) -> None:
    say(connection, RunnerFailed(text))
