"""The collector for macOS, Windows and FreeBSD, and the oracle beside the ``/proc`` reader on Linux.

It fills the same nouns from psutil's answers. What a platform does not tell is left out with a reason; the table is in
``docs/platforms.md``. There are no start ticks here, so a process is told from a later one with the same pid by its
creation time, taken once and compared again after everything else has been read. psutil has no time limits: a system
call that hangs hangs the scan.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from contextlib import suppress
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

import psutil

from daemoneye.errors import NoInputError
from daemoneye.host.psutil_answers import FAILURES, why
from daemoneye.host.psutil_platform import platform_of
from daemoneye.host.psutil_process import Examiner
from daemoneye.host.psutil_questions import created_s
from daemoneye.model.observation import Losses, Machine, Observation, Snapshot
from daemoneye.model.process import Unread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from daemoneye.host.psutil_platform import Platform
    from daemoneye.host.psutil_process import System
    from daemoneye.model.observation import ProcessKey

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_MILLISECONDS = 1000  # the other kernels tell a start in seconds and fractions


class Library(Protocol):
    """The part of psutil that is used."""

    def pids(self) -> list[int]: ...
    def boot_time(self) -> float: ...
    def Process(self, pid: int) -> psutil.Process: ...  # noqa: N802 - psutil's name


class _Known(NamedTuple):
    process: psutil.Process
    start_ticks: int


class PsutilSource:
    """A ``ProcessSource``: one ``Snapshot`` per ``scan``."""

    def __init__(
        self,
        *,
        mask: Callable[[Sequence[str]], tuple[str, ...]],
        enhanced: bool = False,
        platform: str = sys.platform,
        library: Library = psutil,
        system: System = os,
        progress: Callable[[], None] = lambda: None,
    ) -> None:
        self._platform = platform_of(platform)
        self._progress = progress
        self._library = library
        self._examiner = Examiner(
            platform=self._platform,
            ticks_per_second=_ticks_per_second(self._platform),
            system=system,
            mask=mask,
            enhanced=enhanced,
        )
        self._boot_id = _boot_id(self._platform, library.boot_time())
        # A process keeps the start it was first seen with: setting the clock later must not make it another process.
        self._known: dict[int, _Known] = {}

    def scan(self) -> Snapshot:
        wall_ms, monotonic_s = time.time_ns() // 1_000_000, seconds_with_sleep()
        machine, pids = self._ask_system()
        _forget_terminals(self._library)
        processes: dict[ProcessKey, Observation] = {}
        lost: dict[int, Unread] = {}
        for pid in pids:
            self._progress()
            found = self._observe(pid, machine)
            if isinstance(found, Unread):
                lost[pid] = found
            else:
                processes[found.key] = found
        self._known = {pid: self._known[pid] for pid in pids if pid in self._known}
        return Snapshot(
            machine=machine,
            wall_ms=wall_ms,
            monotonic_s=monotonic_s,
            processes=processes,
            losses=_losses(Counter(lost.values()), hidden=self._platform.first_pid not in pids),
            unseen=frozenset(pid for pid, reason in lost.items() if reason is not Unread.GONE),
        )

    def close(self) -> None:
        self._known.clear()

    def _ask_system(self) -> tuple[Machine, list[int]]:
        try:
            # asked every time: setting the clock moves the boot, and with it what a start means in the hours of the day
            boot_time_s, pids = self._library.boot_time(), self._library.pids()
        except FAILURES as error:
            raise NoInputError("process list", str(error), "a list of processes") from error
        ticks = self._examiner.ticks_per_second
        return Machine(boot_id=self._boot_id, boot_time_s=boot_time_s, ticks_per_second=ticks), pids

    def _observe(self, pid: int, machine: Machine) -> Observation | Unread:
        """Everything about the process that has this pid, or why there is nothing to show."""
        try:
            known = self._known[pid] = self._identify(pid, machine)
        except FAILURES as error:
            return why(error)
        observation = self._examiner.examine(known.process, known.start_ticks)
        return observation if self._is_still(known.process) else Unread.GONE

    def _identify(self, pid: int, machine: Machine) -> _Known:
        known = self._known.get(pid)
        if known is not None and self._is_still(known.process):
            return known
        process = self._library.Process(pid)
        since_boot_s = created_s(process, self._platform) - machine.boot_time_s
        # what came up with the kernel may seem older than the boot, whose time is rounded
        return _Known(process, max(0, round(since_boot_s * machine.ticks_per_second)))

    def _is_still(self, process: psutil.Process) -> bool:
        """Two objects of psutil's are equal when their creation times are.

        On macOS and Linux those are the kernel's own, which setting the clock does not move.
        """
        try:
            now = self._library.Process(process.pid)
            if self._platform.identity_may_be_blank and now.create_time() != process.create_time():
                return False
        except FAILURES:
            return False
        return now == process


def _forget_terminals(library: Library) -> None:
    """Have /dev searched again: psutil does it once, and takes a terminal opened later for none."""
    with suppress(AttributeError):  # Windows has no terminals to forget
        attrgetter("_psposix.get_terminal_map.cache_clear")(library)()


def _losses(lost: Counter[Unread], *, hidden: bool) -> Losses:
    return Losses(
        vanished=lost[Unread.GONE],
        malformed=lost[Unread.MALFORMED] + lost[Unread.UNSUPPORTED],
        refused=lost[Unread.PERMISSION] + lost[Unread.IO],
        hidden=hidden,
    )


def _ticks_per_second(platform: Platform) -> int:
    return os.sysconf("SC_CLK_TCK") if platform.name == "linux" else _MILLISECONDS


def _boot_id(platform: Platform, boot_time_s: float) -> str:
    if platform.name == "linux":
        return _BOOT_ID.read_text("ascii").strip()
    return f"{platform.name}-boot-{round(boot_time_s)}"


def seconds_with_sleep() -> float:
    """A clock that only goes forward and counts the time asleep.

    Linux has one under a name of its own; on macOS and FreeBSD it is CLOCK_MONOTONIC, which ``time.monotonic()`` is not
    on macOS; on Windows ``time.monotonic()`` is it.
    """
    for name in ("CLOCK_BOOTTIME", "CLOCK_MONOTONIC"):
        if hasattr(time, name):
            return time.clock_gettime(getattr(time, name))
    return time.monotonic()
