"""Small disks, seen by nobody but the agent: in a mount namespace that goes when its last process goes."""

from __future__ import annotations

import contextlib
import ctypes
import os
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from chaos.agent import Agent
from chaos.harness import SkippedError
from daemoneye.host.keys import read_or_create_key
from daemoneye.premises import KEY_FILE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from chaos.trial import Trial

_CLONE_NEWNS: Final = 0x00020000  # linux/sched.h
_MS_REC, _MS_PRIVATE = 0x4000, 1 << 18  # linux/mount.h
_SIZE: Final = 8 * 1024 * 1024


class Disk:
    """For state, logs and standard error. What changes its mount is for the first process, before it is the agent."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.paths = {"state_dir": str(path / "state"), "log_dir": str(path / "log")}
        self.settings = {"paths": self.paths, "sanitize": {"correlate": True}}  # for which it keeps a key

    def mount(self) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        options = f"size={_SIZE},mode=777".encode()
        if (
            libc.unshare(_CLONE_NEWNS)
            or libc.mount(None, b"/", None, _MS_REC | _MS_PRIVATE, None)
            or libc.mount(b"chaos", os.fsencode(self.path), b"tmpfs", 0, options)
        ):
            raise OSError(ctypes.get_errno(), "unshare, mount")
        errors = os.open(self.path / "stderr", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(errors, 2)
        os.close(errors)

    def used_before(self) -> None:
        """What an agent leaves there that ran before this one."""
        for directory in self.paths.values():
            Path(directory).mkdir()
            Path(directory).chmod(0o777)
        read_or_create_key(self.path / "state" / KEY_FILE)

    def fill(self) -> None:
        fill(self.path)

    def close(self) -> None:
        """Read-only from now on; standard error is elsewhere again, for an open file would keep it writable."""
        os.dup2(1, 2)
        (self.path / "stderr").unlink()
        remount(self.path, "ro")

    def seen_by(self, agent: Agent) -> Path:
        return Path(f"/proc/{agent.pid}/root{self.path}")

    def close_under(self, agent: Agent) -> None:
        remount(self.path, "ro", ["nsenter", "-t", str(agent.pid), "-m"])

    def open_under(self, agent: Agent) -> None:
        remount(self.path, "rw", ["nsenter", "-t", str(agent.pid), "-m"])


def fill(place: Path) -> int:
    """Until nothing more fits, not even where the last page of what is there has room; how many bytes that were."""
    written = 0
    for name in ("filler", "stderr"):
        with (place / name).open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while count := file.write(bytes(64)):
                written += count
    return written


def empty(place: Path) -> None:
    (place / "filler").unlink()


def remount(path: Path, how: str, prefix: Sequence[str] = ()) -> None:
    subprocess.run([*prefix, "mount", "-o", f"remount,{how}", str(path)], check=True)


def until_degraded(agent: Agent) -> bool:
    """It says so; and every child that has a process is at work."""

    def degraded() -> bool:
        status = agent.status()
        at_work = status is not None and all(each.state == "running" for each in status.children if each.pid)
        return status is not None and status.state == "degraded" and at_work

    return agent.until(degraded, "the state degraded")


def starts_on(trial: Trial, spoilt: Disk, spoil: Callable[[], None], *, exit_codes: set[int], why: str) -> None:
    """An agent that was at work there before starts, degraded. One that was not is refused: its key has no place."""

    def used() -> None:
        spoilt.mount()
        spoilt.used_before()
        spoil()

    def never_used() -> None:
        spoilt.mount()
        spoil()
        os.dup2(1, 2)  # where we can read what it says

    with Agent(spoilt.settings, before=used) as agent:
        trial.claim("it starts again, degraded", until_degraded(agent))
        trial.claim("and stops, exit code 0", agent.stop() == 0)
    with Agent(spoilt.settings, before=never_used) as agent:
        trial.claim("the first start is refused", agent.wait() in exit_codes)
        trial.claim("and why is said in a line", why in agent.log.read_text(encoding="utf-8").splitlines()[-1])


@contextmanager
def disk() -> Iterator[Disk]:
    if os.geteuid() != 0:
        raise SkippedError("needs root, to mount")
    with tempfile.TemporaryDirectory() as place:
        path = Path(place)
        path.chmod(0o755)
        yield Disk(path)
