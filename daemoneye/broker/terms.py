"""The numbers by which main decides. They are settings, and have their defaults there."""

from __future__ import annotations

from typing import Final, NamedTuple

from daemoneye.supervisor.liveness import Rhythm

# systemd wants twice as many signs of life as its watchdog has intervals; two more are for a loaded host.
_BEATS_PER_WATCHDOG: Final = 4


class Terms(NamedTuple):
    intensity: int
    period_s: float
    heartbeat_interval_s: float
    missed_heartbeats: int
    start_timeout_s: float  # from the start of a tree until its supervisor has connected
    stop_timeout_s: float  # what all children together may take
    watchdog_s: float | None  # of the init system

    @property
    def rhythm(self) -> Rhythm:
        patience_s = self.heartbeat_interval_s * self.missed_heartbeats
        beat_s = patience_s / (self.missed_heartbeats + 1)
        return Rhythm(min(beat_s, self.watchdog_s / _BEATS_PER_WATCHDOG) if self.watchdog_s else beat_s, patience_s)
