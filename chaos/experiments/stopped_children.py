"""Each child of the supervisor is stopped, as a debugger or a deadlock would; it is alive, and does nothing."""

from __future__ import annotations

import os
import signal
import time
from datetime import datetime

from chaos.harness import Experiment, Verdict
from chaos.trial import PATIENCE_S, QUIET_S, Trial, on_trial

_ROUNDS = 4
# The verdict is due when the patience ends; a supervisor on a busy machine is woken a little later.
_NOTICED_S, _BACK_S = PATIENCE_S + 0.25, PATIENCE_S + 2.0


def _run() -> Verdict:
    with on_trial() as trial:
        for role in trial.children:
            rounds = [_stop(trial, role) for _ in range(_ROUNDS)]
            trial.took(f"{role} noticed", [noticed for noticed, _ in rounds], _NOTICED_S)
            trial.took(f"{role} back", [back for _, back in rounds], _BACK_S)
        trial.figures["restarts"] = trial.restarts()
        trial.claim("one restart for each stop", trial.figures["restarts"] == _ROUNDS * len(trial.children))
    return trial.verdict


def _stop(trial: Trial, role: str) -> tuple[float, float]:
    time.sleep(QUIET_S)
    pid, known = trial.pid(role), len(trial.agent.logged("child.child_hung"))
    stopped_at = time.time()
    os.kill(pid, signal.SIGSTOP)
    back_s = trial.agent.until_replaced(role, pid)
    (said,) = trial.agent.logged("child.child_hung")[known:]
    return datetime.fromisoformat(said["ts"]).timestamp() - stopped_at, back_s


EXPERIMENT = Experiment(
    name="stopped children",
    steady_state="the tree is running, and answers",
    hypothesis=f"a stopped child is noticed within its patience of {PATIENCE_S:g} s (+0.25 s), and replaced",
    blast_radius="an agent of our own, in directories of its own",
    abort_when="a child is not replaced within 20 s",
    run=_run,
)
