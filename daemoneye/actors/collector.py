"""The collector: looks at every process of the machine, again and again.

What for: it is the only one that sees processes. It keeps the last look, says in numbers what each has shown, and shows
all of it, part by part, to whoever asks. What leaves it is masked.

Which privilege: CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH, to read of every process what only its owner may. Without them
it sees less and says so. It writes nothing and opens no socket but its actor's own.

What it accepts: ``TakeSnapshot``, ``PartTaken`` and ``ScanTaken`` of the gateway, ``Kept`` of the journal, besides what
every role accepts. All are decoded by hand, none is a pickle.

What it emits: ``Scanned`` after each look, ``SnapshotPart`` and ``SnapshotRefused``, all to the gateway and never more
than it shows to hear; ``Keep`` to the journal, again and again until it is acknowledged. A line in the log for the
first look, and when the kind of what it cannot read changes.

How it dies: at an error in its code, in either of its threads, with the reason. When a look does not get on, by the
supervisor. Processes that vanish, hang or lie, and descriptors that have run out, are no reason to die; nor is a thread
that hangs in the kernel one not to.
"""

from __future__ import annotations

import secrets
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Final, assert_never

from daemoneye.actors.audience import Audience
from daemoneye.actors.base import RoleActor
from daemoneye.actors.chronicle import Chronicle
from daemoneye.actors.custody import Custody
from daemoneye.actors.looking import Eye, Look, NoLook
from daemoneye.actors.streaming import in_parts
from daemoneye.actors.transport.vocabulary import Vocabulary
from daemoneye.actors.worker import Worker
from daemoneye.errors import OperatorError
from daemoneye.host.clocks import Clocks, wall_ms
from daemoneye.journal.ids import Ids
from daemoneye.lifecycle.schedule import Schedule
from daemoneye.lifecycle.sight import Sight, hindrances
from daemoneye.logs import log
from daemoneye.messages.observation import OBSERVATION_TYPES, PartTaken, Scanned, ScanTaken, TakeSnapshot, ToCollector
from daemoneye.messages.record import Kept
from daemoneye.model.coverage import Coverage
from daemoneye.model.event import Exec, Modified

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemoneye.actors.streaming import Chunk
    from daemoneye.lifecycle.tracker import Scan
    from daemoneye.messages.supervision import CollectorSettings
    from daemoneye.model.process import ProcessRecord

GATEWAY: Final = "gateway"
JOURNAL: Final = "journal"
# How long the thread that looks may keep the other from running. With Python's 5 ms the slowest hundredth of answers
# took 10 ms while 10,000 processes were read, with this 4 ms; the look itself took no longer.
_SWITCH_S: Final = 0.001
_WORDS: Final = Vocabulary(OBSERVATION_TYPES)


def _weigh(record: ProcessRecord) -> int:
    return len(_WORDS.encode(record))  # what it will take in the frame, which no estimate tells better: 4 µs


def _parts_of(scan: Scan) -> Iterator[Chunk]:
    return in_parts(scan.records(), _weigh)


class Collector(RoleActor):
    role = "collector"
    clock = staticmethod(time.monotonic)

    def begin(self, settings: CollectorSettings) -> None:
        sys.setswitchinterval(_SWITCH_S)
        self._settings = settings
        # progress is told by the worker's thread alone: two threads adding to one number would lose some
        new_id = Ids(wall_ms, secrets.token_bytes)
        self._chronicle = Chronicle(new_id)
        self._custody = Custody(Ids(wall_ms, secrets.token_bytes), Clocks().now)
        self._eye = Eye(settings, self.progress, self._chronicle)
        self._next_eye: Eye | None = None
        self._worker: Worker[Look | NoLook] = Worker("look")
        self._audience = Audience()
        self._sight = Sight()
        self._scan: Scan | None = None  # the latest complete one
        self._looks = self._failed = 0
        self._epoch = 0
        self._patience_runs = False
        self.watch(self._worker.descriptor)
        self._keep_time(settings.interval_s)

    def apply(self, settings: CollectorSettings) -> str | None:
        """From the next look on. The running one is left alone, and so is what it reads from."""
        try:
            following = Eye(settings, self.progress, self._chronicle, self._next_eye or self._eye)
        except OperatorError as error:
            return str(error)
        if self._next_eye is not None:
            self._next_eye.close()
        self._next_eye = following
        changed, self._settings = settings.interval_s != self._settings.interval_s, settings
        if changed:
            self._keep_time(settings.interval_s)
        return None

    @property
    def idle(self) -> bool:
        return not self._worker.busy

    def introduced(self, role: str) -> None:
        if role == GATEWAY:
            self._audience.arrived()
            self._speak()
        elif role == JOURNAL:
            self._custody.arrived()
            self._hand_over()

    def receive(self, message: ToCollector | Kept, speaker: str) -> None:  # noqa: ARG002 - the table decides
        match message:
            case TakeSnapshot():
                self._audience.ask(message.request)
            case PartTaken():
                self._audience.part_taken(message.request, message.part, self.clock())
            case ScanTaken():
                self._audience.scan_taken(message.scan)
            case Kept():
                self._kept(message)
            case _:
                assert_never(message)
        self._speak()

    def woken(self, purpose: str) -> None:
        if purpose == "patience":
            self._lose_patience()
        elif purpose == f"look {self._epoch}":
            self._look()

    def end(self) -> None:
        """Whoever is stuck in a look is left there: the process ends without it."""
        self.unwatch(self._worker.descriptor)
        if not self._worker.busy:
            self._worker.close()
            for eye in (self._eye, self._next_eye):
                if eye is not None:
                    eye.close()

    # -- looking

    def _keep_time(self, interval_s: float) -> None:
        self._schedule = Schedule(interval_s, self.clock())
        if not self._worker.busy:
            self._wait_for_look()

    def _wait_for_look(self) -> None:
        self._epoch += 1
        self.wake_after(self._schedule.delay_s(self.clock()), f"look {self._epoch}")

    def _look(self) -> None:
        if self._next_eye is not None:
            self._eye.close()
            self._eye, self._next_eye = self._next_eye, None
        self._worker.start(self._eye.look)

    def ready_to_read(self, descriptors: tuple[int, ...]) -> None:  # noqa: ARG002 - there is only one
        outcome = self._worker.collect()
        if outcome is None:
            return
        overrun = self._schedule.over(self.clock())
        self._looks += 1
        if isinstance(outcome, Look):
            self._saw(outcome)
        else:
            self._saw_nothing(outcome)
        self._audience.news(self._scanned(outcome, overrun))
        self._speak()
        self._wait_for_look()

    def _saw(self, look: Look) -> None:
        if self._failed:
            log("info", "collector.sees_again", looks_missed=self._failed)
        self._failed = 0
        coverage = look.scan.coverage
        change = self._sight.observe(hindrances(coverage))
        if self._scan is None:
            log("info", "collector.first_look", message=coverage.sentence(), seen=coverage.seen)
        elif change is not None:
            self._tell_change(change.appeared, change.over, coverage)
        self._scan = look.scan
        for entry in look.entries:
            self._custody.take(entry)
        self._hand_over()
        self._audience.show = partial(_parts_of, look.scan)

    def _tell_change(self, appeared: tuple[str, ...], over: tuple[str, ...], coverage: Coverage) -> None:
        if appeared:
            log("warning", "collector.sees_less", because=", ".join(appeared), coverage=coverage.sentence())
        if over:
            log("info", "collector.sees_more", no_longer=", ".join(over), coverage=coverage.sentence())

    def _saw_nothing(self, outcome: NoLook) -> None:
        self._failed += 1
        if self._failed == 1:
            log("error", "collector.blind", because=outcome.reason)

    def _scanned(self, outcome: Look | NoLook, overrun: int) -> Scanned:
        look = outcome if isinstance(outcome, Look) else None
        return Scanned(
            scan=self._looks,
            at_ms=self._scan.snapshot.wall_ms if self._scan else 0,
            duration_s=outcome.duration_s,
            overrun=overrun,
            failed=self._failed,
            coverage=self._scan.coverage if self._scan else Coverage(),
            executed=look.count(Exec) if look else 0,
            modified=look.count(Modified) if look else 0,
            occupancies=(*(look.occupancies if look else ()), self._custody.occupancy),
            # the audience adds what it has dropped itself
            shed=tuple(sorted((f"entries: {kind}", count) for kind, count in self._custody.shed.items())),
        )

    # -- showing

    def _speak(self) -> None:
        now_s = self.clock()
        for message in self._audience.to_say(now_s):
            self.say(GATEWAY, message)
        left_s = self._audience.patience_left_s(now_s)
        if left_s is not None and not self._patience_runs:
            self._patience_runs = True
            self.wake_after(left_s, "patience")

    # -- recording

    def _hand_over(self) -> None:
        for keep in self._custody.to_say():
            self.say(JOURNAL, keep)

    def _kept(self, message: Kept) -> None:
        if message.refused:
            log("error", "collector.refused", count=len(message.refused), first=message.refused[0])
        self._custody.kept(message)
        self._hand_over()

    def _lose_patience(self) -> None:
        self._patience_runs = False
        for shed in self._audience.shed_overdue(self.clock()):
            log("warning", "collector.snapshot_not_taken", request=shed.request, records_taken=shed.records_taken)
        self._speak()
