"""Programs are exchanged on the disk while whoever could tell of it is killed, or the agent as a whole."""

from __future__ import annotations

import json
import os
import signal
import time
from collections import Counter
from random import Random
from typing import TYPE_CHECKING

from chaos.accounts import SETTINGS, kill, kill_at_random, lines, verify
from chaos.harness import Experiment, Verdict
from chaos.hashers import until_calm
from chaos.programs import programs
from chaos.trial import Trial, on_trial
from daemoneye.model.alert import Rule
from daemoneye.tree import COLLECTOR, HASHING, INTEGRITY, JOURNAL, MAIN

if TYPE_CHECKING:
    from chaos.programs import Program, Programs

_TIMES = int(os.environ.get("CHAOS_KILLS", "60"))
_KILLS = 2  # for each program that is exchanged
_BETWEEN, _WRITTEN_S = 3, 0.1
_VICTIMS = (INTEGRITY, HASHING, "hasher_1", "hasher_2", JOURNAL, COLLECTOR, MAIN)


def _run() -> Verdict:
    chance = Random(7)  # noqa: S311 - the moments of the kills
    with programs() as ours, on_trial(SETTINGS, survives=False) as trial:
        for _ in range(_TIMES // _KILLS):
            ours.start()
        until_calm(trial.agent)
        for each in ours.all[_BETWEEN:]:
            trial.count("kills", kill_at_random(trial.agent, _KILLS, chance, _VICTIMS))
            each.exchange()
        for each in ours.all[:_BETWEEN]:
            _kill_in_between(trial, each)
        trial.agent.until_running()
        trial.agent.until(lambda: len(_told(trial, ours)) == len(ours.all), "an alert of each")
        trial.stopped()
        trial.agent.start()  # it finds all of them exchanged, and has told so before
        until_calm(trial.agent)
        _draw_up(trial, ours)
    return trial.verdict


def _kill_in_between(trial: Trial, program: Program) -> None:
    """When its alert has been raised, and the journal has not taken it: the moment that chance hardly ever hits."""
    trial.agent.until_running()
    os.kill(trial.pid(JOURNAL), signal.SIGSTOP)
    program.exchange()
    path = str(program.path)
    trial.agent.until(lambda: any(each["path"] == path for each in trial.agent.logged("integrity.alert")), path)
    time.sleep(_WRITTEN_S)
    trial.count("kills", kill(trial.agent, INTEGRITY) + kill(trial.agent, JOURNAL))


def _told(trial: Trial, ours: Programs) -> Counter[tuple[int | None, str]]:
    return Counter((each.pid, each.kind) for each in ours.alerts(trial.agent))


def _draw_up(trial: Trial, ours: Programs) -> None:
    told, agent = _told(trial, ours), trial.agent
    trial.figures |= {"exchanged": len(ours.all), "alerts": told.total()}
    expected = Counter((each.pid, Rule.DISK_MISMATCH.value) for each in ours.all)
    trial.claim("one alert for each", told == expected)
    similarities = [json.loads(each.body)["evidence"].get("similarity") for each in ours.alerts(agent)]
    trial.claim("each compares the two contents", all(similarities))
    with agent.client() as client:
        sequences = [each.sequence for each in client.alerts()]
    trial.claim("the sequence has no gap", sequences == list(range(1, len(sequences) + 1)))
    trial.stopped()
    trial.claim("the file of alerts has each once, in order", lines(agent)[: len(sequences)] == sequences)
    verified = verify(agent)
    trial.claim(f"verified: {(verified.stdout + verified.stderr).strip()}", verified.returncode == 0)


EXPERIMENT = Experiment(
    name="integrity kills",
    steady_state=f"{_TIMES // _KILLS} programs of ours run, and are known",
    hypothesis=f"after {_TIMES} kills of {', '.join(_VICTIMS)} each that was exchanged has one alert",
    blast_radius="an agent of our own, and copies of sleep below a temporary directory",
    abort_when="the agent is not back within 20 s, or an alert is not on record 20 s after the last kill",
    run=_run,
    limit_s=90.0,
)
