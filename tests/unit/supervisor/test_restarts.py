"""How often, and how soon."""

from __future__ import annotations

import pytest

from daemoneye.supervisor.restarts import Backoff, RestartWindow


def test_the_window_allows_the_intensity_and_no_more() -> None:
    """Five in a minute are five, the sixth is one too many, on the last instant of the minute too."""
    window = RestartWindow(5, 60)
    assert [window.exceeded_by(at_s) for at_s in (0, 12, 24, 36, 48, 60)] == [False] * 5 + [True]


def test_the_window_forgets() -> None:
    """Restarts that are older than the period are no longer held against anybody."""
    window = RestartWindow(5, 60)
    assert not any(window.exceeded_by(at_s) for at_s in (0, 12, 24, 36, 48, 60.1, 72.1))


def test_the_window_keeps_no_more_than_it_needs() -> None:
    """A year of restarts costs as much memory as a minute of them."""
    window = RestartWindow(2, 60)
    for day in range(365):
        assert not window.exceeded_by(day * 86_400)
    assert len(window._times) == 3


def test_the_first_restart_does_not_wait_and_the_ceiling_doubles() -> None:
    """The ceiling grows to the longest wait and stays there, whatever the number."""
    backoff = Backoff(5, 60, lambda: 1.0)
    waits = [backoff.delay_s(failures) for failures in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10**6)]
    assert waits == [0, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6, 6, 6]


@pytest.mark.parametrize("random", [0.0, 0.25, 0.999])
def test_jitter_is_full_and_comes_after_the_ceiling(random: float) -> None:
    """At the ceiling waits are spread over all of it: who fell together does not come back in step."""
    assert Backoff(5, 60, lambda: random).delay_s(10**6) == 6 * random


@pytest.mark.parametrize(
    ("intensity", "period_s", "longest_s"), [(0, 60, 30), (5, 60, 6), (5, 86_400, 30), (1000, 1, 0.0005)]
)
def test_the_waits_of_a_crash_loop_fit_into_half_the_period(intensity: int, period_s: float, longest_s: float) -> None:
    """Backoff never keeps the window from filling."""
    backoff = Backoff(intensity, period_s, lambda: 1.0)
    assert backoff.longest_s == longest_s
    assert sum(backoff.delay_s(failures) for failures in range(1, intensity + 1)) <= period_s / 2
