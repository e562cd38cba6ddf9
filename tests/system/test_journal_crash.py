"""What the journal acknowledged is there, whatever happens to its process and its disk."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from daemoneye.journal.entry import Severity, Stream
from daemoneye.journal.trouble import Trouble
from tests.fakes.journals import World, sequences, trouble

if TYPE_CHECKING:
    from collections.abc import Iterator

KILLS = int(os.environ.get("DAEMONEYE_TEST_KILLS", "40"))  # 200 before a release
WRITER = Path(__file__).with_name("journal_writer.py")
_KILLED_EARLY = 0.25  # of the writers, while they open what the one before left
MIB = 1 << 20


def killed_writer(directory: Path, first: int, chance: random.Random) -> dict[int, int]:
    """Kill a writer at some moment, of its start or after, and return the sequences of the numbers it acknowledged."""
    command = [sys.executable, str(WRITER), str(directory), str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stderr is not None
        if chance.random() < _KILLED_EARLY:
            begun, patience_s = "", chance.uniform(0, 0.3)
        else:
            begun, patience_s = writer.stdout.readline(), chance.uniform(0, 0.05)
        time.sleep(patience_s)
        writer.send_signal(signal.SIGKILL)
        rest, complaints = writer.stdout.read(), writer.stderr.read()
    assert complaints == ""
    lines = (begun + rest).split("\n")[:-1]  # the last one may be half a line: no acknowledgement
    return {int(number): int(sequence) for number, sequence in map(str.split, lines)}


def test_what_was_acknowledged_survives_any_number_of_kills(tmp_path: Path) -> None:
    """Every acknowledged alert is there once, in order, and the chain holds through every anchor taken on the way."""
    chance, world = random.Random(5), World(tmp_path)  # noqa: S311 - the moments of the kills
    acknowledged: dict[int, int] = {}
    anchors = []
    for _ in range(KILLS):
        fresh = killed_writer(tmp_path, max(acknowledged, default=0) + 1, chance)
        assert fresh.keys().isdisjoint(acknowledged)
        acknowledged |= fresh
        if acknowledged:
            anchors.append(world.anchor())
    recorded = world.recorded(stream=Stream.ALERTS, after=0)
    numbers = [json.loads(each.entry.body)["number"] for each in recorded]
    assert numbers == list(range(1, len(numbers) + 1)), "in order, each once, none missing"
    assert [each.sequence for each in recorded] == numbers
    assert acknowledged == {number: number for number in range(1, max(acknowledged) + 1)}
    assert len(numbers) >= len(acknowledged) >= KILLS
    assert len(anchors) >= KILLS // 2
    assert world.verified(*anchors).finding is None


@contextlib.contextmanager
def small_disk(place: Path, size: int) -> Iterator[None]:
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip(f"cannot mount: {mounted.stderr.decode().strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def remount(place: Path, mode: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{mode}", str(place)], check=True)


@pytest.mark.root
def test_a_full_disk_and_its_recovery_lose_nothing(tmp_path: Path) -> None:
    """Acknowledged alerts stay, later ones wait and say so, and are recorded as soon as there is room."""
    disk = tmp_path / "disk"
    with small_disk(disk, 4 * MIB):
        world = World(disk)
        ballast = disk / "ballast"
        ballast.write_bytes(b"x" * 3 * MIB)
        journal = world.journal()
        sent, answers = [], []
        for _ in range(200):
            batch = world.alerts(10, size=1000)
            sent += batch
            answers += journal.append(batch)
        assert trouble(journal) is Trouble.DISK_FULL
        assert 0 < len(answers) < len(sent)
        assert world.bodies() == [entry.body for entry in sent[: len(answers)]], "what was acknowledged is there"
        assert journal.waiting.entries == len(sent) - len(answers)
        ballast.unlink()
        answers += journal.flush()
        assert trouble(journal) is None
        assert sequences(answers) == list(range(1, len(sent) + 1))
        assert world.bodies() == [entry.body for entry in sent]
        world.end()
        assert world.verified().finding is None


@pytest.mark.root
def test_a_read_only_disk_is_named_and_passes(tmp_path: Path) -> None:
    """A file system that turned read-only is said to be so; what came meanwhile is recorded once it is mended."""
    disk = tmp_path / "disk"
    with small_disk(disk, 4 * MIB):
        world = World(disk)
        world.journal().append(world.alerts(2))
        world.end()
        remount(disk, "ro")
        journal = world.journal()
        assert journal.append(world.alerts(3, severity=Severity.CRITICAL)) == []
        assert trouble(journal) is Trouble.READ_ONLY
        assert [each.sequence for each in world.recorded(stream=Stream.ALERTS)] == [1, 2], "it can be read"
        assert world.verified().finding is None
        remount(disk, "rw")
        assert sequences(journal.flush()) == [3, 4, 5]
        world.end()
        assert world.verified().finding is None


@pytest.mark.root
def test_a_disk_that_is_full_from_the_beginning(tmp_path: Path) -> None:
    """Not even the files can be made, and yet nothing that came is lost."""
    disk = tmp_path / "disk"
    with small_disk(disk, MIB):
        ballast = disk / "ballast"
        with contextlib.suppress(OSError), ballast.open("wb") as file:
            file.write(b"x" * 2 * MIB)
        world = World(disk)
        journal = world.journal()
        assert journal.append(world.alerts(3)) == []
        assert journal.condition is not None
        ballast.unlink()
        assert sequences(journal.flush()) == [1, 2, 3]
        world.end()
