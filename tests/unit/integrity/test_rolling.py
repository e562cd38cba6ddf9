"""Where ssdeep cuts, against the definition written out byte by byte."""

from __future__ import annotations

import random

import numpy as np
import pytest

from daemoneye.integrity import rolling

NOISE = random.Random(3).randbytes(30_000)  # noqa: S311 - a content to hash, no secret
DATA = NOISE + b"A" * 3_000 + bytes(100) + b"words and words " * 200


def by_definition(data: bytes, floor: int) -> list[tuple[int, int]]:
    found = []
    window = [0] * rolling.WINDOW
    for place, byte in enumerate(data):
        window = [byte, *window[:-1]]
        mixed = 0
        for age, each in enumerate(window):
            mixed ^= each << 5 * age
        value = (sum(window) + sum((7 - age) * each for age, each in enumerate(window)) + mixed) % 2**32
        thirds, rest = divmod(value + 1, 3)
        level = (thirds & -thirds).bit_length() - 1
        if not rest and value != 2**32 - 1 and level >= floor:
            found.append((place, level))
    return found


def with_nothing_before(data: bytes) -> rolling.Bytes:
    return np.frombuffer(bytes(rolling.BEFORE) + data, np.uint8)


@pytest.mark.parametrize("floor", [0, 1, 5, 8, 9, 12])
def test_cuts_are_those_of_the_definition(floor: int) -> None:
    """Bytes first, whole values later: no cut is missed and none invented."""
    found = rolling.cuts(with_nothing_before(DATA), floor)
    expected = by_definition(DATA, floor)
    assert found.counts.tolist() == np.bincount([level for _, level in expected], minlength=31).tolist()
    if len(expected) < 63 * 31:
        assert list(zip(found.places.tolist(), found.levels.tolist(), strict=True)) == expected


def test_what_crowds_is_thinned_to_what_can_matter() -> None:
    """Of each level there remain the first 63 cuts of a stretch and the last, and all are counted."""
    data = b"A" * 10_000
    found, expected = rolling.cuts(with_nothing_before(data), 0), by_definition(data, 0)
    of_level_0 = [place for place, level in expected if level == 0]
    assert len(of_level_0) > 9_000
    kept = found.places[found.levels == 0].tolist()
    assert kept == [*of_level_0[:63], of_level_0[-1]]
    assert found.counts[0] == len(of_level_0)


@pytest.mark.parametrize("level", range(31))
def test_every_level_is_recognised(level: int) -> None:
    """Block sizes go up to 3 * 2**30, for files of 192 GiB, and each has its cuts."""
    chosen, levels = rolling._real(np.array([(3 << level) - 1, (3 << level) - 2], np.uint32), 0)
    assert (chosen.tolist(), levels.tolist()) == ([0], [level])


def test_bytes_made_to_pass_the_first_look_gain_nothing() -> None:
    """Input that crowds where real cuts are rare is searched as a whole, with the same result."""
    data = NOISE[:5000] + bytes.fromhex("9c1f78") * 5_000 + NOISE[5000:9000]
    assert rolling._low_byte_full(with_nothing_before(data)).size > len(data) / rolling._CROWDED
    found = rolling.cuts(with_nothing_before(data), 8)
    assert list(zip(found.places.tolist(), found.levels.tolist(), strict=True)) == by_definition(data, 8)


def test_nothing_has_no_cuts() -> None:
    """An empty file is an ordinary one."""
    assert rolling.cuts(with_nothing_before(b""), 0).places.size == 0


@pytest.mark.parametrize(
    ("data", "value"),
    [(bytes(7), 0), (bytes.fromhex("7f1abe38feb138"), 2**32 - 1), (bytes.fromhex("ec7d5f18fef4f5"), 0)],
)
def test_the_last_value(data: bytes, value: int) -> None:
    """Whether a file ends in a piece depends on it."""
    assert rolling.last_value(with_nothing_before(data)) == value
