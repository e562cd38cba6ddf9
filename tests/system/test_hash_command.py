"""``daemoneye hash``, as a user and as a program uses it."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import ppdeep
import pytest

from tests.system.program import DAEMONEYE, daemoneye, environment

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = b"some content\n" * 500


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(CONTENT)
    return path


def answers(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_file_has_two_digests_on_one_line(file: Path) -> None:
    """They can be pasted into any tool that knows them."""
    outcome = daemoneye("hash", str(file))
    expected = f"{hashlib.sha256(CONTENT).hexdigest()}  {ppdeep.hash(CONTENT)}  {file}\n"
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (0, expected, "")


def test_json_names_the_four_facts(file: Path) -> None:
    """A program reads the same."""
    outcome = daemoneye("hash", "--json", str(file))
    assert answers(outcome.stdout) == [
        {
            "path": str(file),
            "size": len(CONTENT),
            "sha256": hashlib.sha256(CONTENT).hexdigest(),
            "ssdeep": ppdeep.hash(CONTENT),
        }
    ]


def test_answers_come_in_the_order_of_the_arguments(file: Path) -> None:
    """Every argument has its answer, failures too, and the path is the one that was given."""
    given = [f"{file.parent}/./file", "/nowhere/at-all", str(file.parent), str(file), "/dev/null", ""]
    outcome = daemoneye("hash", "--json", *given)
    found = answers(outcome.stdout)
    assert outcome.returncode == 1
    assert [each["path"] for each in found] == given
    assert [each.get("error") for each in found] == [
        None,
        "no such file or directory",
        "a directory",
        None,
        "a character device",
        "no such file or directory",
    ]
    assert outcome.stderr == ""


def test_a_failure_is_one_line_on_standard_error(file: Path) -> None:
    """What can be hashed still is."""
    outcome = daemoneye("hash", "/nowhere/x", str(file))
    assert outcome.returncode == 1
    assert outcome.stdout.count("\n") == 1
    assert outcome.stderr.startswith("/nowhere/x: no such file or directory: expected a regular file")
    assert outcome.stderr.count("\n") == 1


def test_a_fifo_and_a_link_that_leads_nowhere_do_not_block(tmp_path: Path) -> None:
    """Nothing named on the command line can make it wait."""
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "loop").symlink_to("loop")
    outcome = daemoneye("hash", "--json", str(tmp_path / "fifo"), str(tmp_path / "loop"))
    errors = [each["error"] for each in answers(outcome.stdout)]
    assert errors == ["a FIFO", "too many levels of symbolic links"]


def test_links_are_followed(file: Path, tmp_path: Path) -> None:
    """A link is hashed as what it leads to."""
    (tmp_path / "link").symlink_to(file)
    (found,) = answers(daemoneye("hash", "--json", str(tmp_path / "link")).stdout)
    assert found["path"] == str(tmp_path / "link")
    assert found["size"] == len(CONTENT)


def test_hostile_names_stay_names(tmp_path: Path) -> None:
    """Neither a terminal nor a JSON reader is misled by a file name."""
    name = os.fsencode(tmp_path) + b"/a\n\x1b[31m\xff\xe2\x80\xae"
    os.close(os.open(name, os.O_CREAT))
    outcome = daemoneye("hash", name)
    assert outcome.stdout.count("\n") == 1
    assert outcome.stdout.endswith("/a\\x0a\\x1b[31m\\xff\\u202e\n")
    (found,) = answers(daemoneye("hash", "--json", name).stdout)
    assert found["path"] == f"{tmp_path}/a\n\x1b[31m\\xff\u202e"


def test_an_unreadable_file_is_named_as_that(file: Path) -> None:
    """Missing rights are not missing files."""
    file.chmod(0)
    file.parent.chmod(0o755)
    outcome = _as_nobody(file)
    assert outcome.returncode == 1
    assert json.loads(outcome.stdout)["error"] == "permission denied"


def _as_nobody(file: Path) -> subprocess.CompletedProcess[str]:
    """Root reads everything: drop that, by a capability only, so that the interpreter stays readable."""
    command = [DAEMONEYE, "hash", "--json", str(file)]
    if os.geteuid() == 0:
        if not shutil.which("capsh"):
            pytest.skip("capsh (Debian: libcap2-bin) is not installed")
        command = ["capsh", "--drop=cap_dac_override,cap_dac_read_search", "--", "-c", 'exec "$@"', "sh", *command]
    return subprocess.run(command, capture_output=True, text=True, env=environment(), check=False, timeout=60)


@pytest.mark.parametrize("arguments", [(), ("--json",), ("--bogus", "x")])
def test_wrong_usage_is_64(arguments: tuple[str, ...]) -> None:
    """No file is a mistake, not an empty answer."""
    outcome = daemoneye("hash", *arguments)
    assert outcome.returncode == 64
    assert outcome.stdout == ""
    assert outcome.stderr.count("\n") == 1


def test_a_file_that_begins_with_a_dash(tmp_path: Path) -> None:
    """After two dashes everything is a file."""
    (tmp_path / "-x").touch()
    script = f"cd '{tmp_path}' && '{DAEMONEYE}' hash --json -- -x"
    outcome = subprocess.run(["sh", "-c", script], capture_output=True, text=True, env=environment(), check=True)
    assert json.loads(outcome.stdout)["path"] == "-x"


@pytest.mark.skipif(not shutil.which("ssdeep"), reason="the ssdeep command is not installed")
def test_digests_are_those_of_the_ssdeep_command() -> None:
    """For the programs at hand, the C program agrees."""
    programs = [path for name in ("sh", "ls", "ssdeep", "env", "python3", "tar") if (path := shutil.which(name))]
    theirs = subprocess.run(["ssdeep", "-s", *programs], capture_output=True, text=True, check=True).stdout
    ours = [each["ssdeep"] for each in answers(daemoneye("hash", "--json", *programs).stdout)]
    assert ours == [line.split(",")[0] for line in theirs.splitlines()[1:]]


def test_a_growing_file_has_a_reason_instead_of_a_digest(file: Path) -> None:
    """A file that is written to all the time neither hangs nor lies."""
    os.truncate(file, 50 << 20)
    script = f"(while echo >> '{file}'; do :; done) & writer=$!; '{DAEMONEYE}' hash --json '{file}'; kill $writer"
    outcome = subprocess.run(["sh", "-c", script], capture_output=True, text=True, env=environment(), check=False)
    assert "error" in json.loads(outcome.stdout)


def test_long_work_shows_a_bar_at_a_terminal(tmp_path: Path) -> None:
    """A person sees that something happens; the answers on standard output are the same."""
    sparse = tmp_path / "sparse"
    with sparse.open("wb") as file:
        file.truncate(300 << 20)
    controller, terminal = pty.openpty()
    with subprocess.Popen(
        [DAEMONEYE, "hash", "--json", str(sparse)],
        stdout=subprocess.PIPE,
        stderr=terminal,
        env=environment({"TERM": "xterm"}),
    ) as process:
        os.close(terminal)
        shown = _everything(controller)
        assert process.stdout is not None
        answer = json.loads(process.stdout.read())
    assert answer["ssdeep"] == "3::"
    assert b"sparse" in shown
    assert b"MiB" in shown


def _everything(controller: int) -> bytes:
    shown = b""
    try:
        while piece := os.read(controller, 4096):
            shown += piece
    except OSError:  # how a terminal says that its last user has left
        pass
    finally:
        os.close(controller)
    return shown
