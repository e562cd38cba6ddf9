"""`daemoneye scan`, `tree`, `top` and `watch` on the live machine, as a user runs them."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from daemoneye.errors import Exit
from daemoneye.model.process import ProcessRecord
from daemoneye.wire.jsonform import from_json
from tests.system.program import DAEMONEYE, daemoneye, environment
from tests.system.zoo import NOBODY, PATIENCE_S, READY, as_root, others_run_python

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.system.zoo import Zoo


def scan(*arguments: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    outcome = daemoneye("scan", "--json", *arguments)
    assert (outcome.returncode, outcome.stderr) == (Exit.OK, "")
    *records, last = map(json.loads, outcome.stdout.splitlines())
    assert last.keys() == {"coverage"}
    return records, last["coverage"]


def one(pid: int, *arguments: str) -> dict[str, Any]:
    (record,), _ = scan("--pid", str(pid), *arguments)
    return record


def test_odd_processes_are_told_apart(zoo: Zoo) -> None:
    """Deleted, replaced, literally named so, and never named: each is what it is, in one scan."""
    gone, swapped, literal = (zoo.copy(name) for name in ("gone", "swapped", "x (deleted)"))
    pids = {zoo.start(gone): "deleted", zoo.start(swapped): "replaced", zoo.start(literal): "present"}
    memory = os.memfd_create("m", 0)
    os.write(memory, literal.read_bytes())
    pids[zoo.anonymous(memory)] = "memfd"
    os.close(memory)
    gone.unlink()
    zoo.copy("new").rename(swapped)
    seen = {record["pid"]: record for record in scan()[0]}
    assert {pid: seen[pid]["on_disk"] for pid in pids} == pids
    for pid, state in pids.items():
        assert seen[pid]["file_exists"] is (state in {"present", "replaced"})
        assert seen[pid]["on_disk_mismatch"] is (state in {"deleted", "replaced"})
        assert state == "present" or " (deleted)" not in seen[pid].get("executable_path", "")


def test_a_line_is_a_record_of_the_wire(zoo: Zoo) -> None:
    """What scan prints can be read back as the message that proto/ describes, with nothing left over."""
    form = one(zoo.start(zoo.copy()), "--full")
    record = from_json(ProcessRecord, form)
    assert (record.pid, record.name, record.on_disk.label) == (form["pid"], "program", "present")
    assert form["linux"]["namespaces"]["pid"] > 0


def test_secrets_never_leave_the_reader(zoo: Zoo) -> None:
    """Neither the table nor JSON, tree or top show a password that stands on a command line."""
    pid = zoo.python(READY, "--password=hunter2-secret", "mysql://app:hunter2-secret@db/x")
    assert one(pid)["command_line"][-2:] == ["--password=[REDACTED]", "mysql://app:[REDACTED]@db/x"]
    for command in ("scan", "tree", "top"):
        shown = daemoneye(command).stdout
        assert "hunter2-secret" not in shown
        assert "[REDACTED]" in shown


def test_masking_is_switched_off_only_on_purpose(zoo: Zoo) -> None:
    """An operator may ask for the raw text, by name."""
    pid = zoo.python(READY, "--password=open")
    outcome = daemoneye("scan", "--json", "--pid", str(pid), env={"DAEMONEYE_SANITIZE__MASK": "false"})
    assert "--password=open" in outcome.stdout


def test_names_and_pids_narrow_the_output_and_not_the_coverage(zoo: Zoo) -> None:
    """OR inside an option, AND between the two; nothing matching is no error."""
    first, second = zoo.start(zoo.copy("daemoneye-a")), zoo.start(zoo.copy("daemoneye-b"))
    assert {record["pid"] for record in scan("--name", "daemoneye-*")[0]} >= {first, second}
    assert [record["pid"] for record in scan("--name", "daemoneye-*", "--pid", str(second))[0]] == [second]
    nothing, coverage = scan("--name", "no such program")
    assert nothing == []
    assert coverage["seen"] > 1
    assert coverage["seen"] == coverage["fully_read"] + coverage["partly_read"]


def test_text_is_safe_for_a_terminal(zoo: Zoo) -> None:
    """A process cannot clear the screen of who looks at it; JSON keeps newlines and shows bytes that are no text."""
    pid = zoo.python(READY, "a\nb", "\x1b[2J", os.fsdecode(b"\xff"))
    for command in ("scan", "tree", "top"):
        assert "\x1b" not in daemoneye(command).stdout
    assert one(pid)["command_line"][-3:] == ["a\nb", "\x1b[2J", "\\xff"]


@as_root
@others_run_python
def test_without_privilege_it_says_what_it_could_not_see(zoo: Zoo) -> None:
    """Another account's processes are listed with reasons, and that is no failure."""
    pid = zoo.start(zoo.copy())
    outcome = subprocess.run(
        [DAEMONEYE, "scan", "--json", "--pid", str(pid)],
        capture_output=True,
        text=True,
        check=False,
        # that account may not write where the coverage of child processes is collected
        env={name: value for name, value in environment().items() if not name.startswith("COVERAGE_")},
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
    )
    assert (outcome.returncode, outcome.stderr) == (Exit.OK, "")
    record, last = map(json.loads, outcome.stdout.splitlines())
    assert record["unread"]["executable_path"] == "permission"
    assert "executable_path" not in record
    assert "file_exists" not in record
    assert (record["accessible"], record["on_disk"]) == (False, "unknown")
    assert last["coverage"]["partly_read_by_reason"]["permission"] >= 1


def test_the_tree_shows_who_started_whom(zoo: Zoo) -> None:
    """A child stands indented below its parent, with a word where something is wrong."""
    program = zoo.copy("orphaned")
    pid = zoo.start(program)
    program.unlink()
    lines = daemoneye("tree", "--pid", str(os.getpid())).stdout.splitlines()
    assert lines[0].startswith(f"{os.getpid()} ")
    (line,) = (line for line in lines if f"─ {pid} " in line)
    assert f"{pid} deleted x 1000" in line


def test_top_in_a_pipe_is_one_plain_table(zoo: Zoo) -> None:
    """Sorted, filtered, without colours, and it ends."""
    pids = sorted(zoo.start(zoo.copy(f"daemoneye-{letter}")) for letter in "abc")
    heading, *rows, last = daemoneye("top", "--filter", "daemoneye-*", "--sort", "pid").stdout.splitlines()
    assert heading.split()[:4] == ["PID", "UID", "CPU%", "RSS"]
    assert [int(row.split()[0]) for row in rows] == pids
    assert "processes seen" in last


def terminal(*arguments: str, keys: bytes = b"", env: dict[str, str] | None = None) -> tuple[int, bytes]:
    """Run a command at a terminal of its own and press some keys once it has drawn."""
    ours, its = pty.openpty()
    process = subprocess.Popen(
        [DAEMONEYE, *arguments],
        stdin=its,
        stdout=its,
        stderr=its,
        env=environment({"TERM": "xterm", "COLUMNS": "120", **(env or {})}),
    )
    os.close(its)
    shown = b""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        readable, _, _ = select.select([ours], [], [], 0.1)
        if not readable:
            continue
        try:
            shown += os.read(ours, 65536)
        except OSError:  # how Linux says that the last writer is gone
            break
        if keys and b"processes seen" in shown:
            os.write(ours, keys)
            keys = b""
    os.close(ours)
    return process.wait(PATIENCE_S), shown


def test_top_at_a_terminal_is_left_with_q() -> None:
    """It draws on the other screen, obeys its keys, and puts the terminal back."""
    code, shown = terminal("top", "--interval", "0.2", keys=b"mkpq")
    assert code == Exit.OK
    assert b"\x1b[?1049h" in shown
    assert b"\x1b[?1049l" in shown


def test_top_that_is_told_to_go_leaves_the_terminal_as_it_was() -> None:
    """A session that ends does not leave a screen without cursor behind."""
    ours, its = pty.openpty()
    with subprocess.Popen(
        [DAEMONEYE, "top", "--interval", "60"], stdin=its, stdout=its, env=environment({"TERM": "xterm"})
    ) as process:
        os.close(its)
        shown = b""
        while b"processes seen" not in shown:
            shown += os.read(ours, 65536)
        process.terminate()
        while b"\x1b[?1049l" not in shown:
            shown += os.read(ours, 65536)
    os.close(ours)
    assert process.returncode == 128 + 15


def test_top_at_a_terminal_that_cannot_draw_is_a_plain_table() -> None:
    """A dumb terminal is written to like a pipe."""
    code, shown = terminal("top", env={"TERM": "dumb"})
    assert code == Exit.OK
    assert b"processes seen" in shown
    assert b"\x1b" not in shown


@pytest.mark.parametrize("surroundings", [{"PYTHONIOENCODING": "latin-1"}, {"LC_ALL": "C"}, {"PYTHONUTF8": "0"}])
def test_output_is_utf8_whatever_the_locale(zoo: Zoo, surroundings: dict[str, str]) -> None:
    """A name outside the alphabet of the person who looks is no error, and no other bytes."""
    pid = zoo.start(zoo.copy("é名"))
    for command in ("scan", "tree", "top"):
        outcome = daemoneye(command, env=surroundings)
        assert (outcome.returncode, outcome.stderr) == (Exit.OK, "")
    shown = daemoneye("scan", "--json", "--pid", str(pid), env=surroundings).stdout
    assert json.loads(shown.splitlines()[0])["name"] == "é名"


def test_colours_at_a_terminal_unless_unwanted() -> None:
    """NO_COLOR is honoured."""
    assert b"\x1b[36m" in terminal("tree")[1]
    assert b"\x1b[36m" not in terminal("tree", env={"NO_COLOR": "1"})[1]


def test_watch_says_it_in_words_too(zoo: Zoo) -> None:
    """One line for each thing that happened, and it ends by itself when asked to."""
    with subprocess.Popen(
        [DAEMONEYE, "watch", "--interval", "0.5", "--count", "3"],
        stdout=subprocess.PIPE,
        text=True,
        env=environment({"PYTHONUNBUFFERED": "1"}),
    ) as watcher:
        assert watcher.stdout is not None
        for line in watcher.stdout:
            if "processes seen" in line:
                break
        program = zoo.copy("daemoneye-told")
        pid = zoo.start(program)
        program.unlink()
        told = watcher.stdout.read()
    assert watcher.returncode == Exit.OK
    assert f"started  {pid:>7} " in told
    assert f"trigger  {pid:>7} executable-missing: memory of {program}" in told


def test_an_exec_is_told_with_what_was_before(zoo: Zoo) -> None:
    """The same process with another image is an exec, not an end and a start."""
    program = zoo.copy("daemoneye-after")
    with subprocess.Popen(
        [DAEMONEYE, "watch", "--json", "--interval", "0.2"], stdout=subprocess.PIPE, env=environment()
    ) as watcher:
        assert watcher.stdout is not None
        documents = map(json.loads, watcher.stdout)
        next(each for each in documents if "coverage" in each)
        process = zoo.waiting_to_become(program)
        started = awaited(documents, "started", process.pid)
        assert process.stdin is not None
        process.stdin.close()
        executed = awaited(documents, "exec", process.pid)
        watcher.kill()
    assert executed["exec"] == started["started"]
    assert executed["before"]["command_line"][0] == "sh"
    assert executed["process"]["executable_path"] == str(program)


def test_watch_tells_what_happens(zoo: Zoo) -> None:
    """A start, a deleted executable and an end are told when they happen, and what asks for a closer look."""
    with subprocess.Popen(
        [DAEMONEYE, "watch", "--json", "--interval", "0.2"], stdout=subprocess.PIPE, env=environment()
    ) as watcher:
        assert watcher.stdout is not None
        documents = map(json.loads, watcher.stdout)
        baseline = next(each for each in documents if "coverage" in each)
        program = zoo.copy("daemoneye-seen")
        pid = zoo.start(program)
        started = awaited(documents, "started", pid)
        program.unlink()
        modified = awaited(documents, "modified", pid)
        trigger = next(each for each in documents if each.get("trigger") == "executable-missing" and each["pid"] == pid)
        zoo.end()
        exited = awaited(documents, "exited", pid)
        watcher.kill()
    assert baseline["coverage"]["started"] is None
    assert started["started"] == modified["modified"] == exited["exited"] == trigger["entity_id"]
    assert os.getpid() in {each["pid"] for each in started["ancestors"]}
    assert modified["fields"] == ["on_disk"]
    assert exited["run_time_s"] > 0


def awaited(documents: Iterator[dict[str, Any]], kind: str, pid: int) -> dict[str, Any]:
    return next(each for each in documents if kind in each and each["process"]["pid"] == pid)
