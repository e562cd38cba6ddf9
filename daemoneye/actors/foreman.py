"""Between the pool, which decides, and those who do: workers, the store, the collector, and who has asked.

What the pool wants is carried out in the order in which it wants it, and what comes of it is told to the pool; none of
it waits for anybody. An open file is in hand here only between its coming and its going to a worker.
"""

from __future__ import annotations

import os
import time
from collections import deque
from typing import TYPE_CHECKING, Final, TypeAlias, assert_never

from daemoneye.hashing import effects
from daemoneye.hashing.crew import GRACE_S
from daemoneye.hashing.events import Done, Opened, Pressure, Tick, Wanted, WorkerDied
from daemoneye.hashing.packets import Task
from daemoneye.hashing.pool import Pool
from daemoneye.hashing.throttle import level_of
from daemoneye.hashing.values import Now, Priority
from daemoneye.host import handing
from daemoneye.host.pressure import read_strain
from daemoneye.logs import log
from daemoneye.model.process import HashStatus
from daemoneye.sanitize.hostile import printable

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable

    from daemoneye.actors.answering import Answering
    from daemoneye.actors.hashers import Hashers
    from daemoneye.actors.openings import Opening, Openings
    from daemoneye.hashing.effects import Assign, Effect
    from daemoneye.hashing.events import Event
    from daemoneye.hashing.values import Limits
    from daemoneye.host.handing import Handed
    from daemoneye.host.hash_store import HashStore
    from daemoneye.messages.hashing import Question

_ToAWorker: TypeAlias = effects.Assign | effects.HandOver | effects.Grant | effects.LetWorkerGo | effects.KillWorker

_LOOK_S: Final = GRACE_S / 2
_FILES_IN_A_TURN: Final = 16  # twice as many as are asked for; who sends more waits


class Foreman:
    def __init__(
        self,
        limits: Limits,
        *,
        store: HashStore,
        hashers: Hashers,
        openings: Openings,
        answering: Answering,
        clock: Callable[[], float],
        wake_at: Callable[[float], None],
    ) -> None:
        self._store = store
        self._hashers = hashers
        self._openings = openings
        self._answering = answering
        self._clock = clock
        self._wake_at = wake_at
        self._alarm_s: float | None = None
        self._looked_s = clock()
        self._assigned: dict[str, Assign] = {}  # by worker
        self._opened: dict[str, int] = {}  # a descriptor that is about to be handed over, by worker
        self.pool = Pool(limits, self._now())

    def ask(self, questions: Iterable[Question]) -> None:
        for question in questions:
            tag = self._answering.ask(question)
            priority = Priority(min(max(question.priority, Priority.ALERTED), Priority.BACKGROUND))
            self.tell(Wanted(tag, question.file, priority, question.mount_namespace))

    def tell(self, *events: Event) -> None:
        news = deque(events)
        while news:
            event = news.popleft()
            if isinstance(event, WorkerDied):
                self._openings.forget(event.worker)
                self._assigned.pop(event.worker, None)
            for effect in self.pool.handle(event, self._now()):
                news.extend(self._carry_out(effect))

    def take_files(self, files: socket.socket, collector_pid: int | None) -> None:
        """What others send, or was not asked for, is closed."""
        for _ in range(_FILES_IN_A_TURN):
            handed = handing.receive(files)
            if handed is None:
                return
            opening = self._openings.came(handed.number) if handed.sender_pid == collector_pid else None
            if opening is not None:
                self._came(opening, handed)
            elif handed.descriptor is not None:
                os.close(handed.descriptor)

    def look_after(self) -> None:
        """Now and then: who does not answer, and how the machine is."""
        for opening in self._openings.overdue(self._clock()):
            self._not_opened(opening, HashStatus.TIMEOUT, "was not opened in time")
        strain = read_strain()
        if self._store.trouble:  # there may be nothing to write for a long time
            self._store.write(effects.Journal())
        self.tell(Pressure(level_of(cpu=strain.cpu, io=strain.io)), *self._hashers.look_after(self._clock()))
        self._look_for_stopped()

    def ring(self) -> None:
        if self._alarm_s is not None and self._clock() >= self._alarm_s:
            self._look_for_stopped()  # before somebody is taken for too slow
            at_s, self._alarm_s = self._alarm_s, None
            self.tell(Tick(at_s))

    def _look_for_stopped(self) -> None:
        """So often that nobody who is stopped becomes overdue: that takes a second more."""
        now_s = self._clock()
        if now_s >= self._looked_s + _LOOK_S:
            self._looked_s = now_s
            self.tell(*self._hashers.look_for_stopped())

    def _carry_out(self, effect: Effect) -> Iterable[Event]:
        match effect:
            case effects.WantWorker():
                return self._hashers.start(self._clock())
            case effects.Assign() | effects.HandOver() | effects.Grant() | effects.LetWorkerGo() | effects.KillWorker():
                self._instruct(effect)
            case effects.Result():
                self._answering.tell(effect)
            case effects.Journal():
                self._store.write(effect)
            case effects.WakeMeAt(at_s):
                self._alarm_s = at_s
                self._wake_at(at_s)
            case _:
                _log(effect)
        return ()

    def _instruct(self, effect: _ToAWorker) -> None:
        worker = self._hashers.of(effect.worker)
        match effect:
            case effects.Assign(tag=tag):
                self._assigned[effect.worker] = effect
                self._openings.want(effect.worker, effect.job, self._answering.question(tag))
            case _ if worker is None:
                pass  # its death is told in a moment
            case effects.HandOver():
                worker.hand(_task(self._assigned[worker.name]), self._opened[worker.name])
            case effects.Grant(_, job, amount):
                worker.grant(job, amount)
            case effects.LetWorkerGo():
                worker.let_go()
            case effects.KillWorker():
                worker.kill("too slow")
            case _:
                assert_never(effect)

    def _came(self, opening: Opening, handed: Handed) -> None:
        if handed.descriptor is None:
            self._not_opened(opening, handed.status, printable(handed.reason))
            return
        self._opened[opening.worker] = handed.descriptor
        self.tell(Opened(opening.worker, opening.job))
        os.close(self._opened.pop(opening.worker))

    def _not_opened(self, opening: Opening, status: HashStatus, reason: str) -> None:
        self.tell(Done(worker=opening.worker, job=opening.job, status=status, reason=reason))

    def _now(self) -> Now:
        return Now(self._clock(), time.time_ns())


def _task(assigned: Assign) -> Task:
    return Task(
        job=assigned.job,
        granted=assigned.granted,
        piece=assigned.piece,
        max_size=assigned.max_size,
        timeout_s=assigned.timeout_s,
        want_ssdeep=assigned.want_ssdeep,
        want_md5=assigned.want_md5,
    )


def _log(told: effects.Quarantined | effects.Degraded | effects.Recovered) -> None:
    match told:
        case effects.Quarantined(file, reason, until_s):
            log("warning", "hashing.quarantined", dev=file.dev, ino=file.ino, because=reason, until_s=until_s)
        case effects.Degraded(counts):
            log("warning", "hashing.degraded", files=_listed(counts))
        case effects.Recovered(counts):
            log("info", "hashing.recovered", files=_listed(counts))
        case _:
            assert_never(told)


def _listed(counts: tuple[tuple[str, int], ...]) -> str:
    return ", ".join(f"{reason} {count}" for reason, count in counts)
