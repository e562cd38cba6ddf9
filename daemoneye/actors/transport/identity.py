"""Who we are to the file system, which decides what directory is ours and whose sockets we may connect to.

That is the effective uid everywhere but in one place: without an account of its own, the collector of an agent that was
started as root stays uid 0, for the processes that it has to read, and takes part in everything else as nobody.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

_STATUS: Final = Path("/proc/thread-self/status")
_FILESYSTEM_UID: Final = re.compile(rb"^Uid:(?:\t\d+){3}\t(\d+)$", re.MULTILINE)


def filesystem_uid() -> int:
    """Read, not asked: the call that would tell could also change it, and a role may be denied it."""
    found = _FILESYSTEM_UID.search(_STATUS.read_bytes())
    if found is None:
        raise OSError(f"{_STATUS}: no uids in it")
    return int(found[1])
