"""An ordered stop is disturbed: somebody dies meanwhile, does not hear, or it comes while the agent starts."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from random import Random
from typing import TYPE_CHECKING

from chaos.harness import Experiment, Verdict
from chaos.trial import PILLARS, Trial, on_trial

if TYPE_CHECKING:
    from collections.abc import Callable

_ROUNDS, _LATEST_S = 3, 0.06
# A stop takes some ten milliseconds. A child that does not hear has 5 s, and so have Thespian's admin and logger.
_WITHIN_S, _DEAF_S = 2.0, 7.0
_INTERNAL = 70
_DURING_START_S = (0.05, 0.2, 0.3, 0.35, 0.4, 0.45)


def _run() -> Verdict:
    chance = Random(5)  # noqa: S311 - the same moments in each run
    with on_trial() as trial:
        for victim in (*trial.children, *PILLARS):
            times = [_stop_and_kill(trial, victim, chance.uniform(0, _LATEST_S)) for _ in range(_ROUNDS)]
            trial.took(f"{victim} killed: over", times, _DEAF_S)
        trial.took("stopped during start: over", [_stop_during_start(trial, each) for each in _DURING_START_S], _DEAF_S)
        trial.took("collector deaf: over", [_stop_deaf(trial)], _DEAF_S)
        trial.took("main killed: over", [_stop_and_kill_main(trial)], _WITHIN_S)
    return trial.verdict


def _over(trial: Trial, how: str, act: Callable[[], None], codes: set[int], *, sockets: bool = False) -> float:
    """Seconds from the signal to the end. Leaves another agent at work in the same directories."""
    everybody, began = trial.agent.descendants(), time.monotonic()
    act()
    trial.claim(f"{how}: exit code", trial.agent.wait() in codes)
    took_s = time.monotonic() - began
    trial.gone("processes", everybody)
    trial.claim("no socket left", sockets or not trial.sockets())
    trial.agent.start()
    trial.agent.until_running()
    return took_s


def _stop_and_kill(trial: Trial, victim: str, delay_s: float) -> float:
    pid = trial.pid(victim)

    def act() -> None:
        trial.agent.send(signal.SIGTERM)
        time.sleep(delay_s)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    # a stop without the supervisor is none in order, and main says so
    return _over(trial, f"{victim} killed", act, {0} if victim in trial.children else {0, _INTERNAL})


def _stop_during_start(trial: Trial, delay_s: float) -> float:
    trial.agent.stop()
    trial.agent.start()
    time.sleep(delay_s)
    # before it has put its handlers on, a signal ends it the ordinary way
    return _over(trial, "stopped during start", lambda: trial.agent.send(signal.SIGTERM), {0, -signal.SIGTERM})


def _stop_deaf(trial: Trial) -> float:
    os.kill(trial.pid("collector"), signal.SIGSTOP)
    return _over(trial, "collector deaf", lambda: trial.agent.send(signal.SIGTERM), {0})


def _stop_and_kill_main(trial: Trial) -> float:
    def act() -> None:
        trial.agent.send(signal.SIGTERM)
        trial.agent.send(signal.SIGKILL)

    return _over(trial, "main killed", act, {-signal.SIGKILL}, sockets=True)


EXPERIMENT = Experiment(
    name="killed during stop",
    steady_state="the tree is running",
    hypothesis=f"it is over within {_DEAF_S:g} s and leaves nothing; exit code 0 unless one of the pillars died",
    blast_radius="an agent of our own, in directories of its own",
    abort_when="it is not over within 20 s",
    run=_run,
)
