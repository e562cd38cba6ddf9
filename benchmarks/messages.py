"""Claim: a message goes there and back between two actors no slower than over Thespian's own TCP base, p50 and p99.

Each side is a process of its own with a system of its own: ours over Unix sockets, with everything checked that comes,
and Thespian's ``multiprocTCPBase``, which unpickles whatever comes. An actor sends to another and takes the time until
the same message is back: a hundred bytes, and a batch of a thousand process records of this machine. The sides take
turns, round after round, the first one changing. One message is on its way at a time.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import pickle
import select
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from thespian.actors import Actor, ActorSystem

from daemoneye.actors.transport.agreed import Site
from daemoneye.actors.transport.base import open_system
from daemoneye.actors.transport.policy import ANYONE, ANYTHING, Policy, Rule
from daemoneye.actors.transport.vocabulary import Vocabulary
from daemoneye.host.source import open_source
from daemoneye.lifecycle.records import record
from daemoneye.messages.observation import OBSERVATION_TYPES, SnapshotPart

if TYPE_CHECKING:
    from collections.abc import Sequence

_RECORDS: Final = 1000
_SIDES: Final = ("ours", "tcp")
_SUBJECTS: Final = {"100 bytes": 100, "1,000 records": 20}  # and how many of it a round has
_WARM_UP: Final = 5  # sockets are made, pools are filled
_PATIENCE_S: Final = 120
_PR_SET_CHILD_SUBREAPER: Final = 36  # linux/prctl.h


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    subject: str
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    milliseconds: tuple[float, ...]


class Echo(Actor):
    def receiveMessage(self, message: Any, sender: Any) -> None:  # noqa: N802 - Thespian's word
        if isinstance(message, bytes | SnapshotPart):
            self.send(sender, message)


class Asker(Actor):
    def __init__(self) -> None:
        super().__init__()
        self._subjects: dict[str, object] = {"100 bytes": bytes(100), "1,000 records": a_thousand_records()}
        self._echo: Any = None
        self._measure = Measure(subject="", times=0)
        self._asked_by: Any = None
        self._taken: list[float] = []
        self._began = 0.0

    def receiveMessage(self, message: Any, sender: Any) -> None:  # noqa: N802 - Thespian's word
        arrived = time.perf_counter()
        if isinstance(message, Measure):
            self._measure, self._asked_by, self._taken = message, sender, []
            self._echo = self._echo or self.createActor(Echo)
        elif isinstance(message, bytes | SnapshotPart):
            self._taken.append((arrived - self._began) * 1000)
        else:
            return
        self._go_on()

    def _go_on(self) -> None:
        if len(self._taken) == self._measure.times:
            self.send(self._asked_by, Measured(milliseconds=tuple(self._taken)))
            return
        self._began = time.perf_counter()
        self.send(self._echo, self._subjects[self._measure.subject])


def a_thousand_records() -> SnapshotPart:
    """Those of this machine, over again until they are enough; each a value of its own, as if it had been read."""
    snapshot = open_source(enhanced=False, mask=tuple, environment_names=(), process_timeout_s=5.0).scan()
    read = [record(snapshot.machine, each, collected_ms=snapshot.wall_ms) for each in snapshot.processes.values()]
    many = [replace(read[number % len(read)], pid=number + 1) for number in range(_RECORDS)]
    return SnapshotPart(request=1, part=0, last=True, records=tuple(pickle.loads(pickle.dumps(each)) for each in many))  # noqa: S301 - just dumped


def system_of(side: str, directory: Path) -> ActorSystem:
    if side == "tcp":
        return ActorSystem("multiprocTCPBase", {"Admin Port": free_port()}, transientUnique=True)
    types = (Measure, Measured, *OBSERVATION_TYPES)
    policy = Policy((Rule(ANYONE, ANYTHING, ANYONE),))
    return open_system(Site(directory=directory, vocabulary=Vocabulary(types), policy=policy))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def serve(side: str) -> None:
    """One line with what to measure, one line with how long each took."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # our admin ends with us then, whatever happens
    with tempfile.TemporaryDirectory(prefix="de-") as directory:
        system = system_of(side, Path(directory) / "actors")
        try:
            asker = system.createActor(Asker)
            for line in sys.stdin:
                subject, times = json.loads(line)
                measured = system.ask(asker, Measure(subject=subject, times=times), _PATIENCE_S)
                print(json.dumps(measured.milliseconds), flush=True)
        finally:
            system.shutdown()


class Side:
    def __init__(self, name: str) -> None:
        command = [sys.executable, __file__, "--side", name]
        process: Any = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._process = process
        self._to: IO[str] = process.stdin
        self._back: IO[str] = process.stdout
        self.taken: dict[str, list[float]] = {subject: [] for subject in _SUBJECTS}

    def measure(self, subject: str, times: int) -> list[float]:
        self._to.write(json.dumps([subject, times]) + "\n")
        self._to.flush()
        if not select.select([self._back], [], [], _PATIENCE_S)[0]:
            raise TimeoutError("a side does not answer")
        taken: list[float] = json.loads(self._back.readline())
        return taken

    def end(self) -> None:
        self._to.close()
        self._process.wait(_PATIENCE_S)
        self._back.close()


def measure(rounds: int) -> dict[str, dict[str, list[float]]]:
    """Milliseconds by side and subject."""
    sides = {name: Side(name) for name in _SIDES}
    try:
        for subject in _SUBJECTS:
            for side in sides.values():
                side.measure(subject, _WARM_UP)
        for number in range(rounds):
            for subject, times in _SUBJECTS.items():
                for name in _SIDES[:: -1 if number % 2 else 1]:
                    sides[name].taken[subject] += sides[name].measure(subject, times)
    finally:
        for side in sides.values():
            side.end()
    return {name: side.taken for name, side in sides.items()}


def quantiles(taken: Sequence[float]) -> tuple[float, float]:
    cuts = statistics.quantiles(taken, n=100, method="inclusive")
    return cuts[49], cuts[98]


def report(taken: dict[str, dict[str, list[float]]]) -> bool:
    print(f"{'there and back':16} {'':4} {'ours ms':>9} {'TCP ms':>9} {'ratio':>6} {'messages':>9}")
    within = True
    for subject in _SUBJECTS:
        ours, tcp = (quantiles(taken[side][subject]) for side in _SIDES)
        for name, mine, theirs in zip(("p50", "p99"), ours, tcp, strict=True):
            print(
                f"{subject:16} {name:4} {mine:9.3f} {theirs:9.3f} {mine / theirs:6.2f} {len(taken['ours'][subject]):9}"
            )
            within &= mine <= theirs
    return within


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--side", choices=_SIDES, help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.side:
        serve(chosen.side)
        return 0
    within = report(measure(chosen.rounds))
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs; {'not above' if within else 'ABOVE'} TCP")
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())
