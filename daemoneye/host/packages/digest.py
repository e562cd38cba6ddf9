"""The digest that a package database compares by, of a file that is open: a second read, made only when one asks."""

from __future__ import annotations

import hashlib
import os
from typing import Final

_CHUNK: Final = 256 * 1024  # bytes, as for the other digests


def digest_of(descriptor: int, algorithm: str) -> str | None:
    """Hash a regular file from its beginning; ``None`` if it cannot be read, or the machine forbids the algorithm."""
    try:
        # dpkg lists no other than MD5; nobody has ever made a second file for the MD5 of a given one
        work = hashlib.new(algorithm, usedforsecurity=False)
        place = 0
        while piece := os.pread(descriptor, _CHUNK, place):
            work.update(piece)
            place += len(piece)
    except (OSError, ValueError):
        return None
    return work.hexdigest()
