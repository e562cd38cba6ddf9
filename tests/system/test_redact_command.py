"""``daemoneye redact``, as a user and as a program uses it."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.system.program import DAEMONEYE, daemoneye, environment

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = {"DAEMONEYE_SANITIZE__CORRELATE": "false"}


def redact(*arguments: str | bytes, stdin: str | bytes = b"", **env: str) -> subprocess.CompletedProcess[str]:
    return daemoneye("redact", *arguments, stdin=stdin, env=PLAIN | env)


def test_a_command_line_is_printed_masked_and_quoted() -> None:
    """What comes out can be read, and pasted into a shell."""
    outcome = redact("--", "mysql", "-uroot", "-phunter2", "two words")
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (0, "mysql -uroot '-p[REDACTED]' 'two words'\n", "")


def test_options_after_the_dashes_belong_to_the_command_line() -> None:
    """Even our own options are only words there."""
    outcome = redact("--json", "--", "app", "--json", "--help", "--stdin", "--", "--token", "t0psecret", "-h")
    assert json.loads(outcome.stdout) == ["app", "--json", "--help", "--stdin", "--", "--token", "[REDACTED]", "-h"]


def test_json_is_one_array_on_one_line() -> None:
    """A program can read the answer, newlines and all."""
    outcome = redact("--json", "--", "sh", "-c", "a\nb", "é")
    assert outcome.stdout == '["sh","-c","a\\nb","é"]\n'


def test_plain_output_cannot_speak_to_the_terminal() -> None:
    """Escape sequences in arguments arrive as text."""
    outcome = redact("--", "a\x1b[31m\nb\u202ec")
    assert outcome.stdout == "'a\\x1b[31m\\x0ab\\u202ec'\n"


def test_bytes_that_are_no_utf8_become_visible() -> None:
    """Output is UTF-8 whatever the input and the locale."""
    assert redact("--json", "--", b"\xff\xc3\xa9", LC_ALL="C").stdout == '["\\\\xffé"]\n'


@pytest.mark.parametrize("arguments", [(), ("--",), ("--stdin", "--", "x"), ("--bogus",), ("--json",)])
def test_wrong_usage_is_64_and_one_line(arguments: tuple[str, ...]) -> None:
    """A missing or doubled command line is explained, not guessed."""
    outcome = redact(*arguments)
    assert outcome.returncode == 64
    assert outcome.stdout == ""
    assert outcome.stderr.count("\n") == 1
    assert "Traceback" not in outcome.stderr


def test_the_filter_answers_every_line_with_one() -> None:
    """Line numbers of questions and answers stay equal."""
    lines = [["mysql", "-phunter2"], [], ["app", "é\n"], ["\ud800", "\udcff"]]
    outcome = redact("--stdin", stdin="".join(json.dumps(line) + "\n" for line in lines))
    assert outcome.returncode == 0
    assert outcome.stdout == '["mysql","-p[REDACTED]"]\n[]\n["app","é\\n"]\n["\\\\ud800","\\\\xff"]\n'


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (b"nonsense", "not JSON"),
        (b"", "not JSON"),
        (b'{"a": 1}', "JSON, but an object"),
        (b'"a"', "JSON, but a string"),
        (b"true", "JSON, but a truth value"),
        (b"null", "JSON, but null"),
        (b"7", "JSON, but a number"),
        (b'["a", 1]', "a number as item 2"),
        (b'["a", ["b"]]', "an array as item 2"),
        (b'["\xff"]', "not UTF-8 at byte 3"),
        (b"[" * 100_000, "JSON nested too deeply"),
        (b'["' + b"x" * (8 * 1024 * 1024) + b'"]', "more than 8388608 bytes"),
    ],
)
def test_a_bad_line_is_named_and_the_next_one_answered(line: bytes, found: str) -> None:
    """One bad line costs one message; its place in the answers says null."""
    outcome = redact("--stdin", stdin=b'["a"]\n' + line + b'\n["--password","x1"]')
    assert outcome.returncode == 1
    assert outcome.stdout == '["a"]\nnull\n["--password","[REDACTED]"]\n'
    assert re.fullmatch(rf"<stdin>:2: {re.escape(found)}.*: expected a JSON array of strings\n", outcome.stderr)


def test_the_filter_answers_before_the_next_question() -> None:
    """A program can ask and wait, one line at a time."""
    with subprocess.Popen(
        [DAEMONEYE, "redact", "--stdin"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(PLAIN),
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for secret in ("hunter2", "hunter3"):
            process.stdin.write(json.dumps(["app", f"--password={secret}"]) + "\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline()) == ["app", "--password=[REDACTED]"]
        process.stdin.close()
        assert process.wait() == 0


def test_an_endless_line_does_not_fill_the_memory() -> None:
    """200 MB without a newline are refused in little space."""
    script = f"ulimit -v 400000; head -c 200000000 /dev/zero | tr '\\0' a | '{DAEMONEYE}' redact --stdin"
    outcome = subprocess.run(["sh", "-c", script], capture_output=True, text=True, env=environment(PLAIN), check=False)
    assert outcome.stdout == "null\n"
    assert outcome.stderr.startswith("<stdin>:1: more than 8388608 bytes")
    assert outcome.returncode == 1


def test_masking_can_be_turned_off_by_setting() -> None:
    """Only who says so sees secrets."""
    assert (
        redact("--json", "--", "mysql", "-phunter2", DAEMONEYE_SANITIZE__MASK="false").stdout
        == '["mysql","-phunter2"]\n'
    )


def test_equal_secrets_have_equal_tags_where_correlation_is_wanted(tmp_path: Path) -> None:
    """The key is kept in the state directory, so tags last."""
    config = tmp_path / "c.yaml"
    config.write_text(f"paths:\n  state_dir: {tmp_path}\nsanitize:\n  correlate: true\n", encoding="utf-8")
    answers = [
        daemoneye(
            "redact", "--config", str(config), "--json", "--", "app", "--password=hunter2", "mysql://u:hunter2@h"
        ).stdout
        for _ in range(2)
    ]
    tags = re.findall(r"\[REDACTED:[0-9a-f]{8}\]", answers[0])
    assert answers[0] == answers[1]
    assert len(tags) == 2
    assert tags[0] == tags[1]
    assert (tmp_path / "redact.key").stat().st_mode & 0o777 == 0o400


def test_a_key_that_others_can_read_is_an_operator_error(tmp_path: Path) -> None:
    """A leaked key is noticed before it is used."""
    key = tmp_path / "redact.key"
    key.write_bytes(b"k" * 32)
    key.chmod(0o644)
    env = {"DAEMONEYE_SANITIZE__CORRELATE": "true", "DAEMONEYE_PATHS__STATE_DIR": str(tmp_path)}
    outcome = daemoneye("redact", "--", "x", env=env)
    assert outcome.returncode == 78
    assert outcome.stderr == f"{key}: mode 0644 lets others at it: a file of 32 bytes that only its owner may read\n"


def test_a_missing_settings_file_is_66() -> None:
    """A wrong path is not taken for default settings."""
    assert redact("--config", "/nowhere/x.yaml", "--", "a").returncode == 66


def test_a_reader_that_leaves_early_is_no_error() -> None:
    """`daemoneye redact … | head -1` ends quietly."""
    script = f"yes '[\"a\"]' | head -100000 | '{DAEMONEYE}' redact --stdin | head -1"
    outcome = subprocess.run(["sh", "-c", script], capture_output=True, text=True, env=environment(PLAIN), check=False)
    assert (outcome.stdout, outcome.stderr) == ('["a"]\n', "")
