"""UUIDs of version 7 (RFC 9562): sorted by time, unique without asking anybody.

Python has none before 3.14. The twelve bits behind the milliseconds count, from a random start, so that the ids of one
process rise even within a millisecond and while the clock goes backwards; 62 random bits keep processes apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_COUNTER_BITS: Final = 12
_COUNTER_END: Final = 1 << _COUNTER_BITS
_TIME_MASK: Final = (1 << 48) - 1
_TAIL_MASK: Final = (1 << 62) - 1


def uuid7(unix_ms: int, counter: int, tail: int) -> str:
    """Lay the three parts out as the RFC's figure 11 has them."""
    number = (unix_ms & _TIME_MASK) << 80 | 0x7 << 76 | (counter % _COUNTER_END) << 64 | 0b10 << 62 | tail & _TAIL_MASK
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


class Ids:
    """Makes ids that rise. ``random`` gives so many random bytes, as ``secrets.token_bytes`` does."""

    def __init__(self, wall_ms: Callable[[], int], random: Callable[[int], bytes]) -> None:
        self._wall_ms = wall_ms
        self._random = random
        self._ms = -1
        self._counter = 0

    def __call__(self) -> str:
        entropy = int.from_bytes(self._random(10), "big")
        now = self._wall_ms()
        self._counter += 1
        if now > self._ms:
            # half of the range stays free, so that the count within a millisecond seldom runs over
            self._ms, self._counter = now, entropy >> 62 & (_COUNTER_END // 2 - 1)
        elif self._counter == _COUNTER_END:
            self._ms, self._counter = self._ms + 1, 0
        return uuid7(self._ms, self._counter, entropy)
