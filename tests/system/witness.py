"""What an agent says of programs of ours: every alert of a test is expected, or it fails.

The agent sees every process of the machine, and so the programs of whoever else is at work here: only what is said of
ours counts. It is read where a user reads it, in the file of alerts and with ``daemoneye alerts``.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from chaos.agent import PATIENCE_S
from tests.system.agents import pause
from tests.system.program import daemoneye

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chaos.agent import Agent
    from tests.system.zoo import Zoo

Json: TypeAlias = "dict[str, Any]"

# The table of the contract.
SEVERITIES: Final = {
    "disk_mismatch": ("high", 70),
    "binary_change": ("medium", 50),
    "content_changed": ("high", 70),
    "restart_required": ("info", 10),
    "fileless": ("high", 70),
    "coverage.degraded": ("medium", 50),
}
CRITICAL: Final = ("critical", 90)
INTEGRITY: Final = "integrity."
# After an alert, for what would be said beside it. What is said later is found at the end of all.
_LOOKS: Final = 1
_GLANCE_S: Final = 0.04


class Witness:
    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self.places: list[Path] = []
        self._expected: set[str] = set()

    def of(self, place: Path) -> None:
        """Everything below is ours; nothing may be said of it but what is expected."""
        self.places.append(place)

    # -- what is said

    def alerts(self) -> list[Json]:
        """As log shippers get them."""
        file = self.agent.directory / "log" / "alerts.jsonl"
        lines = file.read_text(encoding="utf-8").split("\n") if file.exists() else []
        return [json.loads(line) for line in lines[:-1]]  # behind the last newline there may be half a line

    def about(self, *subjects: Path | str | int) -> list[Json]:
        """Of programs by path, of directories, or of processes by number."""
        return [each for each in self.alerts() if any(_concerns(each, subject) for subject in subjects)]

    def shortfalls(self) -> list[Json]:
        return [each["daemoneye"]["shortfall"] for each in self.alerts() if rule_of(each) == "coverage.degraded"]

    def on_record(self) -> list[Json]:
        """As an administrator gets them."""
        outcome = daemoneye("alerts", "--json", "--config", str(self.agent.config))
        assert (outcome.returncode, outcome.stderr) == (0, "")
        return [json.loads(line) for line in outcome.stdout.splitlines()]

    # -- what is expected

    def expect(self, subject: Path | str | int, *rules: str, critical: bool = False) -> list[Json]:
        """Exactly these about this subject, each once and as the contract has it; returned in that order."""
        self.until(lambda: len(self.about(subject)) >= len(rules), f"{rules} about {subject}")
        self.looks(_LOOKS)
        found = self.about(subject)
        assert Counter(map(rule_of, found)) == Counter(rules), found
        for alert in found:
            _is_as_promised(alert, critical=critical and rule_of(alert) == "content_changed")
        self._expected |= {each["event"]["id"] for each in found}
        return sorted(found, key=lambda each: rules.index(rule_of(each)))

    def nothing_unexpected(self) -> None:
        """Every alert about ours was expected, is on record once, and no number of the stream is missing."""
        said = self.alerts()
        strange = [each for each in self.about(*self.places) if each["event"]["id"] not in self._expected]
        assert strange == []
        recorded = self.on_record()
        # of the programs of others there may be more by now
        assert [each["event"]["id"] for each in said] == [each["event"]["id"] for each in recorded[: len(said)]]
        assert [each["event"]["sequence"] for each in recorded] == list(range(1, len(recorded) + 1))
        assert len({each["event"]["id"] for each in said}) == len(said)

    # -- what is waited for

    def until(self, wanted: Callable[[], object], what: str, timeout_s: float = PATIENCE_S) -> None:
        def glance() -> object:
            if not (found := wanted()):
                pause(_GLANCE_S)  # every question costs the agent something that it does not have for its work
            return found

        try:
            self.agent.until(glance, what, timeout_s)
        except TimeoutError as error:
            raise AssertionError(f"{error}\nalerts about ours: {self.about(*self.places)}") from None

    def looks(self, count: int) -> None:
        """So many more looks at all processes, from one end to the other."""
        seen = {self._looks()}  # a collector that was restarted begins to count again

        def enough() -> bool:
            seen.add(self._looks())
            return len(seen) > count + 1

        self.until(enough, f"{count} looks")

    def known(self, *programs: Path, packages: bool = False) -> None:
        """Until each of these is what is trusted at its path, and it is known whose it is, if that is asked."""
        for program in programs:
            self.until(partial(self._is_trusted, program, packages=packages), f"a baseline of {program}")

    def in_passing(self, zoo: Zoo) -> None:
        """Until what could be said by now has been said: a change that is made now is told of."""
        canary = zoo.copy(f"canary-{len(self._expected)}")
        zoo.start(canary)
        self.known(canary)
        canary.unlink()
        self.expect(canary, "disk_mismatch")

    def _looks(self) -> int:
        status = self.agent.status()
        return status.scan.scan if status and status.scan else 0

    def _is_trusted(self, path: Path, *, packages: bool) -> bool:
        found = self._kept("SELECT ownership FROM baselines WHERE namespace = '' AND path = ?", str(path))
        return bool(found) and (found[0][0] is not None or not packages)

    def on_their_way(self) -> set[str]:
        """Alerts, by their ids, that are written down and not yet on record."""
        return {each for (each,) in self._kept("SELECT id FROM alerts")}

    def _kept(self, question: str, *values: str) -> list[tuple[Any, ...]]:
        file = self.agent.directory / "state" / "baselines.db"
        try:
            with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=1)) as connection:
                return connection.execute(question, values).fetchall()
        except sqlite3.OperationalError:  # it is not there yet
            return []


def rule_of(alert: Json) -> str:
    rule: str = alert["rule"]["id"]
    assert rule.startswith(INTEGRITY)
    return rule.removeprefix(INTEGRITY)


def evidence_of(alert: Json) -> Json:
    evidence: Json = alert["daemoneye"]["evidence"]
    return evidence


def _concerns(alert: Json, subject: Path | str | int) -> bool:
    process = alert.get("process", {})
    if isinstance(subject, int):
        return bool(process.get("pid") == subject)
    executable = process.get("executable", "")
    return bool(executable == str(subject)) or executable.startswith(f"{subject}/")


def _is_as_promised(alert: Json, *, critical: bool) -> None:
    word, number = CRITICAL if critical else SEVERITIES[rule_of(alert)]
    assert (alert["daemoneye"]["severity"], alert["event"]["severity"]) == (word, number)
    assert alert["process"]["executable"] in alert["message"]
    assert alert["daemoneye"]["recheck"]
