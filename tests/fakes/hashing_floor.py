"""A shell for the hashing pool with workers, files and a store made of paper, and a clock that is turned by hand.

It does what the real shell will do, and watches while it does: a broken promise is an assertion that fails here.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, Any, assert_never

from daemoneye.hashing.allowance import Allowance
from daemoneye.hashing.desk import QUESTIONS
from daemoneye.hashing.effects import (
    Assign,
    Degraded,
    Effect,
    Grant,
    HandOver,
    Journal,
    KillWorker,
    LetWorkerGo,
    Quarantined,
    Recovered,
    Result,
    WakeMeAt,
    WantWorker,
)
from daemoneye.hashing.events import (
    Done,
    Event,
    MoreWanted,
    Opened,
    Restored,
    StopRequested,
    Tick,
    Wanted,
    WorkerDied,
    WorkerFailed,
    WorkerReady,
)
from daemoneye.hashing.pool import Pool
from daemoneye.hashing.values import Answer, Known, Limits, Now, Priority, Tag, key_of
from daemoneye.model.alert import Content
from daemoneye.model.process import FileIdentity, HashStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from daemoneye.hashing.suspects import Suspect
    from daemoneye.hashing.values import Key

MIB = 1 << 20
EPOCH_NS = 1_700_000_000 * 10**9
PIECE = 256 * 1024  # what a worker reads at a time if it may


def limits(**changes: Any) -> Limits:
    """The defaults of the settings, written out: a test can do sums with them."""
    given = Limits(
        enabled=True,
        workers=2,
        bytes_per_second=50 * MIB,
        file_timeout_s=30.0,
        max_file_size=512 * MIB,
        ssdeep=True,
        md5=False,
    )
    return replace(given, **changes)


def file(number: int, size: int = 1000, *, version: int = 0) -> FileIdentity:
    """One that has not been touched for long."""
    stamp = EPOCH_NS - 10**15 + version
    return FileIdentity(dev=8, ino=number, size=size, mtime_ns=stamp, ctime_ns=stamp)


def content(of: FileIdentity) -> Known:
    """What it holds: derived from what it is, so that a mix-up shows."""
    return Known(Content(sha256=f"{hash(key_of(of)) & (1 << 256) - 1:064x}", ssdeep=f"3:{of.ino}:{of.size}"))


@dataclass
class Nature:
    """What happens to whoever reads a file."""

    speed: float = 200.0 * MIB  # bytes a second, once granted
    kills_after: int | None = None  # bytes
    hangs: bool = False
    outcome: HashStatus = HashStatus.HASHED
    opened_as: FileIdentity | None = None  # what the way leads to by now
    no_ssdeep: str = ""


@dataclass
class Life:
    """Of a worker."""

    assigned: Assign | None = None
    allowance: Allowance | None = None
    bytes_read: int = 0
    obeys: bool = False


@dataclass
class Paper:
    """What the store would have in it."""

    work: dict[Key, FileIdentity] = field(default_factory=dict)
    kept: dict[Key, tuple[FileIdentity, Known]] = field(default_factory=dict)
    suspects: dict[Key, Suspect] = field(default_factory=dict)

    def write(self, journal: Journal) -> None:
        if journal.begun:
            self.work[key_of(journal.begun)] = journal.begun
        if journal.ended:
            self.work.pop(key_of(journal.ended), None)
        if journal.forget:
            self.kept.pop(key_of(journal.forget))
        if journal.keep:
            self.kept.pop(key_of(journal.keep[0]), None)
            self.kept[key_of(journal.keep[0])] = journal.keep
        if journal.suspect and journal.suspect.is_cleared:
            del self.suspects[key_of(journal.suspect.file)]
        elif journal.suspect:
            self.suspects[key_of(journal.suspect.file)] = journal.suspect

    def restored(self) -> Restored:
        return Restored(tuple(self.kept.values()), tuple(self.suspects.values()), tuple(self.work.values()))


class Floor:
    def __init__(self, given: Limits | None = None, *, start_s: float = 0.05, room: int = QUESTIONS) -> None:
        self.limits = given or limits()
        self.now_s = 1000.0
        self.wall_shift_s = 0.0
        self.paper = Paper()
        self.natures: dict[Key, Nature] = defaultdict(Nature)
        self.ways: dict[Tag, HashStatus] = {}  # questions whose way to the file is barred
        self.starts_fail = False
        self.immortal = False  # who is killed does not die
        self.start_s = start_s
        self.opens_late_s: float | None = None
        self.answers: dict[Tag, list[Answer]] = defaultdict(list)
        self.asked: dict[Tag, FileIdentity] = {}
        self.reads: list[tuple[float, int]] = []
        self.log: list[Effect] = []
        self.lives: dict[str, Life] = {}
        self._hired = 0  # in place of as many that were wanted
        self._agenda: list[tuple[float, int, Callable[[], object]]] = []
        self._order = count()
        self._names = count(1)
        self._tags = count(1)
        self.degraded = False
        self.pool = Pool(self.limits, self.now, room=room)

    # -- what a test does

    def tell(self, event: Event) -> Floor:
        for effect in self.pool.handle(event, self.now):
            self.log.append(effect)
            self._carry_out(effect)
        return self

    def ask(self, wanted: FileIdentity, priority: Priority = Priority.NEW, *, tag: Tag | None = None) -> Tag:
        tag = tag or Tag("test", next(self._tags))
        self.asked[tag] = wanted
        self.tell(Wanted(tag, wanted, priority))
        return tag

    def nature(self, of: FileIdentity) -> Nature:
        return self.natures[key_of(of)]

    def run(self, for_s: float = 60.0) -> Floor:
        end_s = self.now_s + for_s
        while self._agenda and self._agenda[0][0] <= end_s:
            at_s, _, happen = heappop(self._agenda)
            self.now_s = max(self.now_s, at_s)
            happen()
        self.now_s = end_s
        return self

    def kill(self, worker: str, *, blameless: bool = False) -> Floor:
        if self.lives.pop(worker, None):
            self.tell(WorkerDied(worker, blameless))
        return self

    def restart(self, *, orderly: bool = False) -> Floor:
        """The pool ends, its workers with it, and the next one finds what was written. Who waited asks again."""
        if orderly:
            self.tell(StopRequested())
        self.lives.clear()
        self._agenda.clear()
        self.degraded = False
        self.pool = Pool(self.limits, self.now)
        self.tell(self.paper.restored())
        for tag, wanted in self.asked.items():
            if tag not in self.answers:
                self.tell(Wanted(tag, wanted, Priority.NEW))
        return self

    def hire(self, name: str) -> Floor:
        """A worker that does only what the test says."""
        self.lives[name] = Life(obeys=True)
        self._hired += 1
        return self.tell(WorkerReady(name))

    # -- what a test looks at

    @property
    def now(self) -> Now:
        return Now(self.now_s, EPOCH_NS + int((self.now_s + self.wall_shift_s) * 1e9))

    @property
    def busy(self) -> list[str]:
        return [name for name, life in self.lives.items() if life.assigned]

    def answer(self, tag: Tag) -> Answer:
        (only,) = self.answers[tag]
        return only

    def status(self, tag: Tag) -> HashStatus:
        return self.answer(tag).status

    def said(self, *kinds: type[Effect]) -> list[Any]:
        return [effect for effect in self.log if isinstance(effect, kinds)]

    def forget(self) -> Floor:
        self.log.clear()
        return self

    def most_read(self, window_s: float) -> int:
        """In any stretch of so many seconds."""
        most = total = first = 0
        for at_s, amount in self.reads:
            total += amount
            while self.reads[first][0] <= at_s - window_s:
                total -= self.reads[first][1]
                first += 1
            most = max(most, total)
        return most

    # -- the machine

    def _later(self, after_s: float, happen: Callable[[], object]) -> None:
        heappush(self._agenda, (self.now_s + after_s, next(self._order), happen))

    def _carry_out(self, effect: Effect) -> None:  # noqa: C901, PLR0912 - a line for each
        match effect:
            case Result(tags, answer):
                self._told(tags, answer)
            case Assign():
                self._assigned(effect)
            case HandOver(worker, job):
                self._handed(worker, job)
            case Grant(worker, job, amount):
                self._granted(worker, job, amount)
            case WantWorker():
                self._later(self.start_s, self._start)
            case LetWorkerGo(worker):
                self._later(0.01, lambda: self.kill(worker))
            case KillWorker(worker):
                self.lives[worker].assigned = None  # whatever it does now, it does not count
                if not self.immortal:
                    self._later(0.01, lambda: self.kill(worker))
            case Journal():
                self.paper.write(effect)
            case WakeMeAt(at_s):
                assert at_s >= self.now_s
                heappush(self._agenda, (at_s, next(self._order), lambda: self.tell(Tick(at_s))))
            case Degraded() | Recovered():
                assert self.degraded == isinstance(effect, Recovered), "told twice"
                self.degraded = not self.degraded
            case Quarantined(of):
                assert key_of(of) in self.paper.suspects
            case _:
                assert_never(effect)

    def _told(self, tags: tuple[Tag, ...], answer: Answer) -> None:
        assert tags
        assert (answer.known is not None) == (answer.status in {HashStatus.HASHED, HashStatus.CACHED})
        for tag in tags:
            assert tag not in self.answers, "answered twice"
            self.answers[tag].append(answer)
            if answer.file and answer.known:
                assert answer.known.content.sha256 == content(answer.file).content.sha256
                assert answer.file.ino == self.asked[tag].ino

    def _start(self) -> None:
        if self._hired:
            self._hired -= 1
            return
        if self.starts_fail:
            self.tell(WorkerFailed())
            return
        name = f"hasher {next(self._names)}"
        self.lives[name] = Life()
        assert self.immortal or len(self.lives) <= max(self.limits.workers, 1)
        self.tell(WorkerReady(name))

    def _assigned(self, assigned: Assign) -> None:
        inhand = [life.assigned.file for life in self.lives.values() if life.assigned]
        assert assigned.file not in inhand, "two read one file"
        life = self.lives[assigned.worker]
        assert life.assigned is None or life.obeys, "one has two in hand"
        life.assigned, life.bytes_read = assigned, 0
        nature = self.natures[key_of(assigned.file)]
        size = (nature.opened_as or assigned.file).size
        life.allowance = Allowance(size=size, piece=min(PIECE, assigned.piece), granted=assigned.granted)
        self._opened(assigned)

    def _opened(self, assigned: Assign) -> None:
        if self.opens_late_s is not None:
            self._later(self.opens_late_s, lambda: self.tell(Opened(assigned.worker, assigned.job)))
            return
        self.tell(Opened(assigned.worker, assigned.job))

    def _handed(self, worker: str, job: int) -> None:
        assigned = self.lives[worker].assigned
        assert assigned
        assert assigned.job == job
        assert key_of(assigned.file) in self.paper.work, "not written down before it begins"
        self._later(0.001, lambda: self._read_piece(assigned))

    def _granted(self, worker: str, job: int, amount: int) -> None:
        life = self.lives[worker]
        if life.obeys:
            return
        assert life.assigned
        assert life.allowance
        assert life.assigned.job == job
        assigned = life.assigned
        if not amount:
            self._later(0.001, lambda: self._done(assigned, HashStatus.BUDGET))
            return
        life.allowance.grant(amount)
        self._later(0.001, lambda: self._read_on(assigned))

    def _read_on(self, assigned: Assign) -> None:
        life = self._life(assigned)
        if life is None or life.allowance is None:
            return
        if life.allowance.covers_next:
            self._read_piece(assigned)
        else:
            self.tell(MoreWanted(assigned.worker, assigned.job, life.allowance.left))

    def _read_piece(self, assigned: Assign) -> None:
        life, nature = self._life(assigned), self.natures[key_of(assigned.file)]
        if life is None or life.allowance is None or life.obeys or nature.hangs:
            return
        way = self.ways.get(assigned.tag, nature.outcome)
        if way is not HashStatus.HASHED:
            self._done(assigned, way)
            return
        size = (nature.opened_as or assigned.file).size
        amount = min(PIECE, assigned.piece, size - life.bytes_read)
        if amount:
            self.reads.append((self.now_s, amount))
            life.bytes_read += amount
            life.allowance.spend(amount)
        if nature.kills_after is not None and life.bytes_read >= min(nature.kills_after, size):
            self.kill(assigned.worker)
        elif life.bytes_read >= size:
            self._later(amount / nature.speed, lambda: self._done(assigned, HashStatus.HASHED))
        else:
            self._later(amount / nature.speed, lambda: self._read_on(assigned))

    def _life(self, assigned: Assign) -> Life | None:
        life = self.lives.get(assigned.worker)
        return life if life and life.assigned is assigned else None

    def _done(self, assigned: Assign, status: HashStatus) -> None:
        life, nature = self._life(assigned), self.natures[key_of(assigned.file)]
        if life is None:
            return
        opened = nature.opened_as or assigned.file
        known = None
        if status is HashStatus.HASHED:
            known = content(opened)
            if nature.no_ssdeep or not assigned.want_ssdeep:
                known = Known(replace(known.content, ssdeep=None), nature.no_ssdeep)
            if assigned.want_md5:
                known = known._replace(md5=f"{opened.ino:032x}")
        life.assigned = None
        self.tell(
            Done(
                worker=assigned.worker,
                job=assigned.job,
                status=status,
                reason="" if known else status.label,
                known=known,
                file=opened,
                bytes_read=life.bytes_read,
            )
        )
