"""Frames of RELP, the Reliable Event Logging Protocol: ``TXNR SP COMMAND SP DATALEN [SP DATA] LF``.

Bytes in, frames out. The other side may be anybody: every number is checked before as much is waited for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from daemoneye.errors import HostileInput

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST_NUMBER: Final = 999_999_999  # nine digits, by the definition of TXNR and DATALEN
# What a receiver says is a code and a sentence, or some lines of offers: librelp's take 100 bytes.
LONGEST_ANSWER: Final = 16 * 1024
_HEADER: Final = re.compile(rb"([0-9]{1,9}) ([A-Za-z]{1,32}) ([0-9]{1,9})([ \n])")
_LONGEST_HEADER: Final = 9 + 1 + 32 + 1 + 9 + 1


class RelpViolation(HostileInput):
    """What came in is not RELP, or not now."""


class Frame(NamedTuple):
    number: int
    command: bytes
    data: bytes = b""

    def to_bytes(self) -> bytes:
        data = b" " + self.data if self.data else b""
        return b"%d %s %d%s\n" % (self.number, self.command, len(self.data), data)


class FrameReader:
    """Holds at most one frame that is not complete."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Yield the frames that are complete; raise ``RelpViolation`` at the first byte that cannot be right."""
        self._held += data
        while frame := self._next():
            yield frame

    def _next(self) -> Frame | None:
        header = _HEADER.match(self._held)
        if not header:
            self._demand_possible()
            return None
        number, length = int(header[1]), int(header[3])
        if length > LONGEST_ANSWER:
            raise RelpViolation(f"a frame of {length} bytes: at most {LONGEST_ANSWER}")
        if (header[4] == b" ") != bool(length):
            raise RelpViolation("a length that does not fit what follows")
        end = header.end() + length
        if length and len(self._held) <= end:
            return None
        if length and self._held[end] != 0x0A:
            raise RelpViolation("a frame without an end")
        frame = Frame(number, bytes(header[2]), bytes(self._held[header.end() : end]))
        del self._held[: end + bool(length)]
        return frame

    def _demand_possible(self) -> None:
        if len(self._held) >= _LONGEST_HEADER or not _BEGINNING.fullmatch(self._held):
            raise RelpViolation("no header of a frame")


_BEGINNING: Final = re.compile(rb"(?:[0-9]{1,9}(?: (?:[A-Za-z]{1,32}(?: [0-9]{0,9})?)?)?)?")
