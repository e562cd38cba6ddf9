"""Programs that are much like another, or not at all, and the ways to put one in place of another.

All of them sleep when they are started like ``sleep``, but for the stranger, which has its own arguments.
"""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path
from typing import Final

from tests.system.zoo import SLEEP

GOOD: Final = SLEEP.read_bytes()
NEARLY: Final = GOOD + b"a few bytes that were not there before"
# So much longer that its fuzzy digest is of other blocks: the two cannot be compared.
SWOLLEN: Final = GOOD + random.Random(0).randbytes(2 << 20)  # noqa: S311 - the same in every run
_TAIL: Final = Path(shutil.which("tail") or "/usr/bin/tail").resolve()
STRANGER: Final = _TAIL.read_bytes()
OF_STRANGER: Final = ("-f", "/dev/null")


def arguments_for(content: bytes) -> tuple[str, ...]:
    return OF_STRANGER if content == STRANGER else ()


def put(program: Path, content: bytes) -> None:
    """As installers do: a new file beside the old one, and then in its place."""
    new = program.with_name(f"{program.name}.new")
    new.write_bytes(content)
    new.chmod(0o755)
    new.rename(program)


def nameless(place: Path) -> int:
    """A program in a file without a name, opened for reading: what is open for writing cannot run."""
    writing = os.open(place, os.O_TMPFILE | os.O_RDWR, 0o755)
    try:
        os.write(writing, GOOD)
        return os.open(f"/proc/self/fd/{writing}", os.O_RDONLY)
    finally:
        os.close(writing)


def in_memory(name: str, content: bytes = GOOD) -> int:
    descriptor = os.memfd_create(name)
    os.write(descriptor, content)
    return descriptor
