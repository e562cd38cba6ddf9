"""ssdeep where there is no numpy: ppdeep, which is right but slow, and needs the whole input at once."""

from __future__ import annotations

from typing import Final

import ppdeep

# bytes; ppdeep reads 5 MB/s, and input without cuts again for each block size: 3 s of work for the worst of this size
LARGEST: Final = 1 << 20
LIMITATION: Final = "without numpy there is no ssdeep digest for more than 1 MiB"
NOTICE: Final = f"numpy is not installed: ssdeep digests are slow; {LIMITATION}"


class Engine:
    """Gathers what it is given, and lets ppdeep do the rest."""

    def __init__(self, expected_size: int | None = None) -> None:
        del expected_size  # of no use to ppdeep
        self._data = bytearray()

    def update(self, data: bytes | bytearray | memoryview) -> None:
        self._data += data

    def digest(self) -> str:
        text: str = ppdeep.hash(bytes(self._data))
        return text
