"""A tree of toys under the real broker: ``python -m tests.system.toy_tree DIRECTORY OPTIONS``.

The processes stand where the real ones will: a runner, an admin that has forked twice, a supervisor below it, and roles
that main forks. The supervisor does what it is told over a socket, so that a test can have it misbehave.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

from daemoneye.broker.lending import Control, Lease, LeaseRefusedError, take_lease
from daemoneye.broker.loop import Brokered, keep
from daemoneye.broker.words import (
    AskBeat,
    BeatAnswered,
    Escalated,
    ReloadAsked,
    Reloaded,
    Reloading,
    Reopen,
    StartRequest,
    StateSaid,
    Stop,
    Stopped,
    SupervisorNamed,
    SupervisorWord,
    format_word,
)
from daemoneye.host.init_system import InitSystem
from daemoneye.supervisor.transitions import TreeState

ROLES = frozenset({"sleeper", "crasher", "talker", "quitter", "breeder"})
WORDS: dict[str, SupervisorWord] = {
    "reload": ReloadAsked(),
    "reloading": Reloading(),
    "reloaded": Reloaded(),
    "escalated": Escalated(),
}
_PR_SET_PDEATHSIG = 1


def die_with(parent: int) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def sleep_for_ever() -> None:
    while True:
        time.sleep(60)


class Toys:
    def __init__(self, directory: Path, options: dict[str, Any]) -> None:
        self.directory, self.options = directory, options
        self.main = os.getpid()
        self.broker = directory / "broker.sock"
        # opened once: main notes also that it has no descriptor left
        self.notes = os.open(directory / "notes", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def note(self, **what: object) -> None:
        os.write(self.notes, (json.dumps(what) + "\n").encode())

    def log(self, event: str, **fields: object) -> None:
        self.note(event=event, **fields)

    # the runner, and what Thespian does

    def run(self, connection: socket.socket) -> None:
        die_with(self.main)
        self.note(runner=os.getpid())
        if self.options.get("runner") == "raises":
            raise ValueError("no such\nsettings")
        if self.options.get("runner") == "mute":
            sleep_for_ever()
        reading, writing = os.pipe()
        if not os.fork():
            if not os.fork():
                self.admin(writing)
            os._exit(0)
        os.wait()
        time.sleep(self.options.get("slow_s", 0))
        supervisor = int(os.read(reading, 20))
        connection.send(self.options.get("named", format_word(SupervisorNamed(supervisor)).decode()).encode())
        while (word := connection.recv(256)) not in {b"stop", b""}:
            self.note(runner_heard=word.decode())
        if self.options.get("runner") == "lingers":
            sleep_for_ever()

    def admin(self, writing: int) -> None:
        while os.getppid() != self.main:
            time.sleep(0.001)
        die_with(self.main)
        pid = os.fork()
        if not pid:
            Supervisor(self).live()
        self.note(admin=os.getpid(), supervisor=pid)
        os.write(writing, str(pid).encode())
        sleep_for_ever()

    # a role

    def begin(self, request: StartRequest, last_words: int) -> None:
        die_with(self.main)
        if request.role == "crasher":
            raise ValueError("bad\x1b[31m input")
        if request.role == "talker":
            os.write(last_words, b"out of \x1b[31mideas\n")
            sys.exit(3)
        if request.role == "breeder" and not os.fork():
            os.setsid()
            if not os.fork():
                self.note(grandchild=os.getpid())
                sleep_for_ever()
            os._exit(0)
        if request.role != "quitter":
            sleep_for_ever()


class Supervisor:
    def __init__(self, toys: Toys) -> None:
        self.toys, self.options = toys, toys.options
        self.leases: dict[int, Lease] = {}
        self.moving = self.options.get("moving", True)
        self.stops = 0

    def live(self) -> None:
        try:
            die_with(os.getppid())
            self.control = Control(self.toys.broker)
            self.control.say(StateSaid(TreeState.RUNNING, "up"))
            path = self.toys.directory / f"orders.{os.getpid()}"
            listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            listening.bind(str(path))
            listening.listen()
            path.rename(self.toys.directory / "orders")
            while True:
                ready = select.select([self.control.fileno(), listening.fileno()], [], [])[0]
                if self.control.fileno() in ready:
                    self.hear()
                if listening.fileno() in ready:
                    connection, _ = listening.accept()
                    connection.send(json.dumps(self.obey(**json.loads(connection.recv(65536)))).encode())
                    connection.close()
        finally:
            os._exit(1)

    def hear(self) -> None:
        word = self.control.receive()
        match word:
            case AskBeat():
                text = f"{len(self.leases)} children"
                self.control.say(BeatAnswered(TreeState.RUNNING, self.moving, text))
            case Stop():
                self.stops += 1
                self.toys.note(stop=self.stops)
                if self.stops >= self.options.get("stops", 1):
                    self.stop()
            case Reopen():
                self.toys.note(reopen=True)
            case _:
                os._exit(2)

    def stop(self) -> None:
        for lease in reversed(self.leases.values()):
            lease.kill()
            self.toys.note(ended=str(lease.outcome(5)))
        self.control.say(Stopped())
        os._exit(0)

    def obey(self, do: str, **how: Any) -> object:
        answer: object = getattr(self, do)(**how)
        return answer

    def start(self, role: str, parent: str | None = None) -> object:
        request = StartRequest(role, 1, 1, parent or f"supervisor.{os.getpid()}.0123abcd", "logger.1.0123abcd", 1)
        try:
            lease = take_lease(self.toys.broker, request, 5)
        except (LeaseRefusedError, OSError) as error:
            return f"{type(error).__name__}: {error}"
        self.leases[lease.pid] = lease
        return lease.pid

    def kill(self, pid: int) -> str:
        self.leases[pid].kill()
        return self.outcome(pid)

    def outcome(self, pid: int) -> str:
        with self.leases.pop(pid) as lease:
            return str(lease.outcome(5))

    def close(self, pid: int) -> None:
        self.leases.pop(pid).close()

    def knock(self, *, first: str, then: str = "") -> str:
        """What main answers to that, until it hangs up."""
        return knock(self.toys.broker, first.encode("latin-1"), then.encode("latin-1"))

    def say(self, word: str) -> bool:
        return self.control.say(WORDS[word])

    def babble(self, text: str) -> int:
        return self.control._connection.send(text.encode("latin-1"))

    def move(self, *, moving: bool) -> None:
        self.moving = moving

    def descriptors(self) -> int:
        return len(list(Path("/proc/self/fd").iterdir()))


def knock(path: Path, first: bytes, then: bytes = b"") -> str:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connection.settimeout(5)
        try:
            connection.connect(str(path))
            connection.send(first)
            if then:
                connection.send(then)
            answer = connection.recv(256)
        except TimeoutError:
            return "silence"
        except (BrokenPipeError, ConnectionResetError):
            return "hung up"
        return answer.decode() or "hung up"


def main() -> int:
    toys = Toys(Path(sys.argv[1]), json.loads(sys.argv[2]))
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listening.bind(str(toys.broker))
    toys.broker.chmod(0o666)  # so that those who are refused get as far as that
    listening.listen(16)
    numbers = {
        "intensity": 5,
        "period_s": 60.0,
        "heartbeat_interval_s": 0.3,
        "missed_heartbeats": 2,
        "start_timeout_s": 5.0,
        "stop_timeout_s": 5.0,
    }
    return keep(
        Brokered(
            listening=listening,
            requester_uid=os.getuid(),
            roles=ROLES,
            start_runner=lambda channel, _: toys.run(channel),
            reread=lambda: b"settings",
            begin=toys.begin,
            after_fork=lambda: None,
            notifier=InitSystem.taken_from(os.environ, os.getpid()),
            log=toys.log,
            clock=time.monotonic,
            **(numbers | toys.options.get("numbers", {})),
        )
    )


if __name__ == "__main__":
    sys.exit(main())
