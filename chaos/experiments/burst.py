"""Two thousand processes of a hundred new programs within seconds, gone before anybody can look at them closely."""

from __future__ import annotations

import os
import time
from collections import Counter, deque
from pathlib import Path
from typing import TYPE_CHECKING

from chaos.harness import Experiment, Verdict
from chaos.hashers import until_calm
from chaos.programs import copy_sleep, programs
from chaos.trial import Trial, on_trial
from daemoneye.model.alert import Severity

if TYPE_CHECKING:
    from chaos.programs import Programs

_PROCESSES, _PROGRAMS, _LIFE_S = 2000, 100, "0.1"
_INTERVAL_S, _LOOKS, _GROWTH_MIB = 0.2, 0.8, 16
# A coverage alarm ends when nothing has been missing for ten seconds.
_AFTER_S, _ENDED_S = 2.0, 30.0


def _run() -> Verdict:
    with programs() as ours, on_trial() as trial:
        until_calm(trial.agent)
        pids, sizes = trial.pids(), _sizes(trial)
        looks, overrun = _looks(trial)
        began = time.monotonic()
        _burst(ours)
        trial.figures["processes in a second"] = round(_PROCESSES / (time.monotonic() - began))
        time.sleep(_AFTER_S)
        more_looks, more_overrun = _looks(trial)
        due = (time.monotonic() - began) / _INTERVAL_S
        trial.figures |= {"looks": more_looks - looks, "late looks": more_overrun - overrun}
        trial.claim("the looks are kept", more_looks - looks >= _LOOKS * due)
        _claim_calm(trial, ours)
        growth = {role: size - sizes[role] for role, size in _sizes(trial).items()}
        trial.figures["largest growth, MiB"] = max(growth.values())
        trial.claim(f"nobody grows by more than {_GROWTH_MIB} MiB", max(growth.values()) <= _GROWTH_MIB)
        trial.claim("nobody was restarted", trial.restarts() == 0 and pids == trial.pids())
    return trial.verdict


def _burst(ours: Programs) -> None:
    paths = [ours.place / f"program-{number}" for number in range(_PROGRAMS)]
    for path in paths:
        copy_sleep(path)
    pids: deque[int] = deque()
    for number in range(_PROCESSES):
        pids.append(os.posix_spawn(paths[number % _PROGRAMS], ["sleep", _LIFE_S], {}))
        if len(pids) > _PROGRAMS:
            os.waitpid(pids.popleft(), 0)
    for pid in pids:
        os.waitpid(pid, 0)


def _claim_calm(trial: Trial, ours: Programs) -> None:
    until_calm(trial.agent)
    trial.claim("what is missing is not missed for ever", trial.comes_true(lambda: _all_ended(trial), _ENDED_S))
    with trial.agent.client() as client:
        trial.figures["starts on record"] = len(ours.concerned(client.events(kind="process.started")))
    trial.claim("something was seen", trial.figures["starts on record"])
    worst = max((each.severity for each in ours.alerts(trial.agent)), default=Severity.INFO)
    trial.claim("no alert above info", worst <= Severity.INFO)


def _all_ended(trial: Trial) -> bool:
    phases = Counter((each["cause"], each["phase"]) for each in trial.shortfalls())
    return all(phases[cause, "start"] == phases[cause, "end"] for cause, _ in phases)


def _looks(trial: Trial) -> tuple[int, int]:
    scan = trial.agent.until_running().scan
    assert scan
    return scan.scan, scan.overrun


def _sizes(trial: Trial) -> dict[str, int]:
    """Of each child, in MiB."""
    texts = {role: Path(f"/proc/{trial.pid(role)}/status").read_text(encoding="ascii") for role in trial.children}
    return {role: int(text.partition("VmRSS:")[2].split()[0]) // 1024 for role, text in texts.items()}


EXPERIMENT = Experiment(
    name="burst",
    steady_state="a look every 0.2 s, and all that runs is hashed",
    hypothesis="no alert above info, no shortage that does not end, looks as frequent as before, little more memory",
    blast_radius=f"{_PROCESSES} short-lived children of this experiment",
    abort_when="hashing is not done within a minute",
    run=_run,
)
