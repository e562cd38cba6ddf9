"""A child that is stopped before it is ready: for a while, and for good."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from chaos.caller import Caller
from chaos.harness import AbortedError, Experiment, Verdict
from chaos.trial import QUIET_S, Trial, on_trial
from daemoneye.supervisor.specs import START_TIMEOUT_S

_SLOW_S, _WITHIN_S, _ATTEMPTS = 3.0, 2.0, 20


def _run() -> Verdict:
    with on_trial() as trial, Caller(trial.agent) as caller:
        slow = _born_stopped(trial)
        time.sleep(_SLOW_S)
        trial.claim("while it is not ready the agent is degraded", _state(trial) == "degraded")
        began = time.monotonic()
        os.kill(slow, signal.SIGCONT)
        trial.agent.until_running()
        trial.took("slow: ready after it goes on", [time.monotonic() - began], _WITHIN_S)
        trial.claim("who is only slow is left alone", trial.pid("collector") == slow)

        began, stuck = time.monotonic(), _born_stopped(trial)
        trial.agent.until_replaced("collector", stuck)
        trial.took("stuck: replaced", [time.monotonic() - began], START_TIMEOUT_S + _WITHIN_S)
        trial.claim("it is said why", "not ready within" in trial.agent.logged("child.start_error")[-1]["reason"])
    caller.tell(trial)
    trial.claim("no call lost", caller.calls.lost == 0)
    return trial.verdict


def _born_stopped(trial: Trial) -> int:
    """Kill the collector, and stop the next one before it is ready."""
    for _ in range(_ATTEMPTS):
        time.sleep(QUIET_S)
        before = _children(trial)
        os.kill(trial.pid("collector"), signal.SIGKILL)
        while not (born := _children(trial) - before):
            pass
        (newborn,) = born
        os.kill(newborn, signal.SIGSTOP)
        if trial.agent.child("collector").state == "starting":
            return newborn
        os.kill(newborn, signal.SIGCONT)
        trial.agent.until_running()
    raise AbortedError(f"{_ATTEMPTS} children were ready before they could be stopped")


def _children(trial: Trial) -> set[int]:
    main = trial.agent.pid
    return set(map(int, Path(f"/proc/{main}/task/{main}/children").read_text(encoding="ascii").split()))


def _state(trial: Trial) -> str:
    status = trial.agent.status()
    return status.state if status else "no answer"


EXPERIMENT = Experiment(
    name="slow start",
    steady_state="the tree is running, and answers a caller all the time",
    hypothesis=f"who needs {_SLOW_S:g} s to be ready is waited for; after {START_TIMEOUT_S:g} s it is replaced",
    blast_radius="an agent of our own, in directories of its own",
    abort_when="it is not replaced within 20 s",
    run=_run,
)
