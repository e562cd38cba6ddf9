"""Borrowing a process, against a main that answers whatever it is told to."""

from __future__ import annotations

import os
import socket
import threading
from typing import TYPE_CHECKING

import pytest

from daemoneye.broker.lending import Control, LeaseRefusedError, Outcome, take_lease
from daemoneye.broker.words import AskBeat, StartRequest, Stopped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

REQUEST = StartRequest("hasher", 1, 1, "supervisor.7.0123abcd", "logger.1.0123abcd", 1)


class Main:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listening.bind(str(path))
        self.listening.listen()
        self.threads: list[threading.Thread] = []

    def will(self, answer: Callable[[socket.socket], None]) -> None:
        """Answer the next connection, and hang up."""

        def serve() -> None:
            connection, _ = self.listening.accept()
            with connection:
                connection.recv(256)
                answer(connection)

        self.threads.append(threading.Thread(target=serve))
        self.threads[-1].start()

    def finish(self) -> None:
        for each in self.threads:
            each.join(5)

    def end(self) -> None:
        self.finish()
        self.listening.close()


@pytest.fixture
def main(tmp_path: Path) -> Iterator[Main]:
    made = Main(tmp_path / "b")
    yield made
    made.end()


def lend(last_words: bytes = b"", *then: bytes) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        reading, writing = os.pipe2(os.O_NONBLOCK)
        handle = os.pidfd_open(os.getpid())
        socket.send_fds(connection, [b"started 4711"], [handle, reading])
        os.write(writing, last_words)
        for each in then:
            connection.send(each)
        for descriptor in (handle, reading, writing):
            os.close(descriptor)

    return answer


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - counted, not read


@pytest.mark.parametrize(
    ("then", "words", "expected", "told"),
    [
        ([b"exited 0"], b"", Outcome(code=0), "exited with 0"),
        ([b"exited 70"], b"ValueError: x\n", Outcome(70, None, "ValueError: x"), "exited with 70: ValueError: x"),
        ([b"killed 9"], b"", Outcome(signal=9), "killed by SIGKILL"),
        ([], b"a\x07b\xff", Outcome(None, None, r"a\x07b\xff"), r"ended: a\x07b\xff"),
    ],
)
def test_a_lease_tells_how_it_ended(main: Main, then: list[bytes], words: bytes, expected: Outcome, told: str) -> None:
    """Code or signal and the last words, in one line that is safe to print, also when main itself is gone."""
    before = descriptors()
    main.will(lend(words, *then))
    with take_lease(main.path, REQUEST, 5) as lease:
        assert (lease.pid, lease.fileno()) == (4711, lease.pidfd)
        assert not os.get_inheritable(lease.pidfd)
        assert not os.get_inheritable(lease.last_words)
        outcome = lease.outcome(5)
        assert (outcome, str(outcome)) == (expected, told)
        lease.kill()  # which is too late, and no error
    lease.close()
    main.finish()
    assert descriptors() == before


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda connection: connection.send(b"failed EAGAIN"), "EAGAIN"),
        (lambda _: None, "main hung up"),
        (lambda connection: connection.send(b"started 4711"), "main hung up"),  # without the descriptors
    ],
)
def test_a_refusal_leaves_nothing_open(main: Main, answer: Callable[[socket.socket], None], reason: str) -> None:
    """Who gets no process holds nothing that has to be closed."""
    before = descriptors()
    main.will(answer)
    with pytest.raises(LeaseRefusedError, match=reason):
        take_lease(main.path, REQUEST, 5)
    main.finish()
    assert descriptors() == before


def test_nobody_there_is_an_oserror(tmp_path: Path, main: Main) -> None:
    """Without a main, or with one that does not answer, the caller is told in time."""
    before = descriptors()
    with pytest.raises(FileNotFoundError):
        take_lease(tmp_path / "nowhere", REQUEST, 5)
    with pytest.raises(TimeoutError):
        take_lease(main.path, REQUEST, 0.05)
    assert descriptors() == before


def test_waiting_for_an_end_has_an_end(main: Main) -> None:
    """A process that cannot die does not hold the supervisor."""
    stay = threading.Event()

    def answer(connection: socket.socket) -> None:
        lend()(connection)
        stay.wait(5)

    main.will(answer)
    with take_lease(main.path, REQUEST, 5) as lease:
        with pytest.raises(TimeoutError):
            lease.outcome(0.05)
        stay.set()


def test_the_control_carries_words_both_ways(main: Main) -> None:
    """One word for each datagram, and the end is told from silence."""
    heard: list[bytes] = []
    go_on = threading.Event()

    def answer(connection: socket.socket) -> None:
        connection.send(b"beat")
        heard.append(connection.recv(256))
        go_on.wait(5)

    main.will(answer)
    control = Control(main.path)
    assert control.fileno() >= 0
    while True:
        try:
            assert control.receive() == AskBeat()
            break
        except BlockingIOError:
            pass
    assert control.say(Stopped())
    with pytest.raises(BlockingIOError):
        control.receive()
    go_on.set()
    main.end()
    assert heard == [b"stopped"]
    assert control.receive() is None
    assert not control.say(Stopped())
    control.close()
