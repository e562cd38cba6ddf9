"""The program itself is stopped for a while, as a debugger or a suspended machine does."""

from __future__ import annotations

import signal
import subprocess
import time

from chaos.harness import Experiment, Verdict, watching

_STOPPED_S = 2.0


def _run() -> Verdict:
    with subprocess.Popen(["sleep", "1000"]) as steady, watching() as watch:
        try:
            watch.look()
            watch.process.send_signal(signal.SIGSTOP)
            time.sleep(_STOPPED_S)
            began = time.monotonic()
            watch.process.send_signal(signal.SIGCONT)
            watch.look()
            _, late_s = watch.look()
            resumed_s = time.monotonic() - began
        finally:
            steady.kill()
        accused = [said for said in watch.documents if said.get("process", {}).get("pid") == steady.pid]
    figures = {"resumed s": round(resumed_s, 3), "false events": len(accused)}
    return Verdict(held=resumed_s < 1.0 and late_s < 1.0 and not accused, figures=figures)


EXPERIMENT = Experiment(
    name="stopped and continued",
    steady_state="a look every 0.2 s",
    hypothesis="it looks again within 1 s of being continued, and says nothing false of processes that lived on",
    blast_radius="the program under test and one sleep",
    abort_when="the program ends",
    run=_run,
)
