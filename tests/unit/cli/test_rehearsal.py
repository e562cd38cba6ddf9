"""A rehearsal of the alarm says which step failed and why, and never waits longer than it was told."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pytest

from daemoneye.cli.rehearsal import Rehearsal, StepFailed
from daemoneye.client import NotRunning
from daemoneye.model.lookup import Entries, EntriesRequest, RecordedEntry
from daemoneye.model.process import HashStatus, OnDisk, ProcessRecord
from daemoneye.model.status import Status

if TYPE_CHECKING:
    from collections.abc import Iterator

PATH = "/anywhere/daemoneye-selftest-x/daemoneye-selftest-program"
STEPS = ["agent", "program", "seen", "exchanged", "alert"]
HASHED: dict[str, Any] = {
    "pid": 7,
    "executable_path": PATH,
    "executable_hash": "ab" * 32,
    "hash_algorithm": "sha256",
    "hash_status": HashStatus.HASHED,
    "on_disk": OnDisk.PRESENT,
}
ALERT = RecordedEntry(stream="alerts", sequence=12, kind="integrity.disk_mismatch", pid=7, severity=70, body="{}")


class FakeDecoy:
    pid = 7
    path = Path(PATH)
    exit_code: int | None = None
    exchanged = False

    def exchange(self) -> None:
        self.exchanged = True


class World:
    """The agent, the program and the time; ``at`` is what happens when so many questions were asked."""

    def __init__(self, *, record: dict[str, Any] | None = None, alert: RecordedEntry | None = ALERT) -> None:
        self.decoy = FakeDecoy()
        self.now_s = 0.0
        self.record = HASHED if record is None else record
        self.alert = alert
        self.not_before = 0
        self.asked = 0
        self.away: range | tuple[()] = ()
        self.pauses: list[float] = []
        self.timeouts: list[float] = []
        self.removed = False
        self.outside_pid = 7

    def rehearsal(self, timeout_s: float = 10.0) -> Rehearsal:
        def agent(timeout_s: float) -> Any:
            self.timeouts.append(timeout_s)
            return self

        return Rehearsal(agent, timeout_s, program=self.program, clock=lambda: self.now_s, pause=self.pause)  # type: ignore[arg-type]

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now_s += seconds

    @contextmanager
    def program(self) -> Iterator[FakeDecoy]:
        try:
            yield self.decoy
        finally:
            self.removed = True

    # -- the client

    def __enter__(self) -> Self:
        self.asked += 1
        if self.asked in self.away:
            raise NotRunning("agent.sock", "no such file", "the socket of a running agent")
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def status(self) -> Status:
        return Status(state="running", pid=5, version="1\x1b")

    def processes(self) -> Iterator[ProcessRecord]:
        yield ProcessRecord(pid=1)
        if self.asked >= self.not_before and self.record:
            yield ProcessRecord(**self.record)

    def entries(self, request: EntriesRequest) -> Entries:
        found = self.decoy.exchanged and self.alert
        if request.kind is None or not found or self.asked < self.not_before:
            return Entries(reached=11, end=11)
        assert (request.after, request.pid, request.kind) == (11, self.outside_pid, "integrity.disk_mismatch")
        return Entries(entries=(found,), reached=12, end=12)


def failure(world: World) -> StepFailed:
    with pytest.raises(StepFailed) as caught:
        list(world.rehearsal().steps())
    return caught.value


def test_an_alarm_that_works_is_five_steps() -> None:
    """Each is told when it is done, and the alert is there to be shown."""
    world = World()
    rehearsal = world.rehearsal()
    steps = list(rehearsal.steps())
    assert [each.name for each in steps] == STEPS
    assert steps[0].said == "daemoneye 1\\x1b, running, pid 5"
    assert rehearsal.alert is ALERT
    assert world.decoy.exchanged
    assert world.pauses == []


def test_it_waits_for_the_digest_before_the_exchange() -> None:
    """An exchange before the agent knows the program would prove nothing."""
    world = World()
    world.not_before = 6
    seen = next(step for step in world.rehearsal().steps() if step.name == "seen")
    assert seen.seconds == pytest.approx(0.8)
    assert not world.decoy.exchanged


@pytest.mark.parametrize("away", [range(2, 5), range(3, 9), range(4, 20)])
def test_an_agent_that_restarts_a_part_of_itself_is_asked_again(away: range) -> None:
    """A gateway that is away for a moment, at any step, fails nothing."""
    world = World()
    world.away = away
    assert [each.name for each in world.rehearsal().steps()] == STEPS


def test_no_agent_is_no_failed_step() -> None:
    """There is nothing to rehearse with, and no program was started."""
    world = World()
    world.away = range(1, 2)
    with pytest.raises(NotRunning):
        list(world.rehearsal().steps())
    assert not world.removed


@pytest.mark.parametrize(
    ("record", "why"),
    [
        ({}, "the agent does not list pid 7"),
        (HASHED | {"executable_path": "/bin/other"}, "the agent does not list pid 7"),
        (
            {"pid": 7, "executable_path": PATH, "on_disk": OnDisk.PRESENT},
            "the agent has no digest of pid 7",
        ),
        (
            {"pid": 7, "executable_path": PATH, "hash_status": HashStatus.CHANGED_WHILE_READ},
            "the agent has no digest of pid 7 (changed while read)",
        ),
        (HASHED | {"on_disk": OnDisk.UNKNOWN}, "to the agent its file is unknown"),
    ],
)
def test_a_program_that_the_agent_does_not_know_fails_in_time(record: dict[str, Any], why: str) -> None:
    """What is missing is said, after the time that was given and no later than one pause."""
    world = World(record=record)
    failed = failure(world)
    assert (failed.step, failed.why) == ("seen", f"not within 10 s: {why}")
    assert 10 <= world.now_s < 10.5
    assert not world.decoy.exchanged


def test_in_another_namespace_it_is_known_by_its_name() -> None:
    """An agent outside of our container sees another pid and a longer path, and its alert is found all the same."""
    world = World(record=HASHED | {"pid": 4007, "executable_path": f"/var/lib/containers/x{PATH}"})
    world.outside_pid = 4007
    assert [each.name for each in world.rehearsal().steps()] == STEPS


def test_what_the_agent_may_not_look_at_fails_at_once() -> None:
    """No patience helps against missing rights."""
    world = World(record={"pid": 7, "unread": (("executable_path", "permission"),)})
    assert failure(world).why == "the agent may not look at processes of this account"
    assert world.pauses == []


@pytest.mark.parametrize("status", [HashStatus.DISABLED, HashStatus.TOO_LARGE, HashStatus.REMOTE_FILESYSTEM])
def test_an_agent_that_takes_no_digests_raises_the_alarm_all_the_same(status: HashStatus) -> None:
    """A replaced file is a finding without a digest, too."""
    world = World(record={"pid": 7, "executable_path": PATH, "hash_status": status, "on_disk": OnDisk.PRESENT})
    steps = list(world.rehearsal().steps())
    assert [each.name for each in steps] == STEPS
    assert f"without a digest ({status.label.replace('_', ' ')})" in steps[2].said


def test_an_alert_that_does_not_come_fails_the_last_step() -> None:
    """That is what the command is for."""
    failed = failure(World(alert=None))
    assert (failed.step, failed.why) == ("alert", "not within 10 s: no integrity.disk_mismatch of pid 7")


def test_a_record_that_cannot_be_asked_fails_before_the_exchange() -> None:
    """Where no alert could be found nothing is exchanged."""
    world = World()
    world.away = range(3, 1000)
    assert failure(world).step == "record"
    assert not world.decoy.exchanged


def test_a_program_that_does_not_wait_is_named() -> None:
    """A copy that cannot run where it lies is no fault of the agent."""
    world = World(record={})
    world.decoy.exit_code = 127
    assert failure(world).why == "the program ended by itself, with exit code 127"


def test_questions_end_in_time_and_leave_the_agent_time_for_others() -> None:
    """No question is given more than what is left, and between two it is idle as long as it worked."""
    world = World(record={})
    world.processes = lambda: world.pause(1.0) or iter(())  # type: ignore[method-assign,func-returns-value]
    failure(world)
    assert world.timeouts[:2] == [5.0, 5.0]
    assert world.timeouts[-1] <= 2.0
    assert set(world.pauses) == {1.0}


def test_the_program_is_taken_away_in_every_case() -> None:
    """Also when nobody wants to see the next step."""
    world = World()
    steps = world.rehearsal().steps()
    next(steps), next(steps)
    assert not world.removed
    steps.close()
    assert world.removed


def test_messages_are_fit_for_a_terminal() -> None:
    """What another process says is shown, and steers nothing."""
    world = World(record=HASHED | {"executable_hash": "\x1b[2J"})
    assert all(step.said.isprintable() for step in world.rehearsal().steps())
