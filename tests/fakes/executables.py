"""A small machine: files at paths, processes that run them, packages that own them, and an agent that watches.

It keeps a kernel's rules: a process runs the file it started with, whatever becomes of the name; a file is its inode,
whatever it holds. The agent is a tracker with somebody to answer its questions and a store that outlives it.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from daemoneye.integrity.kept import Kept
from daemoneye.integrity.sighting import UNANSWERED, Hashed, Need, Now, Sighting
from daemoneye.integrity.similarity import compare
from daemoneye.integrity.territory import HOST
from daemoneye.integrity.tracker import Tracker
from daemoneye.integrity.verdicts import Policy
from daemoneye.model.alert import Alert, AlertProcess, Content, Ownership, PackageVerdict
from daemoneye.model.process import FileIdentity, HashStatus, OnDisk

if TYPE_CHECKING:
    from collections.abc import Iterable

    from daemoneye.integrity.baselines import Baseline
    from daemoneye.integrity.kept import Changes

SECOND: Final = 1000
WINDOW_S: Final = 300


def content(text: str) -> Content:
    """``good`` and ``good~2`` are nearly the same; any other two have nothing in common; ``tiny…`` says too little."""
    word = text.partition("~")[0]
    pieces = base64.b64encode(hashlib.sha512(word.encode()).digest()).decode()[:60]
    tail = hashlib.sha256(text.encode()).hexdigest()
    ssdeep = f"384:{pieces[:50]}{tail[:10]}:{pieces[:25]}{tail[:5]}"
    if word.startswith("tiny"):
        ssdeep = "3:abc:ab"
    return Content(sha256=hashlib.sha256(text.encode()).hexdigest(), ssdeep=ssdeep)


@dataclass
class File:
    ino: int
    content: Content

    @property
    def identity(self) -> FileIdentity:
        return FileIdentity(dev=1, ino=self.ino, size=10)


@dataclass
class Running:
    pid: int
    path: str
    file: File
    namespace: str = HOST
    memfd: bool = False
    status: HashStatus = HashStatus.HASHED


@dataclass
class Machine:
    files: dict[tuple[str, str], File] = field(default_factory=dict)
    processes: dict[int, Running] = field(default_factory=dict)
    packages: dict[str, tuple[str, str, str]] = field(default_factory=dict)  # path: name, version, sha256
    busy: bool = False  # the package manager is at work
    hashing: bool = True
    cached: bool = False  # digests are known before anybody asks
    _inodes: int = 100
    _pids: int = 1000

    def put(self, path: str, text: str, namespace: str = HOST) -> File:
        """Write a new file and rename it to ``path``: in place of another, if there is one."""
        self._inodes += 1
        self.files[namespace, path] = File(self._inodes, content(text))
        return self.files[namespace, path]

    def put_back(self, path: str, file: File) -> None:
        self.files[HOST, path] = file

    def link(self, path: str, to: str) -> None:
        self.files[HOST, path] = self.files[HOST, to]

    def unlink(self, path: str, namespace: str = HOST) -> File:
        return self.files.pop((namespace, path))

    def package(self, path: str, text: str, version: str = "1.0", name: str = "pack") -> None:
        """Let the database list ``path`` with this content, whatever lies there."""
        self.packages[path] = (name, version, content(text).sha256)

    def start(self, path: str, namespace: str = HOST, **more: Any) -> int:
        return self._run(Running(0, path, self.files[namespace, path], namespace, **more))

    def start_memfd(self, name: str, text: str) -> int:
        self._inodes += 1
        return self._run(Running(0, f"/memfd:{name}", File(self._inodes, content(text)), memfd=True))

    def stop(self, *pids: int) -> None:
        for pid in pids:
            del self.processes[pid]

    def sighting(self, process: Running, detected_ms: int) -> Sighting:
        there = self.files.get((process.namespace, process.path))
        state = self._state(process, there)
        return Sighting(
            process=AlertProcess(
                pid=process.pid, entity_id=f"e{process.pid}", name=process.path[-15:], executable=process.path
            ),
            start_ticks=process.pid,
            path=process.path,
            namespace=process.namespace,
            detected_ms=detected_ms,
            file=process.file.identity,
            on_disk=state,
            running=Hashed(HashStatus.CACHED, process.file.content) if self.cached else UNANSWERED,
            file_there=there.identity if there and state is OnDisk.REPLACED else None,
        )

    def answer(self, seen: Sighting, needs: Iterable[Need]) -> Sighting:
        process = self.processes[seen.process.pid]
        answers: dict[str, Any] = {}
        for need in needs:
            if need is Need.RUNNING and self.hashing:
                hashed = process.status is HashStatus.HASHED
                answers["running"] = Hashed(process.status, process.file.content if hashed else None)
            if need is Need.THERE and self.hashing:
                answers["there"] = Hashed(HashStatus.HASHED, self.files[seen.namespace, process.path].content)
            if need is Need.PACKAGE and not self.busy:
                answers["package"] = self.verdict(process.path)
        return replace(seen, **answers)

    def verdict(self, path: str) -> PackageVerdict:
        if path not in self.packages:
            return PackageVerdict(ownership=Ownership.UNOWNED, database="dpkg")
        name, version, sha256 = self.packages[path]
        file = self.files.get((HOST, path))
        if file is None:
            return PackageVerdict(name=name, version=version, database="dpkg", reason="the file is not there")
        matches = file.content.sha256 == sha256
        ownership = Ownership.MATCHES if matches else Ownership.DIFFERS
        return PackageVerdict(ownership=ownership, name=name, version=version, database="dpkg")

    def _run(self, process: Running) -> int:
        self._pids += 1
        process.pid = self._pids
        self.processes[process.pid] = process
        return process.pid

    @staticmethod
    def _state(process: Running, there: File | None) -> OnDisk:
        if process.memfd:
            return OnDisk.MEMFD
        if there is None:
            return OnDisk.DELETED
        return OnDisk.PRESENT if there.ino == process.file.ino else OnDisk.REPLACED


class Memory:
    """A store that is always well."""

    def __init__(self) -> None:
        self.baselines: dict[Any, Any] = {}
        self.windows: dict[Any, Any] = {}
        self.occasions: dict[Any, Any] = {}
        self.kept = Kept()

    def save(self, changes: Changes) -> None:
        for mine, theirs in (
            (self.baselines, changes.baselines),
            (self.windows, changes.windows),
            (self.occasions, changes.occasions),
        ):
            mine.update(theirs)
        self.kept = Kept(
            baselines=tuple(each for each in self.baselines.values() if each),
            windows=tuple(each for each in self.windows.values() if each),
            occasions=tuple(each for each in self.occasions.values() if each),
            shortfalls=changes.shortfalls,
        )


class Agent:
    """Looks at everything once a second, as a collector that tells everything would have it."""

    def __init__(
        self, machine: Machine, *, threshold: int = 80, verdicts: bool = True, window_s: float = WINDOW_S
    ) -> None:
        self.machine = machine
        self.policy = Policy(compare=compare, similarity_threshold=threshold, package_verdicts=verdicts)
        self.window_s = window_s
        self.memory = Memory()
        self.commits = True
        self.now_ms = 1_000_000
        self.alerts: list[Alert] = []
        self._ids = 0
        self._alive: set[str] = set()
        self._open_since: dict[int, int] = {}
        self.tracker = self._tracker()

    def look(self, seconds: float = 1) -> list[Alert]:
        """One scan; return what it brought."""
        self.now_ms += int(seconds * SECOND)
        alive = {f"e{pid}" for pid in self.machine.processes}
        self.tracker.exited(self._alive - alive, self.now)
        self._alive = alive
        seen = [
            self.machine.sighting(process, self._open_since.get(pid, self.now_ms))
            for pid, process in self.machine.processes.items()
        ]
        found = self._observe(seen) + list(self.tracker.tick(self.now))
        self.memory.save(self.tracker.pending())
        self.tracker.written()
        for alert in found if self.commits else ():
            self.tracker.committed(alert.id, self.now_ms)
        self.memory.save(self.tracker.pending())
        self.tracker.written()
        self.alerts += found
        return found

    def restart(self) -> None:
        self._alive = set()
        self._open_since = {}
        self.tracker = self._tracker()

    @property
    def now(self) -> Now:
        return Now(self.now_ms, self.now_ms * 1_000_000, "boot")

    def baseline(self, path: str) -> Baseline | None:
        return next((each for each in self.tracker.baselines if each.key.path == path), None)

    def _observe(self, seen: list[Sighting]) -> list[Alert]:
        alerts: list[Alert] = []
        for _ in range(4):  # ask for digests, then for a package, then for what would be nice to know
            outcome = self.tracker.observe(seen, self.now)
            alerts += outcome.alerts
            seen = [self.machine.answer(each, needs) for each, needs in outcome.wanted]
        self._open_since = {each.process.pid: each.detected_ms for each in seen}
        return alerts

    def _tracker(self) -> Tracker:
        return Tracker(policy=self.policy, dedup_window_s=self.window_s, new_id=self._new_id, kept=self.memory.kept)

    def _new_id(self) -> str:
        self._ids += 1
        return f"id{self._ids}"


def rules(alerts: Iterable[Alert]) -> list[str]:
    return [alert.rule.removeprefix("integrity.") for alert in alerts]
