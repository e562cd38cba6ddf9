"""The rhythm of looking."""

from __future__ import annotations

import pytest

from daemoneye.lifecycle.schedule import Schedule


def test_the_first_look_is_due_at_once() -> None:
    """Nobody waits an interval to see anything."""
    assert Schedule(5.0, 100.0).delay_s(100.0) == 0.0


def test_the_rhythm_does_not_drift() -> None:
    """Looks that begin late, and take their time, do not move the next."""
    schedule, now_s = Schedule(5.0, 100.0), 100.0
    for turn in range(1, 1000):
        assert schedule.over(now_s + 1.3) == 0
        assert schedule.delay_s(now_s + 1.3) == pytest.approx(100.0 + 5.0 * turn - now_s - 1.3)
        now_s = 100.0 + 5.0 * turn + 0.7


@pytest.mark.parametrize(
    ("took_s", "left_out", "delay_s"), [(4.9, 0, 0.1), (5.0, 1, 5.0), (7.0, 1, 3.0), (27.0, 5, 3.0)]
)
def test_a_look_that_takes_longer_than_the_interval_leaves_looks_out(
    took_s: float, left_out: int, delay_s: float
) -> None:
    """They do not pile up, and the machine gets a pause."""
    schedule = Schedule(5.0, 100.0)
    assert schedule.over(100.0 + took_s) == left_out
    assert schedule.delay_s(100.0 + took_s) == pytest.approx(delay_s)


def test_who_comes_too_late_does_not_wait_longer() -> None:
    """A delay is never negative."""
    assert Schedule(5.0, 100.0).delay_s(107.0) == 0.0


def test_a_timer_that_goes_off_early_shortens_nothing() -> None:
    """A look that is over before it was due counts for the one that was due."""
    schedule = Schedule(5.0, 100.0)
    schedule.over(100.0)
    assert schedule.over(104.999) == 0
    assert schedule.delay_s(104.999) == pytest.approx(5.001)
