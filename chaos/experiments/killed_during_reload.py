"""Somebody is killed at any moment of a reload: a child, the supervisor, or the runner who reads the settings."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from random import Random

from chaos.harness import Experiment, Verdict
from chaos.trial import QUIET_S, Trial, on_trial
from daemoneye.settings.files import digest, gather

_ROUNDS = 4
# A reload takes some ten milliseconds; a little earlier and later than that.
_LATEST_S, _WITHIN_S = 0.04, 5.0


def _run() -> Verdict:
    chance = Random(4)  # noqa: S311 - the same moments in each run
    with on_trial() as trial:
        intervals = iter(range(201, 1000))
        for victim in (*trial.children, "supervisor", "runner"):
            times = [_reload(trial, victim, next(intervals), chance.uniform(0, _LATEST_S)) for _ in range(_ROUNDS)]
            trial.took(f"{victim}: at work again", times, _WITHIN_S)
        _reload_in_peace(trial, next(intervals))
    return trial.verdict


def _reload(trial: Trial, victim: str, interval_ms: int, delay_s: float) -> float:
    time.sleep(QUIET_S)
    pid, tree = trial.pid(victim), trial.agent.until_running().tree
    trial.agent.configure({"scan": {"interval": f"{interval_ms}ms"}})
    trial.agent.send(signal.SIGHUP)
    time.sleep(delay_s)
    began = time.monotonic()
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    if victim in trial.children:
        trial.agent.until_replaced(victim, pid)
    else:
        trial.until_tree(tree + 1)
    took_s = time.monotonic() - began
    _see_what_became_of_it(trial)
    return took_s


def _see_what_became_of_it(trial: Trial) -> None:
    """In force is what was there before, or what the file says now: whole, and known by its digest."""
    status = trial.agent.until_running()
    assert status.reload
    assert status.config
    new = status.config.sha256 == _digest(trial)
    trial.claim("what is reported is in force", status.reload.result != "accepted" or new)
    trial.claim("a new tree has the settings of its day", status.reload.result != "none" or new)
    trial.count("old settings in force", int(not new))


def _digest(trial: Trial) -> str | None:
    return digest(gather(trial.agent.config))


def _reload_in_peace(trial: Trial, interval_ms: int) -> None:
    before = trial.agent.until_running().config
    trial.agent.configure({"scan": {"interval": f"{interval_ms}ms"}})
    with trial.agent.client() as client:
        client.reload()
    after = trial.agent.until_running().config
    trial.claim("the next reload is taken", before and after and after.generation == before.generation + 1)


EXPERIMENT = Experiment(
    name="killed during reload",
    steady_state="the tree is running, and takes new settings",
    hypothesis=f"it is at work again within {_WITHIN_S:g} s, with the old or the new settings, and takes the next ones",
    blast_radius="an agent of our own, in directories of its own",
    abort_when="it is not at work within 20 s",
    run=_run,
)
