"""What the hashing pool costs beside the reading: questions it can answer, jobs it can hand out, and its restart.

The claims: a second pass over everything that runs is nothing but look-ups, fifty thousand a second; a pool that finds
ten thousand digests of the one before it is ready within half a second. The peer of a look-up is the least it can cost
in this language: a dictionary of the same keys. The peer of the budget is itself: the share of the rate that two
workers of paper get, who never wait for a disk.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final

from daemoneye.hashing.effects import Assign, Grant, HandOver, Journal, WakeMeAt
from daemoneye.hashing.events import Done, MoreWanted, Opened, Restored, Tick, Wanted, WorkerReady
from daemoneye.hashing.pool import Pool
from daemoneye.hashing.values import Known, Limits, Now, Priority, Tag, key_of
from daemoneye.host.hash_store import HashStore
from daemoneye.model.alert import Content
from daemoneye.model.process import FileIdentity, HashStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from daemoneye.hashing.effects import Effect
    from daemoneye.hashing.events import Event

FILES: Final = 10_000
RATE: Final = 50 << 20
LIMITS: Final = Limits(
    enabled=True, workers=2, bytes_per_second=RATE, file_timeout_s=30.0, max_file_size=512 << 20, ssdeep=True, md5=True
)
EPOCH_NS: Final = 1_700_000_000 * 10**9


def file(number: int, size: int = 151_344) -> FileIdentity:
    return FileIdentity(
        dev=66305, ino=10**6 + number, size=size, mtime_ns=EPOCH_NS - number, ctime_ns=EPOCH_NS - number
    )


def known(number: int) -> Known:
    ssdeep = f"3072:DblyvE2VecD2crUvYpr0meZJfEdjdkIKacl{number:08d}:DyEaeS10VhEdjyIdcl{number:08d}"
    return Known(Content(sha256=f"{number:064x}", ssdeep=ssdeep), md5=f"{number:032x}")


def timed(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def claim(name: str, value: float, limit: float, unit: str, *, at_most: bool = False) -> None:
    holds = value <= limit if at_most else value >= limit
    print(f"{name:<52}{value:>12,.0f}{unit}   claim {limit:,.0f}{unit}: {'holds' if holds else 'DOES NOT HOLD'}")


def now(s: float = 1000.0) -> Now:
    return Now(s, EPOCH_NS + int((s + 10**6) * 1e9))


def warm_pool() -> Pool:
    pool = Pool(LIMITS, now())
    pool.handle(Restored(kept=tuple((file(number), known(number)) for number in range(FILES))), now())
    return pool


def look_ups(rounds: int) -> None:
    """As they come from an actor: every question is a new value."""
    pool, moment = warm_pool(), now(1001.0)

    def second_pass() -> None:
        for number, each in enumerate(files):
            pool.handle(Wanted(Tag("collector", number), each, Priority.REFRESH), moment)

    files = [file(number) for number in range(FILES)]
    plain = {key_of(each): known(number) for number, each in enumerate(files)}
    ours, peers = [], []
    for _ in range(rounds):
        peers.append(timed(lambda: [plain.get(key_of(each)) for each in files]))
        ours.append(timed(second_pass))
    if pool.answered != {HashStatus.CACHED: rounds * FILES}:
        raise SystemExit(f"not all were known: {pool.answered}")
    claim("look-ups of a second pass", FILES / median(ours), 50_000, "/s")
    print(f"{'  peer: a dictionary':<52}{FILES / median(peers):>12,.0f}/s")


def restart(rounds: int, directory: Path) -> None:
    with closing(HashStore(directory, lambda: 0)) as store:
        store.load()
        for number in range(FILES):
            store.write(Journal(keep=(file(number), known(number))))
    size = sum(each.stat().st_size for each in directory.iterdir()) / 1e6
    spent = []
    for _ in range(rounds):
        with closing(HashStore(directory, lambda: 0)) as store:
            pool = Pool(LIMITS, now())
            begin = time.perf_counter()
            pool.handle(store.load(), now())
            spent.append(time.perf_counter() - begin)
            if pool.occupancies[0].entries != FILES:
                raise SystemExit("not everything came back")
    claim(f"restart with {FILES:,} digests ({size:.1f} MB)", median(spent) * 1e3, 500, " ms", at_most=True)


def journal(jobs: int, directory: Path) -> None:
    """Each job is written down before it begins and after it has ended: two transactions."""
    with closing(HashStore(directory, lambda: 0)) as store:
        store.load()
        spent = timed(lambda: _write_jobs(store, jobs))
    print(f"{'jobs written down, begin and end':<52}{jobs / spent:>12,.0f}/s")


def _write_jobs(store: HashStore, jobs: int) -> None:
    for number in range(jobs):
        store.write(Journal(begun=file(number)))
        store.write(Journal(ended=file(number), keep=(file(number), known(number))))


class PaperWorkers:
    """Read at once whatever is granted. Time is turned to the next alarm: how long the machine takes is not in it."""

    def __init__(self) -> None:
        self.pool = Pool(LIMITS, now())
        self.now_s = 1000.0
        self.alarm_s = 0.0
        self.events = 0
        self._assigned: dict[str, Assign] = {}
        self._read: dict[str, int] = {}

    def tell(self, event: Event) -> None:
        news = [event]
        while news:
            self.events += 1
            for effect in self.pool.handle(news.pop(), now(self.now_s)):
                news += self._carry_out(effect)

    def _carry_out(self, effect: Effect) -> list[Event]:
        match effect:
            case Assign(worker=worker):
                self._assigned[worker], self._read[worker] = effect, 0
                return [Opened(worker, effect.job)]
            case HandOver(worker):
                return [self._reads(worker, self._assigned[worker].granted)]
            case Grant(worker, _, amount):
                return [self._reads(worker, amount)]
            case WakeMeAt(at_s):
                self.alarm_s = at_s
        return []

    def _reads(self, worker: str, granted: int) -> Event:
        job = self._assigned[worker]
        amount = min(granted, job.file.size - self._read[worker])
        self._read[worker] += amount
        if self._read[worker] < job.file.size:
            return MoreWanted(worker, job.job, granted - amount)
        content = known(job.file.ino)
        return Done(
            worker=worker,
            job=job.job,
            status=HashStatus.HASHED,
            known=content,
            file=job.file,
            bytes_read=job.file.size,
        )


def first_pass(jobs: int, size: int) -> None:
    paper = PaperWorkers()
    begin = time.process_time()
    paper.tell(WorkerReady("1"))
    paper.tell(WorkerReady("2"))
    for number in range(jobs):
        paper.tell(Wanted(Tag("collector", number), file(number, size), Priority.NEW))
    while paper.pool.answered.total() < jobs:
        paper.now_s = max(paper.now_s, paper.alarm_s)
        paper.tell(Tick(paper.alarm_s))
    spent = time.process_time() - begin
    if paper.pool.answered != {HashStatus.HASHED: jobs}:
        raise SystemExit(f"not all were hashed: {paper.pool.answered}")
    share = jobs * size / (paper.now_s - 1000.0) / RATE
    print(
        f"{f'first pass: {jobs:,} files of {size / 1e6:g} MB':<52}{jobs / spent:>12,.0f}/s"
        f"   {spent / paper.events * 1e6:.1f} µs an event, {share:.0%} of the rate"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    pool = warm_pool()
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb) / 1024
    print(f"{f'memory of {pool.occupancies[0].entries:,} digests':<52}{memory:>12,.1f} MB")
    look_ups(rounds)
    for jobs, size in ((10_000, 150_000), (1000, 20_000_000)):
        first_pass(jobs, size)
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        restart(rounds, Path(one))
        journal(2000, Path(other))
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs")


if __name__ == "__main__":
    main()
