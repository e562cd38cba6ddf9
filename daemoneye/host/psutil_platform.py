"""How the platforms that psutil reads for us differ, as data. ``docs/platforms.md`` says the same for people."""

from __future__ import annotations

import ntpath
import posixpath
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from daemoneye.errors import NoInputError
from daemoneye.model.process import Unread

if TYPE_CHECKING:
    from collections.abc import Callable

# psutil's words for a state, in ours. Those not named here ("?") are malformed.
STATES = MappingProxyType(
    {
        "running": "running",
        "waking": "running",  # on its way onto a processor
        "sleeping": "sleeping",
        "disk-sleep": "disk_sleep",
        "wake-kill": "disk_sleep",  # the same sleep, which only a deadly signal ends
        "locked": "disk_sleep",  # FreeBSD: blocked on a lock of the kernel
        "stopped": "stopped",
        "suspended": "stopped",
        "tracing-stop": "traced",
        "zombie": "zombie",
        "dead": "dead",
        "idle": "idle",
        "parked": "idle",
        "waiting": "idle",  # FreeBSD: an interrupt thread without an interrupt
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    name: str
    is_absolute: Callable[[str], bool] = posixpath.isabs
    first_pid: int = 1  # never ends: where it is not listed, other accounts' processes are hidden
    kernel_pids: frozenset[int] = frozenset()
    kernel_parent: int | None = None  # whose children without a file live in the kernel, the first process excepted
    bare_name_is_kernel: bool = False  # "Registry" and "MemCompression" are processes without an image
    identity_may_be_blank: bool = False  # psutil's own, for processes it may not open
    shifts_creation: bool = False  # psutil moves creation times when the clock is set, even those that were right
    no_path: Unread = Unread.UNSUPPORTED  # what an empty path means

    def in_kernel(self, pid: int, ppid: int | None, path: str) -> bool:
        """In doubt it is not: a missing file is no alarm for what lives in the kernel."""
        if path:
            return self.bare_name_is_kernel and not self.is_absolute(path)
        return pid in self.kernel_pids or (pid != 1 and ppid is not None and ppid == self.kernel_parent)


_PLATFORMS = (
    # The oracle. Its kernel threads cannot be told from psutil's answers inside a pid namespace, so none is claimed.
    Platform(name="linux"),
    # proc_pidpath() answers ENOENT, which psutil turns into "", for an image that has been deleted.
    Platform(name="darwin", kernel_pids=frozenset({0}), shifts_creation=True, no_path=Unread.GONE),
    # System Idle Process and System.
    Platform(
        name="win32",
        is_absolute=ntpath.isabs,
        first_pid=4,
        kernel_pids=frozenset({0, 4}),
        bare_name_is_kernel=True,
        identity_may_be_blank=True,
    ),
    # KERN_PROC_PATHNAME answers nothing for deleted images, kernel processes and names fallen out of the cache alike.
    Platform(name="freebsd", kernel_pids=frozenset({0}), kernel_parent=0),
)


def platform_of(sys_platform: str) -> Platform:
    """The one that Python names so; FreeBSD carries its major version in the name."""
    for platform in _PLATFORMS:
        if sys_platform.rstrip("0123456789") == platform.name.rstrip("0123456789"):
            return platform
    known = ", ".join(platform.name for platform in _PLATFORMS)
    # elsewhere psutil guesses an executable from argv, which the process writes itself
    raise NoInputError("platform", sys_platform, f"one of {known}")
