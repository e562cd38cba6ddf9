"""A small machine with integrity's actor on a stage, and all whom it speaks with: each can be slow, and each can die.

The collector tells what differs from what it told; hashing answers when it is let; the journal records when it is let;
the store outlives everybody, and may be broken. The time is the test's.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pytest

from daemoneye.actors import integrity, ledger
from daemoneye.actors.integrity import IntegrityActor
from daemoneye.actors.provenance import Provenance
from daemoneye.actors.table import VOCABULARY
from daemoneye.integrity.baselines import Key
from daemoneye.integrity.kept import Saved
from daemoneye.messages.delivery import Taken
from daemoneye.messages.hashing import Answers, Ask, FileAnswer, Question
from daemoneye.messages.integrity import IntegrityState
from daemoneye.messages.record import Keep, Kept
from daemoneye.messages.sightings import Sighted
from daemoneye.messages.supervision import IntegritySettings
from daemoneye.model.alert import Ownership, PackageVerdict
from daemoneye.model.process import HashStatus
from daemoneye.model.record import Moment
from tests.fakes.actor_stage import Stage
from tests.fakes.executables import WINDOW_S, Machine, Memory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from daemoneye.integrity.kept import Changes
    from daemoneye.integrity.sighting import Sighting
    from daemoneye.model.alert import Content
    from daemoneye.model.record import Entry

COLLECTOR, HASHING, JOURNAL, GATEWAY = "collector", "hashing", "journal", "gateway"
SETTINGS: Final = IntegritySettings(
    state_dir="/state", similarity_threshold=80, package_verdicts=True, dedup_window_s=WINDOW_S
)
BEGAN_S: Final = 1_800_000_000
FULL: Final = "baselines.db: not written: no space left on device"


class Killed(BaseException):
    """With -9."""


@dataclass
class Disk:
    """What is written, and what happens when something is."""

    memory: Memory = field(default_factory=Memory)
    alerts: dict[str, bytes] = field(default_factory=dict)
    broken: bool = False
    lost: bool = False  # beyond use, and empty from the next attempt on
    kill: str = ""  # whoever writes next: `before` or `after`
    writes: int = 0


class Store:
    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self.trouble = self.put_aside = ""

    def load(self) -> Any:
        if self._disk.broken:
            self.trouble = FULL
        return self._disk.memory.kept

    def on_their_way(self) -> list[tuple[str, bytes]]:
        return [] if self._disk.broken else list(self._disk.alerts.items())

    def save(self, changes: Changes, *, sent: Iterable[tuple[str, bytes]] = (), done: Iterable[str] = ()) -> Saved:
        disk = self._disk
        kill, disk.kill = disk.kill, ""
        if kill == "before":
            raise Killed
        if disk.broken:
            self.trouble = FULL
            return Saved.FAILED
        if disk.lost:
            disk.memory, disk.alerts, disk.lost = Memory(), {}, False
            self.put_aside = "baselines.db.unusable: malformed"
            return Saved.STARTED_OVER
        self.trouble = ""
        disk.writes += 1
        disk.memory.save(changes)
        disk.alerts |= dict(sent)
        for each in done:
            disk.alerts.pop(each, None)
        if kill == "after":
            raise Killed
        return Saved.WRITTEN

    def close(self) -> None:
        pass


class Packages:
    """The database of the machine. What it goes by is the first half of a SHA-256."""

    database = "dpkg"

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.asked: list[str] = []

    def mark(self) -> object:
        return tuple(self._machine.packages.items())

    def verdict(self, path: str, digest: Callable[[str], str | None]) -> PackageVerdict | None:
        self.asked.append(path)
        if self._machine.busy:
            return None
        if path not in self._machine.packages:
            return PackageVerdict(ownership=Ownership.UNOWNED, database="dpkg")
        name, version, sha256 = self._machine.packages[path]
        md5 = digest("md5")
        if md5 is None:
            return PackageVerdict(name=name, version=version, database="dpkg", reason="the file could not be read")
        ownership = Ownership.MATCHES if md5 == sha256[:32] else Ownership.DIFFERS
        return PackageVerdict(ownership=ownership, name=name, version=version, database="dpkg")


def _travelled(message: object) -> object:
    """As it is when it has gone from one process to another."""
    return VOCABULARY.decode(VOCABULARY.encode(message))


class Host:
    def __init__(self, *, settings: IntegritySettings = SETTINGS, store: Callable[[Disk], Any] = Store) -> None:
        self.machine = Machine()
        self.disk = Disk()
        self.packages = Packages(self.machine)
        self.settings = settings
        self.contents: dict[int, Any] = {}  # by inode, also of files without a name
        self.lines: list[tuple[str, str, dict[str, Any]]] = []
        self.recorded: dict[str, Entry] = {}
        self.in_hand: dict[int, Question] = {}  # hashing's
        self.answers: deque[FileAnswer] = deque()
        self.keeps: deque[Keep] = deque()
        self.refuses = False  # the journal
        self.states: list[IntegrityState] = []
        self.taken_by_gateway = True
        self.stage = Stage(IntegrityActor())
        self._patches = pytest.MonkeyPatch()
        host = self

        class Clocks:
            def now(self) -> Moment:
                return Moment(wall_ms=host.wall_ms, monotonic_ns=host.wall_ms * 1_000_000, boot_id="boot")

        for name, value in {
            "Clocks": Clocks,
            "wall_ms": lambda: host.wall_ms,
            "BaselineStore": lambda _directory, _wall_ms: store(host.disk),
            "Provenance": lambda: Provenance(self.packages, lambda *_: True),
        }.items():
            self._patches.setattr(integrity, name, value)
        for module in (ledger,):
            self._patches.setattr(module, "log", lambda level, name, **more: self.lines.append((level, name, more)))
        self._numbers = 0
        self._batch: int | None = None  # of hashing, that was not taken
        self.start()

    def close(self) -> None:
        self._patches.undo()
        self.stage.close()

    @property
    def wall_ms(self) -> int:
        return round((BEGAN_S + self.stage.now_s) * 1000)

    # -- lives and deaths

    def start(self) -> None:
        self.stage.close()
        self.stage = Stage(IntegrityActor(), now_s=self.stage.now_s)
        self._heard = 0
        self.stage.begin(self.settings)
        self.in_hand.clear()
        self.answers.clear()
        self.keeps.clear()
        for role in (JOURNAL, GATEWAY):
            self.stage.introduce(role)
        self.hashing_dies()
        self.collector_dies()

    def hashing_dies(self) -> None:
        self.in_hand.clear()
        self.answers.clear()
        self._batch = None
        self.stage.introduce(HASHING)
        self.hear()

    def journal_dies(self) -> None:
        self.keeps.clear()
        self.stage.introduce(JOURNAL)
        self.hear()

    def collector_dies(self) -> None:
        self._told: dict[str, object] = {}
        self._afresh, self._taken = True, True
        self._number = 0
        self.stage.introduce(COLLECTOR)
        self.hear()

    # -- the collector

    def look(self, part: int = 256) -> None:
        """Tell what differs, part by part; the next when the one before was taken."""
        while self._taken and self.tell(part):
            pass

    def tell(self, part: int = 256) -> bool:
        seen = {f"e{pid}": self._sighting(pid) for pid in self.machine.processes}
        differs = [each for name, each in seen.items() if self._told.get(name) != each]
        exited = tuple(name for name in self._told if name not in seen)
        if not (differs or exited or self._afresh):
            return False
        for name in exited:
            del self._told[name]
        self._told |= {each.process.entity_id: each for each in differs[:part]}
        self._number += 1
        said = Sighted(
            number=self._number,
            afresh=self._afresh,
            complete=len(differs) <= part,
            sightings=tuple(differs[:part]),
            exited=exited,
        )
        self._afresh, self._taken = False, False
        self.deliver(said, COLLECTOR)
        return True

    def _sighting(self, pid: int) -> Sighting:
        process = self.machine.processes[pid]
        for file in (process.file, *self.machine.files.values()):
            self.contents[file.ino] = file.content
        return self.machine.sighting(process, 0)

    # -- hashing

    def hash(self, count: int = 1_000_000, status: HashStatus = HashStatus.HASHED, **more: Any) -> None:
        """Answer so many questions, and those that come of the answers."""
        while count > 0 and self.in_hand:
            number, question = next(iter(self.in_hand.items()))
            del self.in_hand[number]
            self.answers.append(self._answer(question, status, more))
            self._speak()
            count -= 1

    def _answer(self, question: Question, status: HashStatus, more: dict[str, Any]) -> FileAnswer:
        process = self.machine.processes.get(question.pid)
        there = self.machine.files.get((process.namespace, process.path)) if process else None
        file = there if question.there else process.file if process else None
        if process and process.status is not HashStatus.HASHED:
            status = process.status
        if file is None or file.ino != question.file.ino:
            status = HashStatus.GONE
        if status is not HashStatus.HASHED or file is None:
            return FileAnswer(questions=(question.number,), status=status, **more)
        content = file.content
        return FileAnswer(questions=(question.number,), status=status, content=content, md5=content.sha256[:32], **more)

    def _speak(self) -> None:
        if self._batch is None and self.answers:
            self._numbers += 1
            self._batch = self._numbers
            batch = [self.answers.popleft() for _ in range(len(self.answers))]
            self.deliver(Answers(number=self._batch, answers=tuple(batch)), HASHING)

    # -- the journal

    def record(self, count: int = 1_000_000, *, tell: bool = True) -> None:
        """Commit so many batches, and say so."""
        while count > 0 and self.keeps:
            keep = self.keeps.popleft()
            refused = tuple(entry.id for entry in keep.entries) if self.refuses else ()
            for entry in keep.entries:
                if entry.id not in refused:
                    known = self.recorded.setdefault(entry.id, entry)
                    assert known == entry, "an id that stands for two facts"
            count -= 1
            if tell:
                self.deliver(Kept(batch=keep.batch, refused=refused), JOURNAL)

    # -- all of them

    def settle(self) -> None:
        """Everybody does what there is to do, without time passing."""
        for _ in range(8):
            self.look()
            self.hash()
            self.record()
            self.run(0)

    def run(self, seconds: float) -> None:
        self.stage.pass_time(seconds)
        self.hear()

    def wait(self, seconds: float) -> None:
        """A second after another, in which everybody works."""
        for _ in range(round(seconds)):
            self.run(1)
            self.settle()

    def deliver(self, message: object, speaker: str) -> None:
        self.stage.deliver(_travelled(message), speaker)
        self.hear()

    def hear(self) -> None:
        while self._heard < len(self.stage.said):
            role, message = self.stage.said[self._heard]
            self._heard += 1
            self._take(role, _travelled(message))

    def _take(self, role: str, message: Any) -> None:
        match message:
            case Taken() if role == COLLECTOR:
                assert message.number == self._number
                self._taken = True
            case Taken() if role == HASHING:
                self._batch = None
                self._speak()
            case Ask():
                self.in_hand |= {each.number: each for each in message.questions}
                self.stage.deliver(Taken(number=message.number), HASHING)
            case Keep():
                self.keeps.append(message)
            case IntegrityState():
                self.states.append(message)
                if self.taken_by_gateway:
                    self.stage.deliver(Taken(number=message.number), GATEWAY)
            case _:
                pass

    # -- what came of it

    @property
    def alerts(self) -> Sequence[Entry]:
        return list(self.recorded.values())

    @property
    def rules(self) -> list[str]:
        return [entry.kind.removeprefix("integrity.") for entry in self.recorded.values()]

    def reference(self, path: str) -> Content | None:
        baseline = self.stage.actor._tracker.baselines.get(Key("", path))
        return baseline.reference if baseline else None

    @property
    def report(self) -> Any:
        return self.states[-1].report
