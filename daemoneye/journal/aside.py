"""Puts away a file that cannot be continued: it is evidence, but it must not fill the disk."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from daemoneye.journal.schema import sync_directory

if TYPE_CHECKING:
    from pathlib import Path

    from daemoneye.journal.trouble import Ended

_KEPT: Final = 3  # files; the last ones, and with the journal itself a multiple of the limit that stays small
_PARTS: Final = ("-wal", "-shm", "")  # the log is part of the data; the file itself last, or a kill would part them


def set_aside(path: Path, why: Ended, now_ms: int) -> Path:
    """Rename the file and its log, forget the oldest of those put away before, and return the new name."""
    when = datetime.fromtimestamp(now_ms / 1000, UTC).strftime("%Y%m%dT%H%M%S%f")[:-3]
    target = path.with_name(f"{path.name}.{why}-{when}")
    for part in _PARTS:
        with suppress(FileNotFoundError):
            path.with_name(path.name + part).rename(target.with_name(target.name + part))
    for old in put_away(path)[:-_KEPT]:
        for part in _PARTS:
            old.with_name(old.name + part).unlink(missing_ok=True)
    sync_directory(path.parent)
    return target


def put_away(path: Path) -> list[Path]:
    """List what was set aside, the oldest first."""
    found = [each for each in path.parent.glob(f"{path.name}.*-*") if not each.name.endswith(("-wal", "-shm"))]
    return sorted(found, key=lambda each: each.name.rpartition("-")[2])
