"""One process as psutil sees it, in the nouns of ``model/``.

Zero stands in the ``Sample`` for a number that could not be had; ``Facts.unread`` names the field, and whoever makes
a record of it leaves that field out.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from daemoneye.host.psutil_answers import FAILURES, Answers, why
from daemoneye.host.psutil_platform import STATES
from daemoneye.host.psutil_questions import credentials, executable, kernel_name, of_another, terminal
from daemoneye.host.text import from_surrogates
from daemoneye.model.observation import Facts, Observation, Sample
from daemoneye.model.process import FileIdentity, OnDisk, Unread

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    import psutil

    from daemoneye.host.psutil_platform import Platform
    from daemoneye.model.process import Credentials

_FILE = ("executable_path", "executable_file", "on_disk")  # what hangs on the path
_NEVER_TOLD = ("credentials.groups", "login_uid", "root")  # no psutil platform answers these
_U64 = 2**64 - 1  # ReFS file numbers have 128 bits, and the record's have 64


class System(Protocol):
    """What is asked of the operating system directly; ``os`` answers it, without the last two on Windows."""

    def stat(self, path: str, /) -> os.stat_result: ...
    def getpgid(self, pid: int, /) -> int: ...
    def getsid(self, pid: int, /) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Examiner:
    platform: Platform
    ticks_per_second: int
    system: System
    mask: Callable[[Sequence[str]], tuple[str, ...]]
    enhanced: bool

    def examine(self, process: psutil.Process, start_ticks: int) -> Observation:
        answers = Answers()
        with process.oneshot():
            path = answers.ask(lambda: executable(process), "", *_FILE)
            owner = answers.ask(lambda: credentials(process), None, "credentials", "user_id")
            sample = self._sample(process, start_ticks, path, owner, answers)
            return Observation(sample, self._facts(process, sample, path, owner, answers))

    def _sample(
        self, process: psutil.Process, start_ticks: int, path: str, owner: Credentials | None, answers: Answers
    ) -> Sample:
        pid = process.pid
        comm = answers.ask(lambda: from_surrogates(kernel_name(process)), "")
        ppid = answers.ask(process.ppid, None, "ppid")
        return Sample(
            pid=pid,
            start_ticks=start_ticks,
            ppid=ppid or 0,
            comm=comm,
            state=answers.ask(lambda: STATES[process.status()], "unknown", "state"),
            cpu_ticks=answers.ask(lambda: self._cpu_ticks(process), 0, "cpu_time_ms", "cpu_usage"),
            rss_bytes=answers.ask(lambda: process.memory_info().rss, 0, "memory_usage"),
            process_group=answers.ask(lambda: of_another(self.system.getpgid, pid), 0, "process_group"),
            session=answers.ask(lambda: of_another(self.system.getsid, pid), 0, "session"),
            tty_number=0,  # psutil tells the terminal's name only
            threads=answers.ask(process.num_threads, 0, "threads"),
            kernel_thread=self.platform.in_kernel(pid, ppid, path),
            image_mark=_mark(comm, path),
            uid=None if owner is None else owner.euid,
        )

    def _cpu_ticks(self, process: psutil.Process) -> int:
        spent = process.cpu_times()
        return round((spent.user + spent.system) * self.ticks_per_second)

    def _facts(
        self, process: psutil.Process, sample: Sample, path: str, owner: Credentials | None, answers: Answers
    ) -> Facts:
        path = self._usable(path, answers, kernel_thread=sample.kernel_thread)
        on_disk, file = self._on_disk(path, answers)
        answers.note(Unread.UNSUPPORTED, *_NEVER_TOLD, *(["linux"] if self.enhanced else []))
        nothing: list[str] = []
        command_line = answers.ask(lambda: _arguments(process), nothing, "command_line")
        return Facts(
            name=answers.ask(lambda: from_surrogates(process.name()), sample.comm, "name"),
            executable_path=from_surrogates(path) or None,
            executable_file=file,
            on_disk=on_disk,
            command_line=self.mask(command_line),
            cwd=self._cwd(process, answers),
            credentials=owner,
            tty=answers.ask(lambda: terminal(process), None, "tty"),
            unread=answers.unread,
        )

    def _usable(self, path: str, answers: Answers, *, kernel_thread: bool) -> str:
        if self.platform.is_absolute(path):
            return path
        if not kernel_thread and "executable_path" not in answers:
            answers.note(self.platform.no_path, *_FILE)
        return ""

    def _on_disk(self, path: str, answers: Answers) -> tuple[OnDisk, FileIdentity | None]:
        """Never ``replaced``: which file runs is not told, only which file the path leads to now."""
        if not path:
            return OnDisk.UNKNOWN, None
        try:
            return OnDisk.PRESENT, _identity(self.system.stat(path))
        except (FileNotFoundError, NotADirectoryError):
            answers.note(Unread.GONE, "executable_file")
            return OnDisk.DELETED, None
        except FAILURES as error:
            answers.note(why(error), "executable_file", "on_disk")
            return OnDisk.UNKNOWN, None

    def _cwd(self, process: psutil.Process, answers: Answers) -> str | None:
        cwd = answers.ask(lambda: from_surrogates(process.cwd() or ""), "", "cwd")
        if not cwd and "cwd" not in answers:
            answers.note(Unread.UNSUPPORTED, "cwd")  # FreeBSD answers "" for what it does not know
        return cwd or None


def _identity(found: os.stat_result) -> FileIdentity:
    return FileIdentity(
        dev=found.st_dev & _U64,
        ino=found.st_ino & _U64,
        size=found.st_size,
        mtime_ns=found.st_mtime_ns,
        ctime_ns=found.st_ctime_ns,
    )


def _mark(comm: str, path: str) -> tuple[int, ...]:
    """Executing another program changes its name or its path; without a path, who knows.

    A cryptographic sum, though a short one, so that no program finds a name under which it passes for another.
    """
    if not path:
        return ()
    text = f"{comm}\0{path}".encode("utf-8", "surrogatepass")
    return (int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big"),)


def _arguments(process: psutil.Process) -> list[str]:
    return [from_surrogates(each) for each in process.cmdline()]
