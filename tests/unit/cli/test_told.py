"""What a running agent knows is added to what a command sees itself, and only where both mean the same program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import pytest

from daemoneye.cli.told import Told
from daemoneye.client import NotRunning
from daemoneye.model.process import FileIdentity, HashStatus, OnDisk, ProcessRecord
from daemoneye.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE = FileIdentity(dev=1, ino=2, size=3)
OURS = ProcessRecord(pid=5, entity_id="e", executable_file=FILE, on_disk=OnDisk.DELETED)
THEIRS = ProcessRecord(
    pid=5,
    entity_id="e",
    executable_file=FileIdentity(dev=1, ino=2, size=3, ctime_ns=9),
    executable_hash="ab" * 32,
    hash_algorithm="sha256",
    ssdeep_hash="3:abc:abc",
    hash_status=HashStatus.CACHED,
    on_disk=OnDisk.PRESENT,
)


class FakeAgent:
    def __init__(self, *records: ProcessRecord) -> None:
        self.records = records
        self.asked = 0
        self.away = False

    def __enter__(self) -> Self:
        self.asked += 1
        if self.away:
            raise NotRunning("agent.sock", "no such file", "the socket of a running agent")
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def processes(self) -> Iterator[ProcessRecord]:
        yield from self.records


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def told_by(agent: Any, clock: Clock | None = None) -> Told:
    told = Told(Settings(), clock or Clock())
    told._agent = agent
    told.refresh()
    return told


def test_the_digest_comes_from_the_agent_and_the_rest_from_our_look() -> None:
    """Ours is newer: a file that was deleted since the agent looked is deleted."""
    shown = told_by(FakeAgent(THEIRS)).stamp(OURS)
    assert (shown.executable_hash, shown.ssdeep_hash, shown.hash_status) == ("ab" * 32, "3:abc:abc", HashStatus.CACHED)
    assert shown.on_disk is OnDisk.DELETED


def test_who_may_not_look_is_told_what_the_agent_sees() -> None:
    """An account without rights sees the verdicts of the agent that has them."""
    shown = told_by(FakeAgent(THEIRS)).stamp(ProcessRecord(pid=5, entity_id="e"))
    assert (shown.executable_hash, shown.on_disk) == ("ab" * 32, OnDisk.PRESENT)


@pytest.mark.parametrize(
    "other",
    [
        ProcessRecord(pid=5, entity_id="another", executable_file=FILE),
        ProcessRecord(pid=5, entity_id="e", executable_file=FileIdentity(dev=1, ino=7)),
        ProcessRecord(pid=5),
    ],
)
def test_another_process_or_another_image_has_no_such_digest(other: ProcessRecord) -> None:
    """A pid that was used again, and a process that executed something else, are not what the agent hashed."""
    assert told_by(FakeAgent(THEIRS)).stamp(other) == other


def test_without_an_agent_nothing_is_added_and_it_is_left_alone_for_a_while() -> None:
    """`top` without an agent is not slowed down by knocking at every look."""
    agent, clock = FakeAgent(THEIRS), Clock()
    told = told_by(agent, clock)
    agent.away = True
    for _ in range(30):
        clock.now_s += 2
        told.refresh()
    assert agent.asked == 2
    assert told.stamp(OURS) == OURS


def test_it_is_asked_again_every_few_seconds() -> None:
    """A digest that comes later is shown, and the agent is not kept busy."""
    agent, clock = FakeAgent(), Clock()
    told = told_by(agent, clock)
    agent.records = (THEIRS,)
    for _ in range(6):
        clock.now_s += 1
        told.refresh()
    assert agent.asked == 2
    assert told.stamp(OURS).executable_hash == "ab" * 32
