"""A handler that does not come back in an orderly way: it raises, exits, aborts."""

from __future__ import annotations

from chaos.court import Court, in_court
from chaos.harness import Experiment, Verdict

_WITHIN_S, _LONGEST = 2.0, 1024  # characters; the pipe of last words takes 512 bytes, and what is escaped grows
_REASONS = {
    "raise": "exited with 70: RuntimeError: told to (wrongdoer.py:",
    "shout": "exited with 70: RuntimeError: \\x1b[2J",
    "leave": "exited with 0",
    "abort": "killed by SIGABRT",
}


def _run() -> Verdict:
    with in_court() as court:
        for fault, reason in _REASONS.items():
            _order(court, fault, reason)
    return court.trial.verdict


def _order(court: Court, fault: str, reason: str) -> None:
    took_s, _ = court.order(fault)
    said = court.trial.agent.logged("child.child_terminated")[-1]
    court.trial.took(f"{fault}: back", [took_s], _WITHIN_S)
    court.trial.claim(f"{fault}: it is said why", reason in said["reason"] and len(said["reason"]) <= _LONGEST)


EXPERIMENT = Experiment(
    name="raising handler",
    steady_state="a tree with a third child, which is well",
    hypothesis=f"the child ends, says why in a line, and is back within {_WITHIN_S:g} s, alone",
    blast_radius="an agent of our own, with a child that does wrong on command",
    abort_when="it is not replaced within 20 s",
    run=_run,
)
