"""`daemoneye scan --hash`: what runs, and what it is made of, without an agent."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import signal
import subprocess
from typing import TYPE_CHECKING, Any

import ppdeep
import pytest

from daemoneye.errors import Exit
from daemoneye.model.process import ProcessRecord
from daemoneye.wire.jsonform import from_json
from tests.system.program import DAEMONEYE, daemoneye, environment
from tests.system.zoo import SLEEP

if TYPE_CHECKING:
    from pathlib import Path

    from tests.system.zoo import Zoo

SHA256 = hashlib.sha256(SLEEP.read_bytes()).hexdigest()
SSDEEP = ppdeep.hash(SLEEP.read_bytes())


def scan(*pids: int, **settings: str) -> tuple[dict[int, dict[str, Any]], dict[str, Any]]:
    chosen = [argument for pid in pids for argument in ("--pid", str(pid))]
    outcome = daemoneye("scan", "--hash", "--json", *chosen, env={f"DAEMONEYE_{k}": v for k, v in settings.items()})
    assert (outcome.returncode, outcome.stderr) == (Exit.OK, "")
    *records, last = map(json.loads, outcome.stdout.splitlines())
    return {record["pid"]: record for record in records}, last["coverage"]


def test_digests_are_those_of_the_running_image(zoo: Zoo) -> None:
    """Also when its file was deleted or replaced, when it never had one, and when its name says otherwise."""
    present, gone, swapped, literal = (zoo.copy(name) for name in ("here", "gone", "swapped", "x (deleted)"))
    pids = [zoo.start(each) for each in (present, gone, swapped, literal)]
    memory = os.memfd_create("m", 0)
    os.write(memory, SLEEP.read_bytes())
    pids.append(zoo.anonymous(memory))
    os.close(memory)
    gone.unlink()
    other = zoo.place / "other"
    other.write_bytes(b"something else")
    other.rename(swapped)
    records, coverage = scan(*pids)
    assert [records[pid]["on_disk"] for pid in pids] == ["present", "deleted", "replaced", "present", "memfd"]
    for record in records.values():
        assert (record["executable_hash"], record["hash_algorithm"]) == (SHA256, "sha256")
        assert (record["ssdeep_hash"], record["hash_status"], record["ssdeep_degraded"]) == (SSDEEP, "hashed", False)
    assert (coverage["hashed"], coverage["not_hashed_by_reason"]) == (5, {})


def test_a_line_with_digests_is_a_record_of_the_wire(zoo: Zoo) -> None:
    """It can be read back, with nothing left over."""
    pid = zoo.start(zoo.copy())
    record = from_json(ProcessRecord, scan(pid)[0][pid])
    assert (record.executable_hash, record.ssdeep_hash, record.hash_status.label) == (SHA256, SSDEEP, "hashed")


def test_the_whole_machine_is_counted() -> None:
    """Every process that runs a file has a digest or a reason, and the coverage has the sums."""
    records, coverage = scan()
    programs = [record for record in records.values() if not record["kernel_thread"]]
    assert coverage["hashed"] == sum("executable_hash" in record for record in programs) > 0
    assert coverage["hashed"] + sum(coverage["not_hashed_by_reason"].values()) == len(programs)
    for record in programs:
        assert ("executable_hash" in record) == (record["hash_status"] == "hashed")


def test_the_settings_say_what_is_too_large_and_whether_ssdeep_is_wanted(zoo: Zoo) -> None:
    """What the agent would leave out is left out here, with the same word."""
    pid = zoo.start(zoo.copy())
    record = scan(pid, HASHING__MAX_FILE_SIZE="1KiB")[0][pid]
    assert (record["hash_status"], "executable_hash" in record, record["ssdeep_degraded"]) == (
        "too_large",
        False,
        False,
    )
    record = scan(pid, HASHING__SSDEEP="false")[0][pid]
    assert (record["executable_hash"], "ssdeep_hash" in record, record["ssdeep_degraded"]) == (SHA256, False, False)


def test_people_see_the_beginning_of_the_digest(zoo: Zoo) -> None:
    """A column in the table, a word in the tree; without --hash neither."""
    pid = str(zoo.start(zoo.copy()))
    heading, row, last = daemoneye("scan", "--hash", "--pid", pid).stdout.splitlines()
    assert heading.split()[-2:] == ["SHA-256", "COMMAND"]
    assert f" {SHA256[:12]} " in row
    assert last.endswith(", 1 hashed")
    assert f"{pid} {SHA256[:12]} x 1000" in daemoneye("tree", "--hash", "--pid", pid).stdout
    assert SHA256[:12] not in daemoneye("scan", "--pid", pid).stdout + daemoneye("tree", "--pid", pid).stdout


@pytest.fixture
def giant(zoo: Zoo) -> Path:
    """A program that takes seconds to read and no room."""
    program = zoo.copy("giant")
    os.truncate(program, 400 << 20)
    return program


def test_long_work_shows_a_bar_at_a_terminal_and_ends_with_ctrl_c(zoo: Zoo, giant: Path) -> None:
    """A person sees that something happens, and ends it with one line."""
    pid = zoo.start(giant)
    controller, terminal = pty.openpty()
    with subprocess.Popen(
        [DAEMONEYE, "scan", "--hash", "--json", "--pid", str(pid)],
        stdout=subprocess.PIPE,
        stderr=terminal,
        env=environment({"TERM": "xterm", "COLUMNS": "120"}),
    ) as process:
        os.close(terminal)
        shown = b""
        while b"MiB" not in shown:
            shown += os.read(controller, 4096)
        process.send_signal(signal.SIGINT)
        try:
            while piece := os.read(controller, 4096):
                shown += piece
        except OSError:  # its last user has left
            pass
        os.close(controller)
        assert process.stdout is not None
        assert process.stdout.read() == b""
    assert process.returncode == 130
    assert b"executables" in shown
    assert b"interrupted: 0 of 1 executables were hashed" in shown
    assert b"Traceback" not in shown


@pytest.mark.parametrize(("columns", "shown"), [("120", True), ("80", False)])
def test_a_narrow_terminal_has_a_tree_without_digests(zoo: Zoo, columns: str, shown: bool) -> None:
    """Who started what comes first."""
    pid = zoo.start(zoo.copy())
    controller, terminal = pty.openpty()
    with subprocess.Popen(
        [DAEMONEYE, "tree", "--hash", "--pid", str(pid)],
        stdout=terminal,
        env=environment({"TERM": "xterm", "COLUMNS": columns, "NO_COLOR": "1"}),
    ) as process:
        os.close(terminal)
        line = os.read(controller, 4096).decode()
        process.wait()
    os.close(controller)
    assert line.startswith(f"{pid} ")
    assert (SHA256[:12] in line) is shown
