"""Both clocks of what is recorded."""

from __future__ import annotations

import time
from pathlib import Path

from daemoneye.host.clocks import Clocks, wall_ms


def test_a_moment_has_both_clocks_and_the_boot() -> None:
    """The second clock goes on while the machine sleeps, and never back."""
    clocks = Clocks()
    before, moments, after = wall_ms(), [clocks.now() for _ in range(3)], wall_ms()
    assert all(before <= each.wall_ms <= after for each in moments)
    assert [each.monotonic_ns for each in moments] == sorted(each.monotonic_ns for each in moments)
    assert abs(moments[0].monotonic_ns / 1e9 - time.clock_gettime(time.CLOCK_BOOTTIME)) < 5
    assert moments[0].boot_id == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
