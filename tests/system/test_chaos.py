"""The experiments themselves: a short selection of them holds, and one that should not hold does not."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# What the other system tests of the agent do not do anyway, and what is quick.
SELECTION = ("killed_main", "restart_storm", "descriptor_exhaustion", "hasher_killed", "integrity_kills")
KILLS = "10"  # where they can be counted; more are for a quiet hour


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DAEMONEYE_")}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment | {"CHAOS_KILLS": KILLS},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def verdict_on(experiment: str) -> str:
    """Of a function body that is run as an experiment."""
    body = textwrap.indent(textwrap.dedent(experiment), "    ")
    script = f"""
import os, signal, subprocess, time
from chaos.__main__ import line
from chaos.harness import AbortedError, SkippedError, Verdict
from chaos.isolation import isolated
def experiment():
{body}
print(line("it", isolated(experiment, 1.0), 0.0))
"""
    return run("-c", script).stdout


def test_a_short_selection_of_the_experiments_holds() -> None:
    """What is killed, starved or restarted without end does what was promised."""
    outcome = run("-m", "chaos", *SELECTION)
    skipped = 0 if os.geteuid() == 0 else 1  # the one that looks at what hashers have open
    verdicts = f"{len(SELECTION) - skipped} held, 0 FAILED, {skipped} skipped"
    assert verdicts in outcome.stdout, outcome.stdout + outcome.stderr
    assert outcome.returncode == 0


def test_an_experiment_that_leaves_a_process_behind_has_failed() -> None:
    """A verdict says nothing about an agent that is still there."""
    said = verdict_on("""
        left = subprocess.Popen(["sleep", "4321"], start_new_session=True)
        return Verdict(held=True)
    """)
    assert "FAILED" in said
    assert "1 processes were left behind" in said
    assert b"4321" not in b"".join(each.read_bytes() for each in Path("/proc").glob("[0-9]*/cmdline") if each.exists())


@pytest.mark.parametrize(
    ("experiment", "why"),
    [
        ("return Verdict(held=False, broken=('a claim',))", "a claim"),
        ("raise AbortedError('a reason')", "aborted: a reason"),
        ("raise TimeoutError('a wait')", "TimeoutError: a wait"),
        ("time.sleep(30)", "not over after 1 s"),
        ("os._exit(0)", "it ended without a verdict"),
    ],
)
def test_an_experiment_that_comes_to_no_good_end_has_failed(experiment: str, why: str) -> None:
    """Whatever goes wrong in an experiment, it is not taken for a success."""
    said = verdict_on(experiment)
    assert "FAILED" in said
    assert why in said


def test_an_experiment_that_cannot_be_run_here_is_skipped_and_says_why() -> None:
    """What was not tried is neither held nor broken."""
    said = verdict_on("raise SkippedError('needs a thing')")
    assert said.startswith("skipped")
    assert "needs a thing" in said


def test_an_unknown_experiment_is_a_usage_error() -> None:
    """A mistyped name does not run nothing and succeed."""
    outcome = run("-m", "chaos", "killed_hamster")
    assert outcome.returncode == 64
    assert "killed_hamster: expected some of" in outcome.stderr
