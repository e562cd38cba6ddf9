"""Each child of the supervisor is killed, again and again."""

from __future__ import annotations

from chaos.caller import Caller
from chaos.harness import Experiment, Verdict
from chaos.trial import Trial, on_trial

_ROUNDS, _WITHIN_S = 8, 2.0


def _run() -> Verdict:
    with on_trial() as trial, Caller(trial.agent) as caller:
        for role in trial.children:
            trial.took(f"{role} back", [_kill(trial, role) for _ in range(_ROUNDS)], _WITHIN_S)
        trial.figures["restarts"] = trial.restarts()
        trial.claim("one restart for each kill", trial.figures["restarts"] == _ROUNDS * len(trial.children))
    caller.tell(trial)
    # asked and not answered yet when the one who answers died; who comes in between waits for the next one
    trial.claim("no call is lost but those in flight", caller.calls.lost <= _ROUNDS)
    return trial.verdict


def _kill(trial: Trial, role: str) -> float:
    others = {name: other for name, other in trial.pids().items() if name != role}
    took_s = trial.kill(role)
    trial.claim("the others are untouched", all(trial.pid(name) == other for name, other in others.items()))
    return took_s


EXPERIMENT = Experiment(
    name="killed children",
    steady_state="the tree is running, and answers",
    hypothesis=f"a killed child is at work again within {_WITHIN_S:g} s, alone, and costs at most the call in flight",
    blast_radius="an agent of our own, in directories of its own",
    abort_when="a child is not back within 20 s",
    run=_run,
)
