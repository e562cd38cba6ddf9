"""A hasher is stopped: one that has nothing to do, and one in the middle of a file."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from chaos.harness import Experiment, Verdict
from chaos.hashers import hashers, must_be_seen, reader, until_calm
from chaos.programs import programs
from chaos.trial import Trial, on_trial
from daemoneye.actors.hashing import PULSE_S

if TYPE_CHECKING:
    from chaos.agent import Process

_SIZE = 8 << 20
# That a process is stopped shows at the next beat; a busy machine is late.
_WITHIN_S, _READ_S = PULSE_S + 1.5, 5.0
# So little that somebody can be found at work.
_SLOW = {"hashing": {"bytes_per_second": "4MiB"}}
_QUICK = {"hashing": {"bytes_per_second": "50MiB"}}


def _run() -> Verdict:
    must_be_seen()
    with programs() as ours, on_trial() as trial:
        until_calm(trial.agent)
        trial.took("without work: replaced", [_stop(trial, hashers(trial.agent)[0])], _WITHIN_S)
        trial.reload(_SLOW)
        program = ours.start(_SIZE)
        at_work = trial.agent.until(lambda: reader(trial.agent, program.path), "a reader")
        trial.took("with work: replaced", [_stop(trial, at_work)], _WITHIN_S)
        trial.reload(_QUICK)
        trial.claim("its file is read", trial.comes_true(lambda: not ours.without_digest(trial.agent), _READ_S))
        lost = trial.agent.logged("hashing.worker_lost")
        trial.claim("it is said why", len(lost) == 2 and all("was stopped" in each["because"] for each in lost))
        trial.claim("no child is restarted", trial.restarts() == 0)
    return trial.verdict


def _stop(trial: Trial, hasher: Process) -> float:
    os.kill(hasher.pid, signal.SIGSTOP)
    return trial.agent.until_replaced(hasher.role, hasher.pid)


EXPERIMENT = Experiment(
    name="hasher stopped",
    steady_state="the hashers have nothing to do; later, one reads a file",
    hypothesis=f"it is replaced within {_WITHIN_S:g} s; a file that it had in its hand is read by another",
    blast_radius="the hashers of an agent of our own, and a copy of sleep below a temporary directory",
    abort_when="it is not replaced within 20 s",
    run=_run,
)
