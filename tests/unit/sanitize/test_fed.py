"""What is written into programs that read secrets from their standard input."""

from __future__ import annotations

import re

import pytest

from daemoneye.sanitize.redactor import Redactor

FED = [
    "echo «hunter2» | passwd --stdin app",
    "echo app:«hunter2» | chpasswd",
    "chpasswd <<< app:«hunter2»",
    "(echo «hunter2»; echo «hunter2») | smbpasswd -s app",
    "{ echo «hunter2»; echo «hunter2»; } | passwd app",
    "printf app:%s «hunter2» | chpasswd",
    "printf %s:%s app «hunter2» | chpasswd",
    "printf '%s\\n%s\\n' «hunter2» «hunter2» | passwd app",
    "echo «hunter2» | sudo -S -u app id",
]
OTHERS = [
    "echo done; passwd -l app",
    "echo text | tee /tmp/x",
    "(echo a; echo b) | sort; passwd -l app",
    "echo text | sudo tee /etc/motd",
    "printf '%s\\n' text | wc -l; chpasswd < list",
    "{ date; } | logger; cat list | chpasswd",
]


@pytest.mark.parametrize("script", FED)
def test_what_is_said_to_a_program_that_reads_secrets_is_masked(script: str) -> None:
    """A password that goes through a pipe is one, however it is said."""
    masked = Redactor().command_line(["sh", "-c", re.sub("[«»]", "", script)])
    assert masked == ("sh", "-c", re.sub("«[^»]*»", "[REDACTED]", script))


@pytest.mark.parametrize("script", OTHERS)
def test_what_is_said_to_others_stays(script: str) -> None:
    """Only the command that the pipe leads to counts."""
    assert Redactor().command_line(["sh", "-c", script]) == ("sh", "-c", script)
