"""The disk with state, logs and standard error is full: while the agent runs, when it starts again, and at first."""

from __future__ import annotations

import os
import signal
import time

from chaos.agent import Agent
from chaos.disks import Disk, disk, empty, fill, until_degraded
from chaos.harness import Experiment, Verdict
from chaos.trial import QUIET_S, Trial, on_trial

# The journal tries again once a second.
_WITHIN_S, _WHOLE_S, _CANNOT_CREATE = 2.0, 3.0, 73


def _run() -> Verdict:
    with disk() as full:
        with on_trial(full.settings, before=full.mount) as trial:
            place = full.seen_by(trial.agent)
            trial.figures["bytes until full"] = fill(place)
            written = (place / "stderr").stat().st_size
            trial.took("child back", [_kill(trial, role) for role in trial.children], _WITHIN_S)
            trial.claim("it says that it is degraded", until_degraded(trial.agent))
            trial.claim("a reload is taken", _reload(trial))
            trial.claim("nothing more fits, for control", written == (place / "stderr").stat().st_size)
            began = time.monotonic()
            empty(place)
            trial.agent.until_running()
            trial.took("whole when there is room", [time.monotonic() - began], _WHOLE_S)
        _used(trial, full)
        _never_used(trial, full)
    return trial.verdict


def _kill(trial: Trial, role: str) -> float:
    time.sleep(QUIET_S)
    pid = trial.pid(role)
    os.kill(pid, signal.SIGKILL)
    return trial.agent.until_replaced(role, pid)


def _reload(trial: Trial) -> bool:
    trial.agent.configure({"scan": {"interval": "300ms"}})
    with trial.agent.client() as client:
        client.reload()
        config = client.status().config
    return bool(config and config.generation == 2)


def _used(trial: Trial, full: Disk) -> None:
    def mounted() -> None:
        full.mount()
        full.used_before()
        full.fill()

    with Agent(full.settings, before=mounted) as agent:
        trial.claim("it starts again, degraded", until_degraded(agent))
        trial.claim("and stops, exit code 0", agent.stop() == 0)


def _never_used(trial: Trial, full: Disk) -> None:
    """Its key does not fit: an operator is told, by a program that has not started."""

    def mounted() -> None:
        full.mount()
        full.fill()
        os.dup2(1, 2)  # where we can read what it says

    with Agent(full.settings, before=mounted) as agent:
        trial.claim("the first start is refused", agent.wait() == _CANNOT_CREATE)
        said = agent.log.read_text(encoding="utf-8").splitlines()
        trial.claim("and why is said in a line", "no space left on device" in said[-1])


EXPERIMENT = Experiment(
    name="full disk",
    steady_state="the tree is running, and answers",
    hypothesis=f"every child works on, it is degraded and says so, and whole within {_WHOLE_S:g} s of there being room",
    blast_radius="a disk of 8 MiB in a mount namespace of the agent's own",
    abort_when="a child is not back within 20 s",
    run=_run,
)
