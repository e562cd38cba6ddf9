"""An ssdeep digest as a value of its own: it says how alike two contents are, never that they are the same.

It compares with ``==`` but has no hash, so that no dictionary, set or cache can take one for an identity by accident.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Final, Self

from daemoneye.errors import HostileInput

_LAST_LEVEL: Final = 30  # ssdeep has no block size above 3 * 2**30
# at most 64 characters: the length of the format's first string; its second has 32 of them unless asked for more
_SHAPE: Final = re.compile(r"(\d{1,10}):([A-Za-z0-9+/]{0,64}):([A-Za-z0-9+/]{0,64})(?:,\".*\")?", re.ASCII | re.DOTALL)


@dataclass(frozen=True, slots=True)
class FuzzyDigest:
    """What ssdeep prints: pieces cut at a block size, and at twice that size."""

    block_size: int
    first: str
    second: str

    __hash__: ClassVar[None] = None  # type: ignore[assignment]  # on purpose, see above

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``BLOCKSIZE:STRING:STRING``, with or without the quoted file name that ssdeep appends."""
        found = _SHAPE.fullmatch(text)
        if not found:
            raise HostileInput("not of the form BLOCKSIZE:STRING:STRING")
        size, rest = divmod(int(found[1]), 3)
        if rest or size.bit_count() != 1 or size.bit_length() - 1 > _LAST_LEVEL:
            raise HostileInput(f"no ssdeep block size is {int(found[1])}: they are 3, 6, 12, ...")
        return cls(int(found[1]), found[2], found[3])

    def __str__(self) -> str:
        return f"{self.block_size}:{self.first}:{self.second}"
