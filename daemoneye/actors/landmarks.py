"""When everybody is recorded once more, so that the past can be told from there and not from the beginning.

The record lets go of what is old, with it the first look at everybody; and whoever asks about a moment reads on from
the look before it. So there is another one every few hours, before half of what is kept has gone by, and earlier where
so much happens that reading on would take long. No clock in here.
"""

from __future__ import annotations

from typing import Final, NamedTuple

# A thousand processes take 0.9 MB each time: four times a day that is little beside what happens.
_LONGEST_S: Final = 6 * 3600.0
_SHORTEST_S: Final = 60.0  # however short a time is kept: a record of looks alone would be of no use
# `at` reads as many in half a second [measured].
_MOST: Final = 50_000
_SHARE: Final = 8  # of what the journal may take: an eighth
_ENTRY_BYTES: Final = 2048  # with its place in the indexes; 1.4 KB are usual, and those with a long chain have more


class Kept(NamedTuple):
    """As far as the record reaches."""

    max_age_s: float
    max_bytes: int


class Landmarks:
    def __init__(self) -> None:
        self._at_s: float | None = None
        self._entries = 0

    def look(self, at_s: float) -> None:
        """Everybody is recorded at this moment."""
        self._at_s, self._entries = at_s, 0

    def add(self, entries: int) -> None:
        """So much has happened since."""
        self._entries += entries

    def is_due(self, at_s: float, everybody: int, kept: Kept) -> bool:
        if self._at_s is None:
            return True
        longest_s = max(_SHORTEST_S, min(kept.max_age_s / 2, _LONGEST_S))
        # not before as much has happened as a look takes: where little can be kept, looks are half of it at most
        most = max(everybody, min(kept.max_bytes // _SHARE // _ENTRY_BYTES, _MOST))
        return at_s - self._at_s >= longest_s or self._entries >= most
