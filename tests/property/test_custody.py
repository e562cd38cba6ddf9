"""Nothing acknowledged is lost, whatever dies: the two ends of recording against a disk that only commits.

The custody of a sender and the intake of the journal are the real ones. Between them are two queues, which a death
empties; the disk takes what comes and knows ids. Everything may die at any moment between any two steps.
"""

from __future__ import annotations

from collections import deque
from itertools import count
from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from daemoneye.actors.custody import LOST, Custody
from daemoneye.actors.intake import Intake
from daemoneye.journal.ids import uuid7
from daemoneye.model.record import Moment, Stream
from tests.fakes.numbered import SEVERITIES, alert, event

if TYPE_CHECKING:
    from daemoneye.messages.record import Keep, Kept
    from daemoneye.model.alert import Severity
    from daemoneye.model.record import Entry

NOW = Moment(wall_ms=0, monotonic_ns=0, boot_id="boot")
ROOM = 24


class Recording(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.disk: dict[str, Entry] = {}  # in the order in which it was committed
        self.numbers = count(1)
        self.ids = count(1)
        self.given: list[Entry] = []  # by this life of the sender
        self.acknowledged: set[str] = set()
        self.full = False
        self.committing: list[Entry] = []

    @initialize()
    def begin(self) -> None:
        self.start_sender()
        self.start_journal()

    def start_sender(self) -> None:
        self.custody = Custody(lambda: uuid7(1, 0, next(self.ids)), lambda: NOW, most=ROOM, window=2, batch=4)
        self.given = []
        self.to_journal: deque[Keep] = deque()

    def start_journal(self) -> None:
        self.intake = Intake()
        self.committing = []
        self.to_journal.clear()
        self.to_sender: deque[Kept] = deque()
        self.custody.arrived()

    # -- what may happen

    @rule(kinds=st.lists(st.tuples(st.booleans(), st.sampled_from(SEVERITIES)), min_size=1, max_size=12))
    def something_happens(self, kinds: list[tuple[bool, Severity]]) -> None:
        for is_alert, severity in kinds:
            entry = (alert if is_alert else event)(next(self.numbers), severity)
            self.given.append(entry)
            self.custody.take(entry)

    @rule(
        heard=st.integers(0, 2),
        twice=st.booleans(),
        begins=st.booleans(),
        part=st.integers(0, 9),
        told=st.integers(0, 2),
    )
    def things_go_on(self, heard: int, twice: bool, begins: bool, part: int, told: int) -> None:
        """A little, or a lot; and then anything else may happen."""
        self.sender_speaks()
        for _ in range(min(heard, len(self.to_journal))):
            self.journal_hears(twice=twice)
        if begins:
            self.journal_begins_a_job()
        self.journal_commits(part)
        for _ in range(min(told, len(self.to_sender))):
            self.sender_hears()

    def sender_speaks(self) -> None:
        self.to_journal += self.custody.to_say()

    def journal_hears(self, *, twice: bool) -> None:
        keep = self.to_journal.popleft()
        assert self.intake.give("sender", keep)
        if twice:
            assert self.intake.give("sender", keep)

    def journal_begins_a_job(self) -> None:
        if not self.full:
            self.committing += self.intake.job()

    def journal_commits(self, part: int) -> None:
        """Some of it: a job may be cut anywhere by a full disk."""
        if self.full:
            return
        done, self.committing = self.committing[:part], self.committing[part:]
        for entry in done:
            self.disk.setdefault(entry.id, entry)
        for _, kept in self.intake.settle((entry.id, False) for entry in done):
            self.to_sender.append(kept)

    def sender_hears(self) -> None:
        kept = self.to_sender.popleft()
        self.acknowledged |= {held.entry.id for held in self.custody._sent.get(kept.batch, ())}
        self.custody.kept(kept)

    @rule()
    def disk_fills_or_is_emptied(self) -> None:
        self.full = not self.full

    @rule(committed=st.integers(0, 30))
    def journal_dies(self, committed: int) -> None:
        """In the middle of a job: some of it is on the disk, and nobody was told."""
        if not self.full:
            for entry in self.committing[:committed]:
                self.disk.setdefault(entry.id, entry)
        self.start_journal()

    @rule()
    def sender_dies(self) -> None:
        self.intake.forget("sender")
        self.to_sender.clear()
        self.start_sender()
        self.custody.arrived()

    # -- what always holds

    @invariant()
    def what_was_acknowledged_is_on_the_disk(self) -> None:
        assert self.acknowledged <= self.disk.keys()

    @invariant()
    def each_stream_is_in_order(self) -> None:
        for stream in Stream:
            numbers = [
                entry.occurred.wall_ms for entry in self.disk.values() if entry.stream is stream and entry.kind != LOST
            ]
            assert numbers == sorted(numbers)

    @invariant()
    def memory_is_bounded(self) -> None:
        assert self.custody.occupancy.entries <= ROOM + 2  # what is on its way, and a notice

    def teardown(self) -> None:
        """In the end nothing is missing but what was said to be lost."""
        self.full = False
        while not self.custody.empty or self.to_journal or self.committing or self.to_sender or self.intake.waiting:
            self.sender_speaks()
            while self.to_journal:
                self.journal_hears(twice=False)
            self.journal_begins_a_job()
            while self.committing:
                self.journal_commits(100)
            while self.to_sender:
                self.sender_hears()
        missing = sum(entry.id not in self.disk for entry in self.given)
        assert missing <= self.custody.shed.total(), "some of those may have been recorded before the journal died"


TestRecording = Recording.TestCase
TestRecording.settings = settings(max_examples=300, stateful_step_count=40, deadline=None)
