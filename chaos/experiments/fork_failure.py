"""No process can be started: the account of the agent has as many as it may.

As root that limit does not hold, so the agent is started as an account that has no other process, with no capability.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from chaos.harness import Experiment, SkippedError, Verdict
from chaos.intruder import as_uid
from chaos.trial import QUIET_S, Trial, on_trial

if TYPE_CHECKING:
    from collections.abc import Iterator

_NOBODY_ELSE = 61234
_FULL_S, _WITHIN_S, _INTERNAL = 2.0, 3.0, 70
_IMPATIENT = {"supervisor": {"intensity": 3, "period": "10s"}}


def _run() -> Verdict:
    _check()
    with on_trial(uid=_NOBODY_ELSE) as trial:
        _no_collector(trial)
        _no_tree(trial)
    with on_trial(_IMPATIENT, uid=_NOBODY_ELSE, survives=False) as last:
        _for_good(last)
    trial.claims |= last.claims
    return trial.verdict


def _check() -> None:
    if os.geteuid() != 0:
        raise SkippedError("needs root, to become an account without other processes")
    looks = [sys.executable, "-c", "import daemoneye.agent"]
    try:
        subprocess.run(looks, user=_NOBODY_ELSE, capture_output=True, check=True)
    except (PermissionError, subprocess.CalledProcessError):
        raise SkippedError("needs an interpreter and a program that every account may read") from None


def _allow(trial: Trial, number: int) -> None:
    """Of the main process, which is the one who forks; a process of the same account may set that without a right."""
    _, hard = resource.getrlimit(resource.RLIMIT_NPROC)
    as_uid(_NOBODY_ELSE, resource.prlimit, trial.agent.pid, resource.RLIMIT_NPROC, (number, hard))


@contextmanager
def _full(trial: Trial) -> Iterator[None]:
    before, _ = resource.getrlimit(resource.RLIMIT_NPROC)
    _allow(trial, 1)
    yield
    _allow(trial, before)


def _no_collector(trial: Trial) -> None:
    pid = trial.pid("collector")
    with _full(trial):
        os.kill(pid, signal.SIGKILL)
        time.sleep(_FULL_S)
        status = trial.agent.status()
        trial.claim("it says that it is degraded", status and status.state == "degraded")
        trial.claim("it says why", "EAGAIN" in trial.agent.logged("child.start_error")[-1]["reason"])
    trial.took("collector back when there is room", [trial.agent.until_replaced("collector", pid)], _WITHIN_S)


def _no_tree(trial: Trial) -> None:
    time.sleep(QUIET_S)
    old, tree = trial.below_main(), trial.agent.until_running().tree
    with _full(trial):
        os.kill(trial.pid("supervisor"), signal.SIGKILL)
        time.sleep(_FULL_S)
        trial.gone("processes of the old tree", old, 0.0)
        trial.claim("main says why", "EAGAIN" in trial.agent.logged("main.tree_lost")[-1]["reason"])
    trial.took("a tree when there is room", [trial.until_tree(tree + 1)], _WITHIN_S)


def _for_good(trial: Trial) -> None:
    everybody = trial.agent.descendants()
    _allow(trial, 1)
    os.kill(trial.pid("collector"), signal.SIGKILL)
    trial.claim("it gives up in the end, exit code 70", trial.agent.wait() == _INTERNAL)
    trial.nothing_left(everybody)


EXPERIMENT = Experiment(
    name="fork failure",
    steady_state="the tree is running, as an account of its own",
    hypothesis=f"it is degraded, tries again, and is whole within {_WITHIN_S:g} s of there being room; or gives up",
    blast_radius="processes of a uid that nothing else has",
    abort_when="it is not back within 20 s",
    run=_run,
)
