"""Claim: the agent costs next to nothing, starts at once, and a dead collector is hardly missed.

The numbers of the claim: the idle tree (main, runner, admin, logger, supervisor, all children) below 75 MB in total and
below 0.5 % of one core; up within 2 s; a killed collector answers again within 100 ms. Memory is PSS: what a process
has alone and its part of what it shares. The agent runs with the settings it has when nobody says anything; a busy host
has more processes to look at, so their number is told with the figures. Needs root, to read the memory of others.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

from chaos.agent import Agent
from daemoneye.errors import OperatorError
from daemoneye.tree import COLLECTOR

if TYPE_CHECKING:
    from collections.abc import Sequence

_TARGETS: Final = {"PSS": "75 MB", "CPU": "0.5 % of one core", "start": "2 s", "collector": "100 ms"}
# What the product has, in place of the harness's quick ones.
_DEFAULTS: Final = {
    "scan": {"interval": "5s"},
    "supervisor": {"heartbeat_interval": "3s", "missed_heartbeats": 3, "intensity": 1000, "period": "1m"},
}
_CALM_S: Final = 12.0  # two looks and four heartbeats: what is allocated at first has been allocated
_TICKS: Final = os.sysconf("SC_CLK_TCK")


class Cost(NamedTuple):
    pss_kib: int
    copied_kib: int  # written to since the fork, and so no longer shared with main
    cpu_s: float


def cost_of(pid: int) -> Cost:
    _, *lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    kib = {name: int(value.removesuffix(" kB")) for name, value in (line.split(":") for line in lines)}
    return Cost(kib["Pss"], kib["Private_Dirty"], cpu_of(pid))


def cpu_of(pid: int) -> float:
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    fields = stat[stat.rindex(")") + 2 :].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS  # utime, stime


def measure_idle(seconds: float) -> None:
    with Agent(_DEFAULTS) as agent:
        agent.until_running()
        time.sleep(_CALM_S)
        before = {role: cost_of(each.pid) for role, each in agent.by_role().items()}
        began = time.monotonic()
        time.sleep(seconds)
        lasted = time.monotonic() - began
        after = {role: cost_of(each.pid) for role, each in agent.by_role().items()}
        status = agent.until_running()
    print(f"{'process':12} {'PSS':>9} {'its own':>9} {'CPU':>9}")
    for role, cost in after.items():
        memory = f"{cost.pss_kib / 1024:6.1f} MB {cost.copied_kib / 1024:6.1f} MB"
        print(f"{role:12} {memory} {(cost.cpu_s - before[role].cpu_s) / lasted:9.3%}")
    pss_mb = sum(each.pss_kib for each in after.values()) / 1024
    copied_mb = sum(each.copied_kib for each in after.values()) / 1024
    cpu = sum(each.cpu_s - before[role].cpu_s for role, each in after.items()) / lasted
    where = f"over {lasted:.0f} s; {status.coverage.seen if status.coverage else 0} processes on the host"
    print(f"{'all':12} {pss_mb:6.1f} MB {copied_mb:6.1f} MB {cpu:9.3%}   {where}")
    print(f"{'target':12} {_TARGETS['PSS']:>9} {'':9}  {_TARGETS['CPU']}")


def start_times(rounds: int) -> list[float]:
    """From the command to a status that says running."""
    times = []
    for _ in range(rounds):
        with Agent(_DEFAULTS) as agent:
            began = time.monotonic()
            agent.until_running()
            times.append(time.monotonic() - began)
    return times


def recovery_times(rounds: int) -> list[float]:
    """From the kill of the collector to the first part of a list from the next one."""
    times = []
    with Agent(_DEFAULTS) as agent:
        agent.until_running()
        for _ in range(rounds):
            time.sleep(0.3)  # a list of the old one is no answer of the new one
            before = agent.child(COLLECTOR).pid
            os.kill(agent.by_role()[COLLECTOR].pid, signal.SIGKILL)
            began = time.monotonic()
            agent.until(partial(answers, agent, before), "a list")
            times.append(time.monotonic() - began)
    return times


def answers(agent: Agent, before: int | None) -> bool:
    try:
        with agent.client() as client:
            if agent.child(COLLECTOR).pid in {None, before}:
                return False
            return next(iter(client.processes()), None) is not None
    except OperatorError:
        return False


def told(what: str, times: Sequence[float], unit: str, factor: float, target: str) -> None:
    low, middle, high = (factor * each for each in (min(times), statistics.median(times), max(times)))
    print(f"{what:42} median {middle:.0f} {unit} ({low:.0f} to {high:.0f}, {len(times)} times), target {target}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0, help="how long the idle tree is watched")
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    if os.geteuid() != 0:
        print("idle: started as somebody else: root, to read the memory of every process")
        return
    measure_idle(given.seconds)
    told("command to running", start_times(given.rounds), "ms", 1000, _TARGETS["start"])
    told("collector killed to its list again", recovery_times(given.rounds), "ms", 1000, _TARGETS["collector"])


if __name__ == "__main__":
    main()
