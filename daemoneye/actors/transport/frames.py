"""Frames between actors: ``u32 LE length | payload``. No socket in here.

The kernel keeps a local stream whole, so there is no checksum; the length is the peer's word, so it is judged before
anything else, and memory follows what has come, not what was announced. A reader asks ``wanted`` for how much to read
next and never gets a byte of the next frame.
"""

from __future__ import annotations

import struct
from typing import Final

from daemoneye.actors.transport.refusals import Refusal, Refused

# 1,000 process records take 200 to 700 kB (measured), and no more than that travel together: four times the worst.
MAX_FRAME: Final = 4 * 1024 * 1024
# One receive call: the default of net.core.wmem_default is 208 KiB, so a larger buffer would stay empty.
_PIECE: Final = 256 * 1024
_HEADER: Final = struct.Struct("<I")

ACK: Final = b"\x06"
NAK: Final = b"\x15"


class FrameError(Refused):
    kind = Refusal.FRAME


def encode_frame(payload: bytes, max_frame: int) -> bytes:
    """One frame. What no peer would take is our own mistake, hence ``ValueError``."""
    if not 0 < len(payload) <= max_frame:
        raise ValueError(f"actor frame: {len(payload)} bytes: expected 1 to {max_frame}")
    return _HEADER.pack(len(payload)) + payload


class Inbound:
    """One frame on its way in."""

    def __init__(self, max_frame: int) -> None:
        self._max_frame = max_frame
        self._held = bytearray()
        self._length: int | None = None

    @property
    def wanted(self) -> int:
        """How many bytes to read next; 0 when the frame is whole."""
        target = _HEADER.size if self._length is None else self._length
        return min(target - len(self._held), _PIECE)

    @property
    def begun(self) -> bool:
        return self._length is not None or bool(self._held)

    @property
    def payload(self) -> bytes:
        return bytes(self._held)

    def feed(self, data: bytes) -> None:
        if len(data) > self.wanted:
            raise ValueError(f"actor frame: fed {len(data)} bytes: expected at most {self.wanted}")
        self._held += data
        if self._length is None and len(self._held) == _HEADER.size:
            (length,) = _HEADER.unpack(self._held)
            if not 0 < length <= self._max_frame:
                raise FrameError(f"actor frame: length {length}: expected 1 to {self._max_frame}")
            self._length = length
            self._held.clear()
