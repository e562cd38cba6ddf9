"""The state and log directories become read-only: while the agent runs, when it starts again, and at first."""

from __future__ import annotations

import os
import time

from chaos.disks import Disk, disk, starts_on, until_degraded
from chaos.harness import Experiment, Verdict
from chaos.trial import Trial, on_trial
from daemoneye.tree import ROLES

# The journal tries again once a second, hashing every three.
_WITHIN_S, _WHOLE_S, _REFUSED = 2.0, 7.0, {73, 77}


def _run() -> Verdict:
    with disk() as closed:
        with on_trial(closed.settings, before=lambda: _mounted(closed)) as trial:
            _close(trial, closed)
            trial.took("child back", [trial.kill(role) for role in trial.children], _WITHIN_S)
            trial.claim("it says that it is degraded", until_degraded(trial.agent))
            began = time.monotonic()
            closed.open_under(trial.agent)
            trial.agent.until_running()
            trial.took("whole when it can be written", [time.monotonic() - began], _WHOLE_S)
        starts_on(trial, closed, closed.close, exit_codes=_REFUSED, why="read-only file system")
    return trial.verdict


def _close(trial: Trial, closed: Disk) -> None:
    """The kernel lets nobody close a disk under open files, so who writes there is paused meanwhile."""
    writers = [role.name for role in ROLES if role.writes and role.name in trial.children]
    with trial.agent.client() as client:
        for each in writers:
            client.pause(each)
        trial.agent.until(lambda: all(trial.agent.child(each).state == "paused" for each in writers), "a pause")
        closed.close_under(trial.agent)
        for each in writers:
            client.resume(each)
    trial.agent.until(lambda: all(trial.agent.child(each).state == "running" for each in writers), "writers")


def _mounted(closed: Disk) -> None:
    closed.mount()
    os.dup2(1, 2)


EXPERIMENT = Experiment(
    name="read-only state",
    steady_state="the tree is running, and answers",
    hypothesis=f"every child works on, it is degraded and says so, and whole within {_WHOLE_S:g} s when it can write",
    blast_radius="a disk of 8 MiB in a mount namespace of the agent's own",
    abort_when="a child is not back within 20 s",
    run=_run,
)
