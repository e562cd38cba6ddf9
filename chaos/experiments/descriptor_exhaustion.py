"""Each process may have few descriptors: a tree that has just enough, with a crowd at its door; and one without."""

from __future__ import annotations

import resource
import socket
import time
from contextlib import ExitStack
from functools import partial

from chaos.agent import Agent
from chaos.harness import Experiment, Verdict
from chaos.trial import QUIET_S, Trial, on_trial

# The supervisor has most, 42; the rest is for what comes and goes.
_ENOUGH, _TOO_FEW, _CROWD = 48, 20, 60
_WITHIN_S, _INTERNAL = 2.0, 70
_IMPATIENT = {"supervisor": {"intensity": 3, "period": "10s"}}


def _run() -> Verdict:
    with on_trial({"ipc": {"max_clients": 2 * _CROWD}}, before=partial(_limit, _ENOUGH)) as trial:
        before = trial.pids()
        _with_a_crowd(trial)
        trial.claim("nobody was restarted by the crowd", before == trial.pids())
        trial.took("child back", [trial.kill(role) for role in trial.children], _WITHIN_S)
    _without_enough(trial)
    return trial.verdict


def _limit(number: int) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (number, number))


def _with_a_crowd(trial: Trial) -> None:
    with ExitStack() as crowd:
        first = crowd.enter_context(trial.agent.client())
        for _ in range(_CROWD):
            peer = crowd.enter_context(socket.socket(socket.AF_UNIX))
            peer.connect(str(trial.agent.directory / "runtime" / "agent.sock"))
        time.sleep(QUIET_S)
        trial.claim("who is in is answered", first.status().state == "running")
        trial.figures["callers at the door"] = _CROWD
    began = time.monotonic()
    trial.agent.until_running()
    trial.took("answers when they have left", [time.monotonic() - began], _WITHIN_S)


def _without_enough(trial: Trial) -> None:
    began = time.monotonic()
    with Agent(_IMPATIENT, before=partial(_limit, _TOO_FEW)) as agent:
        everybody = agent.descendants()
        trial.claim(f"with {_TOO_FEW} it gives up, exit code 70", agent.wait() == _INTERNAL)
        trial.gone("processes", everybody)
        said = agent.log.read_text(encoding="utf-8")
        trial.claim("it is said why", "Too many open files" in said)
        trial.claim("without a traceback", "Traceback" not in said)
    trial.figures["gave up after, s"] = round(time.monotonic() - began, 1)


EXPERIMENT = Experiment(
    name="descriptor exhaustion",
    steady_state=f"the tree is running, and answers, with {_ENOUGH} descriptors for each process",
    hypothesis=f"{_CROWD} callers cost nobody else anything; with {_TOO_FEW} descriptors it gives up, and says why",
    blast_radius="an agent of our own, with a limit of its own",
    abort_when="it neither runs nor gives up within 20 s",
    run=_run,
)
