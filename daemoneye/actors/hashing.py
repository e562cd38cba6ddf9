"""Hashing: decides which file is hashed next, by whom, and how fast, and says what came of it.

What for: the shell around ``daemoneye.hashing``. It has files opened by the collector, reads none of them itself, and
starts and ends the processes that do.

Which privilege: none. It may write in ``paths.state_dir``, where it keeps what it knows; its hashers may write nowhere.

What it accepts: ``Ask`` of integrity, ``Taken`` of those whom it tells something, ``ReplaceWorker`` of the supervisor,
besides what every role accepts. Open files come through a socket that main made for the collector and us: only from the
collector that we were introduced to, and only those that were asked for.

What it emits: ``Answers`` to integrity, ``OpenFile`` and ``Digested`` to the collector, ``HashingState`` to the gateway
when something has changed and at most once a second, ``Workers`` to the supervisor. A line in the log when digests are
missing and when they no longer are, for a file that is left alone, for a worker that is lost.

How it dies: at an error in its code. Files that are the end of whoever reads them, and hashers that hang, lie or die,
are no reason to; nor is a collector that does not answer, or a disk that is full.
"""

from __future__ import annotations

import secrets
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, assert_never

from daemoneye.actors.answering import Answering
from daemoneye.actors.base import SUPERVISOR, RoleActor
from daemoneye.actors.bulletin import Bulletin
from daemoneye.actors.foreman import Foreman
from daemoneye.actors.hashers import Hashers
from daemoneye.actors.openings import Openings
from daemoneye.hashing.events import SettingsChanged, StopRequested, WorkerAsked
from daemoneye.hashing.values import Limits
from daemoneye.host import handing, hasher
from daemoneye.host.clocks import wall_ms
from daemoneye.host.hash_store import HashStore
from daemoneye.host.offspring import spawn
from daemoneye.logs import log
from daemoneye.messages.delivery import Taken
from daemoneye.messages.hashing import Ask, HashingState, ReplaceWorker, Workers
from daemoneye.model.reports import HashingReport
from daemoneye.tree import COLLECTOR, FILES_IN, GATEWAY, INTEGRITY

if TYPE_CHECKING:
    from daemoneye.messages.hashing import ToHashing
    from daemoneye.messages.supervision import HashingSettings
    from daemoneye.model.reports import WorkerReport

# How often hashers are asked whether they are there, and the machine whether it is pressed. Three beats find a stopped
# one, at the latest.
PULSE_S: Final = 3.0
TELL_S: Final = 1.0  # nobody reads a status faster
_NUMBER_BITS: Final = 62  # half of what fits: counting up never gets to the end


class HashingActor(RoleActor):
    role = "hashing"
    clock = staticmethod(time.monotonic)

    def begin(self, settings: HashingSettings) -> None:
        self._limits = limits_of(settings)
        self._store = HashStore(Path(settings.state_dir), wall_ms)
        self._hashers = Hashers(partial(spawn, live=hasher.live, last_words=hasher.last_words))
        self._openings = Openings(secrets.randbits(_NUMBER_BITS))
        self._answering = Answering(INTEGRITY)
        self._foreman = Foreman(
            self._limits,
            store=self._store,
            hashers=self._hashers,
            openings=self._openings,
            answering=self._answering,
            clock=self.clock,
            wake_at=self._wake_at,
        )
        self._bulletin: Bulletin[HashingReport] = Bulletin(self._say_state)
        self._is_early = False  # for the next one
        self._workers: tuple[WorkerReport, ...] = ()
        self._heard: frozenset[int] = frozenset()  # descriptors of workers
        self._trouble = self._aside = ""
        self._files = self.inherited.sockets[FILES_IN]
        handing.prepare_receiver(self._files)
        self.watch(self._files.fileno())
        self._arrange_places()
        self._foreman.tell(self._store.load())
        self._beat()
        self._go_on()

    def apply(self, settings: HashingSettings) -> None:
        self._limits = limits_of(settings)
        self._arrange_places()
        self._foreman.tell(SettingsChanged(self._limits))
        self._go_on()

    def introduced(self, role: str) -> None:
        if role == INTEGRITY:
            self._answering.answers.arrived()
        elif role == COLLECTOR:
            self._openings.arrived()
            self._answering.digests.arrived()
        elif role == GATEWAY:
            self._bulletin.arrived()
        self._go_on()

    def receive(self, message: ToHashing, speaker: str) -> None:
        match message:
            case Ask():
                self._foreman.ask(message.questions)
                self.say(speaker, Taken(number=message.number))
            case Taken():
                self._taken(message.number, speaker)
            case ReplaceWorker():
                self._replace(message.name)
            case _:
                assert_never(message)
        self._go_on()

    def ready_to_read(self, descriptors: tuple[int, ...]) -> None:
        if self._files.fileno() in descriptors:
            self._foreman.take_files(self._files, self.pid_of(COLLECTOR))
        self._foreman.tell(*self._hashers.hear(descriptors))
        self._go_on()

    def woken(self, purpose: str) -> None:
        if purpose == "pulse":
            self._beat()
        elif purpose == "tell":
            self._is_early = False
        self._foreman.ring()
        self._go_on()

    def end(self) -> None:
        self._foreman.tell(StopRequested())
        self._store.close()
        self._hashers.stop()

    def _taken(self, number: int, speaker: str) -> None:
        if speaker == INTEGRITY:
            self._answering.answers.taken(number)
        elif speaker == COLLECTOR:
            self._answering.digests.taken(number)
        else:
            self._bulletin.taken(number)

    def _replace(self, name: str) -> None:
        if life := self._hashers.in_place(name):
            life.replace()
        else:
            self._foreman.tell(WorkerAsked())  # whoever wants to see one is shown one

    def _arrange_places(self) -> None:
        self._hashers.have_places(self._limits.workers, filled=self._limits.enabled)

    def _beat(self) -> None:
        self.wake_after(PULSE_S, "pulse")
        self._foreman.look_after()

    def _wake_at(self, at_s: float) -> None:
        """A timer cannot be taken back, and there is one for each of these: what is far ahead waits for a beat."""
        if (left_s := at_s - self.clock()) < PULSE_S:
            self.wake_after(left_s, "alarm")

    # -- what follows, whatever has happened

    def _go_on(self) -> None:
        self.progress()
        for order in self._openings.to_say(self.clock()):
            self.say(COLLECTOR, order)
        for listener, postbox in ((INTEGRITY, self._answering.answers), (COLLECTOR, self._answering.digests)):
            if message := postbox.to_say():
                self.say(listener, message)
        self._watch_workers()
        self._tell_state()
        self._tell_of_store()

    def _watch_workers(self) -> None:
        before, self._heard = self._heard, frozenset(self._hashers.descriptors)
        for each in before - self._heard:
            self.unwatch(each)
        for each in self._heard - before:
            self.watch(each)
        if (workers := self._hashers.reports) != self._workers:
            self._workers = workers
            self.say(SUPERVISOR, Workers(workers=workers))

    def _tell_state(self) -> None:
        if self._bulletin.can_be_told() and not self._is_early and self._bulletin.tell(self._report()):
            self._is_early = True
            self.wake_after(TELL_S, "tell")

    def _say_state(self, number: int, report: HashingReport) -> bool:
        return self.say(GATEWAY, HashingState(number=number, report=report))

    def _report(self) -> HashingReport:
        pool = self._foreman.pool
        return HashingReport(
            files=tuple(sorted((status.label, count) for status, count in pool.answered.items())),
            bytes_read=pool.bytes_read,
            waiting=pool.waiting,
            share=pool.share,
            degraded=pool.short_of,
            quarantined=pool.quarantined,
            bounded=tuple(
                (each.name, each.entries, each.capacity, each.evictions)
                for each in (*pool.occupancies, *self._answering.occupancies)
            ),
            trouble=self._store.trouble,
        )

    def _tell_of_store(self) -> None:
        trouble, aside = self._store.trouble, self._store.put_aside
        if trouble and not self._trouble:
            log("error", "hashing.cannot_remember", message=trouble)
        elif self._trouble and not trouble:
            log("info", "hashing.remembers_again")
        if aside != self._aside:
            log("error", "hashing.put_aside", message=aside)
        self._trouble, self._aside = trouble, aside


def limits_of(settings: HashingSettings) -> Limits:
    return Limits(
        enabled=settings.enabled,
        workers=settings.workers,
        bytes_per_second=settings.bytes_per_second,
        file_timeout_s=settings.file_timeout_s,
        max_file_size=settings.max_file_size,
        ssdeep=settings.ssdeep,
        md5=settings.md5,
    )
