"""Those without whom there is no tree are killed: the supervisor, the runner, and Thespian's admin and logger."""

from __future__ import annotations

import os
import signal
import time

from chaos.caller import Caller
from chaos.harness import Experiment, Verdict
from chaos.trial import PILLARS, QUIET_S, Trial, on_trial

_ROUNDS, _WITHIN_S = 4, 3.0


def _run() -> Verdict:
    with on_trial() as trial, Caller(trial.agent) as caller:
        for role in PILLARS:
            trial.took(f"after {role}", [_kill(trial, role) for _ in range(_ROUNDS)], _WITHIN_S)
        trial.claim("main is the same", trial.agent.process and trial.agent.process.poll() is None)
    caller.tell(trial)
    trial.claim("no call is lost but those in flight", caller.calls.lost <= _ROUNDS * len(PILLARS))
    return trial.verdict


def _kill(trial: Trial, role: str) -> float:
    time.sleep(QUIET_S)
    old, tree = trial.below_main(), trial.agent.until_running().tree
    os.kill(trial.pid(role), signal.SIGKILL)
    took_s = trial.until_tree(tree + 1)
    trial.gone("processes of the old tree", old, 0.0)
    trial.claim("one new tree for each kill", trial.agent.until_running().tree == tree + 1)
    return took_s


EXPERIMENT = Experiment(
    name="killed pillars",
    steady_state="the tree is running, and answers",
    hypothesis=f"a new tree is at work within {_WITHIN_S:g} s, and nothing of the old one lives by then",
    blast_radius="an agent of our own, in directories of its own",
    abort_when="no new tree within 20 s",
    run=_run,
)
