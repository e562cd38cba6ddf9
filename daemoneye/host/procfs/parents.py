"""Who started a process, as far as the kernel still knows."""

from __future__ import annotations

from pathlib import Path

from daemoneye.host.procfs.stat import parse_stat


def parent_of(pid: int) -> int:
    """Raise ``OSError`` for a process that is gone."""
    return parse_stat(Path(f"/proc/{pid}/stat").read_bytes(), pid=pid, uid=0, page_size=1).ppid
