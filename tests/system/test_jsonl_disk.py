"""The file of alerts on disks that are really full or really read-only, and a writer that is really killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from daemoneye.outputs.formats import sequence_of
from daemoneye.outputs.jsonl import JsonLines, Opened
from daemoneye.outputs.trouble import Failed, Trouble, Written

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
NAME = "alerts.jsonl"


def record(number: int) -> bytes:
    return b'{"id":"a","sequence":%d,"x":"%s"}' % (number, b"x" * (number * 37 % 900))


@contextmanager
def small_disk(place: Path) -> Iterator[None]:
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
    mounted = subprocess.run(command, check=False, capture_output=True)
    if mounted.returncode:
        pytest.skip(f"cannot mount: {mounted.stderr.decode().strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@contextmanager
def writer(place: Path, max_size: int = 1 << 20) -> Iterator[JsonLines]:
    directory = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    lines = JsonLines(directory, NAME, max_size=max_size, max_files=1000)
    try:
        yield lines
    finally:
        lines.close()
        os.close(directory)


def numbers(place: Path) -> list[int | None]:
    rotated = sorted(place.glob(f"{NAME}.*"), key=lambda path: -int(path.suffix[1:]))
    content = b"".join(path.read_bytes() for path in [*rotated, place / NAME])
    assert content.endswith(b"\n")
    return [sequence_of(line) for line in content.splitlines()]


@pytest.mark.root
def test_a_full_disk_and_its_recovery(tmp_path: Path) -> None:
    """While the disk is full nothing is torn, and when there is room again every line is there once, in order."""
    place = tmp_path / "disk"
    with small_disk(place), writer(place) as lines:
        ballast = place / "ballast"
        ballast.write_bytes(b"x" * 40_000)
        written, failures = 0, 0
        while written < 100:
            batch = [record(number) for number in range(written, min(written + 7, 100))]
            outcome = lines.write(batch)
            written += outcome.lines
            if isinstance(outcome, Failed):
                assert outcome.trouble is Trouble.DISK_FULL
                assert numbers(place) == list(range(written))
                failures += 1
                ballast.unlink(missing_ok=True)
        assert failures == 1
        assert numbers(place) == list(range(100))


@pytest.mark.root
def test_a_disk_that_becomes_read_only(tmp_path: Path) -> None:
    """A file system that was made read-only is named as such, and its return is noticed."""
    place = tmp_path / "disk"
    with small_disk(place):
        with writer(place) as lines:
            assert lines.write([record(1)]) == Written(lines=1)
        subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
        with writer(place) as lines:
            outcome = lines.write([record(2)])
            assert isinstance(outcome, Failed)
            assert outcome.trouble is Trouble.READ_ONLY
            subprocess.run(["mount", "-o", "remount,rw", str(place)], check=True)
            assert lines.write([record(2)]) == Written(lines=1)
        assert numbers(place) == [1, 2]


# Goes on after the last line that is there, as the journal does from its own.
_WRITER = """
import os, sys
from daemoneye.outputs.formats import sequence_of
from daemoneye.outputs.jsonl import JsonLines
from tests.system.test_jsonl_disk import NAME, record
lines = JsonLines(os.open(sys.argv[1], os.O_RDONLY), NAME, max_size=20_000, max_files=1000)
last = lines.open().last
number = 0 if last is None else sequence_of(last) + 1
print("ready", flush=True)
while True:
    number += lines.write([record(each) for each in range(number, number + 5)]).lines
"""


def test_killed_at_any_moment(tmp_path: Path) -> None:
    """A writer that is killed with -9 again and again leaves a file in which every line is there once, in order."""
    dice = random.Random(5)  # noqa: S311 - moments, not secrets
    for _ in range(8):
        command = [sys.executable, "-c", _WRITER, str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
            assert process.stdout
            assert process.stdout.readline() == b"ready\n"
            process.stdout.close()
            try:
                process.wait(dice.uniform(0.001, 0.05))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
    with writer(tmp_path) as lines:
        opened = lines.open()
        assert isinstance(opened, Opened)
        assert opened.last
        seen = numbers(tmp_path)
        assert seen == list(range(len(seen)))
        assert sequence_of(opened.last) == seen[-1]
