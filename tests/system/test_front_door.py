"""Whatever is typed, the answer is data, or one line and an exit code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from daemoneye import __version__
from daemoneye.errors import Exit
from tests.system.program import DAEMONEYE, daemoneye, environment


@pytest.mark.parametrize(
    "arguments",
    [
        ("nothing",),
        ("--nothing",),
        ("scan", "--nothing"),
        ("scan", "stray"),
        ("scan", "--pid", "x"),
        ("scan", "--pid", "-1"),
        ("tree", "--pid"),
        ("top", "--sort", "size"),
        ("top", "--interval", "0"),
        ("watch", "--interval", "nan"),
        ("watch", "--count", "0"),
        ("config", "nothing"),
        ("redact",),
    ],
)
def test_wrong_usage_is_one_line_and_exit_64(arguments: tuple[str, ...]) -> None:
    """A typing error is told where it was made, and nothing happens."""
    outcome = daemoneye(*arguments)
    assert outcome.returncode == Exit.USAGE
    assert outcome.stdout == ""
    assert len(outcome.stderr.splitlines()) == 1
    assert outcome.stderr.startswith("daemoneye")


def test_a_misspelt_command_is_guessed() -> None:
    """The right name is offered."""
    assert "Did you mean 'scan'" in daemoneye("scna").stderr


def test_without_arguments_the_help_is_shown() -> None:
    """Somebody who knows nothing yet sees every command."""
    outcome = daemoneye()
    assert outcome.returncode == Exit.USAGE
    for command in ("config", "redact", "scan", "top", "tree", "watch"):
        assert command in outcome.stderr


@pytest.mark.parametrize("command", ["config", "redact", "scan", "top", "tree", "watch"])
def test_every_command_explains_itself(command: str) -> None:
    """--help works everywhere and costs nothing."""
    outcome = daemoneye(command, "--help")
    assert outcome.returncode == Exit.OK
    assert outcome.stdout.startswith(f"Usage: daemoneye {command}")


def test_the_version_is_told() -> None:
    """A bug report can name what it is about."""
    assert daemoneye("--version").stdout == f"daemoneye {__version__}\n"


@pytest.mark.parametrize("command", ["scan", "tree", "top", "watch"])
def test_a_missing_settings_file_is_exit_66(command: str) -> None:
    """The file is named, and what was expected of it."""
    outcome = daemoneye(command, "--config", "/nonexistent/daemoneye.yaml")
    assert outcome.returncode == Exit.NO_INPUT
    assert outcome.stderr.startswith("/nonexistent/daemoneye.yaml: ")
    assert len(outcome.stderr.splitlines()) == 1


def test_a_setting_that_cannot_be_is_exit_78() -> None:
    """The environment is held to the same rules as the file."""
    outcome = daemoneye("scan", env={"DAEMONEYE_SCAN__INTERVAL": "soon"})
    assert outcome.returncode == Exit.CONFIG
    assert "DAEMONEYE_SCAN__INTERVAL" in outcome.stderr


@pytest.mark.parametrize("command", [("scan", "--json"), ("tree",), ("top",)])
def test_a_reader_that_leaves_early_is_no_error(command: tuple[str, ...]) -> None:
    """`daemoneye scan --json | head -1` ends quietly."""
    with subprocess.Popen(
        [DAEMONEYE, *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment({"PYTHONUNBUFFERED": "1"}),
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        complaint = process.stderr.read()
    assert (process.returncode, complaint) == (Exit.OK, b"")


def test_a_full_disk_is_named_and_is_exit_74() -> None:
    """Output that could not be written is not taken for output."""
    with Path("/dev/full").open("wb") as full:
        outcome = subprocess.run(
            [DAEMONEYE, "scan"], stdout=full, stderr=subprocess.PIPE, check=False, env=environment()
        )
    assert outcome.returncode == Exit.IO
    assert outcome.stderr.decode() == "standard output: No space left on device: expected to be able to write\n"


@pytest.mark.parametrize(("closed", "code"), [("0", Exit.OK), ("1", Exit.IO), ("2", Exit.CONFIG)])
def test_a_closed_stream_takes_nothing_down(closed: str, code: int, tmp_path: Path) -> None:
    """What would have been said there is lost; it does not turn up in another stream or in a file."""
    settings = tmp_path / "settings.yaml"
    settings.write_text("scan: 5\n" if closed == "2" else "scan: {interval: 5s}\n", encoding="utf-8")
    outcome = subprocess.run(
        ["sh", "-c", f'exec "$0" "$@" {closed}>&-', DAEMONEYE, "config", "check", settings],
        capture_output=True,
        text=True,
        check=False,
        env=environment(),
    )
    assert outcome.returncode == code
    assert outcome.stdout == ("" if closed != "0" else f"{settings}: ok\n")
    assert outcome.stderr.startswith("standard output: Bad file descriptor") is (closed == "1")


def test_ctrl_c_ends_a_command_without_a_traceback() -> None:
    """The shell learns that it was interrupted; the person sees nothing alarming."""
    with subprocess.Popen(
        [DAEMONEYE, "watch", "--interval", "60"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    ) as process:
        watched_until_reading(process)
        process.send_signal(2)
        _, complaint = process.communicate(timeout=20)
    assert process.returncode == 130
    assert b"Traceback" not in complaint


def watched_until_reading(process: subprocess.Popen[bytes]) -> None:
    """Wait until the program has read its settings and sleeps between two looks: its handler is in place by then."""
    for _ in range(400):
        if Path(f"/proc/{process.pid}/wchan").read_text(encoding="ascii") == "hrtimer_nanosleep":
            return
        subprocess.run(["sleep", "0.05"], check=True)
    pytest.fail("the command never came to rest")


def test_the_module_is_the_command() -> None:
    """`python -m daemoneye` works where no script was installed."""
    outcome = subprocess.run(
        [sys.executable, "-m", "daemoneye", "--version"], capture_output=True, text=True, check=True, env=environment()
    )
    assert outcome.stdout == f"daemoneye {__version__}\n"
