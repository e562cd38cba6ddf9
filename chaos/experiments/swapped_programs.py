"""Programs that are deleted and replaced while they run, many at once."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

from chaos.harness import Experiment, Verdict, watching

_PROGRAMS = 40


def _run() -> Verdict:
    with tempfile.TemporaryDirectory() as place:
        programs = [Path(shutil.copy("/bin/sleep", Path(place) / f"p{number}")) for number in range(_PROGRAMS)]
        running = [subprocess.Popen([program, "1000"]) for program in programs]
        try:
            with watching() as watch:
                watch.look()
                waits: list[float] = []
                for number, (program, process) in enumerate(zip(programs, running, strict=True)):
                    if number % 2:
                        program.unlink()
                    else:
                        Path(shutil.copy("/bin/sleep", Path(place) / "new")).rename(program)
                    began, pid = time.monotonic(), process.pid
                    watch.until(partial(_tells, pid))
                    waits.append(time.monotonic() - began)
        finally:
            for process in running:
                process.kill()
                process.wait()
    median_s, longest_s = statistics.median(waits), max(waits)
    figures = {"told": len(waits), "median s": round(median_s, 3), "max s": round(longest_s, 3)}
    return Verdict(held=len(waits) == _PROGRAMS and longest_s < 1.0, figures=figures)


def _tells(pid: int, said: dict[str, Any]) -> bool:
    process = said.get("process", {})
    return "modified" in said and process["pid"] == pid and bool(process["on_disk_mismatch"])


EXPERIMENT = Experiment(
    name="swapped programs",
    steady_state="every program is what its path leads to",
    hypothesis=f"each of {_PROGRAMS} deletions and replacements is told within 1 s (five looks)",
    blast_radius="copies of sleep below a temporary directory",
    abort_when="one is not told within 30 s",
    run=_run,
)
