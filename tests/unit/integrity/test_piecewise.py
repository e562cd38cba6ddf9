"""The hash of the pieces, against FNV written out byte by byte."""

from __future__ import annotations

import random

import numpy as np
import pytest

from daemoneye.integrity.piecewise import GRAIN, INITIAL, Pieces, Start, Stretch

DATA = random.Random(11).randbytes(2 * GRAIN)  # noqa: S311 - a content to hash, no secret


def by_definition(data: bytes, start: Start) -> Pieces:
    state, ends, aside, cuts = start.state, [], 0, set(start.cuts.tolist())
    for place, byte in enumerate(data):
        state = (state * 0x01000193 ^ byte) & 63  # the FNV prime: of its product only the low bits matter
        if place == start.aside:
            aside = state
        if place in cuts:
            ends.append(state)
            state = INITIAL
    return Pieces(bytes(ends), aside, state)


def start(state: int, cuts: list[int], aside: int) -> Start:
    return Start(state, np.array(cuts, np.intp), aside)


STARTS = {
    "no cuts": [start(INITIAL, [], 5)],
    "every state": [start(state, [], 4000) for state in range(64)],
    "at lane ends": [start(3, [0, 62, 63, 64, 4095], 40)],
    "neighbours": [start(3, [100, 101, 102, 103], 200)],
    "several at once": [start(1, [7, 900], 4000), start(2, [], 0), start(3, [900], 901), start(4, [0], 1)],
    "crowded": [start(9, list(range(0, 63 * 5, 5)), 4500), start(8, list(range(31)), 33)],
}


@pytest.mark.parametrize("size", [GRAIN, GRAIN + 1, 2 * GRAIN - 1, 2 * GRAIN])
@pytest.mark.parametrize("starts", STARTS.values(), ids=STARTS.keys())
def test_pieces_are_those_of_the_definition(starts: list[Start], size: int) -> None:
    """Many runs at once, each with its cuts, give what each would alone; what lies behind the end has no part in it."""
    within = [Start(each.state, each.cuts[each.cuts < size], min(each.aside, size - 1)) for each in starts]
    # a position asked for must not be a cut as well: nobody asks, because the piece already tells
    runs = Stretch(np.frombuffer(DATA, np.uint8), size).run(within)
    assert runs == [by_definition(DATA[:size], each) for each in within]
