"""The supervisor is stopped: nobody below it looks after anything any more."""

from __future__ import annotations

import os
import signal
import time

from chaos.harness import Experiment, Verdict
from chaos.trial import PATIENCE_S, QUIET_S, Trial, on_trial

_ROUNDS, _WITHIN_S = 3, PATIENCE_S + 3.0


def _run() -> Verdict:
    with on_trial() as trial:
        trial.took("new tree", [_stop(trial) for _ in range(_ROUNDS)], _WITHIN_S)
    return trial.verdict


def _stop(trial: Trial) -> float:
    time.sleep(QUIET_S)
    old, tree = trial.below_main(), trial.agent.until_running().tree
    os.kill(trial.pid("supervisor"), signal.SIGSTOP)
    took_s = trial.until_tree(tree + 1)
    trial.gone("processes of the old tree", old, 0.0)
    return took_s


EXPERIMENT = Experiment(
    name="stopped supervisor",
    steady_state="the tree is running, and answers",
    hypothesis=f"main notices within {PATIENCE_S:g} s, ends what is left and has a new tree at work within 3 s more",
    blast_radius="an agent of our own, in directories of its own",
    abort_when="no new tree within 20 s",
    run=_run,
)
