"""How alike two contents are, going by their ssdeep digests: libfuzzy's score, which analysts know.

Where libfuzzy says 0 it means one of two things: nothing in common, or nothing that could be compared. Here the second
is an outcome of its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rapidfuzz.distance import Indel

if TYPE_CHECKING:
    from daemoneye.integrity.fuzzy import FuzzyDigest

_SHORTEST: Final = 7  # characters in common before libfuzzy takes two strings for related: its rolling window
_SMALLEST_BLOCK: Final = 3
_SCALE: Final = 64  # libfuzzy rounds to 64ths before it rounds to per cent
_LONG_RUN: Final = re.compile(r"(.)\1{3,}")  # says little about the content; three of it are kept


@dataclass(frozen=True, slots=True)
class Similarity:
    """From 0, nothing in common, to 100; ``None`` if there is no telling, with the reason."""

    score: int | None
    reason: str = ""

    @property
    def comparable(self) -> bool:
        return self.score is not None


def compare(one: FuzzyDigest, other: FuzzyDigest) -> Similarity:
    """Compare the strings that were cut at the same block size."""
    small, large = sorted((one, other), key=lambda digest: digest.block_size)
    if large.block_size > 2 * small.block_size:
        sizes = f"block sizes {one.block_size} and {other.block_size}"
        return Similarity(None, f"{sizes} are too far apart: the contents differ too much in length or structure")
    strings = [_shortened(text) for text in (small.first, small.second, large.first, large.second)]
    if small.block_size != large.block_size:
        return _best([(large.block_size, strings[1], strings[2])])
    if strings[:2] == strings[2:]:
        return Similarity(100)
    return _best([(small.block_size, strings[0], strings[2]), (2 * small.block_size, strings[1], strings[3])])


def _best(pairs: list[tuple[int, str, str]]) -> Similarity:
    scores = [_score(*pair) for pair in pairs if min(map(len, pair[1:])) >= _SHORTEST]
    if not scores:
        return Similarity(
            None, f"too little to go by: fewer than {_SHORTEST} characters to compare in one of the digests"
        )
    return Similarity(max(scores))


def _score(block_size: int, one: str, other: str) -> int:
    if not _substrings(one) & _substrings(other):
        return 0
    distance: int = Indel.distance(one, other)
    different = 100 * (distance * _SCALE // (len(one) + len(other))) // _SCALE
    # what is cut into small blocks is short, and short things are easily alike
    return min(100 - different, block_size // _SMALLEST_BLOCK * min(len(one), len(other)))


def _substrings(text: str) -> set[str]:
    return {text[place : place + _SHORTEST] for place in range(len(text) - _SHORTEST + 1)}


def _shortened(text: str) -> str:
    return _LONG_RUN.sub(r"\1\1\1", text)
