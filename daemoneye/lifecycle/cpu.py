"""How busy a process is, in percent of one core.

Between two scans it is the time the process got over the time that passed; at its first scan it is the same since the
process started, which is what ``ps`` shows. Both clocks count time asleep, so a closed lid lowers the figure instead of
multiplying it. Where a clock or a counter makes no sense the answer is ``None``: not known is not the same as idle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from daemoneye.model.observation import Sample


def percent_between(before: Sample, after: Sample, *, elapsed_s: float, ticks_per_second: int) -> float | None:
    return _percent(after.cpu_ticks - before.cpu_ticks, elapsed_s * ticks_per_second)


def percent_since_start(sample: Sample, *, monotonic_s: float, ticks_per_second: int) -> float | None:
    return _percent(sample.cpu_ticks, monotonic_s * ticks_per_second - sample.start_ticks)


def _percent(used_ticks: int, elapsed_ticks: float) -> float | None:
    # within less than one tick the counter says 0 or everything, and neither is true
    if elapsed_ticks < 1 or used_ticks < 0:
        return None
    return 100.0 * used_ticks / elapsed_ticks
