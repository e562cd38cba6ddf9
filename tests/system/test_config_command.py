"""`daemoneye config`, as an operator uses it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import jsonschema
import pytest
import yaml

PROGRAM = Path(sys.executable).with_name("daemoneye")
EXAMPLE = Path(__file__).parents[2] / "config/daemoneye.yaml"


def config(*arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("DAEMONEYE_")} | variables
    return subprocess.run(
        [PROGRAM, "config", *arguments], capture_output=True, text=True, env=environ, timeout=60, check=False
    )


def test_check_accepts_the_example() -> None:
    """A right file is confirmed on stdout."""
    result = config("check", EXAMPLE)
    assert (result.returncode, result.stdout, result.stderr) == (0, f"{EXAMPLE}: ok\n", "")


def test_check_shows_every_mistake_with_its_place(tmp_path: Path) -> None:
    """All at once, with the source line and a caret, and 78."""
    file = tmp_path / "bad.yaml"
    file.write_text("scan:\n  intervall: 5s\n  interval: 5\nhashing:\n\tworkers: many\nuser: me\nuser: you\n")
    result = config("check", file)
    assert (result.returncode, result.stdout) == (78, "")
    assert [line for line in result.stderr.splitlines() if line.startswith(str(file))] == [
        f"{file}:2:3: unknown key 'intervall': a key of scan (did you mean 'interval'?)",
        f"{file}:3:13: '5': a duration from 200ms to 1d, with its unit (ms, s, m, h, d), such as 5s",
        f"{file}:5:1: a tab in the indentation: spaces, two for each level",
        f"{file}:5:11: 'many': a whole number from 1 to 64, in digits",
        f"{file}:7:1: the key 'user' again (first in line 6): each key once",
    ]
    assert "      interval: 5\n                ^\n" in result.stderr


def test_the_manual_shows_what_is_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The example in docs/configuration.md is real."""
    (tmp_path / "daemoneye.yaml").write_text("scan:\n  intervall: 5s\nhashing:\n  bytes_per_second: 50MB\n")
    monkeypatch.chdir(tmp_path)
    shown = config("check", "daemoneye.yaml").stderr
    assert shown in (EXAMPLE.parents[1] / "docs/configuration.md").read_text()
    assert shown


def test_check_does_not_look_at_the_machine(tmp_path: Path) -> None:
    """The same file gets the same answer everywhere."""
    (tmp_path / "empty.yaml").touch()
    assert config("check", tmp_path / "empty.yaml", DAEMONEYE_NONSENSE="1").returncode == 0


@pytest.mark.parametrize(
    ("name", "code"), [("missing.yaml", 66), ("directory", 66), ("fifo", 66), ("big", 78), ("latin", 78)]
)
def test_each_way_of_failing_has_its_exit_code(tmp_path: Path, name: str, code: int) -> None:
    """A script can tell a missing file from a wrong one, and nothing hangs or shows a traceback."""
    (tmp_path / "directory").mkdir()
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "big").write_bytes(b"# " + b"x" * 10_000_000)
    (tmp_path / "latin").write_bytes(b"user: caf\xe9\n")
    result = config("check", tmp_path / name)
    assert (result.returncode, result.stdout) == (code, "")
    assert result.stderr.startswith(str(tmp_path / name))
    assert "Traceback" not in result.stderr


AS_NOBODY = (
    "import os, sys\n"
    "from daemoneye.__main__ import main\n"
    "import daemoneye.cli.config\n"
    "if os.geteuid() == 0:\n"
    "    os.setgid(65534); os.setuid(65534)\n"
    "sys.exit(main())"
)


@pytest.mark.parametrize("arguments", [["check"], ["show", "--config"]])
def test_an_unreadable_file_is_a_matter_of_permission(arguments: list[str]) -> None:
    """77 and not 64 or 66: the file is there, and it is named."""
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)  # what cannot be read is the file, not the way to it
        file = Path(directory, "own.yaml")
        file.touch(mode=0o000)
        command = [sys.executable, "-c", AS_NOBODY, "config", *arguments, str(file)]
        result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stdout) == (77, ""), result.stderr
    assert result.stderr.startswith(f"{file}: permission denied: a readable YAML file")


@pytest.mark.parametrize("arguments", [["check"], ["show", "--config"]])
def test_an_empty_name_is_not_taken_for_the_directory_one_stands_in(arguments: list[str]) -> None:
    """A variable that a script forgot to set is found by what is said."""
    result = config(*arguments, "")
    assert (result.returncode, result.stdout) == (66, "")
    assert result.stderr == "'': no file has an empty name: a readable YAML file of at most 1 MiB\n"


def test_a_name_of_bytes_is_shown_as_bytes(tmp_path: Path) -> None:
    """What is on the terminal leads back to the file."""
    (tmp_path / os.fsdecode(b"caf\xe9.yaml")).touch()
    assert config("check", tmp_path / os.fsdecode(b"caf\xe9.yaml")).stdout == f"{tmp_path}/caf\\xe9.yaml: ok\n"


def test_help_says_that_check_looks_at_one_file_alone() -> None:
    """Nobody takes an ok for a promise about what is in force."""
    assert "neither /etc/daemoneye nor the environment" in " ".join(config("check", "--help").stdout.split())


@pytest.mark.parametrize(
    "arguments", [[], ["check"], ["check", "a", "b"], ["nonsense"], ["show", "--explain", "--json"]]
)
def test_wrong_usage_is_64(arguments: list[str]) -> None:
    """As for every command."""
    result = config(*arguments)
    assert (result.returncode, result.stdout) == (64, "")


def test_show_prints_a_file_that_check_accepts(tmp_path: Path) -> None:
    """What is in force on one machine can be put on another."""
    shown = config("show", "--origin", DAEMONEYE_SCAN__INTERVAL="7s")
    (tmp_path / "shown.yaml").write_text(shown.stdout)
    assert config("check", tmp_path / "shown.yaml").returncode == 0
    assert "  interval: 7s  # environment DAEMONEYE_SCAN__INTERVAL\n" in shown.stdout
    assert "  enhanced: false  # default\n" in shown.stdout


def test_show_reads_the_file_it_is_given_and_then_the_environment(tmp_path: Path) -> None:
    """--config is below the environment."""
    file = tmp_path / "own.yaml"
    file.write_text("scan:\n  interval: 9s\nuser: nobody\n")
    shown = json.loads(config("show", "--json", "--config", file, DAEMONEYE_USER="other").stdout)
    assert (shown["scan"]["interval"], shown["user"]) == ("9s", "other")
    origins = json.loads(config("show", "--json", "--origin", "--config", file).stdout)
    assert origins["scan.interval"] == {"value": "9s", "origin": f"{file}:2:13"}


def test_show_refuses_wrong_settings(tmp_path: Path) -> None:
    """Nothing is shown that would not be taken."""
    result = config("show", DAEMONEYE_SCAN__INTERVAL="fast")
    assert (result.returncode, result.stdout) == (78, "")
    assert result.stderr == ("environment DAEMONEYE_SCAN__INTERVAL: 'fast': a duration from 200ms to 1d, such as 5s\n")
    assert config("show", "--config", tmp_path / "missing").returncode == 66


def test_schema_is_json_schema_that_takes_the_example() -> None:
    """An editor can be pointed at it."""
    schema = json.loads(config("schema").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(yaml.safe_load(EXAMPLE.read_text()))
