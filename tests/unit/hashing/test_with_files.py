"""The pool, a worker's loop and the real engine together, as actors will put them: only the clock is turned by hand."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from daemoneye.hashing.allowance import Allowance
from daemoneye.hashing.effects import Assign, Grant, Result, WakeMeAt
from daemoneye.hashing.events import Done, MoreWanted, Opened, Tick, Wanted, WorkerReady
from daemoneye.hashing.pool import Pool
from daemoneye.hashing.values import Known, Limits, Now, Priority, Tag
from daemoneye.host.hashing import HashOutcome, hash_descriptor, open_for_hashing
from daemoneye.model.alert import Content
from daemoneye.model.process import FileIdentity, HashStatus
from tests.fakes.hashing_floor import limits

if TYPE_CHECKING:
    from pathlib import Path

    from daemoneye.hashing.events import Event
    from daemoneye.hashing.values import Answer


def identity(path: Path) -> FileIdentity:
    status = path.stat()
    return FileIdentity(
        dev=status.st_dev,
        ino=status.st_ino,
        size=status.st_size,
        mtime_ns=status.st_mtime_ns,
        ctime_ns=status.st_ctime_ns,
    )


def done(assigned: Assign, outcome: HashOutcome) -> Done:
    found = outcome.digests
    fuzzy = str(found.ssdeep) if found and found.ssdeep else None
    return Done(
        worker=assigned.worker,
        job=assigned.job,
        status=outcome.status,
        reason=outcome.reason,
        known=Known(Content(sha256=found.sha256, ssdeep=fuzzy), found.no_ssdeep) if found else None,
        file=outcome.file,
        bytes_read=outcome.bytes_read,
    )


class Bench:
    """A dispatcher and one worker in one process; when nothing else can happen, time goes on to the next alarm."""

    def __init__(self, paths: dict[Tag, Path], given: Limits) -> None:
        self.now_s = 0.0
        self.paths = paths
        self.answers: dict[Tag, Answer] = {}
        self.pool = Pool(given, self.now)
        self.alarm_s = 0.0
        self.grant = 0
        self.assigned: Assign | None = None

    @property
    def now(self) -> Now:
        return Now(self.now_s, 4 * 10**18 + int(self.now_s * 1e9))

    def tell(self, event: Event) -> None:
        for effect in self.pool.handle(event, self.now):
            match effect:
                case Result(tags, answer):
                    self.answers |= dict.fromkeys(tags, answer)
                case Assign():
                    self.assigned = effect
                case Grant(_, _, amount):
                    self.grant = amount
                case WakeMeAt(at_s):
                    self.alarm_s = at_s

    def wait(self) -> None:
        self.now_s = max(self.now_s, self.alarm_s)
        self.tell(Tick(self.alarm_s))

    def run(self) -> None:
        self.tell(WorkerReady("worker"))
        while len(self.answers) < len(self.paths):
            assigned, self.assigned = self.assigned, None
            if assigned:
                self.tell(done(assigned, self.work(assigned)))
            else:
                self.wait()

    def work(self, assigned: Assign) -> HashOutcome:
        descriptor = open_for_hashing(str(self.paths[assigned.tag]), follow_symlinks=False)
        if isinstance(descriptor, HashOutcome):
            return descriptor
        self.tell(Opened(assigned.worker, assigned.job))
        allowance = Allowance(size=os.fstat(descriptor).st_size, piece=assigned.piece, granted=assigned.granted)

        def pace(count: int) -> bool:
            allowance.spend(count)
            while not allowance.covers_next:
                self.grant = 0
                self.tell(MoreWanted(assigned.worker, assigned.job, allowance.left))
                while not self.grant:
                    self.wait()
                allowance.grant(self.grant)
            return True

        try:
            return hash_descriptor(
                descriptor,
                max_size=assigned.max_size,
                want_ssdeep=assigned.want_ssdeep,
                timeout_s=assigned.timeout_s,
                piece=assigned.piece,
                pace=pace,
            )
        finally:
            os.close(descriptor)


def bench(tmp_path: Path, sizes: tuple[int, ...], given: Limits) -> Bench:
    paths = {}
    for number, size in enumerate(sizes):
        paths[Tag("test", number)] = tmp_path / str(number)
        (tmp_path / str(number)).write_bytes(bytes([number]) * size)
    made = Bench(paths, given)
    for tag, path in paths.items():
        made.tell(Wanted(tag, identity(path), Priority.NEW))
    return made


def test_real_files_are_hashed_within_the_budget(tmp_path: Path) -> None:
    """The digests are those of the contents, and three megabytes at one a second take as long as they should."""
    sizes = (0, 1, 700_000, 3 << 20)
    made = bench(tmp_path, sizes, limits(bytes_per_second=1 << 20))
    made.run()
    for number, size in enumerate(sizes):
        answer = made.answers[Tag("test", number)]
        assert answer.status is HashStatus.HASHED
        assert answer.known
        assert answer.known.content.sha256 == hashlib.sha256(bytes([number]) * size).hexdigest()
    assert sum(sizes) / (1 << 20) - 0.3 <= made.now_s <= sum(sizes) / (1 << 20) + 0.3


def test_the_smallest_budget_there_is_is_kept(tmp_path: Path) -> None:
    """A page a second is read a piece at a time, not in one go."""
    made = bench(tmp_path, (40_960,), limits(bytes_per_second=4096))
    made.run()
    assert made.answers[Tag("test", 0)].status is HashStatus.HASHED
    assert 9.5 <= made.now_s <= 11


def test_what_is_wrong_with_a_real_file_is_told(tmp_path: Path) -> None:
    """A file that is gone, one that became a directory, one that grew: each by its name."""
    made = bench(tmp_path, (10, 10, 10), limits())
    (tmp_path / "0").unlink()
    (tmp_path / "1").unlink()
    (tmp_path / "1").mkdir()
    (tmp_path / "2").write_bytes(b"x" * 500_000)
    made.run()
    assert [answer.status for _, answer in sorted(made.answers.items())] == [
        HashStatus.GONE,
        HashStatus.NOT_REGULAR,
        HashStatus.HASHED,
    ]
    grown = made.answers[Tag("test", 2)]
    assert grown.file == identity(tmp_path / "2")
