"""What a score says, and when there is none."""

from __future__ import annotations

import pytest

from daemoneye.integrity.fuzzy import FuzzyDigest
from daemoneye.integrity.similarity import compare

TEXT = "abcdefghijklmnopqrstuvwxyz0123456789"


@pytest.mark.parametrize(
    ("one", "other", "score"),
    [
        ("3::", "3::", 100),
        ("3:abc:de", "3:abc:de", 100),
        (f"96:{TEXT}:abc", f"96:{TEXT}:abc", 100),
        (f"96:{TEXT}:abc", f"96:{TEXT}:xyz", 100),  # a string in common is enough
        (f"96:{TEXT}:abc", f"96:{TEXT[::-1]}:abc", 0),
        (f"96:{TEXT}:abc", f"96:{TEXT[:-3]}ABC:abc", 93),  # an exchange counts twice
        (f"96:{TEXT}:abc", f"96:{TEXT[:18]}:abc", 68),
        (f"96:xyz:{TEXT}", f"192:{TEXT}:xyz", 100),  # cut at the same size
        (f"192:{TEXT}:xyz", f"96:xyz:{TEXT}", 100),
        ("3:abcdefgh:a", "3:abcdefgh:b", 8),  # little says little
        ("6:abcdefgAAAAAAAA:x", "6:abcdefgAAAA:y", 20),  # a run counts three
    ],
)
def test_scores(one: str, other: str, score: int) -> None:
    """The numbers libfuzzy gives."""
    similarity = compare(FuzzyDigest.parse(one), FuzzyDigest.parse(other))
    assert (similarity.score, similarity.comparable, similarity.reason) == (score, True, "")


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        (f"3:{TEXT}:{TEXT}", f"12:{TEXT}:{TEXT}", "block sizes 3 and 12 are too far apart"),
        (f"{3 << 30}:{TEXT}:{TEXT}", f"3:{TEXT}:{TEXT}", "block sizes 3221225472 and 3 are too far apart"),
        ("3:abc:d", "3:abd:e", "too little to go by"),
        ("3::", f"3:{TEXT}:{TEXT}", "too little to go by"),
        (f"3:{TEXT}:abc", f"6:{TEXT}:{TEXT}", "too little to go by"),
        ("3:aaaaaaaaaaaaaaaa:d", f"3:{TEXT}:d", "too little to go by"),
    ],
)
def test_not_comparable_is_not_zero(one: str, other: str, reason: str) -> None:
    """No score is made up where there is nothing to go by."""
    similarity = compare(FuzzyDigest.parse(one), FuzzyDigest.parse(other))
    assert similarity.score is None
    assert not similarity.comparable
    assert similarity.reason.startswith(reason)
