"""Whether a path still leads to the file that was looked at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from daemoneye.model.process import FileIdentity


def is_there(path: str, file: FileIdentity) -> bool:
    """Tell whether this file, unwritten since, is what lies there; ``True`` as well where nobody lets us look."""
    try:
        seen = Path(path).stat()
    except PermissionError:
        return True
    except (OSError, ValueError):  # ValueError: no path that there can be
        return False
    # not the ctime: a new link or another owner is no other content
    return (seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns) == (
        file.dev,
        file.ino,
        file.size,
        file.mtime_ns,
    )
