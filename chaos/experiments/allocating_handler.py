"""A handler that allocates without end, in a process that may have 64 MiB more."""

from __future__ import annotations

from chaos.caller import Caller
from chaos.court import in_court
from chaos.harness import Experiment, Verdict

_ROUNDS, _WITHIN_S = 3, 3.0


def _run() -> Verdict:
    with in_court() as court, Caller(court.trial.agent) as caller:
        trial = court.trial
        ends = [court.order("allocate") for _ in range(_ROUNDS)]
        trial.took("back", [took_s for took_s, _ in ends], _WITHIN_S)
        trial.claim("the reason is told", all("MemoryError" in after.last_words for _, after in ends))
    caller.tell(trial)
    trial.claim("no call lost", caller.calls.lost == 0)
    return trial.verdict


EXPERIMENT = Experiment(
    name="allocating handler",
    steady_state="a tree with a third child, which is well",
    hypothesis=f"where memory is limited the child ends, says so, and is back within {_WITHIN_S:g} s; no call is lost",
    blast_radius="an agent of our own, with a child that does wrong on command; 64 MiB",
    abort_when="it is not replaced within 20 s",
    run=_run,
)
