"""Hashers are killed in the middle of a file, again and again, while many programs are seen for the first time."""

from __future__ import annotations

import signal
import time
from random import Random
from typing import TYPE_CHECKING

from chaos.harness import Experiment, Verdict
from chaos.hashers import HASHER, hashers, in_hand, must_be_seen, send, until_calm
from chaos.programs import programs
from chaos.trial import Trial, on_trial
from daemoneye.tree import COLLECTOR, HASHING

if TYPE_CHECKING:
    from pathlib import Path

    from chaos.agent import Process

_PROGRAMS, _SIZE = 40, 1 << 20
_SOON_S, _ODDS, _WITHIN_S = 0.1, 0.5, 20.0
# So little that the programs take some seconds: what is read at once can hardly be hit.
_SETTINGS = {"hashing": {"bytes_per_second": "16MiB"}}


def _run() -> Verdict:
    must_be_seen()
    chance = Random(6)  # noqa: S311 - the moments of the kills
    struck: set[Path] = set()
    with programs() as ours, on_trial(_SETTINGS) as trial:
        until_calm(trial.agent)
        pids, descriptors = _children(trial), trial.descriptors_of(HASHING, COLLECTOR)
        began = time.monotonic()
        for _ in range(_PROGRAMS):
            ours.start(_SIZE)
        while ours.without_digest(trial.agent) and time.monotonic() < began + _WITHIN_S:
            time.sleep(chance.uniform(0, _SOON_S))
            for each in hashers(trial.agent):
                if chance.random() < _ODDS:
                    _strike(each, struck)
        trial.took("all hashed", [time.monotonic() - began], _WITHIN_S)
        trial.figures["hashers killed"] = len(struck)
        trial.claim("some were killed at work", struck)
        trial.claim("no file is left alone", not trial.agent.logged("hashing.quarantined"))
        trial.claim("each death is counted, once", trial.comes_true(lambda: _deaths(trial) == len(struck)))
        trial.claim("no child is restarted", pids == _children(trial) and trial.restarts() == 0)
        trial.claim("hashing and collector hold no more", trial.comes_true(lambda: _holds(trial, descriptors)))
    return trial.verdict


def _strike(hasher: Process, struck: set[Path]) -> None:
    """Kill it if it reads what was no other's end: two deaths would be the file's fault, by the rules."""
    send(hasher, signal.SIGSTOP)
    file = in_hand(hasher)
    if file and file not in struck:
        struck.add(file)
        send(hasher, signal.SIGKILL)
    else:
        send(hasher, signal.SIGCONT)


def _children(trial: Trial) -> dict[str, int]:
    return {role: trial.pid(role) for role in trial.children}


def _deaths(trial: Trial) -> int:
    return sum(each.restarts for each in trial.agent.until_running().children if each.name.startswith(HASHER))


def _holds(trial: Trial, most: dict[str, int]) -> bool:
    return all(count <= most[role] for role, count in trial.descriptors_of(*most).items())


EXPERIMENT = Experiment(
    name="hasher killed",
    steady_state="the hashers have nothing to do; then forty programs start that nobody has seen before",
    hypothesis="each file has its digest in the end, none is left alone for it, and the tree is untouched",
    blast_radius="the hashers of an agent of our own, and copies of sleep below a temporary directory",
    abort_when=f"not all are hashed within {_WITHIN_S:g} s",
    run=_run,
)
