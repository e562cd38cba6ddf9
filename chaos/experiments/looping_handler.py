"""A handler that never returns, and a child that answers and gets nowhere."""

from __future__ import annotations

from chaos.court import in_court
from chaos.harness import Experiment, Verdict
from chaos.trial import PATIENCE_S

_WITHIN_S = PATIENCE_S + 2.0
_FAULTS = {"loop": "no heartbeat", "sleep": "no heartbeat", "stick": "busy without progress"}


def _run() -> Verdict:
    with in_court() as court:
        trial = court.trial
        for fault, reason in _FAULTS.items():
            # from one look at the orders and from one question to the next passes some of the patience
            trial.took(f"{fault}: back", [court.order(fault)[0] for _ in range(3)], _WITHIN_S)
            said = trial.agent.logged("child.child_hung")[-1]
            trial.claim(f"{fault}: it is said why", said["child"] == "faulty" and reason in said["reason"])
    return trial.verdict


EXPERIMENT = Experiment(
    name="looping handler",
    steady_state="a tree with a third child, which is well",
    hypothesis=f"a busy loop, a sleep without end and work without progress are replaced within {_WITHIN_S:g} s",
    blast_radius="an agent of our own, with a child that does wrong on command",
    abort_when="it is not replaced within 20 s",
    run=_run,
)
