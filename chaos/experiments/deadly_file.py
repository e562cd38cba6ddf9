"""A file is the end of whoever reads it, every time, among others that are harmless."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

from chaos.harness import Experiment, Verdict
from chaos.hashers import must_be_seen, reader, send, until_calm
from chaos.programs import programs
from chaos.trial import Trial, on_trial
from daemoneye.tree import HASHING

if TYPE_CHECKING:
    from pathlib import Path

_OTHERS, _SIZE, _DEATHS, _TOLD_S = 20, 4 << 20, 2, 20.0
# So little that the file is in somebody's hand for a second.
_SLOW = {"hashing": {"bytes_per_second": "4MiB"}}


def _run() -> Verdict:
    must_be_seen()
    dead: set[int] = set()
    with programs() as ours, on_trial() as trial:
        until_calm(trial.agent)
        trial.reload(_SLOW)
        deadly = ours.start(_SIZE).path
        for _ in range(_OTHERS):
            ours.start()

        def given_up() -> bool:
            _kill_readers(trial, deadly, dead)
            return ours.without_digest(trial.agent) == [deadly] and bool(_left_alone(trial))

        def told() -> list[dict[str, Any]]:
            _kill_readers(trial, deadly, dead)
            return [each for each in trial.shortfalls() if each["counts"].get("quarantined")]

        trial.agent.until(given_up, "a quarantine, and all others")
        trial.kill(HASHING)
        trial.agent.until(told, "an alert", _TOLD_S)
        trial.figures["hashers killed"] = len(dead)
        trial.claim(f"it costs {_DEATHS} hashers, whoever else looks after them", len(dead) == _DEATHS)
        trial.claim("it is logged once", len(_left_alone(trial)) == 1)
        trial.claim("it is told once", [each["phase"] for each in told()] == ["start"])
        trial.claim("no child is restarted for it", trial.restarts() == 1)
    return trial.verdict


def _kill_readers(trial: Trial, file: Path, dead: set[int]) -> None:
    if hasher := reader(trial.agent, file):
        send(hasher, signal.SIGKILL)
        dead.add(hasher.pid)


def _left_alone(trial: Trial) -> list[dict[str, Any]]:
    return trial.agent.logged("hashing.quarantined")


EXPERIMENT = Experiment(
    name="deadly file",
    steady_state="the hashers have nothing to do; then one program starts whose readers die, and twenty others",
    hypothesis=f"it costs {_DEATHS} hashers, is told once and left alone from then on; all others are hashed",
    blast_radius="the hashers of an agent of our own, and copies of sleep below a temporary directory",
    abort_when="it is not given up within 20 s",
    run=_run,
)
