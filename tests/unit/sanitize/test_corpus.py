"""Recall and precision on the command lines in tests/data/sanitize."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from daemoneye.sanitize.redactor import Redactor

DATA = Path(__file__).parents[2] / "data" / "sanitize"


def lines(*names: str) -> list[str]:
    text = "".join((DATA / name).read_text(encoding="utf-8") for name in names)
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize("line", lines("secret.txt", "secret-sample.txt"))
def test_what_is_marked_as_secret_is_masked_and_nothing_else(line: str) -> None:
    """Of a command line with secrets, everything but the secrets can still be read."""
    argv = shlex.split(line.replace("«", "").replace("»", ""))
    assert list(Redactor().command_line(argv)) == shlex.split(re.sub("«[^»]*»", "[REDACTED]", line))


@pytest.mark.parametrize("line", lines("harmless.txt", "harmless-sample.txt"))
def test_a_harmless_command_line_comes_back_byte_for_byte(line: str) -> None:
    """An analyst can trust what is not masked."""
    argv = shlex.split(line)
    redactor = Redactor()
    assert list(redactor.command_line(argv)) == argv
    assert not redactor.redactions
