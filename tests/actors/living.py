"""A living system of actors, and processes that are none of it."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import socket
import time
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from daemoneye.actors.transport.agreed import Site, stay_as_we_are
from daemoneye.actors.transport.base import open_system
from daemoneye.actors.transport.frames import encode_frame
from daemoneye.actors.transport.policy import ANYONE, ANYTHING, Policy, Rule
from tests.actors import cast

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.actors.landlord import Landlord

RULES = (
    Rule("runner", ANYTHING, "echo"),
    Rule("runner", cast.Ping, "warden"),
    Rule("runner", cast.HowMany, "warden"),
    Rule("echo", cast.Pong, "runner"),
    Rule("echo", cast.Refusals, "runner"),
    Rule("echo", cast.Born, "runner"),
    Rule("echo", cast.Gone, "runner"),
    Rule("warden", cast.Pong, ANYONE),
    Rule("warden", cast.Refusals, "runner"),
    Rule("<parent>", cast.Ping, "echo"),
    Rule("<parent>", cast.Ping, "warden"),
    Rule("<child>", cast.Pong, "echo"),
    Rule("neighbour", cast.Ping, "echo"),
)


def site_of(
    directory: Path,
    *,
    enter: Callable[[str], None] = stay_as_we_are,
    landlord: Landlord | None = None,
    uids: Mapping[str, frozenset[int]] = MappingProxyType({}),
) -> Site:
    def report(line: str) -> None:
        with (directory.parent / "log").open("a", encoding="utf-8") as log:
            log.write(line + "\n")

    return Site(
        directory=directory,
        vocabulary=cast.VOCABULARY,
        policy=Policy(RULES),
        roles={"tests.actors.cast.Echo": "echo", "tests.actors.cast.Warden": "warden"},
        inboxes={"warden": cast.HandWritten()},
        report=report,
        enter=enter,
        lenders={"warden": landlord.lend} if landlord else {},
        uids=uids,
    )


class System:
    def __init__(self, site: Site) -> None:
        self.site = site
        self.directory = site.directory
        self.actors = open_system(site)

    @property
    def lines(self) -> list[str]:
        log = self.directory.parent / "log"
        return log.read_text(encoding="utf-8").splitlines() if log.exists() else []

    def create(self, kind: type = cast.Echo) -> Any:
        return self.actors.createActor(kind)

    def ask(self, actor: Any, message: object) -> Any:
        return self.actors.ask(actor, message, 10)

    def alive(self, actor: Any) -> bool:
        return isinstance(self.ask(actor, cast.Ping(number=7)), cast.Pong)

    def refused(self, actor: Any) -> dict[str, int]:
        return dict(self.ask(actor, cast.HowMany()).counts)

    def names(self) -> list[str]:
        return sorted(path.name for path in self.directory.iterdir())

    def admin(self) -> int:
        """Its pid; 0 when there is none."""
        return self.actors._systemBase.transport._look_for_admin() or 0

    def pids(self) -> set[int]:
        """Of all processes of the system but ours, by the sockets they hold."""
        named = {int(name.split(".")[1]) for name in self.names() if "." in name}
        return (named | {self.admin()}) - {0, os.getpid()}

    def end(self) -> None:
        if self.actors._systemBase is None:
            return  # shut down before
        pids = self.pids()
        self.actors.shutdown()
        for pid in pids:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        reap()


def frame(sender: str, body: bytes, mark: bytes = b"P") -> bytes:
    return encode_frame(mark + bytes([len(sender)]) + sender.encode() + body, 1 << 30)


def say(path: str, *sent: bytes, wait_s: float = 5.0) -> bytes:
    """Send to a socket as somebody who writes whatever he likes; what comes back until it closes or is silent."""
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(wait_s)
        answer = b""
        try:
            peer.connect(path)
            for each in sent:
                peer.sendall(each)
            while len(answer) < 5 and (more := peer.recv(5 - len(answer))):
                answer += more
        except TimeoutError:
            return answer + b"silence"
        except OSError as error:
            return type(error).__name__.encode()
        return answer


def reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def within(seconds: float, happens: Callable[[], bool]) -> bool:
    """Whether it comes true; asked again and again, because other processes have to act."""
    deadline = time.monotonic() + seconds
    while not happens():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def elsewhere(act: Callable[..., Any], *args: Any) -> Any:
    """The answer of ``act`` in a process of its own, which is nobody to the system."""
    here, there = multiprocessing.Pipe()

    def run() -> None:
        there.send(act(*args))

    process = multiprocessing.get_context("fork").Process(target=run)
    process.start()
    try:
        assert here.poll(20), "the other process did not answer"
        return here.recv()
    finally:
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
        here.close()
        there.close()
