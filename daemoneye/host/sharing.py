"""Memory that a process shares with its forks, and how to keep it shared.

After a fork both have the same pages, until one of them writes to a page; then it has a copy of its own. Python writes
to what it only looks at: each object counts who refers to it. So a fork pays for the code that it runs, and for nothing
that is done before the fork. docs/performance.md has what that comes to, process by process.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import sys
from typing import Final

_M_ARENA_MAX: Final = -8  # malloc.h of glibc


def share_with_forks() -> None:
    """Right before the first fork, when everything has been imported."""
    gc.collect()
    if sys.version_info < (3, 12):  # from then on names are immortal: nobody counts who refers to them
        # each entry that a fork would replace with its own costs it the page of the old name, too
        sys._clear_type_cache()  # noqa: SLF001 - documented, but for its being CPython's
    _have_one_heap()
    gc.freeze()  # the collector of a fork writes into everything it goes through


def _have_one_heap() -> None:
    """A heap for each thread keeps threads out of each other's way; ours have one lock for all of them anyway."""
    with contextlib.suppress(AttributeError):  # another libc has no such call
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
