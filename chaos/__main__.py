"""Run every experiment, or those named; print a table, keep the figures, and fail when a hypothesis did not hold."""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
import time
from dataclasses import asdict
from pathlib import Path

from chaos import experiments
from chaos.harness import AbortedError, Experiment, Verdict

_RESULTS = Path(__file__).parent / "results" / "results.json"


def known() -> dict[str, Experiment]:
    names = [module.name for module in pkgutil.iter_modules(experiments.__path__)]
    return {name: importlib.import_module(f"chaos.experiments.{name}").EXPERIMENT for name in names}


def conducted(experiment: Experiment) -> Verdict:
    try:
        return experiment.run()
    except AbortedError as reason:
        print(f"{experiment.name}: aborted: {reason}", file=sys.stderr)
        return Verdict(held=False)


def main(names: list[str]) -> int:
    chosen = known()
    unknown = set(names) - chosen.keys()
    if unknown:
        print(f"chaos: {', '.join(sorted(unknown))}: expected some of {', '.join(chosen)}", file=sys.stderr)
        return 64
    results = []
    for name in names or chosen:
        began = time.monotonic()
        verdict = conducted(chosen[name])
        figures = ", ".join(f"{what} {figure}" for what, figure in verdict.figures.items())
        print(f"{'held' if verdict.held else 'FAILED':6}  {chosen[name].name:22}  {figures}", flush=True)
        plan = {what: text for what, text in asdict(chosen[name]).items() if what != "run"}
        results.append(plan | asdict(verdict) | {"took_s": round(time.monotonic() - began, 2)})
    _RESULTS.parent.mkdir(exist_ok=True)
    _RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    return 0 if all(each["held"] for each in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
