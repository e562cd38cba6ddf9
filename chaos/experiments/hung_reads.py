"""Processes whose files never answer, among others that do."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from chaos.harness import Experiment, Verdict, watching
from tests.fakes.procfs import FakeProc

_HEALTHY, _HUNG = 40, 10


def _run() -> Verdict:
    with tempfile.TemporaryDirectory() as place:
        root = Path(place) / "proc"
        root.mkdir()
        proc = FakeProc(root)
        for pid in range(100, 100 + _HEALTHY + _HUNG):
            folder = proc.add(pid)
            if pid < 100 + _HUNG:
                (folder / "cmdline").unlink()
                os.mkfifo(folder / "cmdline")  # to open it waits for a writer who never comes
        with watching(
            settings={"DAEMONEYE_SCAN__PROC": str(root), "DAEMONEYE_SCAN__PROCESS_TIMEOUT": "100ms"}
        ) as watch:
            first, first_s = watch.look()
            second, second_s = watch.look()
    others = min(each["seen"] - each["partly_read_by_reason"].get("timeout", 0) for each in (first, second))
    told = all(each["partly_read_by_reason"].get("timeout", 0) + each["timeout"] >= _HUNG for each in (first, second))
    figures = {"first look s": round(first_s, 2), "second look s": round(second_s, 2), "others read": others}
    return Verdict(held=others >= _HEALTHY and told and second_s < 2.0, figures=figures)


EXPERIMENT = Experiment(
    name="hung reads",
    steady_state="every process of the tree is read at every look",
    hypothesis=f"{_HUNG} hung processes cost themselves only: {_HEALTHY} others are read whole, and it is said",
    blast_radius="a made-up /proc below a temporary directory",
    abort_when="the program ends",
    run=_run,
)
