"""When to connect again, and how fast to catch up."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemoneye.forwarding.pace import SPREAD_S, Pace, Reconnecting
from daemoneye.supervisor.restarts import LAST_CEILING_S


def test_the_first_connection_is_made_at_once() -> None:
    """An agent that starts has nobody to be in step with."""
    assert Reconnecting(lambda: 1.0).at_s == 0.0


@pytest.mark.parametrize("drawn", [0.0, 0.25, 1.0])
def test_a_receiver_that_is_lost_by_everybody_is_not_met_by_everybody_at_once(drawn: float) -> None:
    """Each host waits a random while before its first attempt."""
    again = Reconnecting(lambda: drawn)
    again.proved()
    again.lost(100.0)
    assert again.at_s == 100.0 + SPREAD_S * drawn


def test_after_that_the_waits_double_up_to_their_ceiling() -> None:
    """And the jitter is of all of it, at the ceiling too."""
    again = Reconnecting(lambda: 0.5)
    waits = []
    for _ in range(14):
        again.lost(0.0)
        waits.append(again.at_s * 2)
    assert waits[:4] == [pytest.approx(0.1 * 2**each) for each in range(4)]
    assert waits[-1] == LAST_CEILING_S


def test_to_be_let_in_proves_nothing() -> None:
    """A receiver that accepts and hangs up is not called every moment; one that took a record is trusted again."""
    again = Reconnecting(lambda: 1.0, spread_s=0.0)
    for _ in range(20):
        again.lost(0.0)
    assert again.at_s == LAST_CEILING_S
    again.proved()
    again.lost(0.0)
    assert again.at_s == 0.0


@settings(max_examples=30, deadline=None)
@given(st.integers(10, 2000), st.integers(0, 2**32))
def test_a_backlog_keeps_its_rate(rate: int, seed: int) -> None:
    """Over ten seconds it is within a third of what was agreed, and no slice is longer than a tenth of it."""
    pace = Pace(rate, Random(seed).random)  # noqa: S311 - nothing is secret about it
    now_s, sent, slices = 0.0, 0, []
    while now_s < 10.0:
        taken = 0
        while pace.take(now_s):
            taken += 1
            if taken > rate:
                break
        slices.append(taken)
        sent += taken
        now_s = pace.next_s
    assert max(slices) == max(1, round(rate * 0.1))
    assert sent <= rate * 10 * 4 / 3 + 10
    assert sent >= rate * 10 * 2 / 3 - 10
