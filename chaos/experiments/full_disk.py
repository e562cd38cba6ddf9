"""The disk with state, logs and standard error is full: while the agent runs, when it starts again, and at first."""

from __future__ import annotations

import time

from chaos.disks import disk, empty, fill, starts_on, until_degraded
from chaos.harness import Experiment, Verdict
from chaos.trial import Trial, on_trial

# The journal tries again once a second, hashing every three.
_WITHIN_S, _WHOLE_S, _CANNOT_CREATE = 2.0, 7.0, 73


def _run() -> Verdict:
    with disk() as full:
        with on_trial(full.settings, before=full.mount) as trial:
            place = full.seen_by(trial.agent)
            trial.figures["bytes until full"] = fill(place)
            written = (place / "stderr").stat().st_size
            trial.took("child back", [trial.kill(role) for role in trial.children], _WITHIN_S)
            trial.claim("it says that it is degraded", until_degraded(trial.agent))
            trial.claim("a reload is taken", _reload(trial))
            trial.claim("nothing more fits, for control", written == (place / "stderr").stat().st_size)
            began = time.monotonic()
            empty(place)
            trial.agent.until_running()
            trial.took("whole when there is room", [time.monotonic() - began], _WHOLE_S)
        starts_on(trial, full, full.fill, exit_codes={_CANNOT_CREATE}, why="no space left on device")
    return trial.verdict


def _reload(trial: Trial) -> bool:
    trial.reload({"scan": {"interval": "300ms"}})
    status = trial.agent.status()
    return bool(status and status.config and status.config.generation == 2)


EXPERIMENT = Experiment(
    name="full disk",
    steady_state="the tree is running, and answers",
    hypothesis=f"every child works on, it is degraded and says so, and whole within {_WHOLE_S:g} s of there being room",
    blast_radius="a disk of 8 MiB in a mount namespace of the agent's own",
    abort_when="a child is not back within 20 s",
    run=_run,
)
