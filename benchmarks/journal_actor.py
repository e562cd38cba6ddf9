"""What recording costs in the agent: from one actor through another onto the disk, into the file of alerts, and back.

The claims: twenty thousand events a second, each batch acknowledged after it was committed; a thousand alerts a second,
each on the platter before it is acknowledged, and in the file of lines. Sender and journal are two processes, as they
are in the agent, and everything between them is what the agent has. The peer of one alert is the least that durability
can cost on this disk: the same bytes appended to a plain file and synced, in turns with it.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import secrets
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path, PosixPath
from typing import Any, Final

from thespian.actors import Actor, ActorExitRequest

from daemoneye.actors.base import RoleActor
from daemoneye.actors.custody import Custody
from daemoneye.actors.journal import JournalActor
from daemoneye.actors.transport.agreed import Site
from daemoneye.actors.transport.base import open_system
from daemoneye.actors.transport.for_actors import name_of
from daemoneye.actors.transport.policy import ANYONE, ANYTHING, Policy, Rule
from daemoneye.actors.transport.vocabulary import Shape, Vocabulary
from daemoneye.host.clocks import Clocks, wall_ms
from daemoneye.journal.ids import Ids
from daemoneye.messages.record import RECORD_TYPES, Kept
from daemoneye.messages.supervision import (
    AlertFileSettings,
    ApplySettings,
    AskHeartbeat,
    Begin,
    Heartbeat,
    Introduce,
    JournalSettings,
    Ready,
)
from daemoneye.model.alert import Alert, AlertProcess, Content, Evidence, Severity
from daemoneye.model.alert import Rule as AlertRule
from daemoneye.model.event import Ancestor, Started
from daemoneye.model.observation import Facts, Machine, Observation, ProcessKey, Sample
from daemoneye.model.process import Credentials, FileIdentity, OnDisk
from daemoneye.outputs import recorded
from daemoneye.settings.outputs import Syslog

_PATIENCE_S: Final = 600
_PR_SET_CHILD_SUBREAPER: Final = 36  # linux/prctl.h
_MACHINE: Final = Machine(
    boot_id="6c1d6e86-0000-4000-8000-000000000000", boot_time_s=1_799_999_000.0, ticks_per_second=100
)
_FILE: Final = FileIdentity(dev=64769, ino=1234, size=99_000, mtime_ns=1_700_000_000_500_000_000, ctime_ns=10**18)
_LINE: Final = tuple(
    Ancestor(key=ProcessKey(pid, pid), entity_id=f"{pid:032x}", name=f"sh-{pid}", executable_path="/bin/sh")
    for pid in range(1, 5)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    events: int
    alerts: int
    one_by_one: int
    directory: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    events_s: float
    alerts_s: float
    one_s: tuple[float, ...]
    bare_s: tuple[float, ...]
    event_bytes: int


IDS: Final = Ids(wall_ms, secrets.token_bytes)


def event(number: int) -> Any:
    """A start with a command line and a chain of ancestors, every one of another process."""
    name = f"program-{number % 5000}"
    sample = Sample(1 + number % 32768, number, 1, name[:15], "running", 1, 4096, 1, 1, 0, 1, False, (number, 2), 1000)
    facts = Facts(
        name=name,
        executable_path=f"/usr/bin/{name}",
        executable_file=_FILE,
        on_disk=OnDisk.PRESENT,
        command_line=(name, "--config", "/etc/program/program.conf", "--verbose"),
        cwd="/",
        root="/",
        credentials=Credentials(ruid=1000, euid=1000, suid=1000, fsuid=1000, rgid=1000, egid=1000),
    )
    started = Started(
        observation=Observation(sample, facts),
        entity_id=f"{number:032x}",
        ancestors=_LINE,
        detected_ms=wall_ms(),
        detected_monotonic_s=time.monotonic(),
    )
    return recorded.of_event(started, id=IDS(), machine=_MACHINE)


def alert(number: int) -> Any:
    moment = Clocks().now()
    return recorded.of_alert(
        Alert(
            id=IDS(),
            rule=AlertRule.DISK_MISMATCH,
            severity=Severity.HIGH,
            wall_ms=moment.wall_ms,
            monotonic_ns=moment.monotonic_ns,
            boot_id=moment.boot_id,
            message=f"The program that process {number} runs is not the one on disk.",
            recheck=(f"sha256sum /proc/{number}/exe",),
            process=AlertProcess(
                pid=1 + number % 32768, entity_id=f"{number:032x}", name="httpd", executable="/usr/sbin/httpd"
            ),
            hash=Content(sha256=f"{number:064x}"),
            evidence=Evidence(path="/usr/sbin/httpd", on_disk=OnDisk.REPLACED, file=_FILE, ancestors=_LINE),
        )
    )


class Sender(RoleActor):
    """Keeps the journal as busy as it may, with things that were made before."""

    role = "sender"

    def begin(self, settings: Any) -> None:
        self._measure: Measure = settings
        self._custody = Custody(IDS, Clocks().now)
        self._one_s: list[float] = []
        self._bare_s: list[float] = []
        self._bare = os.open(Path(settings.directory) / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def apply(self, settings: Any) -> str | None:
        raise NotImplementedError

    def receive(self, message: Kept, speaker: str) -> None:  # noqa: ARG002 - the journal
        self._custody.kept(message)
        if self._custody.shed or message.refused:
            raise RuntimeError("given up or refused: this is no measurement")
        if self._custody.empty:
            next(self._steps)
        self._hand_over()

    def introduced(self, role: str) -> None:  # noqa: ARG002 - the journal
        self._custody.arrived()
        self._steps = self._all_steps()
        next(self._steps)
        self._hand_over()

    def _hand_over(self) -> None:
        for keep in self._custody.to_say():
            self.say("journal", keep)

    def _all_steps(self) -> Any:
        """Each ends with something in our custody, and goes on when there is nothing more."""
        measure = self._measure
        self._custody.take(alert(0))
        yield  # everything is open and warm
        events_s = 0.0
        for first in range(0, measure.events, _LOT):
            lot = [event(number) for number in range(first, min(first + _LOT, measure.events))]
            began_s = time.perf_counter()
            yield from self._given(lot)
            events_s += time.perf_counter() - began_s
        lot = [alert(number) for number in range(measure.alerts)]
        began_s = time.perf_counter()
        yield from self._given(lot)
        alerts_s = time.perf_counter() - began_s
        for number in range(measure.one_by_one):
            yield from self._one(alert(number))
        told = Measured(
            events_s=events_s,
            alerts_s=alerts_s,
            one_s=tuple(self._one_s),
            bare_s=tuple(self._bare_s),
            event_bytes=len(event(1).body),
        )
        self.say("supervisor", told)
        yield

    def _given(self, lot: list[Any]) -> Any:
        for entry in lot:
            self._custody.take(entry)
        yield

    def _one(self, entry: Any) -> Any:
        began_s = time.perf_counter()
        os.write(self._bare, entry.body)
        os.fdatasync(self._bare)
        self._bare_s.append(time.perf_counter() - began_s)
        began_s = time.perf_counter()
        self._custody.take(entry)
        yield
        self._one_s.append(time.perf_counter() - began_s)


# What one custody holds of these without giving any up.
_LOT: Final = 16_000


class Boss(Actor):
    """Does what the supervisor does, as far as these two need it."""

    def receiveMessage(self, message: Any, sender: Any) -> None:  # noqa: N802 - Thespian's word
        match message:
            case Measure():
                self._asker = sender
                self._known: dict[str, Any] = {}
                for actor, settings in ((JournalActor, journal_settings(message.directory)), (Sender, message)):
                    begin = Begin(generation=1, config=1, settings=settings)  # type: ignore[arg-type] # one is not the agent's
                    self.send(self.createActor(actor), begin)
            case Ready():
                self._known[sender.addressDetails.role] = sender
                if len(self._known) == 2:
                    self._introduce("sender", "journal")
                    self._introduce("journal", "sender")
            case Measured():
                self.send(self._known["journal"], ActorExitRequest())
                self.send(self._asker, message)

    def _introduce(self, new: str, to: str) -> None:
        self.send(self._known[to], Introduce(role=new, address=name_of(self._known[new])))


def journal_settings(directory: str) -> JournalSettings:
    return JournalSettings(
        state_dir=directory,
        max_bytes=1 << 40,
        max_age_s=1e9,
        alert_file=AlertFileSettings(
            enabled=True, path=f"{directory}/alerts.jsonl", format="ecs", max_size=1 << 40, max_files=2
        ),
        syslog=Syslog(),
        version="benchmark",
        host_name="host",
        host_id="0" * 32,
    )


def site(directory: Path) -> Site:
    own = (Measure, Measured, Begin, ApplySettings, Introduce, AskHeartbeat, Ready, Heartbeat)
    here = Boss.__module__
    vocabulary = Vocabulary(
        {*own, JournalSettings, AlertFileSettings, Syslog, *RECORD_TYPES},
        shapes={PosixPath: Shape(lambda path: (str(path),), Path)},
    )
    return Site(
        directory=directory,
        vocabulary=vocabulary,
        policy=Policy((Rule(ANYONE, ANYTHING, ANYONE),)),
        roles={"daemoneye.actors.journal.JournalActor": "journal", f"{here}.Sender": "sender", f"{here}.Boss": "boss"},
    )


def measure(directory: Path, chosen: argparse.Namespace) -> Measured:
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # our admin ends with us then, whatever happens
    wanted = Measure(events=chosen.events, alerts=chosen.alerts, one_by_one=chosen.one_by_one, directory=str(directory))
    system = open_system(site(directory / "actors"))
    try:
        answer = system.ask(system.createActor(Boss), wanted, _PATIENCE_S)
    finally:
        system.shutdown()
    if not isinstance(answer, Measured):
        raise SystemExit("no answer")
    return answer


def latency(name: str, seconds: tuple[float, ...]) -> None:
    cuts = statistics.quantiles(seconds, n=100)
    print(
        f"{name:<44}{len(seconds) / sum(seconds):>10.0f}/s   p50 {cuts[49] * 1e3:.3f} ms   p99 {cuts[98] * 1e3:.3f} ms"
    )


def claim(name: str, value: float, limit: float) -> bool:
    holds = value >= limit
    print(f"{name:<44}{value:>10.0f}/s   claim {limit:.0f}/s: {'holds' if holds else 'DOES NOT HOLD'}")
    return holds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=96_000)
    parser.add_argument("--alerts", type=int, default=5000, help="given all at once")
    parser.add_argument(
        "--one-by-one", type=int, default=1000, help="alerts, each given when the one before was acknowledged"
    )
    parser.add_argument("--directory", help="where to write; a temporary directory of the system by default")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="de-", dir=chosen.directory) as name:
        told = measure(Path(name), chosen)
        lines = sum(1 for _ in (Path(name) / "alerts.jsonl").open("rb"))
    holds = claim(f"events of {told.event_bytes} bytes, acknowledged", chosen.events / told.events_s, 20_000)
    holds &= claim("alerts, each durable and acknowledged", chosen.alerts / told.alerts_s, 1000)
    latency("  one alert, there and back", told.one_s)
    latency("  peer: the same bytes, write + fdatasync", told.bare_s)
    expected = 1 + chosen.alerts + chosen.one_by_one
    print(f"lines in the file of alerts: {lines} of {expected}")
    return 0 if holds and lines == expected else 1


if __name__ == "__main__":
    raise SystemExit(main())
