"""The main process is killed: who starts, lends and ends every other one is gone without a word."""

from __future__ import annotations

import os
import signal
import time

from chaos.agent import TITLE, Process, everybody, reap, survivors
from chaos.harness import Experiment, Verdict
from chaos.trial import Trial, on_trial

_ROUNDS, _WITHIN_S, _LIMIT_S = 4, 1.0, 5.0
# A start takes about 0.4 s, half of which is the interpreter's; the tree is made in the rest.
_DURING_START_S = (0.1, *(0.2 + number * 0.04 for number in range(8)))


def _run() -> Verdict:
    with on_trial() as trial:
        trial.took("all dead", [_kill(trial) for _ in range(_ROUNDS)], _WITHIN_S)
        trial.agent.stop()
        trial.took("during start", [_kill_during_start(trial, each) for each in _DURING_START_S], _WITHIN_S)
        trial.agent.start()
    return trial.verdict


def _kill(trial: Trial) -> float:
    """Ends with another agent in the same directories."""
    before = trial.agent.descendants()
    began = time.monotonic()
    os.kill(trial.agent.pid, signal.SIGKILL)
    trial.agent.wait()
    left = survivors(before, _LIMIT_S)
    took_s = time.monotonic() - began
    trial.gone("processes", {each.pid: each for each in left}, 0.0)
    trial.agent.start()
    trial.agent.until_running()
    return took_s


def _kill_during_start(trial: Trial, delay_s: float) -> float:
    """Whoever has lost it comes to us; a fork that has no name yet still has that of main."""
    trial.agent.start()
    time.sleep(delay_s)
    began = time.monotonic()
    os.kill(trial.agent.pid, signal.SIGKILL)
    trial.agent.wait()
    trial.agent.until(lambda: not _left(), "the end of all", _LIMIT_S)
    return time.monotonic() - began


def _left() -> list[Process]:
    reap()
    return [each for each in everybody().values() if each.parent == os.getpid() and each.title.startswith(TITLE)]


EXPERIMENT = Experiment(
    name="killed main",
    steady_state="the tree is running, and answers",
    hypothesis=f"within {_WITHIN_S:g} s nothing of the tree lives; the next agent starts over what lies about",
    blast_radius="an agent of our own, in directories of its own",
    abort_when="somebody lives after 5 s",
    run=_run,
)
