"""Integrity: remembers what every program was, judges what it is, and raises the alerts.

What for: the shell around ``daemoneye/integrity/``. It takes what the collector sees, has the digests made that it
takes to judge it, asks the package database, and sees to it that no alert is lost and none is raised twice.

Which privilege: none. It may write in ``paths.state_dir``, where its baselines are, and reads the package database.

What it accepts: ``Sighted`` of the collector, ``Answers`` of hashing, ``Kept`` of the journal, ``Accept`` of the
gateway, ``ChildrenInTrouble`` of the supervisor, besides what every role accepts.

What it emits: ``Ask`` to hashing, ``Keep`` to the journal, ``Accepted`` and ``IntegrityState`` to the gateway; and
``Taken`` to whoever sent a batch. A line in the log for each alert, and when its memory cannot be written or is lost.

How it dies: at an error in its code. A store that cannot be written, a package database that is busy or hashers that do
not answer are no reason to. Whenever it dies it goes on from what it has written: alerts on their way go out again
under their ids, and all else is seen again.
"""

from __future__ import annotations

import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, assert_never

from daemoneye.actors import trusting
from daemoneye.actors.base import RoleActor
from daemoneye.actors.bulletin import Bulletin
from daemoneye.actors.custody import Custody
from daemoneye.actors.inquiries import Inquiries
from daemoneye.actors.ledger import Ledger
from daemoneye.actors.provenance import Provenance
from daemoneye.host.baseline_store import BaselineStore
from daemoneye.host.clocks import Clocks, wall_ms
from daemoneye.integrity.sighting import Need, Now
from daemoneye.integrity.similarity import compare
from daemoneye.integrity.tracker import Tracker
from daemoneye.integrity.verdicts import PATIENCE_MS, Policy
from daemoneye.journal.ids import Ids
from daemoneye.messages.delivery import Taken
from daemoneye.messages.hashing import Answers
from daemoneye.messages.integrity import Accept, Accepted, ChildrenInTrouble, IntegrityState
from daemoneye.messages.record import Kept
from daemoneye.messages.sightings import Sighted
from daemoneye.model.reports import IntegrityReport
from daemoneye.tree import GATEWAY, HASHING, JOURNAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daemoneye.integrity.baselines import Key
    from daemoneye.integrity.sighting import Sighting
    from daemoneye.messages.integrity import ToIntegrity
    from daemoneye.messages.supervision import IntegritySettings

TICK_S: Final = 1.0  # the pace at which dpkg is asked again, and at which anybody reads a status
# Often enough that nobody who runs is among those seen longest ago, however many come and go.
LOOK_BACK_S: Final = 600.0
# Package questions take 1.3 ms each and 90 ms after a change of the database [measured]; others wait no longer.
SLICE_S: Final = 0.05
SWITCHED_OFF: Final = "switched off by integrity.package_verdicts"
_NUMBER_BITS: Final = 60  # random, so that no question of this life has the number of one before


class IntegrityActor(RoleActor):
    role = "integrity"
    clock = staticmethod(time.monotonic)

    def begin(self, settings: IntegritySettings) -> None:
        self._clocks = Clocks()
        new_id = Ids(wall_ms, secrets.token_bytes)
        self._custody = Custody(new_id, self._clocks.now, name="alerts for the journal")
        self._ledger = Ledger(BaselineStore(Path(settings.state_dir), wall_ms), self._custody)
        self._inquiries = Inquiries(secrets.randbits(_NUMBER_BITS))
        self._provenance = Provenance() if settings.package_verdicts else None
        self._tracker = Tracker(
            policy=_policy(settings),
            dedup_window_s=settings.dedup_window_s,
            new_id=new_id,
            kept=self._ledger.load(),
        )
        self._living: dict[str, Key | None] = {}  # by entity id
        self._sweeps = False  # what comes is part of a list of all there are
        self._swept = False
        self._unsure_until_ms = self._now().wall_ms + PATIENCE_MS  # whether all was seen since we began
        self._troubled: frozenset[str] = frozenset()
        self._slice_is_due = False  # or there is none before the next tick
        self._bulletin: Bulletin[IntegrityReport] = Bulletin(self._say_state)
        self._ledger.resume(self._tracker)
        self.wake_after(TICK_S, "tick")
        self.wake_after(LOOK_BACK_S, "look back")
        self._go_on()

    def apply(self, settings: IntegritySettings) -> None:
        """Those about whom something is awaited are judged by the new rules at once, all others when they change."""
        self._provenance = (self._provenance or Provenance()) if settings.package_verdicts else None
        self._tracker.apply(_policy(settings), settings.dedup_window_s)
        self._inquiries.reconsider()
        self._go_on()

    def introduced(self, role: str) -> None:
        if role == HASHING:
            self._inquiries.hashing_arrived()
        elif role == JOURNAL:
            self._custody.arrived()
        elif role == GATEWAY:
            self._bulletin.arrived()
        self._go_on()  # the collector begins by itself, with all there are

    def receive(self, message: ToIntegrity | Sighted | Answers | Kept, speaker: str) -> None:
        match message:
            case Sighted():
                self.say(speaker, Taken(number=message.number))
                self._see(message)
            case Answers():
                self.say(speaker, Taken(number=message.number))
                for answer in message.answers:
                    self._inquiries.answered(answer, self._now())
            case Kept():
                self._ledger.acknowledged(message, self._tracker, self._now().wall_ms)
            case ChildrenInTrouble():
                self._hear_of_children(dict(message.troubles))
            case Accept():
                self._accept(message)
            case Taken():
                self._taken(message.number, speaker)
            case _:
                assert_never(message)
        self.progress()
        self._go_on()

    def woken(self, purpose: str) -> None:
        if purpose == "tick":
            self._tick()
            self.wake_after(TICK_S, "tick")
        elif purpose == "look back":
            self._tracker.still_there((key for key in self._living.values() if key), self._now().wall_ms)
            self.wake_after(LOOK_BACK_S, "look back")
        elif purpose == "packages":
            self._ask_packages()
        self._go_on(insist=purpose == "tick")
        if purpose == "tick":
            self._tell()

    def end(self) -> None:
        """What is on its way to the journal is said again by the next of us."""
        self._ledger.close(self._tracker)

    # -- what is seen

    def _see(self, message: Sighted) -> None:
        now = self._now()
        if message.afresh:
            self._living.clear()
        for entity_id in message.exited:
            self._living.pop(entity_id, None)
        self._living.update((each.process.entity_id, each.key) for each in message.sightings)
        self._observe([self._inquiries.renewed(each, now) for each in message.sightings])
        # what was said of a process is remembered until it is judged for the last time, or it would be said again
        self._tracker.exited(self._inquiries.ended(message.exited, now), now)
        self._sweeps = message.afresh or self._sweeps
        if message.complete and self._sweeps:
            self._sweeps, self._swept = False, True
            self._tracker.keep_only(self._inquiries.keep_only(self._living.keys(), now), now)

    def _observe(self, sightings: Sequence[Sighting]) -> None:
        """Judge them, note what else is wanted, and be done with those who have ended."""
        now, nothing = self._now(), frozenset[Need]()
        are_new = [each.key is None or self._tracker.baselines.get(each.key) is None for each in sightings]
        outcome = self._tracker.observe(sightings, now)
        self._ledger.add(outcome.alerts)
        wanted = {each.process.entity_id: needs for each, needs in outcome.wanted}
        for sighting, is_new in zip(sightings, are_new, strict=True):
            entity_id = sighting.process.entity_id
            if not self._inquiries.judged(sighting, wanted.get(entity_id, nothing), now, is_new=is_new):
                self._tracker.exited((entity_id,), now)

    def _hear_of_children(self, troubles: dict[str, str]) -> None:
        for name in self._troubled | troubles.keys():
            self._tracker.child(name, troubles.get(name), self._now())
        self._troubled = frozenset(troubles)

    # -- what is asked

    def _tick(self) -> None:
        now = self._now()
        self._ledger.add(self._tracker.tick(now, all_seen=self._has_seen_all(now)))
        self._inquiries.tick(now)
        self._slice_is_due = False

    def _ask_packages(self) -> None:
        """For a while, and then again; or with the next tick if nothing can be said at the moment."""
        until_s, puts_off = self.clock() + SLICE_S, False
        while self._provenance and self.clock() < until_s and (sighting := self._inquiries.package_question()):
            verdict = self._provenance.verdict(sighting)
            self._inquiries.package_said(sighting, verdict)
            puts_off = puts_off or verdict is None
        self._slice_is_due = puts_off

    # -- what is trusted

    def _accept(self, message: Accept) -> None:
        refusal = trusting.refusal(message.trusts, self._tracker.baselines)
        if not refusal:
            before = trusting.accept(message.trusts, self._tracker, self._now().wall_ms)
            if not self._ledger.save(self._tracker, insist=True):
                trusting.take_back(before, self._tracker.baselines)
                refusal = f"{self._ledger.trouble or 'nothing can be written'}; nothing is changed"
        count = 0 if refusal else len(message.trusts)
        self.say(GATEWAY, Accepted(request=message.request, count=count, refusal=refusal))

    # -- what follows

    def _go_on(self, *, insist: bool = False) -> None:
        while ready := self._inquiries.ready():
            self._observe(ready)
        self._ledger.save(self._tracker, insist=insist)
        for keep in self._custody.to_say():
            self.say(JOURNAL, keep)
        if ask := self._inquiries.to_ask.to_say():
            self.say(HASHING, ask)
        if self._inquiries.has_package_questions and not self._slice_is_due:
            self._slice_is_due = True
            self.wake_after(0, "packages")

    def _taken(self, number: int, speaker: str) -> None:
        if speaker == HASHING:
            self._inquiries.to_ask.taken(number)
        else:
            self._bulletin.taken(number)

    def _tell(self) -> None:
        if self._bulletin.can_be_told():
            self._bulletin.tell(self._report())

    def _say_state(self, number: int, report: IntegrityReport) -> bool:
        return self.say(GATEWAY, IntegrityState(number=number, report=report))

    def _report(self) -> IntegrityReport:
        verdicts = (self._provenance.occupancy,) if self._provenance else ()
        entries = self._custody.occupancy
        return IntegrityReport(
            alerts=tuple((rule, severity, count) for (rule, severity), count in sorted(self._ledger.recorded.items())),
            suppressed=self._tracker.suppressed,
            degraded=tuple((each.cause, *counted) for each in self._tracker.degraded for counted in each.counts),
            waiting=self._inquiries.waiting,
            packages=self._provenance.database if self._provenance else SWITCHED_OFF,
            bounded=(
                *map(tuple, (*self._tracker.occupancies, self._inquiries.occupancy, *verdicts)),
                (entries.name, entries.entries, entries.capacity, entries.evictions),
            ),
            trouble=self._ledger.trouble,
        )

    def _now(self) -> Now:
        moment = self._clocks.now()
        return Now(moment.wall_ms, moment.monotonic_ns, moment.boot_id)

    def _has_seen_all(self, now: Now) -> bool:
        """Since we began. Whoever does not answer is not waited for for ever."""
        if self._swept and not self._inquiries.waiting:
            self._unsure_until_ms = 0
        return now.wall_ms >= self._unsure_until_ms


def _policy(settings: IntegritySettings) -> Policy:
    return Policy(
        compare=compare,
        similarity_threshold=settings.similarity_threshold,
        package_verdicts=settings.package_verdicts,
    )
