"""Whether a package manager is at work: it holds the lock of its database, and the kernel lists who holds what.

The list is read instead of asking for the lock: that takes no right to the file, and disturbs nobody.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

# Whoever only looks something up shares the lock; rpm does.
_LOCKED_INODE: Final = re.compile(rb" WRITE +-?\d+ [0-9a-f]+:[0-9a-f]+:(\d+) ")


def is_held(lock: Path, root: Path) -> bool:
    try:
        inode = lock.stat().st_ino
        return any(int(each) == inode for each in _LOCKED_INODE.findall((root / "proc/locks").read_bytes()))
    except FileNotFoundError:
        return False
