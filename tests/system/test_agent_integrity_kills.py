"""Whoever dies at the wrong moment loses no alert, and repeats none: a child, the trunk of the tree, or all of it."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from chaos.agent import survivors
from daemoneye.tree import COLLECTOR, GATEWAY, HASHING, INTEGRITY, JOURNAL, MAIN, SUPERVISOR
from tests.system.agents import DURABLE, pause, running
from tests.system.variants import NEARLY, STRANGER, arguments_for, put
from tests.system.witness import Witness, evidence_of
from tests.system.zoo import Zoo, as_root

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chaos.agent import Agent

pytestmark = [as_root, pytest.mark.root, pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")]

VICTIMS = (COLLECTOR, HASHING, "hasher_1", INTEGRITY, JOURNAL, GATEWAY, SUPERVISOR)
# Before it can be noticed, and in the middle of what follows: two looks, the digest, the package, the journal.
MOMENTS_S = (0.0, 0.25)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Witness]:
    place = tmp_path_factory.mktemp("programs")
    zoo = Zoo(place)
    with running(DURABLE) as agent:
        witness = Witness(agent)
        witness.of(place)
        programs = [zoo.copy(name_of(role, moment_s)) for role in VICTIMS for moment_s in MOMENTS_S]
        for each in programs:
            zoo.start(each)
        witness.known(*programs)
        yield witness
        zoo.end()
        witness.nothing_unexpected()


def name_of(role: str, moment_s: float) -> str:
    return f"{role}-{moment_s}"


@pytest.fixture
def witness(shared: Witness, tmp_path: Path) -> Witness:
    shared.of(tmp_path)
    shared.agent.until_running()
    return shared


def kill(agent: Agent, role: str) -> None:
    """Who sleeps has nothing to lose: a hasher that is not there is not killed."""
    if victim := agent.by_role().get(role):
        os.kill(victim.pid, signal.SIGKILL)


def kill_all(agent: Agent) -> None:
    """Main takes everybody with it; then it is started again."""
    tree = agent.descendants()
    agent.send(signal.SIGKILL)
    agent.wait()
    assert survivors(tree) == []
    agent.start()
    agent.until_running()


@pytest.mark.parametrize("moment_s", MOMENTS_S)
@pytest.mark.parametrize("role", VICTIMS)
def test_a_death_right_after_the_change(witness: Witness, role: str, moment_s: float) -> None:
    """The alert arrives all the same, once, with the digests and the similarity."""
    program = witness.places[0] / name_of(role, moment_s)
    put(program, NEARLY)
    pause(moment_s)
    kill(witness.agent, role)
    (alert,) = witness.expect(program, "disk_mismatch")
    assert evidence_of(alert)["similarity"] >= 90


@pytest.mark.parametrize("moment_s", MOMENTS_S)
def test_the_agent_is_killed_right_after_the_change(witness: Witness, zoo: Zoo, moment_s: float) -> None:
    """The next one finds what this one has not told, and repeats nothing that it has."""
    deleted, exchanged = zoo.copy("deleted"), zoo.copy("exchanged")
    told = zoo.copy("told")
    for each in (deleted, exchanged, told):
        zoo.start(each)
    witness.known(deleted, exchanged, told)
    told.unlink()
    (first,) = witness.expect(told, "disk_mismatch")
    deleted.unlink()
    put(exchanged, STRANGER)
    zoo.start(exchanged, *arguments_for(STRANGER))
    pause(moment_s)
    kill_all(witness.agent)
    witness.expect(deleted, "disk_mismatch")
    witness.expect(exchanged, "disk_mismatch", "content_changed", "binary_change")
    (again,) = witness.expect(told, "disk_mismatch")
    assert again == first


@pytest.mark.parametrize("killed", [INTEGRITY, MAIN])
def test_an_alert_that_nobody_takes_at_first(witness: Witness, zoo: Zoo, killed: str) -> None:
    """It is written down before it is said: whoever comes back says it again, and it is the same alert."""
    program = zoo.copy("program")
    zoo.start(program)
    witness.known(program)
    with witness.agent.client() as client:
        client.pause(JOURNAL)
        program.unlink()
        witness.until(witness.on_their_way, "an alert on its way")
        waiting = witness.on_their_way()
        assert witness.about(program) == []
        if killed == MAIN:
            kill_all(witness.agent)
        else:
            kill(witness.agent, killed)
            client.resume(JOURNAL)
    (alert,) = witness.expect(program, "disk_mismatch")
    assert alert["event"]["id"] in waiting
    witness.until(lambda: not witness.on_their_way(), "the end of its way")


def test_exchanged_while_neither_it_nor_the_agent_was_running(witness: Witness, zoo: Zoo) -> None:
    """What programs were is on disk: an agent that starts later than the stranger still knows better."""
    programs = [zoo.copy(name) for name in ("stranger", "nearly", "same")]
    for each in programs:
        zoo.start(each)
    witness.known(*programs)
    assert witness.agent.stop() == 0
    zoo.end()
    stranger, nearly, same = programs
    put(stranger, STRANGER)
    put(nearly, NEARLY)
    zoo.start(stranger, *arguments_for(STRANGER))
    zoo.start(nearly)
    zoo.start(same)
    witness.agent.start()
    witness.agent.until_running()
    witness.expect(stranger, "content_changed", "binary_change")
    witness.expect(nearly, "content_changed")
    assert witness.about(same) == []


def test_exchanged_while_only_the_agent_was_down(witness: Witness, zoo: Zoo) -> None:
    """What was done to running programs behind its back is told when it is back."""
    deleted, replaced = zoo.copy("deleted"), zoo.copy("replaced")
    for each in (deleted, replaced):
        zoo.start(each)
    witness.known(deleted, replaced)
    assert witness.agent.stop() == 0
    deleted.unlink()
    put(replaced, STRANGER)
    witness.agent.start()
    witness.agent.until_running()
    witness.expect(deleted, "disk_mismatch")
    witness.expect(replaced, "disk_mismatch")


def test_all_of_them_one_after_the_other(witness: Witness, zoo: Zoo) -> None:
    """Programs are exchanged while children die: each is told once."""
    programs = [zoo.copy(f"program-{role}") for role in VICTIMS]
    for each in programs:
        zoo.start(each)
    witness.known(*programs)
    for role, program in zip(VICTIMS, programs, strict=True):
        put(program, STRANGER)
        kill(witness.agent, role)
        pause(0.1)
    for program in programs:
        witness.expect(program, "disk_mismatch")
