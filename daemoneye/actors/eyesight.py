"""How well the collector sees, as lines in the log: at the first look, and whenever the kind of its losses changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemoneye.lifecycle.sight import Sight, hindrances
from daemoneye.logs import log

if TYPE_CHECKING:
    from daemoneye.model.coverage import Coverage


class Eyesight:
    def __init__(self) -> None:
        self._sight = Sight()
        self._seen_before = False
        self.failed = 0  # looks in a row that were not possible

    def saw(self, coverage: Coverage) -> None:
        if self.failed:
            log("info", "collector.sees_again", looks_missed=self.failed)
        self.failed = 0
        change = self._sight.observe(hindrances(coverage))
        if not self._seen_before:
            log("info", "collector.first_look", message=coverage.sentence(), seen=coverage.seen)
        elif change is not None:
            _tell_change(change.appeared, change.over, coverage)
        self._seen_before = True

    def saw_nothing(self, reason: str) -> None:
        self.failed += 1
        if self.failed == 1:
            log("error", "collector.blind", because=reason)


def _tell_change(appeared: tuple[str, ...], over: tuple[str, ...], coverage: Coverage) -> None:
    if appeared:
        log("warning", "collector.sees_less", because=", ".join(appeared), coverage=coverage.sentence())
    if over:
        log("info", "collector.sees_more", no_longer=", ".join(over), coverage=coverage.sentence())
