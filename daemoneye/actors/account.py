"""The account that the supervisor gives of the tree: who is up, since when, and whether each process is what it may be.

The self-check reads what the kernel says of every process of the tree, not what a process says of itself.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Final

from daemoneye.actors.transport.addresses import ADMIN, LOGGER, RUNNER
from daemoneye.host.capabilities import named
from daemoneye.host.landlock import version
from daemoneye.host.sandbox import findings, inspect
from daemoneye.messages.control import StatusReport
from daemoneye.model.status import ChildReport, ProcessReport
from daemoneye.tree import BY_NAME, HASHING, MAIN, SUPERVISOR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemoneye.actors.lives import Lives
    from daemoneye.actors.reloading import Reloads
    from daemoneye.host.identities import Identity
    from daemoneye.model.reports import WorkerReport
    from daemoneye.supervisor.child import ChildStatus
    from daemoneye.supervisor.machine import Supervisor
    from daemoneye.tree import Ground

NONE: Final = "none"


class Account:
    def __init__(self, ground: Ground, policy: Supervisor, lives: Lives, reloads: Reloads, logger_pid: int) -> None:
        self._ground = ground
        self._policy = policy
        self._lives = lives
        self._reloads = reloads
        self.workers: tuple[WorkerReport, ...] = ()  # as the hashing child tells it, whose children they are
        # nobody lives who asked for it and did not get it, so what the kernel has is what they have
        self._landlock = f"version {version()}" if version() else NONE
        self._above = {
            MAIN: ground.main_pid,
            RUNNER: ground.runner_pid,
            ADMIN: os.getppid(),
            LOGGER: logger_pid,
            SUPERVISOR: os.getpid(),
        }

    def status(self, request: int, tree: int, began_s: float) -> StatusReport:
        now_s = time.monotonic()
        processes = dict(self._above) | {life.name: life.lease.pid for life in self._lives.all}
        processes |= {worker.name: worker.pid for worker in self.workers if worker.pid}
        looks = [self._look(name, pid) for name, pid in processes.items()]
        return StatusReport(
            request=request,
            state=self._policy.state.value,
            uptime_s=now_s - self._ground.began_s,
            tree=tree,
            children=(self._self(tree, now_s - began_s), *self._children(now_s)),
            sandbox=tuple(report for report, _ in looks),
            findings=tuple(finding for _, found in looks for finding in found),
            config=self._reloads.config,
            reload=self._reloads.report,
        )

    def _self(self, tree: int, uptime_s: float) -> ChildReport:
        return ChildReport(
            name=SUPERVISOR,
            pid=os.getpid(),
            state="running",
            restarts=tree - 1,
            uptime_s=uptime_s,
            heartbeat_age_s=0.0,  # it is the one that answers
            privilege=NONE,
            generation=tree,
        )

    def _children(self, now_s: float) -> Iterator[ChildReport]:
        for child in self._policy.children:
            yield self._child(child, now_s)
            if child.name == HASHING:
                yield from (self._worker(worker, now_s) for worker in self.workers)

    def _child(self, child: ChildStatus, now_s: float) -> ChildReport:
        life = self._lives.of(child.name, child.generation)
        return ChildReport(
            name=child.name,
            pid=life.lease.pid if life else None,
            state=child.state.value,
            restarts=child.restarts,
            uptime_s=None if child.running_since_s is None else now_s - child.running_since_s,
            heartbeat_age_s=None if child.heard_s is None else now_s - child.heard_s,
            privilege=self._expected(child.name).privilege,
            generation=child.generation,
            last_words=self._lives.last_words.get(child.name, ""),
        )

    @staticmethod
    def _worker(worker: WorkerReport, now_s: float) -> ChildReport:
        return ChildReport(
            name=worker.name,
            pid=worker.pid,
            state=worker.state,
            restarts=worker.restarts,
            uptime_s=None if worker.began_s is None else now_s - worker.began_s,
            heartbeat_age_s=None if worker.heard_s is None else now_s - worker.heard_s,
            privilege=NONE,
            generation=worker.generation,
            last_words=worker.last_words,
        )

    @property
    def worker_names(self) -> tuple[str, ...]:
        return tuple(worker.name for worker in self.workers)

    def _look(self, name: str, pid: int) -> tuple[ProcessReport, tuple[str, ...]]:
        try:
            seen = inspect(pid)
        except (OSError, ValueError) as error:
            return ProcessReport(name=name, pid=pid), (f"{name}: cannot be inspected: {error}",)
        report = ProcessReport(
            name=name,
            pid=pid,
            uid=seen.credentials.euid,
            capabilities=named(seen.capabilities.permitted | seen.capabilities.effective) or NONE,
            no_new_privs=seen.no_new_privs,
            landlock="" if self._looks_at_others(name) else self._landlock,
        )
        return report, tuple(f"{name}: {each}" for each in findings(self._expected(name), seen))

    def _expected(self, name: str) -> Identity:
        identities = self._ground.identities
        if name == MAIN:
            return identities.broker
        return identities.collector if self._looks_at_others(name) else identities.others

    @staticmethod
    def _looks_at_others(name: str) -> bool:
        """Main starts such a one, so it is like it: a process in a Landlock domain sees nobody outside of it."""
        return name == MAIN or (name in BY_NAME and BY_NAME[name].privileged)
