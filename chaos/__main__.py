"""Run every experiment, or those named; print a table, keep the figures, and fail when a hypothesis did not hold."""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chaos import experiments
from chaos.isolation import isolated

if TYPE_CHECKING:
    from chaos.harness import Experiment, Verdict

_RESULTS = Path(__file__).parent / "results" / "results.json"
_SLOW = 4  # on a machine that is busy with other things


def known() -> dict[str, Experiment]:
    names = [module.name for module in pkgutil.iter_modules(experiments.__path__)]
    return {name: importlib.import_module(f"chaos.experiments.{name}").EXPERIMENT for name in names}


def conducted(experiment: Experiment) -> dict[str, Any]:
    began = time.monotonic()
    verdict = isolated(experiment.run, experiment.limit_s * _SLOW)
    took_s = time.monotonic() - began
    print(line(experiment.name, verdict, took_s), flush=True)
    plan = {what: text for what, text in asdict(experiment).items() if what not in {"run", "limit_s"}}
    return plan | {"verdict": verdict.word} | asdict(verdict) | {"took_s": round(took_s, 2)}


def line(name: str, verdict: Verdict, took_s: float) -> str:
    figures = ", ".join(f"{what} {figure}" for what, figure in verdict.figures.items())
    trouble = verdict.skipped or "; ".join(verdict.broken)
    return f"{verdict.word:7}  {name:24}  {took_s:5.1f} s  {figures}{'  !! ' * bool(trouble)}{trouble}"


def table(results: list[dict[str, Any]]) -> str:
    """For docs/chaos.md."""
    rows = ["| experiment | hypothesis | verdict | figures |", "|---|---|---|---|"]
    for each in results:
        figures = "; ".join(f"{what} {figure}" for what, figure in each["figures"].items())
        rows.append(f"| {each['name']} | {each['hypothesis']} | {each['verdict']} | {figures or each['skipped']} |")
    return "\n".join(rows)


def main(names: list[str]) -> int:
    if names == ["--table"]:
        print(table(json.loads(_RESULTS.read_text(encoding="utf-8"))))
        return 0
    chosen = known()
    unknown = set(names) - chosen.keys()
    if unknown:
        print(f"chaos: {', '.join(sorted(unknown))}: expected some of {', '.join(chosen)}", file=sys.stderr)
        return 64
    began = time.monotonic()
    results = [conducted(chosen[name]) for name in names or chosen]
    count = Counter(each["verdict"] for each in results)
    print(", ".join(f"{count[word]} {word}" for word in ("held", "FAILED", "skipped")), end="")
    print(f" in {time.monotonic() - began:.0f} s")
    if not names:  # of a part there is nothing to keep
        _RESULTS.parent.mkdir(exist_ok=True)
        _RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    return 1 if count["FAILED"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
