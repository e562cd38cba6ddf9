"""Odd processes, kept as long as a test looks at them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

as_root = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root")


def _may_mount() -> bool:
    """Root in a container is often root without CAP_SYS_ADMIN (bit 21)."""
    try:
        held = Path("/proc/self/status").read_text(encoding="ascii").split("CapEff:")[1].split()[0]
    except (OSError, IndexError):
        return False
    return bool(int(held, 16) & 1 << 21)


may_mount = pytest.mark.skipif(not _may_mount(), reason="needs to mount")
interpreter = Path(sys.executable).resolve()
others_run_python = pytest.mark.skipif(
    not all(path.stat().st_mode & 0o001 for path in (interpreter, *interpreter.parents)),
    reason=f"other accounts may not run {interpreter}",
)

SLEEP = Path(shutil.which("sleep") or "/bin/sleep").resolve()
NOBODY = 65534
READY = "import time; print(flush=True); time.sleep(1000)"
# how long a starting process may take to show; nothing waits this long unless it fails
PATIENCE_S = 20.0


class Zoo:
    """Starts processes and ends them all."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self._started: list[subprocess.Popen[bytes]] = []

    def copy(self, name: str = "program", place: Path | None = None) -> Path:
        return Path(shutil.copy(SLEEP, (place or self.place) / name))

    def start(self, program: Path | str, *arguments: str, **how: object) -> int:
        """Start and wait until the image is the new one: until then it is ours."""
        command = ["x", *(arguments or ("1000",))]
        process = subprocess.Popen(command, executable=program, **how)  # type: ignore[call-overload]
        self._started.append(process)
        pid: int = process.pid
        ours = str(Path("/proc/self/exe").readlink())
        wait_for(lambda: str(Path(f"/proc/{pid}/exe").readlink()) != ours)
        return pid

    def python(self, code: str, *arguments: str) -> int:
        """Start Python; it says when it is ready."""
        process = subprocess.Popen([sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE)
        self._started.append(process)
        assert process.stdout is not None
        process.stdout.readline()
        return process.pid

    def waiting_to_become(self, program: Path) -> subprocess.Popen[bytes]:
        """Start a shell that executes the program when its input ends."""
        process = subprocess.Popen(["sh", "-c", f"read x; exec {program} 1000"], stdin=subprocess.PIPE)
        self._started.append(process)
        return process

    def anonymous(self, descriptor: int) -> int:
        """Run what a descriptor leads to."""
        os.set_inheritable(descriptor, True)
        return self.start(f"/proc/self/fd/{descriptor}", close_fds=False)

    def end(self) -> None:
        for process in self._started:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()


def jail(place: Path) -> Path:
    """Make a root with a program and the libraries it needs."""
    root = place / "jail"
    for line in [str(SLEEP), *subprocess.check_output(["ldd", SLEEP], text=True).split()]:
        if line.startswith("/"):
            (root / line[1:]).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(line, root / line[1:])
    return root


def wait_for(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.01)
