"""A child, or the supervisor, dies as often as it comes back."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import TYPE_CHECKING

from chaos.harness import Experiment, Verdict
from chaos.trial import Trial, on_trial

if TYPE_CHECKING:
    from chaos.agent import Process

_INTENSITY, _INTERNAL, _WITHIN_S = 5, 70, 20.0
_SETTINGS = {"supervisor": {"intensity": _INTENSITY, "period": "20s"}}


def _run() -> Verdict:
    collector, supervisor = _storm("collector", "supervisor.escalated"), _storm("supervisor", "main.gave_up")
    return Verdict(
        held=collector.held and supervisor.held,
        figures={**collector.figures, **supervisor.figures},
        broken=(*collector.broken, *supervisor.broken),
    )


def _storm(role: str, event: str) -> Verdict:
    with on_trial(_SETTINGS, survives=False) as trial:
        everybody, began = trial.agent.descendants(), time.monotonic()
        kills = _kill_until_it_gives_up(trial, role, everybody)
        trial.took(f"{role}: given up", [time.monotonic() - began], _WITHIN_S)
        trial.figures[f"{role}: kills"] = kills
        trial.claim(f"{role}: {_INTENSITY} restarts and no more", kills == _INTENSITY + 1)
        trial.claim(f"{role}: exit code 70", trial.agent.wait() == _INTERNAL)
        trial.claim(f"{role}: it says why", trial.agent.logged(event))
        trial.nothing_left(everybody)
    return trial.verdict


def _kill_until_it_gives_up(trial: Trial, role: str, everybody: dict[int, Process]) -> int:
    """How often that was; ``everybody`` is added to, for they must all be gone in the end."""
    killed: set[int] = set()
    assert trial.agent.process
    while trial.agent.process.poll() is None:
        everybody |= trial.agent.descendants()
        victim = trial.agent.by_role().get(role)
        if victim and victim.pid not in killed:
            killed.add(victim.pid)
            with contextlib.suppress(ProcessLookupError):
                os.kill(victim.pid, signal.SIGKILL)
        time.sleep(0.005)
    return len(killed)


EXPERIMENT = Experiment(
    name="restart storm",
    steady_state="the tree is running, and answers",
    hypothesis=f"after {_INTENSITY} restarts in the period the next death is one too many: ordered stop, exit code 70",
    blast_radius="an agent of our own, in directories of its own",
    abort_when="it goes on for 20 s",
    run=_run,
)
