"""`daemoneye journal`, on the file, without an agent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from daemoneye.journal.entry import Stream
from tests.fakes.journals import World
from tests.system.program import daemoneye

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.journal(checkpoint_every=10).append([*world.alerts(20, name="\x1b[31mred", size=5), *world.events(5)])
    world.end()
    return world


def journal(world: World, *arguments: str) -> subprocess.CompletedProcess[str]:
    return daemoneye("journal", *arguments, env={"DAEMONEYE_PATHS__STATE_DIR": str(world.directory)})


def test_a_whole_journal_is_verified_with_exit_0(world: World) -> None:
    """It says what it compared with, so that nobody takes it for more than it is."""
    outcome = journal(world, "verify")
    assert (outcome.returncode, outcome.stderr) == (0, "")
    assert outcome.stdout.startswith("whole: 25 entries, 0 gone by the limits, ")
    assert "compared with 0 anchors, this host's key, its seal" in outcome.stdout


def test_verify_as_json(world: World) -> None:
    """The same for programs."""
    said = json.loads(journal(world, "verify", "--json").stdout)
    assert (said["ok"], said["finding"], said["entries"], said["unsigned"]) == (True, None, 25, 0)
    assert said["compared"] == {"anchors": 0, "key": True, "seal": True}


def test_a_change_is_named_with_exit_1(world: World) -> None:
    """The first entry that is wrong is called by its stream and number."""
    with world.tampering() as connection:
        connection.execute("UPDATE entries SET body = x'7b7d' WHERE sequence = 17 AND stream = ?", (Stream.ALERTS,))
    outcome = journal(world, "verify")
    assert (outcome.returncode, outcome.stdout) == (1, "alerts 17 altered: it is not what was recorded\n")
    said = json.loads(journal(world, "verify", "--json").stdout)
    assert (said["ok"], said["finding"]["problem"], said["finding"]["sequence"]) == (False, "altered", 17)


def test_a_head_that_was_kept_catches_a_cut(world: World) -> None:
    """What `journal head` printed is what `--anchor` reads, one or many of them."""
    kept = world.directory / "kept"
    kept.write_text(journal(world, "head").stdout + journal(world, "head", "--json").stdout, encoding="utf-8")
    assert "compared with 2 anchors" in journal(world, "verify", "--anchor", str(kept)).stdout
    with world.tampering() as connection:
        connection.execute("DELETE FROM checkpoints WHERE number > 0")
        connection.execute("DELETE FROM entries WHERE sequence > 3")
    (world.directory / "journal.seal").unlink()
    assert journal(world, "verify").returncode == 0
    outcome = journal(world, "verify", "--anchor", str(kept))
    assert (outcome.returncode, outcome.stdout) == (1, "checkpoint 1 truncated: anchor 1 has seen checkpoint 1\n")


def test_a_file_that_is_no_database_any_more_is_a_finding(world: World) -> None:
    """Damage is what verifying is for: it ends in exit 1, not in an error."""
    world.path.write_bytes(b"\xa5" * 10_000)
    outcome = journal(world, "verify")
    assert (outcome.returncode, outcome.stdout) == (1, "the file damaged: file is not a database\n")
    assert journal(world, "head").returncode == 74


def test_a_copy_elsewhere_can_be_verified(world: World, tmp_path: Path) -> None:
    """Evidence is examined on another machine, without the keys of the host."""
    copy = tmp_path / "copy.db"
    copy.write_bytes(world.path.read_bytes())
    outcome = daemoneye("journal", "verify", "--file", str(copy))
    assert outcome.returncode == 0
    assert outcome.stdout.endswith("compared with 0 anchors\n")


def test_export_has_everything_needed_to_verify_elsewhere(world: World) -> None:
    """Checkpoints and entries come as lines of JSON, bodies and statements byte for byte, safe to print."""
    outcome = journal(world, "export")
    assert outcome.returncode == 0
    assert "\x1b" not in outcome.stdout
    lines = [json.loads(line) for line in outcome.stdout.splitlines()]
    entries = [line for line in lines if "stream" in line]
    assert len(entries) == 25
    assert {"number", "chain", "next_seal"} <= json.loads(lines[0]["statement"]).keys()
    assert [line["sequence"] for line in entries if line["stream"] == "alerts"] == list(range(1, 21))
    assert entries[0]["body"].encode() == world.bodies()[0]


def test_bytes_that_are_no_text_are_exported_too(tmp_path: Path) -> None:
    """A body that is not UTF-8 comes as base64."""
    world = World(tmp_path)
    world.journal().append([world.entry(body=b"\xff\x00")])
    world.end()
    assert json.loads(journal(world, "export").stdout.splitlines()[-1])["body_base64"] == "/wA="


@pytest.mark.parametrize("command", ["verify", "head", "export"])
def test_without_a_journal_there_is_nothing_to_read(tmp_path: Path, command: str) -> None:
    """A wrong path is an error of its own, and nothing is created."""
    outcome = journal(World(tmp_path), command)
    assert (outcome.returncode, outcome.stdout) == (66, "")
    assert outcome.stderr == f"{tmp_path}/daemoneye.db: no such file: a journal\n"
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_anchor_is_not_taken_for_one(world: World) -> None:
    """An anchor that says nothing would agree with everything."""
    wrong = world.directory / "wrong"
    wrong.write_bytes(b"hello\n")
    outcome = journal(world, "verify", "--anchor", str(wrong))
    assert outcome.returncode == 66
    assert outcome.stderr == f"{wrong}: line 1 is no anchor: lines that `journal head` printed\n"
    assert journal(world, "verify", "--anchor", str(world.directory / "none")).returncode == 66
    wrong.write_bytes(b"\xff")
    assert journal(world, "verify", "--anchor", str(wrong)).returncode == 66
    assert journal(world, "verify", "--anchor", str(world.directory)).returncode == 74
