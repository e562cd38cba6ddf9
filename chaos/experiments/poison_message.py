"""Crafted pickles, garbage and forged orders, from a foreign account and from a process of the agent's own."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

from thespian.actors import ActorExitRequest

from chaos import intruder
from chaos.caller import Caller
from chaos.harness import Experiment, Verdict
from chaos.trial import Trial, on_trial
from daemoneye.messages import control, observation, supervision
from daemoneye.model.agent import ChildAction

if TYPE_CHECKING:
    from pathlib import Path

_ROUNDS = 3
_LINES = 40  # for each process one of each kind a minute
_STRANGER = 61234  # a uid that nothing else has
_INTRODUCED = supervision.Introduce(role="supervisor", address="gateway.1.00000000")
# who the message says it is from, the message, who gets it, and whether the table lets that role say that much: then it
# is taken in, and dropped because it comes from another process than the one that has the role
_FORGED = (
    ("supervisor", ActorExitRequest(), "gateway", intruder.REFUSED),
    ("supervisor", _INTRODUCED, "collector", intruder.REFUSED),
    ("gateway", ActorExitRequest(), "supervisor", intruder.REFUSED),
    (
        "gateway",
        control.ControlChild(request=1, action=ChildAction.RESTART, child="collector"),
        "supervisor",
        intruder.TAKEN,
    ),
    ("gateway", observation.TakeSnapshot(request=1), "collector", intruder.TAKEN),
    ("collector", supervision.Ready(generation=9), "supervisor", intruder.REFUSED),
)


def _run() -> Verdict:
    with on_trial() as trial, Caller(trial.agent) as caller:
        before = trial.pids()
        own = next(each.uid for each in trial.agent.until_running().sandbox if each.name == "gateway")
        for uid in {own, os.geteuid(), _STRANGER if os.geteuid() == 0 else own}:
            _attack(trial, uid, own=uid == own)
        trial.claim("nobody was restarted", before == trial.pids())
        trial.claim("no code was run", not _marker(trial).exists())
        lines = [*trial.agent.logged("actors.refused"), *trial.agent.logged("main.refused")]
        trial.figures["lines logged"] = len(lines)
        trial.claim("a log is not for strangers to fill", len(lines) <= _LINES)
    caller.tell(trial)
    trial.claim("no call lost", caller.calls.lost == 0)
    return trial.verdict


def _marker(trial: Trial) -> Path:
    return trial.agent.directory / "runtime" / "actors" / "pwned"  # where the tree may write


def _attack(trial: Trial, uid: int, *, own: bool) -> None:
    actors = trial.agent.directory / "runtime" / "actors"
    sockets = {each.name.partition(".")[0]: str(each) for each in actors.iterdir()}
    listening = {role: path for role, path in sockets.items() if role != "runner"}  # which reads while it waits only
    bodies = list(intruder.poison(_marker(trial)))
    answers = Counter(intruder.as_uid(uid, _poison, list(listening.values()), bodies))
    refused = sum(count for answer, count in answers.items() if answer in intruder.REFUSALS)
    trial.count("poison sent", answers.total())
    trial.count("poison refused", refused)
    trial.claim("all poison is refused", refused == answers.total())
    intruder.as_uid(uid, _silently, sockets["runner"], bodies)
    if own:
        for role, message, listener, expected in _FORGED:
            sent = intruder.as_uid(uid, _forge, sockets[listener], role, message, listener)
            trial.claim(f"{type(message).__name__} in the name of {role}", sent == expected)
    words = [b"", b"control", b"start collector 1 1 supervisor.1.00000000 logger.1.00000000 1", b"\x80\x05." * 20]
    closed = intruder.as_uid(uid, intruder.knock, str(actors.parent / "broker.sock"), words * _ROUNDS)
    trial.claim("main closes on strangers", closed == len(words) * _ROUNDS)


def _poison(paths: list[str], bodies: list[bytes]) -> list[bytes]:
    sent = [*(intruder.from_role("gateway", body) for body in bodies), *intruder.garbage()]
    return [intruder.send(path, each) for _ in range(_ROUNDS) for path in paths for each in sent]


def _silently(path: str, bodies: list[bytes]) -> list[bytes]:
    return [intruder.send(path, intruder.from_role("gateway", body[:1000]), wait_s=0.001) for body in bodies]


def _forge(path: str, role: str, message: object, listener: str) -> bytes:
    return intruder.send(path, intruder.said(role, message, listener))


EXPERIMENT = Experiment(
    name="poison message",
    steady_state="the tree is running, and answers a caller all the time",
    hypothesis="all of it is refused or dropped, no code is run, nobody is restarted, no call is lost",
    blast_radius="an agent of our own, in directories of its own",
    abort_when="it is not over after a minute",
    run=_run,
)
