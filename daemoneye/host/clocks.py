"""What time it is, for what is recorded: both clocks, and which boot they are of."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from daemoneye.model.record import Moment

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


def wall_ms() -> int:
    return time.time_ns() // 1_000_000


class Clocks:
    def __init__(self, boot_id: Path = _BOOT_ID) -> None:
        self._boot_id = boot_id.read_text(encoding="utf-8").strip()  # does not change while we live

    def now(self) -> Moment:
        # time asleep counts, as it does for the start of a process
        monotonic_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        return Moment(wall_ms=wall_ms(), monotonic_ns=monotonic_ns, boot_id=self._boot_id)
