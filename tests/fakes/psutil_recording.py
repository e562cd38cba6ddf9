"""psutil's answers written down, and played back as if psutil gave them.

A recording is one JSON document: a header that says where it comes from, the boot time, per process one answer per
question (a value, or ``{"raises": "AccessDenied"}``; a question that is missing is a method the platform lacks), and
what ``stat`` says of the files named. ``python -m tests.fakes.psutil_recording`` prints one of the machine it runs on;
command lines are in it as they are, so look through it before giving it away.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import psutil

from daemoneye.host.psutil_source import PsutilSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from daemoneye.host.psutil_process import System
    from daemoneye.host.psutil_source import Library

FOLDER = Path(__file__).parents[1] / "data" / "psutil"

# The parts of psutil's tuples that the source reads, in psutil's order.
SHAPES = {
    "cpu_times": ("user", "system"),
    "memory_info": ("rss",),
    "uids": ("real", "effective", "saved"),
    "gids": ("real", "effective", "saved"),
}
QUESTIONS = ("create_time", "ppid", "name", "status", "cmdline", "cwd", "num_threads", "terminal", *SHAPES)
STAT = ("st_dev", "st_ino", "st_size", "st_mtime_ns", "st_ctime_ns")
EXCEPTIONS: dict[str, Callable[[], BaseException]] = {
    "AccessDenied": lambda: psutil.AccessDenied(1),
    "NoSuchProcess": lambda: psutil.NoSuchProcess(1),
    "ZombieProcess": lambda: psutil.ZombieProcess(1),
    "FileNotFoundError": FileNotFoundError,
    "NotImplementedError": NotImplementedError,
    "OSError": lambda: OSError(1168, "Element not found"),
    "PermissionError": PermissionError,
    "RuntimeError": RuntimeError,
    "SystemError": SystemError,
    "UnicodeDecodeError": lambda: UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
}


def answer(recorded: Any) -> Any:
    """Give the value, or raise what was raised."""
    if isinstance(recorded, dict) and "raises" in recorded:
        error = EXCEPTIONS[recorded["raises"]]()
        raise error from (EXCEPTIONS[recorded["from"]]() if "from" in recorded else None)
    return recorded


class Recording:
    """Stands in for the psutil module and for ``os``."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.header = document["header"]
        self.processes: dict[int, dict[str, Any]] = {p["pid"]: p["answers"] for p in document["processes"]}
        self.files: dict[str, Any] = document["files"]
        self.booted: float = document["boot_time"]
        # what psutil adds to every creation time on macOS since the clock was set; None: psutil 7.0, which does not
        self.shift_s: float | None = 0.0
        self.on_question: Callable[[int, str], None] = lambda _pid, _question: None

    @classmethod
    def load(cls, platform: str) -> Recording:
        return cls(json.loads((FOLDER / f"{platform}.json").read_text(encoding="utf-8")))

    def source(
        self, mask: Callable[[Sequence[str]], tuple[str, ...]] = tuple, *, enhanced: bool = False
    ) -> PsutilSource:
        return PsutilSource(
            mask=mask,
            platform=self.header["platform"],
            library=cast("Library", self),
            system=cast("System", self),
            enhanced=enhanced,
        )

    def pids(self) -> list[int]:
        self.on_question(-1, "pids")
        return list(self.processes)

    def boot_time(self) -> float:
        return self.booted

    def Process(self, pid: int) -> Process:  # noqa: N802 - psutil's name
        return Process(self, pid)

    def ask(self, pid: int, question: str) -> Any:
        self.on_question(pid, question)
        if pid not in self.processes:
            raise psutil.NoSuchProcess(pid)
        if question not in self.processes[pid]:
            raise AttributeError(question)
        value = answer(self.processes[pid][question])
        return SimpleNamespace(**dict(zip(SHAPES[question], value, strict=True))) if question in SHAPES else value

    def stat(self, path: str) -> SimpleNamespace:
        return SimpleNamespace(**answer(self.files.get(path, {"raises": "FileNotFoundError"})))

    def getpgid(self, pid: int) -> int:
        return cast("int", self.ask(pid, "process_group"))

    def getsid(self, pid: int) -> int:
        return cast("int", self.ask(pid, "session"))


class Process:
    """As psutil: the creation time is kept from the first time it is asked for, and makes two objects equal."""

    def __init__(self, recording: Recording, pid: int) -> None:
        self.pid = pid
        self._recording = recording
        self._created: float | None = None
        asked: float = recording.ask(pid, "create_time")
        # Windows: left blank for a process that may not be opened
        self._identity = (pid, None if "identity_blank" in recording.processes[pid] else asked)
        self._proc = SimpleNamespace(
            exe=lambda: recording.ask(pid, "exe"),
            name=lambda: recording.ask(pid, "comm" if "comm" in recording.processes[pid] else "name"),
            create_time=self._unshifted,
        )

    def _unshifted(self, *, monotonic: bool) -> float:
        if self._recording.shift_s is None:
            raise TypeError("create_time() got an unexpected keyword argument 'monotonic'")
        assert monotonic
        return cast("float", self._recording.ask(self.pid, "create_time"))

    def oneshot(self) -> AbstractContextManager[None]:
        return nullcontext()

    def create_time(self) -> float:
        if self._created is None:
            self._created = self._recording.ask(self.pid, "create_time") + (self._recording.shift_s or 0.0)
        assert self._created is not None
        return self._created

    def exe(self) -> str:
        """As psutil: an empty or refused answer is filled up from argv[0]."""
        return self._proc.exe() or cast("list[str]", self._recording.ask(self.pid, "cmdline"))[0]

    def __getattr__(self, question: str) -> Any:
        if question not in QUESTIONS or question not in self._recording.processes.get(self.pid, QUESTIONS):
            raise AttributeError(question)
        return lambda: self._recording.ask(self.pid, question)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Process) and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)


def record(origin: str, pids: Sequence[int] | None = None) -> dict[str, Any]:
    """Write down what psutil says on this machine."""
    processes: dict[int, dict[str, Any]] = {}
    for pid in psutil.pids() if pids is None else pids:
        processes[pid] = dict(_questions(pid))
    paths = {p["exe"] for p in processes.values() if isinstance(p.get("exe"), str) and p["exe"]}
    return {
        "header": {"platform": sys.platform, "origin": origin, "psutil": psutil.__version__},
        "boot_time": psutil.boot_time(),
        "processes": [{"pid": pid, "answers": answers} for pid, answers in processes.items()],
        "files": {path: _noted(partial(_stat, path)) for path in sorted(paths)},
    }


def _questions(pid: int) -> Iterator[tuple[str, Any]]:
    try:
        process: Any = psutil.Process(pid)
    except psutil.NoSuchProcess:
        yield "create_time", {"raises": "NoSuchProcess"}
        return
    below = process._proc
    for question, ask in (
        *((question, getattr(process, question, None)) for question in QUESTIONS),
        ("exe", below.exe),
        ("comm", below.name),
        ("process_group", lambda: os.getpgid(pid)),
        ("session", lambda: os.getsid(pid)),
    ):
        if ask is not None:
            value = _noted(ask)
            yield question, list(value)[: len(SHAPES[question])] if isinstance(value, tuple) else value


def _noted(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except (psutil.Error, OSError, SystemError, RuntimeError) as error:
        return {"raises": type(error).__name__}


def _stat(path: str) -> dict[str, int]:
    found = os.stat(path)  # noqa: PTH116 - as the source asks it
    return {name: getattr(found, name) for name in STAT}


if __name__ == "__main__":
    json.dump(record("recorded on the machine"), sys.stdout, indent=1)
