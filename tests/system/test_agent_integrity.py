"""Whatever is done to a running program is told: by the right alerts, of the right program, once."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.system.agents import DURABLE, running
from tests.system.program import daemoneye
from tests.system.variants import GOOD, NEARLY, STRANGER, SWOLLEN, arguments_for, in_memory, nameless, put
from tests.system.witness import Witness, evidence_of
from tests.system.zoo import as_root

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.system.witness import Json
    from tests.system.zoo import Zoo

pytestmark = [as_root, pytest.mark.root, pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")]


@pytest.fixture(scope="module")
def shared() -> Iterator[Witness]:
    with running(DURABLE) as agent:
        witness = Witness(agent)
        yield witness
        witness.nothing_unexpected()


@pytest.fixture
def witness(shared: Witness, tmp_path: Path) -> Witness:
    shared.of(tmp_path)
    return shared


@pytest.fixture
def program(zoo: Zoo) -> Path:
    return zoo.copy("program")


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_a_deleted_program(witness: Witness, zoo: Zoo, program: Path) -> None:
    """It is told what runs, by its digests, and that its file is gone."""
    pid = zoo.start(program)
    witness.known(program)
    program.unlink()
    (alert,) = witness.expect(program, "disk_mismatch")
    assert alert["process"]["pid"] == pid
    assert alert["process"]["name"] == program.name
    assert alert["process"]["parent"]["pid"] == os.getpid()
    assert alert["process"]["hash"]["sha256"] == sha256(GOOD)
    assert "deleted" in alert["message"]
    evidence = evidence_of(alert)
    assert (evidence["path"], evidence["on_disk"]) == (str(program), "deleted")
    assert evidence["old"]["sha256"] == sha256(GOOD)
    assert "new" not in evidence
    as_tools_have_it(alert, pid)
    rechecks(alert)


def as_tools_have_it(alert: Json, pid: int) -> None:
    """The digests are those that anybody gets."""
    image = f"/proc/{pid}/exe"
    said = subprocess.check_output(["sha256sum", image], text=True)
    assert said.split()[0] == alert["process"]["hash"]["sha256"]
    if shutil.which("ssdeep"):
        _, line = subprocess.check_output(["ssdeep", "-b", image], text=True).splitlines()
        assert line.partition(",")[0] == alert["process"]["hash"]["ssdeep"]


def rechecks(alert: Json) -> dict[str, str]:
    """Every command that the alert advises can be run, and shows something; what each showed."""
    shown = {}
    for command in alert["daemoneye"]["recheck"]:
        outcome = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)  # noqa: S602
        nobodys = command.startswith("dpkg -S") and "no path found" in outcome.stderr
        assert outcome.returncode == 0 or nobodys, outcome
        shown[command] = outcome.stdout
    return shown


@pytest.mark.parametrize(
    ("content", "least", "most"), [(STRANGER, 0, 50), (NEARLY, 90, 100)], ids=["stranger", "nearly the same"]
)
def test_a_replaced_program(witness: Witness, zoo: Zoo, program: Path, content: bytes, least: int, most: int) -> None:
    """It is told what runs, what lies there now, and how alike the two are; it is one alert, however alike."""
    pid = zoo.start(program)
    witness.known(program)
    put(program, content)
    (alert,) = witness.expect(program, "disk_mismatch")
    assert alert["process"]["pid"] == pid
    evidence = evidence_of(alert)
    assert evidence["on_disk"] == "replaced"
    assert (evidence["old"]["sha256"], evidence["new"]["sha256"]) == (sha256(GOOD), sha256(content))
    assert alert["process"]["hash"] == evidence["old"]
    assert alert["file"]["hash"]["sha256"] == sha256(content)
    assert int(alert["file"]["inode"]) == program.stat().st_ino
    assert least <= evidence["similarity"] <= most
    assert f"{evidence['similarity']} % similar" in alert["message"]
    shown = rechecks(alert)
    assert shown[f"sha256sum /proc/{pid}/exe"].startswith(sha256(GOOD))
    assert shown[f"sha256sum -- {program}"].startswith(sha256(content))


def test_a_program_that_cannot_be_compared(witness: Witness, zoo: Zoo, program: Path) -> None:
    """No similarity is not one of nothing: it is said why there is none."""
    zoo.start(program)
    witness.known(program)
    put(program, SWOLLEN)
    (alert,) = witness.expect(program, "disk_mismatch")
    evidence = evidence_of(alert)
    assert "similarity" not in evidence
    assert evidence["not_comparable"] in alert["message"]


@pytest.mark.parametrize(
    ("content", "rules"),
    [
        (STRANGER, ["content_changed", "binary_change"]),
        (NEARLY, ["content_changed"]),
        (SWOLLEN, ["content_changed"]),
    ],
    ids=["stranger", "nearly the same", "not comparable"],
)
def test_a_program_exchanged_while_it_was_not_running(
    witness: Witness, zoo: Zoo, program: Path, content: bytes, rules: list[str]
) -> None:
    """What it was is remembered; how much it changed only adds to it."""
    zoo.start(program)
    witness.known(program)
    zoo.end()
    put(program, content)
    pid = zoo.start(program, *arguments_for(content))
    found = witness.expect(program, *rules)
    for alert in found:
        assert alert["process"]["pid"] == pid
        assert alert["process"]["hash"]["sha256"] == sha256(content)
        evidence = evidence_of(alert)
        assert evidence["on_disk"] == "present"
        assert (evidence["old"]["sha256"], evidence["new"]["sha256"]) == (sha256(GOOD), sha256(content))
        assert ("similarity" in evidence) == (content != SWOLLEN)
        rechecks(alert)


def test_a_program_that_comes_back_is_right_again(witness: Witness, zoo: Zoo, program: Path) -> None:
    """What was trusted stays trusted: the right one is nothing to tell, and the wrong one was told already."""
    zoo.start(program)
    witness.known(program)
    for content in (NEARLY, GOOD, NEARLY):
        zoo.end()
        put(program, content)
        zoo.start(program)
        witness.looks(2)
    witness.expect(program, "content_changed")


@pytest.mark.parametrize("name", ["payload", "payload (deleted)", ""])
def test_a_program_that_is_only_in_memory(witness: Witness, zoo: Zoo, name: str) -> None:
    """It never was on disk, and may call itself what it likes."""
    descriptor = in_memory(name, GOOD + name.encode())
    pid = zoo.anonymous(descriptor)
    os.close(descriptor)
    (alert,) = witness.expect(pid, "fileless")
    assert alert["process"]["executable"] == f"/memfd:{name}"
    assert alert["process"]["hash"]["sha256"] == sha256(GOOD + name.encode())
    assert evidence_of(alert)["on_disk"] == "memfd"
    rechecks(alert)


def test_a_program_that_never_had_a_name(witness: Witness, zoo: Zoo, tmp_path: Path) -> None:
    """A file of the disk that nobody could ever have seen there is no better."""
    descriptor = nameless(tmp_path)
    pid = zoo.anonymous(descriptor)
    os.close(descriptor)
    (alert,) = witness.expect(pid, "fileless")
    assert alert["process"]["executable"].startswith(f"{tmp_path}/#")
    assert alert["process"]["hash"]["sha256"] == sha256(GOOD)


def test_programs_are_found_by_their_digest(witness: Witness, zoo: Zoo, program: Path) -> None:
    """Whoever hears of a bad program can ask where else it ran."""
    content = GOOD + str(program).encode()
    put(program, content)
    pid = zoo.start(program)

    def found() -> list[Json]:
        question = ("events", "--json", "--sha256", sha256(content), "--config", str(witness.agent.config))
        return [json.loads(line) for line in daemoneye(*question).stdout.splitlines()]

    witness.until(found, "an event with this digest")
    assert {each["process"]["pid"] for each in found()} == {pid}
    assert {each["process"]["hash"]["sha256"] for each in found()} == {sha256(content)}


def test_swapped_and_swapped_back(witness: Witness, zoo: Zoo, program: Path) -> None:
    """What ran meanwhile is told, when it starts and when its file is taken from it; the right one is left alone."""
    zoo.start(program)
    witness.known(program)
    aside = program.with_name("aside")
    program.rename(aside)
    put(program, STRANGER)
    wrong = zoo.start(program, *arguments_for(STRANGER))
    witness.until(lambda: len(witness.about(wrong)) == 2, "what is wrong with the stranger")
    aside.rename(program)
    changed, different, mismatch = witness.expect(program, "content_changed", "binary_change", "disk_mismatch")
    assert {each["process"]["pid"] for each in (changed, different, mismatch)} == {wrong}
    assert evidence_of(mismatch)["old"]["sha256"] == sha256(STRANGER)
    assert evidence_of(mismatch)["new"]["sha256"] == sha256(GOOD)


def test_a_file_that_was_away_for_a_while(witness: Witness, zoo: Zoo, program: Path) -> None:
    """That it was replaced is told once; that it is back is nothing to tell, and the same replacement again neither."""
    zoo.start(program)
    witness.known(program)
    aside = program.with_name("aside")
    for _ in range(2):
        os.link(program, aside)
        put(program, NEARLY)
        witness.until(lambda: witness.about(program), "the replacement")
        witness.looks(1)
        aside.rename(program)
        witness.looks(1)
    witness.expect(program, "disk_mismatch")


def test_two_at_once(witness: Witness, zoo: Zoo) -> None:
    """Each alert is about the right one, and the third is left out of it."""
    programs = [zoo.copy(name) for name in ("deleted", "replaced", "untouched")]
    pids = [zoo.start(each) for each in programs]
    witness.known(*programs)
    deleted, replaced, untouched = programs
    deleted.unlink()
    put(replaced, STRANGER)
    for program, pid, state in zip((deleted, replaced), pids, ("deleted", "replaced"), strict=False):
        (alert,) = witness.expect(program, "disk_mismatch")
        assert alert["process"]["pid"] == pid
        assert evidence_of(alert)["on_disk"] == state
    assert witness.about(untouched) == []


def test_twenty_processes_of_one_program(witness: Witness, zoo: Zoo, program: Path) -> None:
    """One fact is one alert, and twenty processes are no more news than one."""
    pids = [zoo.start(program) for _ in range(20)]
    witness.known(program)
    program.unlink()
    (alert,) = witness.expect(program, "disk_mismatch")
    assert alert["process"]["pid"] in pids
    assert alert["daemoneye"]["suppressed"] == 0


def test_what_is_kept_back_is_counted(witness: Witness, zoo: Zoo, program: Path) -> None:
    """The next alert like it says how many there were."""
    zoo.start(program)
    witness.known(program)
    zoo.end()
    put(program, NEARLY)
    for _ in range(20):
        zoo.start(program)
    (first,) = witness.expect(program, "content_changed")
    before = witness.agent.config.read_bytes()
    with witness.agent.client() as client:
        witness.agent.configure({"integrity": {"dedup_window": "0s"}})
        client.reload()
        zoo.start(program)
        witness.until(lambda: len(witness.about(program)) == 2, "one more")
        witness.agent.config.write_bytes(before)
        client.reload()
    first, second = witness.expect(program, "content_changed", "content_changed")
    assert (first["daemoneye"]["suppressed"], second["daemoneye"]["suppressed"]) == (0, 19)
