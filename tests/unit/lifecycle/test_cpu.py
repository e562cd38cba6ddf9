"""How busy a process is."""

from __future__ import annotations

import pytest

from daemoneye.lifecycle.cpu import percent_between, percent_since_start
from tests.fakes.snapshots import sample


@pytest.mark.parametrize(
    ("used", "elapsed_s", "percent"), [(0, 5, 0.0), (250, 5, 50.0), (500, 5, 100.0), (2000, 5, 400.0)]
)
def test_load_between_scans_is_a_percentage_of_one_core(used: int, elapsed_s: float, percent: float) -> None:
    """Half a core is 50, four busy threads are 400."""
    before, after = sample(1, cpu_ticks=1000), sample(1, cpu_ticks=1000 + used)
    assert percent_between(before, after, elapsed_s=elapsed_s, ticks_per_second=100) == percent


@pytest.mark.parametrize(("used", "elapsed_s"), [(10, 0), (10, -5), (10, 0.009), (-1, 5)])
def test_a_clock_or_counter_gone_wrong_is_not_known(used: int, elapsed_s: float) -> None:
    """No division by nothing, no negative load, and no idle process where nothing is known."""
    before, after = sample(1, cpu_ticks=1000), sample(1, cpu_ticks=1000 + used)
    assert percent_between(before, after, elapsed_s=elapsed_s, ticks_per_second=100) is None


def test_load_at_first_sight_is_since_the_start() -> None:
    """The first figure is the one that ps shows."""
    assert percent_since_start(sample(1, start_ticks=1000, cpu_ticks=300), monotonic_s=20, ticks_per_second=100) == 30.0


@pytest.mark.parametrize("start", [2000, 1999.5, 2500])
def test_a_process_as_old_as_the_scan_has_no_load_yet(start: float) -> None:
    """Within its first clock tick, and when it seems to start later, nothing can be said."""
    assert percent_since_start(sample(1, start_ticks=start, cpu_ticks=1), monotonic_s=20, ticks_per_second=100) is None
