"""All processes are stopped for a while and continued, as by a suspended or migrated machine."""

from __future__ import annotations

import os
import signal
import time

from chaos.harness import Experiment, Verdict
from chaos.trial import Trial, on_trial

# Calmer than elsewhere: after a sleep everybody has one beat to answer, here 0.4 s, and a busy machine has stalls.
_CALM = {"supervisor": {"heartbeat_interval": "500ms", "missed_heartbeats": 4}}
_PATIENCE_S = 2.0
_ROUNDS, _ASLEEP_S, _WITHIN_S = 3, 2 * _PATIENCE_S, 2.0


def _run() -> Verdict:
    with on_trial(_CALM) as trial:
        before = trial.pids()
        trial.took("answers again", [_sleep(trial) for _ in range(_ROUNDS)], _WITHIN_S)
        time.sleep(_PATIENCE_S)  # a false accusation would come now
        trial.claim("nobody was restarted", before == trial.pids() and trial.restarts() == 0)
        accused = [line["message"] for line in trial.agent.logged("child.child_hung")]
        trial.figures["accused"] = "; ".join(accused) or "nobody"
        trial.claim("nobody was accused", not accused)
    return trial.verdict


def _sleep(trial: Trial) -> float:
    time.sleep(_PATIENCE_S / 2)
    # parents first, and last when they wake: a machine has no moment at which one of them finds a child stopped
    everybody = sorted(trial.agent.descendants().values(), key=lambda each: (each.start, each.pid))
    for each in everybody:
        os.kill(each.pid, signal.SIGSTOP)
    time.sleep(_ASLEEP_S)
    began = time.monotonic()
    for each in reversed(everybody):
        os.kill(each.pid, signal.SIGCONT)
    trial.agent.until_running()
    return time.monotonic() - began


EXPERIMENT = Experiment(
    name="sleeping machine",
    steady_state="the tree is running, and answers",
    hypothesis=f"after {_ASLEEP_S:g} s, twice its patience, nobody is accused, and it answers within {_WITHIN_S:g} s",
    blast_radius="an agent of our own, in directories of its own",
    abort_when="it does not answer within 20 s",
    run=_run,
)
