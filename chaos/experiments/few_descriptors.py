"""Hardly a file descriptor to spare."""

from __future__ import annotations

import resource

from chaos.harness import Experiment, Verdict, watching

_DESCRIPTORS = 12  # three streams, the proc directory, and what one process takes to read


def _run() -> Verdict:
    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (_DESCRIPTORS, _DESCRIPTORS))

    with watching(before=limited) as watch:
        coverage = [watch.look()[0] for _ in range(5)]
        still = watch.process.poll() is None
    seen = min(each["seen"] for each in coverage)
    return Verdict(held=still and seen > 1, figures={"looks": len(coverage), "seen": seen})


EXPERIMENT = Experiment(
    name="few descriptors",
    steady_state="a look every 0.2 s",
    hypothesis=f"with {_DESCRIPTORS} descriptors it goes on looking",
    blast_radius="the program under test",
    abort_when="the program ends",
    run=_run,
)
