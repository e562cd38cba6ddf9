"""A running agent of our own, in directories of its own, that can be looked at and hurt; and proof that it is gone.

Whoever uses this becomes a subreaper: what loses its parent comes here and is reaped, so that a process that is still
listed afterwards is one that survived.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self, TypeVar

from daemoneye.client import Client
from daemoneye.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from daemoneye.model.status import ChildReport, Status

T = TypeVar("T")

TITLE: Final = "daemoneye: "
PROGRAM: Final = str(Path(sys.executable).parent / "daemoneye")
# Ten times what a start or a restart takes on a slow machine.
PATIENCE_S: Final = 20.0
_POLL_S: Final = 0.01
_PR_SET_CHILD_SUBREAPER: Final = 36
_PLACES: Final = ("state", "runtime", "log")
# Small numbers, so that hangs are noticed while one waits; the defaults are ten times as calm.
_QUICK: Final = {
    "scan": {"interval": "200ms"},
    "supervisor": {"heartbeat_interval": "300ms", "missed_heartbeats": 3, "intensity": 50, "period": "1m"},
}


class Process(NamedTuple):
    pid: int
    start: int  # ticks since boot: a number that comes again is not the same process
    parent: int
    state: str
    title: str

    @property
    def role(self) -> str:
        """From the title, which is cut in the name of a zombie."""
        return self.title.removeprefix(TITLE).partition(" ")[0]


def look(pid: int) -> Process | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        title = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode("utf-8", "replace")
    except OSError:
        return None
    fields = stat[stat.rindex(")") + 2 :].split()
    return Process(pid, int(fields[19]), int(fields[1]), fields[0], title)


def everybody() -> dict[int, Process]:
    found = (look(int(entry.name)) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return {each.pid: each for each in found if each}


class Agent:
    """``daemoneye run`` with settings on top of quick ones; leaving the block ends it, however it is."""

    def __init__(
        self,
        settings: Mapping[str, Any] | None = None,
        *,
        before: Callable[[], None] | None = None,
        program: Sequence[str] = (PROGRAM,),
        environment: Mapping[str, str] | None = None,
        uid: int | None = None,
    ) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="de-"))  # short: a socket's path has 108 bytes
        self.directory.chmod(0o755)  # the account that everything runs as has to reach what is below
        if uid is not None:
            os.chown(self.directory, uid, uid)
        self.config = self.directory / "daemoneye.yaml"
        self.log = self.directory / "stderr"
        self.settings: dict[str, Any] = {
            **_QUICK,
            "paths": {f"{each}_dir": str(self.directory / each) for each in _PLACES},
        }
        self.configure(settings or {})
        self._before = before
        self._program = program
        self._environment = environment or {}
        self._uid = uid
        self.process: subprocess.Popen[bytes] | None = None

    def configure(self, changes: Mapping[str, Any]) -> None:
        """Write the settings file; what is there stays, section by section."""
        for section, values in changes.items():
            known = self.settings.get(section)
            self.settings[section] = {**known, **values} if isinstance(known, dict) else values
        self.config.write_text(json.dumps(self.settings), encoding="utf-8")  # which is YAML too

    # -- life

    def __enter__(self) -> Self:
        become_subreaper()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.destroy()
        shutil.rmtree(self.directory, ignore_errors=True)

    def start(self, *arguments: str) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("DAEMONEYE_")}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self._program, "run", "--config", str(self.config), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**environment, **self._environment},
                preexec_fn=self._before,  # noqa: PLW1509 - one thread
                start_new_session=True,
                user=self._uid,
                group=self._uid,
                extra_groups=None if self._uid is None else [],
            )

    def destroy(self) -> None:
        """No mercy: for the end of an experiment that went wrong, and for one that went well."""
        for each in (self.descendants() | orphans()).values():
            with contextlib.suppress(ProcessLookupError):
                os.kill(each.pid, signal.SIGKILL)
        if self.process:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
            self.process.wait()
        reap()

    @property
    def pid(self) -> int:
        assert self.process
        return self.process.pid

    def send(self, number: int) -> None:
        os.kill(self.pid, number)

    def wait(self, timeout_s: float = PATIENCE_S) -> int:
        """Its exit code."""
        assert self.process
        return self.process.wait(timeout_s)

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.send(number)
        return self.wait()

    # -- what can be seen of it

    def client(self, timeout_s: float = 5.0) -> Client:
        return Client(self.directory / "runtime" / "agent.sock", timeout_s=timeout_s)

    def status(self) -> Status | None:
        try:
            with self.client() as client:
                return client.status()
        except OperatorError:
            return None

    def child(self, name: str) -> ChildReport:
        status = self.until(self.status, "a status")
        return next(each for each in status.children if each.name == name)

    def descendants(self) -> dict[int, Process]:
        """Everything below main, and main."""
        if not self.process:
            return {}
        known, found = everybody(), {self.process.pid}
        while more := {each.pid for each in known.values() if each.parent in found} - found:
            found |= more
        return {pid: known[pid] for pid in found if pid in known}

    def by_role(self) -> dict[str, Process]:
        """Who lives; a fork that has not said yet what it is bears the name of its parent, and is left out."""
        found = self.descendants()
        titles = {pid: each.title for pid, each in found.items()}
        known = [each for each in found.values() if each.state != "Z" and titles.get(each.parent) != each.title]
        return {each.role: each for each in known}

    def lines(self) -> list[dict[str, Any]]:
        """What it logged; it is no terminal, so each line is a document."""
        return [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()]

    def logged(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.lines() if line["event"] == event]

    # -- waiting

    def until(self, wanted: Callable[[], T | None], what: str, timeout_s: float = PATIENCE_S) -> T:
        """The first answer that is one; ``TimeoutError`` with the log if there is none."""
        deadline = time.monotonic() + timeout_s
        while True:
            if answer := wanted():
                return answer
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited {timeout_s:g} s for {what}\n{self.log.read_text(encoding='utf-8')[-4000:]}")
            time.sleep(_POLL_S)

    def until_running(self, timeout_s: float = PATIENCE_S) -> Status:
        def running() -> Status | None:
            if self.process and self.process.poll() is not None:
                said = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-1:]
                raise ChildProcessError(f"it ended with {self.process.returncode}: {''.join(said)}")
            status = self.status()
            return status if status and status.state == "running" else None

        return self.until(running, "the state running", timeout_s)

    def until_replaced(self, role: str, before: int, timeout_s: float = PATIENCE_S) -> float:
        """Seconds until the role runs again, in another process."""
        began = time.monotonic()

        def replaced() -> bool:
            status = self.status()
            child = next((each for each in status.children if each.name == role), None) if status else None
            return child is not None and child.state == "running" and child.pid not in {None, before}

        self.until(replaced, f"another {role} than {before}", timeout_s)
        return time.monotonic() - began


def orphans() -> dict[int, Process]:
    """Of an agent whose main process was killed, if it left any: they have come to us."""
    ours = {pid: each for pid, each in everybody().items() if each.parent == os.getpid()}
    return {pid: each for pid, each in ours.items() if each.title.startswith(TITLE) and each.role != "main"}


def become_subreaper() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def reap() -> None:
    """Take in whoever has lost its parent to us and died."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def survivors(before: Mapping[int, Process], within_s: float = 2.0) -> list[Process]:
    """Which of these still live after that time."""
    deadline = time.monotonic() + within_s
    while True:
        reap()
        left = [each for each in before.values() if (now := look(each.pid)) and now.start == each.start]
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(_POLL_S)
