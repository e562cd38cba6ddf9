"""A child process with one socket: what it has, what it may, and how it ends."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from daemoneye.host.offspring import Offspring, spawn
from tests.fakes.forked import in_a_child

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Another test may have left a thread behind, of which Python warns when it forks.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
LONG_S = 20.0


@contextmanager
def living(live: Callable[[socket.socket], object], name: str = "hasher_7") -> Iterator[Offspring]:
    child = spawn(name, live, str.encode)
    with closing(child):
        child.connection.settimeout(LONG_S)
        try:
            yield child
        finally:
            child.kill()
            with suppress(ChildProcessError):
                os.waitpid(child.pid, 0)


def open_descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def ended(child: Offspring) -> int:
    assert select.select([child.pidfd], [], [], LONG_S)[0]
    status = child.reap()
    assert status is not None
    return os.waitstatus_to_exitcode(status)


def account(own: socket.socket) -> None:
    """What this process has, as JSON."""
    found = {
        "descriptors": {
            each.name: str(each.readlink()) for each in sorted(Path("/proc/self/fd").iterdir()) if each.exists()
        },
        "handled": [each for each in range(1, 65) if callable(signal.getsignal(each))],
        "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ())),
        "ignored": [each.name for each in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(each) is signal.SIG_IGN],
        "title": Path("/proc/self/cmdline").read_bytes().rstrip(b"\0").decode(),
    }
    own.send(json.dumps(found).encode())
    own.recv(1)


def test_it_has_one_socket_and_nothing_else_of_its_parent_s(tmp_path: Path) -> None:
    """No descriptor, no handler, no blocked signal; where standard streams would be there is nothing."""
    with (tmp_path / "secret").open("w"), living(account) as child:
        found = json.loads(child.connection.recv(4096))
    assert {name: target for name, target in found["descriptors"].items() if int(name) > 2} == {
        name: target for name, target in found["descriptors"].items() if target.startswith("socket:")
    }
    assert len(found["descriptors"]) == 4
    assert {target for name, target in found["descriptors"].items() if int(name) < 3} == {"/dev/null"}
    assert (found["handled"], found["blocked"]) == ([], [])
    assert found["ignored"] == ["SIGTERM", "SIGHUP"]
    assert found["title"].startswith("daemoneye: hasher_7 [none]")


def trespass(own: socket.socket) -> None:
    where, victim = own.recv(4096).decode().split("\n")
    results = []
    for attempt in (
        lambda: Path(where).write_text("x"),
        lambda: os.kill(int(victim), signal.SIGUSR2),
        lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
        lambda: os.execv("/bin/true", ["true"]),  # noqa: S606 - it is not to come to that
    ):
        try:
            attempt()
        except OSError as error:
            results.append(type(error).__name__)
        else:
            results.append("done")
    own.send("\n".join(results).encode())


def test_it_may_do_nothing_but_read(tmp_path: Path) -> None:
    """Not write what its parent may write, nor signal it, nor speak to other hosts, nor become another program."""
    with living(trespass) as child:
        child.connection.send(f"{tmp_path}/file\n{os.getpid()}".encode())
        assert child.connection.recv(4096).decode().split("\n") == ["PermissionError"] * 4
    assert not (tmp_path / "file").exists()


def test_it_can_be_killed_by_its_parent() -> None:
    """And its end is told by the descriptor that came with it."""
    with living(lambda own: own.recv(1)) as child:
        assert child.reap() is None
        child.kill()
        assert ended(child) == -signal.SIGKILL
        child.kill()  # it is dead, and nobody else is hit
        assert child.reap() == 0


def test_it_is_seen_when_it_is_stopped() -> None:
    """Who only waits is not."""
    with living(lambda own: own.recv(1)) as child:
        assert not child.is_stopped()
        os.kill(child.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, child.pid, os.WSTOPPED | os.WNOWAIT)
        assert child.is_stopped()
        child.kill()
        ended(child)
        assert not child.is_stopped()


def test_it_dies_with_its_parent() -> None:
    """A hashing actor that is killed leaves no hashers."""

    def parent() -> int:
        return spawn("hasher_1", lambda own: own.recv(1), str.encode).pid

    pid = in_a_child(parent)
    # whose parent is dead by now; it has become a child of init, or of us
    with suppress(ProcessLookupError):
        descriptor = os.pidfd_open(pid)
        assert select.select([descriptor], [], [], LONG_S)[0]
        os.close(descriptor)


def test_what_is_raised_is_its_last_word() -> None:
    """And its exit code that of a mistake in itself; nothing of its parent's runs at its end."""

    def fail(_: socket.socket) -> None:
        raise ValueError("cannot be")

    with living(fail) as child:
        assert child.connection.recv(4096) == b"ValueError: cannot be"
        assert ended(child) == 70


@pytest.mark.parametrize(("code", "expected"), [(None, 0), (3, 3)])
def test_an_end_on_purpose_has_no_last_words(code: int | None, expected: int) -> None:
    """Whoever is let go leaves with a code and no word."""

    def leave(_: socket.socket) -> None:
        raise SystemExit(code)

    with living(leave) as child:
        assert child.connection.recv(4096) == b""
        assert ended(child) == expected


def test_a_process_that_cannot_be_had_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither descriptors nor a half-known process."""
    born = []

    def refuse(pid: int) -> int:
        born.append(pid)
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(os, "pidfd_open", refuse)
    before = open_descriptors()
    with pytest.raises(OSError, match="Too many"):
        spawn("hasher_1", lambda own: own.recv(1), str.encode)
    assert open_descriptors() == before
    (pid,) = born
    with pytest.raises(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def test_a_fork_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the error it is, with signals as they were."""

    def refuse() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", refuse)
    with pytest.raises(BlockingIOError):
        spawn("hasher_1", lambda own: own.recv(1), str.encode)
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == set()
