"""The collector: looks at every process of the machine, again and again.

What for: it is the only one that sees processes. It keeps the last look, says in numbers what each has shown, and shows
all of it, part by part, to whoever asks. It opens the files that processes run for those who hash them, and puts the
digests into its records. What leaves it is masked.

Which privilege: CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH, to read of every process what only its owner may. Without them
it sees less and says so. It writes nothing and opens no socket but its actor's own.

What it accepts: ``TakeSnapshot``, ``PartTaken`` and ``ScanTaken`` of the gateway, ``Kept`` of the journal, ``Taken`` of
integrity, ``OpenFile`` and ``Digested`` of hashing, besides what every role accepts. All are decoded by hand, none is a
pickle.

What it emits: ``Scanned`` after each look, ``SnapshotPart`` and ``SnapshotRefused``, all to the gateway and never more
than it shows to hear; ``Keep`` to the journal, again and again until it is acknowledged; ``Sighted`` to integrity, one
at a time; ``Taken`` to hashing, and opened files through a socket of their own. A line in the log for the first look,
and when the kind of what it cannot read changes.

How it dies: at an error in its code, in any of its threads, with the reason. When a look does not get on, by the
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
from daemoneye.actors.eyesight import Eyesight
from daemoneye.actors.files import Files
from daemoneye.actors.looking import Eye, Look, NoLook
from daemoneye.actors.opener import Opener
from daemoneye.actors.sightings import Sightings
from daemoneye.actors.stamping import take_in
from daemoneye.actors.streaming import in_parts
from daemoneye.actors.transport.vocabulary import Vocabulary
from daemoneye.actors.worker import Worker
from daemoneye.errors import OperatorError
from daemoneye.host.clocks import Clocks, wall_ms
from daemoneye.host.opening import open_image
from daemoneye.journal.ids import Ids
from daemoneye.lifecycle.digests import Digests
from daemoneye.lifecycle.schedule import Schedule
from daemoneye.logs import log
from daemoneye.messages.delivery import Taken
from daemoneye.messages.hashing import Digested, OpenFile
from daemoneye.messages.observation import OBSERVATION_TYPES, PartTaken, Scanned, ScanTaken, TakeSnapshot, ToCollector
from daemoneye.messages.record import Kept
from daemoneye.messages.sightings import SIGHTING_TYPES
from daemoneye.model.coverage import Coverage
from daemoneye.model.event import Exec, Modified
from daemoneye.tree import FILES_OUT, GATEWAY, HASHING, INTEGRITY, JOURNAL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemoneye.actors.streaming import Chunk
    from daemoneye.integrity.sighting import Sighting
    from daemoneye.lifecycle.tracker import Scan
    from daemoneye.messages.supervision import CollectorSettings
    from daemoneye.model.process import ProcessRecord

# How long the thread that looks may keep the other from running. With Python's 5 ms the slowest hundredth of answers
# took 10 ms while 10,000 processes were read, with this 4 ms; the look itself took no longer.
_SWITCH_S: Final = 0.001
# How often it is seen to that a file which does not open is given up, and a socket that was full is tried again.
_SETTLE_S: Final = 0.25
_WORDS: Final = Vocabulary({*OBSERVATION_TYPES, *SIGHTING_TYPES})


def _weigh(record: ProcessRecord | Sighting) -> int:
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
        self._digests = Digests()
        self._chronicle = Chronicle(new_id, self._digests)
        self._custody = Custody(Ids(wall_ms, secrets.token_bytes), Clocks().now)
        self._eye = Eye(settings, self.progress, self._chronicle, self._digests)
        self._next_eye: Eye | None = None
        self._worker: Worker[Look | NoLook] = Worker("look")
        self._opener = Opener(open_image)
        self._files = Files(self.inherited.sockets[FILES_OUT], self._opener)
        self._files_wait = False
        self._sightings = Sightings(_weigh)
        self._audience = Audience()
        self._eyesight = Eyesight()
        self._scan: Scan | None = None  # the latest complete one
        self._looks = 0
        self._epoch = 0
        self._patience_runs = False
        self.watch(self._worker.descriptor)
        self.watch(self._opener.descriptor)
        self._keep_time(settings.interval_s)

    def apply(self, settings: CollectorSettings) -> str | None:
        """From the next look on. The running one is left alone, and so is what it reads from."""
        try:
            before = self._next_eye or self._eye
            following = Eye(settings, self.progress, self._chronicle, self._digests, before)
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
        elif role == INTEGRITY:
            self._sightings.arrived()
            self._tell_sightings()
        elif role == HASHING:
            self._files.arrived()

    def receive(self, message: ToCollector | Kept | OpenFile | Digested | Taken, speaker: str) -> None:  # noqa: ARG002 - the table decides
        match message:
            case TakeSnapshot():
                self._audience.ask(message.request)
            case PartTaken():
                self._audience.part_taken(message.request, message.part, self.clock())
            case ScanTaken():
                self._audience.scan_taken(message.scan)
            case Kept():
                self._kept(message)
            case Taken():
                self._sightings.taken(message.number)
                self._tell_sightings()
            case OpenFile():
                self._files.ask(message, self._scan, self._settings.proc)
                self._settle_files()
            case Digested():
                self._learn(message)
            case _:
                assert_never(message)
        self._speak()

    def woken(self, purpose: str) -> None:
        if purpose == "patience":
            self._lose_patience()
        elif purpose == "files":
            self._files_wait = False
            self._settle_files()
        elif purpose == f"look {self._epoch}":
            self._look()

    def end(self) -> None:
        """Whoever is stuck in a look is left there: the process ends without it."""
        self.unwatch(self._worker.descriptor)
        self.unwatch(self._opener.descriptor)
        self._opener.close()
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

    def ready_to_read(self, descriptors: tuple[int, ...]) -> None:
        if self._opener.descriptor in descriptors:
            self._settle_files()
        if self._worker.descriptor in descriptors:
            self._over()

    def _over(self) -> None:
        outcome = self._worker.collect()
        if outcome is None:
            return
        overrun = self._schedule.over(self.clock())
        self._looks += 1
        if isinstance(outcome, Look):
            self._saw(outcome)
        else:
            self._eyesight.saw_nothing(outcome.reason)
        self._audience.news(self._scanned(outcome, overrun))
        self._speak()
        self._wait_for_look()

    def _saw(self, look: Look) -> None:
        self._eyesight.saw(look.scan.coverage)
        self._scan = look.scan
        for entry in look.entries:
            self._custody.take(entry)
        self._hand_over()
        self._sightings.saw(look.scan, look.ancestors)
        self._tell_sightings()
        self._audience.show = partial(_parts_of, look.scan)

    def _scanned(self, outcome: Look | NoLook, overrun: int) -> Scanned:
        look = outcome if isinstance(outcome, Look) else None
        return Scanned(
            scan=self._looks,
            at_ms=self._scan.snapshot.wall_ms if self._scan else 0,
            duration_s=outcome.duration_s,
            overrun=overrun,
            failed=self._eyesight.failed,
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

    # -- integrity and hashing

    def _tell_sightings(self) -> None:
        if message := self._sightings.to_say():
            self.say(INTEGRITY, message)

    def _settle_files(self) -> None:
        more = self._files.settle(self.clock())
        if more and not self._files_wait:
            self._files_wait = True
            self.wake_after(_SETTLE_S, "files")

    def _learn(self, message: Digested) -> None:
        self.say(HASHING, Taken(number=message.number))
        if strange := take_in(message, self._digests):
            log("warning", "collector.strange_digests", count=strange)

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
