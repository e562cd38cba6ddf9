"""The supervisor's connections: those that have not said yet what they are, the control, and the leases."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from daemoneye.broker.datagrams import receive, say
from daemoneye.broker.events import ControlConnected, SupervisorGone
from daemoneye.broker.words import NEWCOMER, SUPERVISOR, ControlRequest, StartRequest, parse
from daemoneye.errors import HostileInput

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from daemoneye.broker.door import Door
    from daemoneye.broker.events import Event
    from daemoneye.broker.leases import Leases
    from daemoneye.broker.refusals import Refusals
    from daemoneye.broker.watcher import Watcher
    from daemoneye.broker.words import MainWord

# Each says what it is at once; the supervisor opens them one by one.
MOST_NEWCOMERS: Final = 8
# When a connection cannot be accepted (no descriptor is free), it stays in the queue and asks again without end. Ten
# looks a second cost nothing, and the supervisor, who waits for an answer, still answers its own questions in time.
PAUSE_S: Final = 0.1


class Callers:
    def __init__(
        self,
        door: Door,
        leases: Leases,
        watcher: Watcher,
        *,
        roles: frozenset[str],
        refusals: Refusals,
        clock: Callable[[], float],
        happened: Callable[[Event], None],
    ) -> None:
        self._door, self._leases, self._watcher = door, leases, watcher
        self._roles, self._refusals, self._happened = roles, refusals, happened
        self._newcomers: set[socket.socket] = set()
        self._control: socket.socket | None = None
        self._clock = clock
        self.pause_ends_s: float | None = None

    def expect(self, pid: int) -> None:
        """Who knocks before we know for whom to open waits in the queue of the socket."""
        try:
            self._watcher.watch(self._door.expect(pid), self._died_unheard)
        except ProcessLookupError:
            self._happened(SupervisorGone("supervisor: died before it connected"))
        else:
            self.open()

    def open(self) -> None:
        self.pause_ends_s = None
        self._watcher.watch(self._door.listening, self._knocked)

    def _shut(self, pause_ends_s: float | None = None) -> None:
        self.pause_ends_s = pause_ends_s
        self._watcher.unwatch(self._door.listening)

    def tell(self, word: MainWord) -> bool:
        return self._control is not None and say(self._control, word)

    def drop(self) -> None:
        """Everything of this tree."""
        self._shut()
        self._stop_watching_supervisor()
        self._door.forget()
        for connection in [*self._newcomers, *filter(None, [self._control])]:
            self._close(connection)
        self._control = None
        self._leases.drop()

    def _stop_watching_supervisor(self) -> None:
        if self._door.handle is not None:
            self._watcher.unwatch(self._door.handle)

    def _close(self, connection: socket.socket) -> None:
        self._newcomers.discard(connection)
        self._watcher.unwatch(connection)
        connection.close()

    def _knocked(self) -> None:
        try:
            connection, pid = self._door.admit()
        except HostileInput as stranger:
            self._refusals.add("stranger", str(stranger))
        except (BlockingIOError, ConnectionAbortedError):
            pass  # left again while we were on our way to the door
        except OSError as error:
            self._refusals.add("no room", str(error))
            self._shut(self._clock() + PAUSE_S)
        else:
            self._newcomers.add(connection)
            self._watcher.watch(connection, partial(self._first_word, connection, pid))
            if len(self._newcomers) > MOST_NEWCOMERS:
                self._refuse(connection, "crowd", f"{MOST_NEWCOMERS} connections that have not said what they are")

    def _refuse(self, connection: socket.socket, kind: str, reason: str) -> None:
        self._refusals.add(kind, reason)
        self._close(connection)

    def _first_word(self, connection: socket.socket, pid: int) -> None:
        try:
            word = parse(receive(connection), NEWCOMER)
            if isinstance(word, StartRequest):
                self._lend(connection, pid, word)
            else:
                self._take_control(connection, word)
        except HostileInput as refused:
            self._refuse(connection, "word", str(refused))

    def _lend(self, connection: socket.socket, pid: int, request: StartRequest) -> None:
        if request.role not in self._roles:
            raise HostileInput(f"start {request.role}: one of {', '.join(sorted(self._roles))}")
        if request.parent_pid != pid:
            raise HostileInput(f"start for {request.parent}: asked for by {pid}: a process starts its own children")
        self._newcomers.discard(connection)
        self._watcher.unwatch(connection)
        self._leases.lend(connection, request)

    def _take_control(self, connection: socket.socket, _: ControlRequest) -> None:
        if self._control:
            raise HostileInput("control: there is one already: one in each tree")
        self._newcomers.discard(connection)
        self._watcher.unwatch(connection)
        self._watcher.watch(connection, self._said)
        self._control = connection
        self._stop_watching_supervisor()  # from now on its connection tells, after everything that it has said
        self._happened(ControlConnected())

    def _said(self) -> None:
        if not self._control:
            return
        datagram = receive(self._control)
        try:
            if datagram:
                self._happened(parse(datagram, SUPERVISOR))
            else:
                self._hang_up("supervisor: gone")
        except HostileInput as refused:
            self._refusals.add("word", str(refused))
            self._hang_up("supervisor: said what it cannot say")

    def _hang_up(self, reason: str) -> None:
        if self._control:
            self._close(self._control)
            self._control = None
            self._happened(SupervisorGone(reason))

    def _died_unheard(self) -> None:
        self._stop_watching_supervisor()
        self._happened(SupervisorGone("supervisor: died before it connected"))

    def leave_behind(self) -> None:
        """In a new process: nothing of this is its own."""
        self.drop()
        self._door.listening.close()
