"""The ``/proc`` reader: one ``Snapshot`` per ``scan``, at the cost of a few system calls per process.

A process seen for the first time is read whole, between two readings of its ``stat``; if it executed something else in
between, it is read again. At later scans only ``stat`` is read, its directory is asked for the effective uid, and its
executable is looked up where it was found. It is read whole again when

- it executed another image, renamed itself or changed its effective uid: at once;
- its executable is not where it was: at once, and at every scan while that lasts;
- it was younger than two seconds when it was read, and so may still have been setting itself up: at the next scan;
- otherwise every 64th scan, a part of all processes each time. So what has none of these signs (a title
  written over the arguments, groups, a new working directory) is at most 64 scans old.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from daemoneye.host.deadline import Rounds
from daemoneye.host.procfs.details import Wanted
from daemoneye.host.procfs.facts import Depth, FactsReader
from daemoneye.host.procfs.files import reason
from daemoneye.host.procfs.image import still_there
from daemoneye.host.procfs.machine import FIRST_PID, list_pids, open_proc, own_mount_namespace, read_forks, read_machine
from daemoneye.host.procfs.stat import STAT_LIMIT, parse_stat
from daemoneye.host.procfs.threads import living_thread, lost_its_leader, with_body_of
from daemoneye.model.observation import ENDED, Losses, Observation, ProcessKey, Snapshot
from daemoneye.model.process import OnDisk, Unread

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from daemoneye.host.procfs.image import Place
    from daemoneye.model.observation import Sample

_REREAD_EVERY: Final = 64  # scans: with one every few seconds, a fact is some minutes old at most
_SETTLING_S: Final = 2.0  # daemons change user and title within their first second
_UNREACHABLE: Final = ("on_disk", Unread.UNREACHABLE.value)
_ATTEMPTS: Final = 3  # a process that executes something else during each of three readings is read at the next scan


class _Known(NamedTuple):
    """What the last scan learned of a process, and whether the next may rely on it."""

    observation: Observation
    raw: bytes  # its stat: a quiet process has the same again, and need not be parsed again
    place: Place | None
    settled: bool


class _Held(NamedTuple):
    """One process, while it is read."""

    body: int  # the directory of the process, or of a thread that lives on when the first has ended
    stat: int
    leaderless: bool = False


class ProcfsSource:
    """A ``ProcessSource``."""

    def __init__(
        self,
        *,
        mask: Callable[[Sequence[str]], tuple[str, ...]],
        depth: Depth = Depth.FULL,
        environment_names: Collection[str] = (),
        process_timeout_s: float = 5.0,
        proc_root: bytes = b"/proc",
        progress: Callable[[], None] = lambda: None,
    ) -> None:
        with ExitStack() as unwinding:
            self._proc = open_proc(proc_root)
            unwinding.callback(os.close, self._proc)
            self.machine = read_machine(self._proc)
            home = own_mount_namespace(self._proc)
            unwinding.pop_all()
        wanted = Wanted(frozenset(os.fsencode(name) for name in environment_names), mask)
        self._depth = depth
        self._facts = FactsReader(depth=depth, wanted=wanted, home=home)
        self._rounds = Rounds(self._visit, process_timeout_s, progress)
        self._known: dict[int, _Known] = {}
        self._scans = 0
        self._now_s = 0.0
        self._parse = partial(parse_stat, page_size=os.sysconf("SC_PAGE_SIZE"))

    def scan(self) -> Snapshot:
        self._scans += 1
        self._now_s = time.clock_gettime(time.CLOCK_BOOTTIME)
        wall_ms = time.time_ns() // 1_000_000
        self._facts.begin_scan()
        pids = list_pids(self._proc)
        round_ = self._rounds.run(pids)
        self._known = {}
        processes: dict[ProcessKey, Observation] = {}
        lost: dict[int, Unread] = {}
        for pid, outcome in round_.results.items():
            if isinstance(outcome, Unread):
                lost[pid] = outcome
            else:
                self._known[pid] = outcome
                processes[ProcessKey(pid, outcome.observation.sample.start_ticks)] = outcome.observation
        counted = Counter(lost.values())
        return Snapshot(
            machine=self.machine,
            wall_ms=wall_ms,
            monotonic_s=self._now_s,
            processes=processes,
            losses=Losses(
                vanished=counted[Unread.GONE],
                malformed=counted[Unread.MALFORMED],
                timeout=len(round_.timeouts) + counted[Unread.TIMEOUT],
                refused=counted[Unread.PERMISSION] + counted[Unread.IO],
                hidden=FIRST_PID not in pids,
            ),
            unseen=round_.timeouts.union(pid for pid, why in lost.items() if why is not Unread.GONE),
            forks=self._forks_of_others(),
        )

    def _forks_of_others(self) -> int | None:
        """The kernel counts threads too, and every scan takes one: on a quiet machine nothing is to come and go."""
        forks = read_forks(self._proc)
        return None if forks is None else max(0, forks - self._rounds.threads_started)

    def close(self) -> None:
        os.close(self._proc)
        self._known = {}

    def _visit(self, pid: int, cautious: bool) -> _Known | Unread:
        """Read one process, in the thread of a lane; why there is nothing to show for it otherwise."""
        try:
            directory = os.open(b"%d" % pid, os.O_PATH | os.O_DIRECTORY, dir_fd=self._proc)
            try:
                stat = os.open(b"stat", os.O_RDONLY, dir_fd=directory)
                try:
                    return self._read(pid, directory, stat, cautious=cautious)
                finally:
                    os.close(stat)
            finally:
                os.close(directory)
        except OSError as error:
            return reason(error)
        except ValueError:
            return Unread.MALFORMED

    def _read(self, pid: int, directory: int, stat: int, *, cautious: bool) -> _Known | Unread:
        raw = os.read(stat, STAT_LIMIT)
        # the owner of this directory is the effective uid, whatever else below it belongs to root
        uid = os.fstat(directory).st_uid
        before = self._known.get(pid)
        if before is not None and before.raw == raw and before.observation.sample.uid == uid:
            sample = before.observation.sample
        else:
            sample = self._parse(raw, pid=pid, uid=uid)
        if lost_its_leader(sample):
            thread = living_thread(directory, pid, self._parse)
            if thread is not None:
                try:
                    held = _Held(thread.directory, stat, leaderless=True)
                    return self._renew(before, with_body_of(sample, thread.sample), raw, held, cautious=cautious)
                finally:
                    os.close(thread.directory)
        return self._renew(before, sample, raw, _Held(directory, stat), cautious=cautious)

    def _renew(
        self, before: _Known | None, sample: Sample, raw: bytes, held: _Held, *, cautious: bool
    ) -> _Known | Unread:
        if before is None or before.observation.sample.start_ticks != sample.start_ticks:
            settled = self._age_s(sample) >= _SETTLING_S
        else:
            kept = self._keep(before, sample, raw, held, cautious=cautious)
            if kept is not None:
                return kept
            settled = _same_image(before.observation.sample, sample)
        return self._read_whole(sample, raw, held, settled=settled, cautious=cautious)

    def _read_whole(self, sample: Sample, raw: bytes, held: _Held, *, settled: bool, cautious: bool) -> _Known | Unread:
        attempts = 0
        while True:
            facts, place = self._facts.read(held.body, sample, cautious=cautious)
            if self._depth is Depth.CORE:
                # All of it came through one descriptor, so from one process. That it executed something else meanwhile
                # shows in the mark at the next scan: one more reading is a seventh of the time this depth takes.
                return _Known(Observation(sample, facts), raw, place, settled and not cautious)
            opening, opened = sample, raw
            raw = os.pread(held.stat, STAT_LIMIT, 0)
            if raw != opened:
                sample = self._parse(raw, pid=opening.pid, uid=os.fstat(held.body).st_uid)
                if held.leaderless and sample.state in ENDED:
                    sample = with_body_of(sample, opening)
            if sample.start_ticks != opening.start_ticks:
                return Unread.GONE
            attempts += 1
            whole = _same_image(opening, sample)
            if whole or attempts == _ATTEMPTS:
                settled = settled and whole and not cautious
                return _Known(Observation(sample, facts), raw, place, settled)
            settled = False

    def _age_s(self, sample: Sample) -> float:
        return self._now_s - sample.start_ticks / self.machine.ticks_per_second

    def _keep(self, before: _Known, sample: Sample, raw: bytes, held: _Held, *, cautious: bool) -> _Known | None:
        """Take over what is known if nothing speaks against it; ``None``: read it again."""
        if sample.state in ENDED and not held.leaderless:
            # what it ran can no longer be asked, only remembered
            return _without_disk(before, sample, raw, Unread.GONE)
        if not _same_image(before.observation.sample, sample):
            return None
        if cautious:
            return _without_disk(before, sample, raw, Unread.TIMEOUT)
        due = (sample.pid + self._scans) % _REREAD_EVERY == 0
        if due or not before.settled:
            return None
        return self._if_still_there(before, sample, raw, held.body)

    def _if_still_there(self, before: _Known, sample: Sample, raw: bytes, directory: int) -> _Known | None:
        facts = before.observation.facts
        if before.place is None or facts.executable_file is None:
            # a name that is gone may come back; what never had one, or is not ours to see, stays that way
            moved = facts.on_disk is OnDisk.DELETED or facts.on_disk is OnDisk.REPLACED
            return None if moved or _UNREACHABLE in facts.unread else _with_sample(before, sample, raw)
        file = still_there(directory, self._facts.disk, before.place, facts.executable_file)
        if file is None:
            return None
        if file is facts.executable_file:
            return _with_sample(before, sample, raw)
        return _Known(Observation(sample, replace(facts, executable_file=file)), raw, before.place, settled=True)


def _with_sample(before: _Known, sample: Sample, raw: bytes) -> _Known:
    if sample is before.observation.sample:
        return before
    return before._replace(observation=Observation(sample, before.observation.facts), raw=raw)


def _same_image(one: Sample, other: Sample) -> bool:
    if one is other:
        return True
    return (one.image_mark, one.comm, one.uid) == (other.image_mark, other.comm, other.uid)


def _without_disk(before: _Known, sample: Sample, raw: bytes, why: Unread) -> _Known:
    facts = before.observation.facts
    unread = dict(facts.unread)
    if not sample.kernel_thread and "on_disk" not in unread:
        unread["on_disk"] = why.value
        facts = replace(facts, on_disk=OnDisk.UNKNOWN, file_there=None, unread=tuple(unread.items()))
    return _Known(Observation(sample, facts), raw, None, settled=False)
