"""What was not looked at is told: once when it begins, once when it is over, with counts and not file by file."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from daemoneye.tree import HASHING
from tests.system.agents import DURABLE, running
from tests.system.variants import GOOD, put
from tests.system.witness import Witness, rule_of
from tests.system.zoo import Zoo, as_root

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chaos.agent import Agent
    from tests.system.witness import Json

pytestmark = [as_root, pytest.mark.root, pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")]

# One that reads for seconds what is larger than most programs here.
SLOW = {"hashing": {"workers": 1, "bytes_per_second": "8MiB", "max_file_size": "100MiB"}}
GIANT = 48 << 20
BEYOND = 101 << 20
# A shortfall begins and ends after ten seconds.
PATIENCE_S = 40.0


@pytest.fixture(scope="module")
def witness() -> Iterator[Witness]:
    with running({**DURABLE, **SLOW}) as agent:
        yield Witness(agent)


def grown(zoo: Zoo, name: str, size: int) -> Path:
    program = zoo.copy(name)
    with program.open("ab") as file:
        file.truncate(size)
        file.seek(-1, os.SEEK_END)
        file.write(name.encode()[:1])
    return program


def hasher(agent: Agent) -> int | None:
    found = agent.by_role().get("hasher_1")
    return found.pid if found else None


def kill_the_hasher_that_reads(witness: Witness, program: Path) -> None:
    def reading() -> int | None:
        pid = hasher(witness.agent)
        with contextlib.suppress(OSError):  # it has just ended, or closed a file
            if program in [each.readlink() for each in Path(f"/proc/{pid}/fd").iterdir()]:
                return pid
        return None

    pid = witness.agent.until(reading, f"a hasher with {program}", PATIENCE_S)
    os.kill(pid, signal.SIGKILL)
    witness.until(lambda: hasher(witness.agent) != pid, "its end")


def told(witness: Witness, cause: str, phase: str) -> list[Json]:
    return [each for each in witness.shortfalls() if (each["cause"], each["phase"]) == (cause, phase)]


def test_what_cannot_be_hashed_and_who_does_not_work(witness: Witness, zoo: Zoo) -> None:
    """A file that kills its readers is left alone, and missed; so is a child that was paused; neither for ever."""
    beyond = grown(zoo, "beyond", BEYOND)
    zoo.start(beyond)  # not due, by the settings
    giants = [grown(zoo, f"{number}-giant", GIANT + number) for number in range(2)]
    for giant in giants:
        zoo.start(giant)
        for _ in range(2):
            kill_the_hasher_that_reads(witness, giant)
    with witness.agent.client() as client:
        client.pause(HASHING)
        witness.until(lambda: told(witness, "digests", "start") and told(witness, HASHING, "start"), "both", PATIENCE_S)
        assert told(witness, "digests", "end") + told(witness, HASHING, "end") == []
        client.resume(HASHING)
    zoo.end()
    witness.until(lambda: told(witness, "digests", "end") and told(witness, HASHING, "end"), "both ends", PATIENCE_S)
    for cause, reason, count in (("digests", "quarantined", 2), (HASHING, "down", 1)):
        for phase in ("start", "end"):
            (shortfall,) = told(witness, cause, phase)
            # what began with one of them may have been told before the second was left alone
            assert shortfall["counts"] in ({reason: count}, {reason: 1} if phase == "start" else {reason: count})
    assert witness.about(zoo.place) == []
    for alert in (each for each in witness.alerts() if rule_of(each) == "coverage.degraded"):
        assert (alert["daemoneye"]["severity"], alert["event"]["severity"]) == ("medium", 50)
        assert alert["daemoneye"]["recheck"] == ["daemoneye status"]


def test_afterwards_all_is_as_before(witness: Witness, zoo: Zoo) -> None:
    """Whoever was paused has forgotten nothing, and works."""
    program = zoo.copy("program")
    zoo.start(program)
    witness.known(program)
    put(program, GOOD + b"x")
    witness.expect(program, "disk_mismatch")
