"""An agent in its steady state, what is done to it, and what has to be true of it in the end.

    with on_trial() as trial:
        ...                                  # hurt trial.agent, claim, measure
    return trial.verdict

Leaving the block without an exception asks the same of every agent: all children at work, no zombie, no descriptor more
than before; then an ordered stop with exit code 0, nobody who survives it, and no socket left.
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from chaos.agent import Agent, Process, look, survivors
from chaos.harness import Figure, Verdict
from chaos.hashers import HASHER
from daemoneye.model.alert import Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from daemoneye.model.status import Status

# Without whom there is no tree.
PILLARS: Final = ("supervisor", "admin", "logger", "runner")
# What a restarted child costs in descriptors is given back when its death has been heard by everybody.
_SETTLED_S: Final = 5.0
# Of the quick settings in `agent`: the longest wait between two restarts is 1 min / (2 * 50); after that much quiet the
# next death counts as an accident.
QUIET_S: Final = 0.7
PATIENCE_S: Final = 0.9  # and heartbeat_interval * missed_heartbeats


class Trial:
    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self.claims: dict[str, bool] = {}
        self.figures: dict[str, Figure] = {}
        status = agent.until_running()
        names = [each.name for each in status.children if each.pid and each.name not in PILLARS]
        self.children = tuple(each for each in names if not each.startswith(HASHER))
        self._descriptors = self.descriptors()

    @property
    def verdict(self) -> Verdict:
        broken = tuple(what for what, holds in self.claims.items() if not holds)
        return Verdict(held=not broken, figures=self.figures, broken=broken)

    def claim(self, what: str, holds: object) -> None:
        """Once broken, a claim stays broken."""
        self.claims[what] = bool(holds) and self.claims.get(what, True)

    def count(self, what: str, number: int) -> None:
        self.figures[what] = number + int(self.figures.get(what, 0))

    def took(self, what: str, times_s: list[float], within_s: float) -> None:
        middle, most = round(statistics.median(times_s), 3), round(max(times_s), 3)
        self.figures[f"{what}, s"] = f"{middle} (max {most})" if len(times_s) > 1 else most
        self.claim(f"{what} within {within_s:g} s", max(times_s) <= within_s)

    def gone(self, what: str, processes: Mapping[int, Process], within_s: float = 2.0) -> None:
        left = survivors(processes, within_s)
        self.count(f"{what} that survive", len(left))
        self.claim(f"no {what} survive", not left)

    def kill(self, role: str) -> float:
        """When all is quiet; seconds until there is another one at work."""
        time.sleep(QUIET_S)
        pid = self.pid(role)
        os.kill(pid, signal.SIGKILL)
        return self.agent.until_replaced(role, pid)

    def reload(self, changes: Mapping[str, Any]) -> None:
        self.agent.configure(changes)
        with self.agent.client() as client:
            client.reload()

    # -- what can be seen

    def pid(self, role: str) -> int:
        return self.agent.until(lambda: self.agent.by_role().get(role), f"a process of {role}").pid

    def pids(self) -> dict[str, int]:
        """Of everybody who has a place."""
        return {role: self.pid(role) for role in (*PILLARS, *self.children)}

    def below_main(self) -> dict[int, Process]:
        return {pid: each for pid, each in self.agent.descendants().items() if pid != self.agent.pid}

    def descriptors(self) -> dict[str, int]:
        """Of the two that live as long as the agent, if we may look: what they leak, it leaks for months."""
        pids = {"main": self.agent.pid, "supervisor": self.pid("supervisor")}
        folders = {role: f"/proc/{pid}/fd" for role, pid in pids.items()}
        readable = {role: each for role, each in folders.items() if os.access(each, os.R_OK)}
        return {role: _entries(each) for role, each in readable.items()}

    def descriptors_of(self, *roles: str) -> dict[str, int]:
        return {role: _entries(f"/proc/{self.pid(role)}/fd") for role in roles}

    def restarts(self) -> int:
        status = self.agent.until_running()
        return sum(each.restarts for each in status.children if each.name in self.children)

    def shortfalls(self) -> list[dict[str, Any]]:
        """Of what could not be looked at, as it is on record: each begin and each end."""
        with self.agent.client() as client:
            return [json.loads(each.body)["shortfall"] for each in client.alerts(kind=Rule.COVERAGE_DEGRADED.value)]

    def until_tree(self, number: int) -> float:
        """Seconds until that tree is at work."""
        began = time.monotonic()

        def there() -> Status | None:
            status = self.agent.status()
            return status if status and status.tree >= number and status.state == "running" else None

        self.agent.until(there, f"tree {number}")
        return time.monotonic() - began

    # -- the end

    def same_as_before(self) -> None:
        self.agent.until_running()
        self.claim("no zombie", self.comes_true(lambda: not self._zombies()))
        self.claim("no descriptor more", self.comes_true(self._no_more_descriptors))
        now = self.descriptors()
        for role, count in self._descriptors.items():
            self.figures[f"descriptors of {role}"] = f"{count} -> {now.get(role, 0)}"

    def _no_more_descriptors(self) -> bool:
        now = self.descriptors()
        return all(now.get(role, 0) <= count for role, count in self._descriptors.items())

    def _zombies(self) -> list[Process]:
        return [each for each in self.agent.descendants().values() if each.state == "Z"]

    def comes_true(self, wanted: Callable[[], bool], within_s: float = _SETTLED_S) -> bool:
        deadline = time.monotonic() + within_s
        while not (true := wanted()) and time.monotonic() < deadline:
            time.sleep(0.05)
        return true

    def stopped(self) -> None:
        everybody = self.agent.descendants()
        self.claim("exit code 0 when stopped", self.agent.stop() == 0)
        self.nothing_left(everybody)

    def nothing_left(self, everybody: Mapping[int, Process], within_s: float = 2.0) -> None:
        self.gone("processes", everybody, within_s)
        self.claim("no socket left", not self.sockets())

    def sockets(self) -> list[str]:
        runtime = self.agent.directory / "runtime"
        return [str(each.relative_to(runtime)) for each in runtime.rglob("*")]


@contextmanager
def on_trial(settings: Mapping[str, Any] | None = None, *, survives: bool = True, **how: Any) -> Iterator[Trial]:
    """``survives`` says that it is meant to be at work in the end, as before."""
    with Agent(settings, **how) as agent:
        trial = Trial(agent)
        yield trial
        if survives:
            trial.same_as_before()
            trial.stopped()


def _entries(directory: str) -> int:
    return len(os.listdir(directory))  # noqa: PTH208 - only counted


def is_alive(process: Process) -> bool:
    now = look(process.pid)
    return now is not None and now.start == process.start and now.state != "Z"
