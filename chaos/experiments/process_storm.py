"""Hundreds of processes that are gone before anyone can look at them."""

from __future__ import annotations

import subprocess

from chaos.harness import Experiment, Verdict, watching

_BURSTS, _PROCESSES = 5, 100


def _run() -> Verdict:
    with watching() as watch:
        watch.look()
        quiet = watch.descriptors
        longest_s, unseen, malformed = 0.0, 0, 0
        for _ in range(_BURSTS):
            storm = subprocess.Popen(["sh", "-c", f"for i in $(seq {_PROCESSES}); do true & done; wait"])
            coverage, took_s = watch.look()
            storm.wait()
            longest_s = max(longest_s, took_s)
            unseen += coverage["came_and_went_at_most"] or 0
            malformed += coverage["malformed"]
        held = malformed == 0 and longest_s < 2.0 and watch.descriptors == quiet
        return Verdict(held=held, figures={"longest look s": round(longest_s, 3), "came and went at most": unseen})


EXPERIMENT = Experiment(
    name="process storm",
    steady_state="a look every 0.2 s, no descriptor more than at the start",
    hypothesis="every look ends within 2 s, nothing is malformed, what came and went is counted",
    blast_radius=f"{_BURSTS * _PROCESSES} short-lived children of this experiment",
    abort_when="the program ends, or a look takes 30 s",
    run=_run,
)
