"""Who is let in, and what becomes of it; with real sockets, and processes that are only said to be forked."""

from __future__ import annotations

import errno
import os
import select
import socket
from typing import TYPE_CHECKING

import pytest

from daemoneye.broker.callers import MOST_NEWCOMERS, Callers
from daemoneye.broker.datagrams import hand, receive, receive_handed, say
from daemoneye.broker.door import Door
from daemoneye.broker.events import ControlConnected, Event, RunnerGone, SupervisorGone
from daemoneye.broker.leases import Leases
from daemoneye.broker.refusals import WINDOW_S, Refusals
from daemoneye.broker.runner import Runner
from daemoneye.broker.watcher import Watcher
from daemoneye.broker.words import Reload, Stop, Stopped
from daemoneye.errors import HostileInput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ME = os.getpid()
START = f"start hasher 1 1 supervisor.{ME}.0123abcd logger.1.0123abcd 1".encode()


class Main:
    """The connections of main, without a main: this process is the supervisor, and nobody is ever forked."""

    def __init__(self, path: Path, uid: int) -> None:
        self.path = path
        self.happened: list[Event] = []
        self.logged: list[dict[str, object]] = []
        self.now_s = 0.0
        self.fork_fails: int | None = None
        self.opened: list[socket.socket] = []
        self.listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listening.bind(str(path))
        self.listening.listen(64)
        self.watcher = Watcher()
        self.refusals = Refusals(lambda event, **fields: self.logged.append({"event": event} | fields), self.clock)
        self.leases = Leases(self.watcher, self.fork, lambda _request, _last_words: None)
        self.callers = Callers(
            Door(self.listening, uid),
            self.leases,
            self.watcher,
            roles=frozenset({"hasher"}),
            refusals=self.refusals,
            clock=self.clock,
            happened=self.happened.append,
        )

    def clock(self) -> float:
        return self.now_s

    def fork(self, _live: Callable[[], None], _say: Callable[[str], None]) -> int:
        if self.fork_fails:
            raise OSError(self.fork_fails, os.strerror(self.fork_fails))
        return ME

    def turn(self) -> None:
        while acts := list(self.watcher.ready(0)):
            for act in acts:
                act()

    def connect(self, first: bytes | None = None) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        connection.connect(str(self.path))
        connection.setblocking(False)
        self.opened.append(connection)
        if first is not None:
            connection.send(first)
        self.turn()
        return connection

    def end(self) -> None:
        self.callers.drop()
        self.listening.close()
        for each in self.opened:
            each.close()


@pytest.fixture
def main(tmp_path: Path) -> Iterator[Main]:
    made = Main(tmp_path / "b", os.getuid())
    yield made
    made.end()


def hung_up(connection: socket.socket) -> bool:
    return receive(connection) == b""


def test_nobody_is_let_in_before_the_supervisor_is_named(main: Main) -> None:
    """Who knocks early waits, and is heard as soon as it is known for whom to open."""
    early = main.connect(b"control")
    assert (main.happened, main.logged) == ([], [])
    main.callers.expect(ME)
    main.turn()
    assert main.happened == [ControlConnected()]
    assert not select.select([early], [], [], 0)[0]


def test_another_pid_and_another_uid_are_strangers(main: Main, tmp_path: Path) -> None:
    """Both have to be right; whoever they are, they are told nothing."""
    main.callers.expect(1)
    assert hung_up(main.connect(START))
    other = Main(tmp_path / "c", os.getuid() + 1)
    other.callers.expect(ME)
    assert hung_up(other.connect(START))
    other.end()
    assert [each["kind"] for each in main.logged + other.logged] == ["stranger", "stranger"]


def test_there_is_one_supervisor_in_a_tree(main: Main) -> None:
    """A runner cannot name another one afterwards; after the tree is dropped, the next can."""
    main.callers.expect(ME)
    with pytest.raises(HostileInput, match="there is one already"):
        main.callers.expect(1)
    main.callers.drop()
    main.callers.expect(ME)


def test_a_supervisor_that_died_before_it_came_is_gone(main: Main) -> None:
    """Main does not wait for the dead."""
    child = os.fork()
    if not child:
        os._exit(0)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    main.callers.expect(child)
    main.turn()
    os.waitpid(child, 0)
    main.callers.drop()
    main.callers.expect(child)
    assert main.happened == [SupervisorGone("supervisor: died before it connected")] * 2


def test_connections_that_say_nothing_are_bounded(main: Main) -> None:
    """Not even the supervisor can fill main's table."""
    main.callers.expect(ME)
    silent = [main.connect() for _ in range(MOST_NEWCOMERS)]
    assert hung_up(main.connect())
    assert main.logged[-1]["kind"] == "crowd"
    silent[0].send(b"control")
    main.turn()
    assert main.happened == [ControlConnected()]


def test_what_was_said_before_leaving_is_heard(main: Main) -> None:
    """A goodbye counts, also when its speaker left without reading what main had said last."""
    main.callers.expect(ME)
    control = main.connect(b"control")
    assert main.callers.tell(Stop())
    control.send(b"stopped")
    control.close()
    main.turn()
    assert main.happened == [ControlConnected(), Stopped(), SupervisorGone("supervisor: gone")]
    assert not main.callers.tell(Stop())


@pytest.mark.parametrize("number", [errno.EAGAIN, errno.ENOMEM])
def test_a_fork_that_fails_is_an_answer(main: Main, number: int) -> None:
    """The supervisor learns why, and main lives on."""
    main.callers.expect(ME)
    main.fork_fails = number
    refused = main.connect(START)
    assert receive(refused) == f"failed {errno.errorcode[number]}".encode()
    assert hung_up(refused)
    main.fork_fails = None
    assert receive(main.connect(START)) == f"started {ME}".encode()


def test_a_process_that_cannot_be_handed_over_is_killed(main: Main, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody may live whom nobody holds."""
    killed: list[int] = []
    monkeypatch.setattr(os, "kill", lambda pid, _: killed.append(pid))

    def fails(_: int) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    main.callers.expect(ME)
    monkeypatch.setattr(os, "pidfd_open", fails)
    refused = main.connect(START)
    assert receive(refused) == b"failed EMFILE"
    assert killed == [ME]


def test_the_end_of_a_lease_is_told_once(main: Main) -> None:
    """The death of a process that nobody borrowed concerns nobody."""
    main.callers.expect(ME)
    lease = main.connect(START)
    receive(lease)
    main.leases.reaped(ME + 1, 0)
    main.leases.reaped(ME, 3 << 8)
    main.leases.reaped(ME, 3 << 8)
    assert receive(lease) == b"exited 3"
    assert hung_up(lease)


def test_refusals_are_told_once_a_minute_with_their_number(main: Main) -> None:
    """A peer cannot fill the log with being denied; the number says how often it tried."""
    for main.now_s in (0.0, 1.0, WINDOW_S - 1, WINDOW_S):
        main.refusals.add("word", "nonsense")
    assert [each["count"] for each in main.logged] == [1, 4]


def test_nothing_is_said_to_nobody() -> None:
    """A word to somebody who has left, or does not listen, is not an error: others will notice."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    while say(ours, Stop()):
        pass
    theirs.close()
    assert not say(ours, Stop())
    ours.close()


def test_a_runner_that_cannot_be_started_is_gone(main: Main) -> None:
    """A host without a process to spare is a loss like any other: it is tried again, later."""
    main.fork_fails = errno.EAGAIN
    runner = Runner(
        main.watcher,
        main.fork,
        lambda *_: None,
        reread=bytes,
        named=main.callers.expect,
        refusals=main.refusals,
        happened=main.happened.append,
    )
    runner.start(1)
    assert main.happened == [RunnerGone("runner: cannot be started: EAGAIN")]
    assert not runner.tell(Reload())
    assert runner.pid is None


def test_a_parcel_that_cannot_be_handed_over_is_not_heard() -> None:
    """A runner that has just left is no trouble, however much main had to tell it."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    assert hand(ours, Reload(), b"settings")
    datagram, (descriptor,) = receive_handed(theirs, 1)
    assert datagram == b"reload"
    assert os.read(descriptor, 100) == b"settings"
    os.close(descriptor)
    theirs.close()
    assert not hand(ours, Reload(), b"settings")
    ours.close()
