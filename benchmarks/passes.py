"""A first and a second pass over all programs of this host: the hashing pool with two workers, and its peers.

Everything but Thespian and the collector is the real thing: questions, the pool, forked hashers that are handed open
files, the store. The peers go over the same list in one process each, as an administrator would: ``sha256sum``, and the
C ``ssdeep`` if it is installed. A pass ends when every file has its answer; files are in the page cache for everybody.
"""

from __future__ import annotations

import argparse
import os
import select
import shutil
import socket
import subprocess
import tempfile
import time
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final

from daemoneye.actors.answering import Answering
from daemoneye.actors.foreman import Foreman
from daemoneye.actors.hashers import Hashers
from daemoneye.actors.openings import Openings
from daemoneye.hashing.events import StopRequested
from daemoneye.hashing.values import Limits, Priority
from daemoneye.host import handing, hasher
from daemoneye.host.clocks import wall_ms
from daemoneye.host.hash_store import HashStore
from daemoneye.host.hashing import prepare
from daemoneye.host.offspring import spawn
from daemoneye.host.procfs.image import file_identity
from daemoneye.messages.hashing import Question
from daemoneye.model.process import HashStatus

if TYPE_CHECKING:
    from collections.abc import Callable

WORKERS: Final = 2
LOOK_UPS: Final = 50_000  # a second, at least
PLACES: Final = ("/usr/bin", "/usr/sbin", "/usr/lib", "/usr/libexec")
AS_FAST_AS_IT_GOES: Final = 1 << 40


def programs(most: int) -> list[Path]:
    """Each file once, whatever its names."""
    found: dict[tuple[int, int], Path] = {}
    for place in PLACES:
        for path in sorted(Path(place).rglob("*")):
            if path.is_symlink() or not path.is_file() or not os.access(path, os.X_OK | os.R_OK):
                continue
            with path.open("rb") as file:
                if file.read(4) == b"\x7fELF":
                    status = path.stat()
                    found.setdefault((status.st_dev, status.st_ino), path)
    return list(found.values())[:most]


class Passes:
    """The hashing actor without an actor: it is asked, opens what the collector would, and is done."""

    def __init__(self, directory: Path, paths: list[Path]) -> None:
        limits = Limits(
            enabled=True,
            workers=WORKERS,
            bytes_per_second=AS_FAST_AS_IT_GOES,
            file_timeout_s=60.0,
            max_file_size=1 << 40,
            ssdeep=True,
            md5=True,
        )
        self._paths = paths
        self._numbers = count(1)
        self._out, self._in = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
        handing.prepare_receiver(self._in)
        self._store = HashStore(directory, wall_ms)
        self.hashers = Hashers(partial(spawn, live=hasher.live, last_words=hasher.last_words))
        self.hashers.have_places(WORKERS, filled=True)
        self._openings = Openings(0)
        self._openings.arrived()
        self._answering = Answering("benchmark")
        self._answering.answers.arrived()
        self.foreman = Foreman(
            limits,
            store=self._store,
            hashers=self.hashers,
            openings=self._openings,
            answering=self._answering,
            clock=time.monotonic,
            wake_at=lambda _: None,
        )
        self.foreman.tell(self._store.load())

    def run(self) -> int:
        """Ask about every file; return how many have digests."""
        questions = [
            Question(
                number=next(self._numbers),
                file=file_identity(path.stat()),
                pid=index,
                start_ticks=0,
                there=False,
                priority=Priority.NEW,
                mount_namespace=None,
            )
            for index, path in enumerate(self._paths)
        ]
        self.foreman.ask(questions)
        answered, good = self._answers()
        while answered < len(questions):
            self._turn()
            more, well = self._answers()
            answered, good = answered + more, good + well
        return good

    def _answers(self) -> tuple[int, int]:
        answered = good = 0
        while message := self._answering.answers.to_say():
            self._answering.answers.taken(message.number)
            answered += sum(len(each.questions) for each in message.answers)
            good += sum(each.status in {HashStatus.HASHED, HashStatus.CACHED} for each in message.answers)
        return answered, good

    def _turn(self) -> None:
        for order in self._openings.to_say(time.monotonic()):
            descriptor = os.open(self._paths[order.pid], os.O_RDONLY | os.O_CLOEXEC)
            handing.send_file(self._out, order.number, descriptor)
            os.close(descriptor)
        ready, _, _ = select.select([self._in.fileno(), *self.hashers.descriptors], [], [], 0.05)
        if self._in.fileno() in ready:
            self.foreman.take_files(self._in, os.getpid())
        self.foreman.tell(*self.hashers.hear(tuple(ready)))
        self.foreman.ring()

    def close(self) -> None:
        self.foreman.tell(StopRequested())
        self._store.close()
        self.hashers.stop()


def timed(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def command(*words: str, paths: list[Path]) -> float:
    return timed(lambda: subprocess.run([*words, *map(str, paths)], check=True, capture_output=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--files", type=int, default=1000)
    options = parser.parse_args()
    prepare()
    paths = programs(options.files)
    size = sum(path.stat().st_size for path in paths)
    first: list[float] = []
    second: list[float] = []
    sha256sum: list[float] = []
    ssdeep: list[float] = []
    for _ in range(options.rounds):
        sha256sum.append(command("sha256sum", "--", paths=paths))
        if shutil.which("ssdeep"):
            ssdeep.append(command("ssdeep", "-s", "-b", paths=paths))
        with tempfile.TemporaryDirectory() as directory:
            passes = Passes(Path(directory), paths)
            for spent in (first, second):
                begin = time.perf_counter()
                if (good := passes.run()) != len(paths):
                    raise SystemExit(f"{good} of {len(paths)} files have digests")
                spent.append(time.perf_counter() - begin)
            passes.close()
    ours = median(first)
    print(f"{len(paths)} programs, {size / 1e6:.0f} MB, medians of {options.rounds}")
    print(f"first pass, two workers, three digests  {ours:7.2f} s {size / ours / 1e6:7.0f} MB/s")
    for name, peer in (("sha256sum", sha256sum), ("ssdeep", ssdeep)):
        if peer:
            rate, ratio = size / median(peer) / 1e6, median(peer) / ours
            print(f"  peer: {name:<32}{median(peer):7.2f} s {rate:7.0f} MB/s   takes {ratio:.2f} of our time")
    rate = len(paths) / median(second)
    print(
        f"second pass, answers from the cache     {median(second):7.3f} s {rate:7.0f} /s    claim {LOOK_UPS}/s: ",
        end="",
    )
    print("holds" if rate >= LOOK_UPS else "DOES NOT HOLD")


if __name__ == "__main__":
    main()
