"""The port through which the rest of the program sees processes, and the choice of what stands behind it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from daemoneye.model.observation import Snapshot


class ProcessSource(Protocol):
    """Looks at every process of the machine, again and again."""

    def scan(self) -> Snapshot: ...

    def close(self) -> None: ...


def open_source(
    *,
    enhanced: bool,
    mask: Callable[[Sequence[str]], tuple[str, ...]],
    environment_names: Collection[str],
    process_timeout_s: float,
    proc_root: str | bytes | os.PathLike[str] = "/proc",
    progress: Callable[[], None] = lambda: None,
) -> ProcessSource:
    """What this machine is best read with: ``/proc`` on Linux, psutil elsewhere, each imported only where used.

    ``progress`` is called again and again, in the thread that scans, for as long as a scan gets on.
    """
    if sys.platform != "linux":
        from daemoneye.host.psutil_source import PsutilSource  # noqa: PLC0415

        return PsutilSource(mask=mask, enhanced=enhanced, progress=progress)
    from daemoneye.host.procfs.facts import Depth  # noqa: PLC0415
    from daemoneye.host.procfs.reader import ProcfsSource  # noqa: PLC0415

    return ProcfsSource(
        depth=Depth.ENHANCED if enhanced else Depth.FULL,
        mask=mask,
        environment_names=environment_names,
        process_timeout_s=process_timeout_s,
        proc_root=os.fsencode(proc_root),
        progress=progress,
    )
