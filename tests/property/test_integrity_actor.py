"""No alert is lost and none is raised twice, whatever is done to programs, whoever dies, and in whatever order.

The actor of integrity is the real one, with its tracker; around it is a machine on which programs are exchanged. The
collector, hashing and the journal do their work when they are let, in pieces, and each may die between any two steps;
integrity may also be killed in the middle of a write.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from daemoneye.model.alert import Rule, Severity
from tests.fakes.guarded_host import SETTINGS, Host, Killed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemoneye.model.record import Entry

PATHS = st.sampled_from(["/a", "/b"])
CONTENTS = st.sampled_from(["good", "good~2", "evil", "tiny"])
FOR_EVER_S = 1e9
MOST_S = 90  # of waiting, in all: patience is another matter

Fact = tuple[str, ...]


class Watching(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        quiet = {field: getattr(SETTINGS, field) for field in SETTINGS.__dataclass_fields__}
        self.host = Host(settings=type(SETTINGS)(**quiet | {"dedup_window_s": FOR_EVER_S}))
        self.machine = self.host.machine
        self.waited_s = 0
        for path in ("/a", "/b"):
            self.machine.put(path, "good")
            self.machine.start(path)
        self.host.settle()

    # -- what is done to the programs

    @rule(path=PATHS)
    def start(self, path: str) -> None:
        if ("", path) in self.machine.files:
            self.machine.start(path)

    @rule(path=PATHS)
    def stop(self, path: str) -> None:
        self.machine.stop(*[pid for pid, process in self.machine.processes.items() if process.path == path][:1])

    @rule(path=PATHS, text=CONTENTS)
    def put(self, path: str, text: str) -> None:
        self.machine.put(path, text)

    @rule(path=PATHS)
    def unlink(self, path: str) -> None:
        self.machine.files.pop(("", path), None)

    # -- who works, and how far he gets

    @rule(part=st.integers(1, 3), whole=st.booleans())
    def collector_tells(self, part: int, whole: bool) -> None:
        self.survive(lambda: self.host.look(part) if whole else self.tell(part))

    def tell(self, part: int) -> None:
        if self.host._taken:
            self.host.tell(part)

    @rule(count=st.integers(1, 4))
    def hashing_answers(self, count: int) -> None:
        self.survive(lambda: self.host.hash(count))

    @rule(count=st.integers(1, 3), tell=st.booleans())
    def journal_records(self, count: int, tell: bool) -> None:
        """If it does not say so, it dies before it can."""
        self.survive(lambda: self.host.record(count, tell=tell))
        if not tell:
            self.host.journal_dies()

    @rule(seconds=st.integers(0, 3))
    def time_passes(self, seconds: int) -> None:
        if self.waited_s + seconds <= MOST_S:
            self.waited_s += seconds
            self.survive(lambda: self.host.run(seconds))

    # -- who dies

    @rule()
    def collector_dies(self) -> None:
        self.host.collector_dies()

    @rule()
    def hashing_dies(self) -> None:
        self.host.hashing_dies()

    @rule()
    def journal_dies(self) -> None:
        self.host.journal_dies()

    @precondition(lambda self: not self.host.disk.broken)
    @rule()
    def integrity_dies(self) -> None:
        self.host.start()

    @precondition(lambda self: not self.host.disk.broken)
    @rule(when=st.sampled_from(["before", "after"]))
    def integrity_will_die_writing(self, when: str) -> None:
        self.host.disk.kill = when

    @rule()
    def disk_fills_or_is_emptied(self) -> None:
        """A kill while nothing can be written is beyond anybody's means."""
        self.host.disk.kill = ""
        self.host.disk.broken = not self.host.disk.broken
        self.host.run(1)

    @rule()
    def store_is_lost(self) -> None:
        self.host.disk.lost = True

    def survive(self, work: Any) -> None:
        try:
            work()
        except Killed:
            self.host.start()

    # -- what always holds

    @invariant()
    def nothing_is_told_twice(self) -> None:
        assert set(Counter(self.told()).values()) <= {1}

    @invariant()
    def what_is_told_is_true(self) -> None:
        for alert in self.host.alerts:
            said = json.loads(alert.body)
            if alert.kind == Rule.DISK_MISMATCH and said["evidence"].get("new"):
                assert said["evidence"]["old"]["sha256"] != said["evidence"]["new"]["sha256"]

    def teardown(self) -> None:
        """In the end all that is wrong was told."""
        self.host.disk.broken, self.host.disk.kill = False, ""
        for _ in range(3):
            self.host.settle()
            self.host.run(1)
        self.nothing_is_told_twice()
        assert set(self.wrong()) <= set(self.told())
        assert self.host.report.waiting == 0
        assert self.host.disk.alerts == {}
        assert self.host.disk.memory.kept.baselines == tuple(self.sorted_baselines())
        self.host.close()

    def sorted_baselines(self) -> list[Any]:
        order = {each.key: place for place, each in enumerate(self.host.disk.memory.kept.baselines)}
        return sorted(self.host.stage.actor._tracker.baselines, key=lambda each: order[each.key])

    def told(self) -> list[Fact]:
        return [fact for alert in self.host.alerts if (fact := self.fact(alert))]

    def fact(self, alert: Entry) -> Fact | None:
        said = json.loads(alert.body)
        evidence = said.get("evidence")
        if not evidence or alert.severity is Severity.INFO:
            return None
        old, new = (
            evidence[which]["sha256"] if evidence.get(which) else f"inode {(evidence.get(file) or {}).get('ino')}"
            for which, file in (("old", "file"), ("new", "file_on_disk"))
        )
        return alert.kind, evidence["path"], old, new

    def wrong(self) -> Iterator[Fact]:
        references = {each.key.path: each.reference.sha256 for each in self.host.stage.actor._tracker.baselines}
        for process in self.machine.processes.values():
            there = self.machine.files.get(("", process.path))
            runs, lies = process.file.content.sha256, there.content.sha256 if there else "inode None"
            if runs != lies:
                yield Rule.DISK_MISMATCH, process.path, runs, lies
            if runs != references[process.path]:
                yield Rule.CONTENT_CHANGED, process.path, references[process.path], runs


TestWatching = Watching.TestCase
TestWatching.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
