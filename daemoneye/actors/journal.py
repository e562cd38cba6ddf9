"""The journal: what it has acknowledged is on disk, and what is on disk it can prove.

What for: the one writer of the record of alerts and events, and of the file of alerts that log shippers read. Where
that is switched on, the system's own log gets a copy of each alert.

Which privilege: none. It may write in ``paths.state_dir`` and ``paths.log_dir``; its keys are made by itself.

What it accepts: ``Keep`` of those who have something to record, ``Pull`` of the forwarder, ``Taken`` of the
gateway, ``Reopen`` of the supervisor, besides what every role accepts.

What it emits: ``Kept``, once all of a batch is settled; an answer to each ``Pull``; ``JournalState`` to the gateway,
when something has changed and at most once a second. A line in the log when it cannot record, and when it can again.

How it dies: at an error in its code. When the disk hangs, by the supervisor: then its work does not get on, and that
shows. A full, broken or forbidden disk is no reason to die: entries wait with their senders, and are recorded when it
is mended. Asked to stop, it writes what it has, signs it and closes the file.
"""

from __future__ import annotations

import select
import sys
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple, assert_never

from daemoneye.actors.base import RoleActor
from daemoneye.actors.bulletin import Bulletin
from daemoneye.actors.copier import Copier
from daemoneye.actors.follower import Follower
from daemoneye.actors.intake import Intake
from daemoneye.actors.recording import Job, Outcome, Recording, limits_of
from daemoneye.actors.worker import Worker
from daemoneye.journal.store import Receipt, Refusal
from daemoneye.logs import log
from daemoneye.messages.delivery import Taken
from daemoneye.messages.forwarding import Pull
from daemoneye.messages.record import JournalState, Keep
from daemoneye.messages.supervision import Reopen
from daemoneye.model.record import Stream
from daemoneye.model.status import JournalReport, SinkReport, StreamReport
from daemoneye.tree import FORWARDER, GATEWAY

if TYPE_CHECKING:
    from daemoneye.journal.retention import Limits
    from daemoneye.journal.store import Standing
    from daemoneye.messages.record import ToJournal
    from daemoneye.messages.supervision import JournalSettings

_MOST_PULLS: Final = 8  # one of each output; of a forwarder that asks more, the last
# What cannot be written is tried again at the pace of a person who makes room; and nobody reads a status faster.
RETRY_S: Final = 1.0
TELL_S: Final = 1.0
# What is not signed yet is what a thief of the keys could still change: a minute of it, for 2 KiB.
SIGN_S: Final = 60.0
# How long the thread that records may keep the other from running: nothing comes in while nothing is acknowledged.
_SWITCH_S: Final = 0.001
# Of the time to stop, what a job that has begun may take before it is left to its fate.
_PATIENCE_S: Final = 3.0


class _Told(NamedTuple):
    report: JournalReport
    sinks: tuple[SinkReport, ...]


class JournalActor(RoleActor):
    role = "journal"

    def begin(self, settings: JournalSettings) -> None:
        sys.setswitchinterval(_SWITCH_S)
        # progress is told by the worker's thread alone: two threads adding to one number would lose some
        self._recording = Recording(settings, self.progress)
        self._worker: Worker[Outcome] = Worker("record")
        self._follower = Follower(settings)
        self._copier = Copier(settings)
        self._intake = Intake()
        self._last: Outcome | None = None
        self._recorded = 0
        self._refused: Counter[str] = Counter()
        self._limits: Limits | None = None
        self._is_due = True  # to open the file, before anybody has something for it
        self._sign = False
        self._pulls: list[Pull] = []
        self._timers: set[str] = set()
        self._bulletin: Bulletin[_Told] = Bulletin(self._say_state)
        for part in (self._worker.descriptor, self._follower.fileno(), self._copier.fileno()):
            self.watch(part)
        self._wake_once(SIGN_S, "sign")
        self._go_on()

    def apply(self, settings: JournalSettings) -> None:
        """The file of alerts is exchanged, and new limits hold, as soon as what is being written is written."""
        self._limits = limits_of(settings)
        self._follower.apply(settings)
        self._copier.apply(settings)
        self._go_on()

    @property
    def idle(self) -> bool:
        return not self._worker.busy  # the file of alerts may hang; the record goes on

    def introduced(self, role: str) -> None:
        if role == GATEWAY:
            self._bulletin.arrived()
        elif role == FORWARDER:
            self._pulls.clear()  # of the one before
        else:
            self._intake.forget(role)
        self._go_on()

    def receive(self, message: ToJournal | Pull | Reopen, speaker: str) -> None:
        match message:
            case Keep():
                if not self._intake.give(speaker, message):
                    log("error", "journal.too_much", speaker=speaker, batch=message.batch)
            case Pull():
                self._pulls = [*self._pulls, message][-_MOST_PULLS:]
            case Taken():
                self._bulletin.taken(message.number)
            case Reopen():
                self._follower.reopen()
            case _:
                assert_never(message)
        self._go_on()

    def woken(self, purpose: str) -> None:
        self._timers.discard(purpose)
        if purpose == "sign":
            self._sign = True
            self._wake_once(SIGN_S, "sign")
        elif purpose == "retry":
            self._is_due = True
            self._follower.try_again()
            self._copier.try_again()
        self._go_on()

    def ready_to_read(self, descriptors: tuple[int, ...]) -> None:
        if self._worker.descriptor in descriptors:
            self._collect()
        if self._follower.fileno() in descriptors:
            self._follower.collect()
        if self._copier.fileno() in descriptors:
            self._copier.collect()
        self._go_on()

    # -- recording

    def _go_on(self) -> None:
        if not self._worker.busy and (job := self._next_job()):
            self._worker.start(partial(self._recording.work, job))
        self._follower.go_on()
        self._copier.go_on()
        if self._follower.in_trouble or self._copier.in_trouble or (self._last and self._last.condition):
            self._wake_once(RETRY_S, "retry")
        self._tell()

    def _next_job(self) -> Job | None:
        """What has come is left where it is while nothing can be written: then only what waits already is tried."""
        well = self._last is not None and self._last.condition is None
        entries = self._intake.job() if well else ()
        standing = self._last.standing if self._last else None
        brings_alerts = any(entry.stream is Stream.ALERTS for entry in entries)
        read = self._follower.can_take and (brings_alerts or self._follower.is_behind(standing))
        copy_after = self._copier.wanted(standing, brings_alerts=brings_alerts)
        wanted = read or copy_after is not None or self._pulls
        if not (entries or wanted or self._is_due or self._sign or self._limits):
            return None
        job = Job(
            entries=entries,
            sign=self._sign,
            limits=self._limits,
            read=read,
            after=self._follower.mark,
            copy_after=copy_after,
            pulls=self._pulls,
        )
        self._is_due, self._sign, self._limits, self._pulls = False, False, None, []
        return job

    def _collect(self) -> None:
        outcome = self._worker.collect()
        if outcome is None:
            return
        before, self._last = self._last, outcome
        self._settle(outcome)
        _log(before, outcome)
        if outcome.job.read:
            self._follower.take(outcome)
        self._copier.take(outcome)

    def _settle(self, outcome: Outcome) -> None:
        refusals = [each for each in outcome.answers if isinstance(each, Refusal)]
        for refusal in refusals:
            self._refused[refusal.why] += 1
            log("error", "journal.refused", id=refusal.id, because=refusal.why.value)
        self._recorded += sum(isinstance(each, Receipt) and not each.repeated for each in outcome.answers)
        answers = ((each.id, isinstance(each, Refusal)) for each in outcome.answers)
        for speaker, kept in self._intake.settle(answers):
            self.say(speaker, kept)
        for shown in outcome.pulled:
            self.say(FORWARDER, shown)

    # -- telling

    def _wake_once(self, seconds: float, purpose: str) -> None:
        if purpose not in self._timers:
            self._timers.add(purpose)
            self.wake_after(seconds, purpose)

    def _tell(self) -> None:
        if not self._bulletin.can_be_told() or "tell" in self._timers or self._last is None:
            return
        copies = self._copier.report(self._last.standing)
        if self._bulletin.tell(_Told(self._report(self._last), (copies,) if copies else ())):
            self._wake_once(TELL_S, "tell")

    def _say_state(self, number: int, told: _Told) -> bool:
        return self.say(GATEWAY, JournalState(number=number, **told._asdict()))

    def _report(self, last: Outcome) -> JournalReport:
        trouble, standing = last.condition, last.standing
        known = self._bulletin.last.report.streams if self._bulletin.last else ()
        return JournalReport(
            trouble=trouble.trouble.value if trouble else "",
            detail=trouble.detail if trouble else "",
            chain=standing.chain if standing else "",
            streams=_streams(standing) if standing else known,
            disk_bytes=standing.disk_bytes if standing else 0,
            recorded=self._recorded,
            pruned=last.pruned,
            waiting=last.waiting + self._intake.waiting,
            refused=tuple(sorted(self._refused.items())),
            dropped=tuple(sorted(self._intake.dropped.items())),
            alert_file=self._follower.report,
        )

    # -- the end

    def end(self) -> None:
        """Others had to stop before us, so this is all; whoever still waits will give it to the next."""
        if self._worker.busy:
            select.select([self._worker.descriptor], [], [], _PATIENCE_S)
            self._collect()
        if self._worker.busy:
            return  # it hangs
        self._worker.close()
        while entries := self._intake.job():
            self._settle(self._recording.work(Job(entries=entries)))
        self._follower.finish(lambda mark: self._recording.work(Job(read=True, after=mark)).alerts, _PATIENCE_S)
        last = self._recording.work(Job())
        self._copier.finish(lambda after: self._recording.work(Job(copy_after=after)).copies, last.standing)
        self._recording.close()


def _streams(standing: Standing) -> tuple[StreamReport, ...]:
    return tuple(
        StreamReport(name=stream.word, last=standing.last[stream], kept=standing.kept[stream]) for stream in Stream
    )


def _log(before: Outcome | None, now: Outcome) -> None:
    trouble, known = now.condition, before.condition if before else None
    if trouble and (known is None or known.trouble is not trouble.trouble):
        log("error", "journal.cannot_record", trouble=trouble.trouble.value, detail=trouble.detail)
    elif known and not trouble:
        log("info", "journal.records_again", waited=before.waiting if before else 0)
    if (away := now.put_away) and away != (before.put_away if before else None):
        log("error", "journal.put_away", because=away.reason, file=away.file)
