"""Whatever a machine does, the events tell it: replayed over the first scan they give the last one."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from daemoneye.lifecycle.genealogy import CHAIN_LIMIT
from daemoneye.lifecycle.tracker import Scan, Tracker
from daemoneye.model.event import Exec, Exited, Modified, Started
from daemoneye.model.observation import Observation, ProcessKey, Snapshot
from daemoneye.model.process import Credentials
from tests.fakes.snapshots import facts, process, snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable

PIDS = st.integers(1, 6)  # few, so that they are reused all the time


@dataclass(frozen=True)
class Act:
    """One thing a machine does between two scans."""

    what: str
    pid: int
    ppid: int


ACTS = st.builds(Act, st.sampled_from(["start", "exit", "exec", "setuid", "hide", "orphan"]), PIDS, st.integers(0, 6))
HISTORIES = st.lists(st.lists(ACTS, max_size=6), min_size=1, max_size=12)


class World:
    """A machine that does what it is told and remembers it."""

    def __init__(self) -> None:
        self.clock = 0
        self.running: dict[int, Observation] = {}
        self.hidden: set[int] = set()

    def live(self, acts: Iterable[Act]) -> Snapshot:
        self.hidden.clear()
        for act in acts:
            self.clock += 1
            self._do(act)
        seen = [each for pid, each in self.running.items() if pid not in self.hidden]
        return snapshot(*seen, at_s=self.clock + 1.0, unseen=frozenset(self.hidden & self.running.keys()))

    def _do(self, act: Act) -> None:
        now = self.running.get(act.pid)
        if act.what == "start":
            self.running[act.pid] = process(act.pid, start=self.clock, ppid=act.ppid, image_mark=(self.clock,))
        elif now is None:
            return
        elif act.what == "exit":
            del self.running[act.pid]
        elif act.what == "hide":
            self.hidden.add(act.pid)
        elif act.what == "exec":
            self.running[act.pid] = Observation(now.sample._replace(image_mark=(self.clock,)), facts("other"))
        elif act.what == "setuid":
            seen = facts(now.facts.name, credentials=Credentials(ruid=self.clock))
            self.running[act.pid] = Observation(now.sample, seen)
        else:
            self.running[act.pid] = Observation(now.sample._replace(ppid=act.ppid), now.facts)


def watch(history: list[list[Act]], capacity: int = 100) -> list[tuple[Scan, set[ProcessKey]]]:
    """Each scan, with the identities that were there in truth."""
    world, tracker = World(), Tracker(genealogy_capacity=capacity)
    told = []
    for acts in history:
        scan = tracker.observe(world.live(acts))
        told.append((scan, {each.key for each in world.running.values()}))
    return told


def replay(told: list[tuple[Scan, set[ProcessKey]]]) -> set[ProcessKey]:
    known = set(told[0][0].snapshot.processes)
    for scan, _ in told[1:]:
        for event in scan.events:
            match event:
                case Started():
                    assert event.key not in known
                    known.add(event.key)
                case Exited():
                    known.remove(event.key)  # fails unless it was known
                case Exec() | Modified():
                    assert event.key in known
    return known


@given(HISTORIES)
@settings(max_examples=150, deadline=None)
def test_events_replayed_over_the_first_scan_give_the_last(history: list[list[Act]]) -> None:
    """Nothing is lost or invented: starts, exits and reused pids add up, also where a scan could not see everything."""
    told = watch(history)
    scan, truth = told[-1]
    known = replay(told)
    # what was hidden since its start is not known yet, and what is hidden and was reused is still the old one
    assert {key for key in known if key.pid not in scan.snapshot.unseen} == set(scan.snapshot.processes)
    assert {key for key in truth if key.pid not in scan.snapshot.unseen} == set(scan.snapshot.processes)
    assert {key.pid for key in known} <= {key.pid for key in truth}


@given(HISTORIES)
@settings(max_examples=100, deadline=None)
def test_an_identity_starts_once_and_ends_once(history: list[list[Act]]) -> None:
    """No process is born or dies twice, and a reused pid ends before it starts."""
    events = [event for scan, _ in watch(history) for event in scan.events]
    for kind in (Started, Exited):
        keys = [event.key for event in events if isinstance(event, kind)]
        assert len(keys) == len(set(keys))
    for scan, _ in watch(history):
        order = [type(event) for event in scan.events if isinstance(event, Started | Exited)]
        assert (Started, Exited) not in pairwise(order)


@given(HISTORIES, st.integers(1, 4))
@settings(max_examples=100, deadline=None)
def test_ancestors_are_older_others_and_few(history: list[list[Act]], capacity: int) -> None:
    """A chain never holds the process itself, never repeats, never goes forward in time; its memory keeps its limit."""
    world, tracker = World(), Tracker(genealogy_capacity=capacity)
    for acts in history:
        for event in tracker.observe(world.live(acts)).events:
            chain = [event.key, *(ancestor.key for ancestor in event.ancestors)]
            assert len(chain) == len(set(chain)) <= CHAIN_LIMIT + 1
            assert all(older.start_ticks <= younger.start_ticks for younger, older in pairwise(chain))
        assert tracker.occupancies[0].entries <= capacity


@given(HISTORIES)
@settings(max_examples=50, deadline=None)
def test_every_scan_adds_up(history: list[list[Act]]) -> None:
    """Seen is what is shown; starts and exits are as many as were told."""
    for scan, _ in watch(history):
        coverage = scan.coverage
        assert coverage.seen == coverage.fully_read + coverage.partly_read == len(list(scan.records()))
        if not scan.baseline:
            kinds = [type(event) for event in scan.events]
            assert (coverage.started, coverage.exited) == (kinds.count(Started), kinds.count(Exited))
