"""Several processes and one place to write: real pipes, a real terminal, readers that stop, leave and come back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import termios
import textwrap
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

WRITERS, LINES = 6, 400
PROGRAM = textwrap.dedent(f"""
    import os
    from daemoneye.logs import become, configure, log

    configure()
    children = []
    for number in range({WRITERS}):
        if not (pid := os.fork()):
            become(f"writer{{number}}")
            for line in range({LINES}):
                log("info", f"test.line{{line}}", text="x" * 450)
            os._exit(0)
        children.append(pid)
    statuses = [os.waitpid(pid, 0)[1] for pid in children]
    log("info", "test.end", failed=sum(map(bool, statuses)))
    print("end", flush=True)
""")


@contextmanager
def writers(stderr: int) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=stderr) as program:
        yield program
        assert program.wait(30) == 0


def ended(program: subprocess.Popen[bytes]) -> bool:
    assert program.stdout is not None
    return program.stdout.readline() == b"end\n"


def test_lines_of_several_processes_are_never_mixed() -> None:
    """Each line is whole, and who is missing one can tell how many were lost."""
    with writers(subprocess.PIPE) as program:
        assert program.stderr is not None
        said = [json.loads(line) for line in program.stderr]
    for number in range(WRITERS):
        mine = [each for each in said if each["role"] == f"writer{number}"]
        lost = sum(each["count"] for each in mine if each["event"] == "log.lost")
        told = [each for each in mine if each["event"].startswith("test.line")]
        assert len(told) + lost <= LINES
        assert [each["text"] for each in told] == ["x" * 450] * len(told)
    assert (said[-1]["event"], said[-1]["failed"]) == ("test.end", 0)


def test_a_reader_that_stops_reading_stops_nobody() -> None:
    """All writers come to their end though nobody takes a line, and what the pipe holds is whole lines."""
    reader, writer = os.pipe()
    with writers(writer) as program:
        os.close(writer)
        assert ended(program)
        with open(reader, encoding="utf-8") as lines:  # noqa: PTH123 - a descriptor is no path
            said = [json.loads(line) for line in lines]
    assert 0 < len(said) < WRITERS * LINES


def test_a_reader_that_leaves_stops_nobody() -> None:
    """Log shippers are restarted."""
    reader, writer = os.pipe()
    with writers(writer) as program:
        os.close(writer)
        os.read(reader, 100)
        os.close(reader)
        assert ended(program)


@pytest.mark.parametrize("left", [False, True], ids=["stopped with Ctrl-S", "closed"])
def test_a_terminal_that_takes_nothing_stops_nobody(left: bool) -> None:
    """An operator who pauses the output, or closes the window, pauses nothing else."""
    mine, terminal = os.openpty()
    termios.tcflow(terminal, termios.TCOOFF)
    with writers(terminal) as program:
        os.close(terminal)
        if left:
            os.close(mine)
        assert ended(program)
    if not left:
        os.close(mine)


def test_a_full_disk_stops_nobody() -> None:
    """What cannot be written is lost, and the agent goes on."""
    with open("/dev/full", "wb") as full, writers(full.fileno()) as program:  # noqa: PTH123 - a device
        assert ended(program)
