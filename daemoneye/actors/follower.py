"""Keeps the file of alerts up with the journal, at its own pace, in a thread of its own.

Log directories fill up, move away and hang, and the journal must not care. So it is asked for the next alerts only when
the ones before are written; whatever goes wrong, the file is opened anew and followed from its last line.
"""

from __future__ import annotations

import select
import time
from functools import partial
from typing import TYPE_CHECKING, Final

from daemoneye.actors.alert_file import AlertFile, Progress
from daemoneye.actors.recording import PIECE
from daemoneye.actors.worker import Worker
from daemoneye.logs import log
from daemoneye.model.record import Stream
from daemoneye.model.status import AlertFileReport

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from daemoneye.actors.recording import Outcome
    from daemoneye.journal.query import Recorded
    from daemoneye.journal.store import Standing
    from daemoneye.messages.supervision import JournalSettings
    from daemoneye.outputs.formats import Mark

# A disk under load answers within two seconds.
_HANGS_S: Final = 10.0


class Follower:
    def __init__(self, settings: JournalSettings) -> None:
        self._worker: Worker[Progress] = Worker("write")
        self._file = AlertFile(settings)
        self._next: JournalSettings | None = None
        self._progress = Progress()
        self._then: Callable[[], None] = self._opened  # what follows from the job that is being done
        self._busy_since_s = 0.0
        self._alerts: Sequence[Recorded] = ()  # read, and not written yet
        self._reached: tuple[str, int] | None = None  # chain and sequence, if that was the end when they were read
        self._followed: tuple[str, int] | None = None  # the same of what is written
        self._is_open = False
        self.in_trouble = False

    def fileno(self) -> int:
        return self._worker.descriptor

    @property
    def mark(self) -> Mark | None:
        return self._progress.mark

    # -- what the journal has to read for it

    @property
    def can_take(self) -> bool:
        return self._is_open and not (self._worker.busy or self._alerts or self._next)

    def is_behind(self, standing: Standing | None) -> bool:
        return standing is not None and self._followed != _end_of(standing)

    def take(self, outcome: Outcome) -> None:
        """What the journal has read."""
        if outcome.standing is None or not self._is_open:
            return
        self._alerts = outcome.alerts
        # of a full piece there may be more; and of a full one the first may have been known
        self._reached = _end_of(outcome.standing) if len(self._alerts) < PIECE - 1 else None
        if not self._alerts:
            self._followed = self._reached

    # -- what becomes of the file

    def apply(self, settings: JournalSettings) -> None:
        self._next = settings if settings.alert_file != self._file.settings else None

    def reopen(self) -> None:
        self._is_open = False

    def try_again(self) -> None:
        self.in_trouble = False

    def go_on(self) -> None:
        """Start what is to be done next, if there is anything."""
        if self._worker.busy:
            return
        if self._next:
            self._start(self._file.close, self._closed)
        elif self._file.settings.enabled and not self._is_open and not self.in_trouble:
            self._start(self._file.open, self._opened)
        elif self._is_open and self._alerts:
            self._start(partial(self._file.write, self._alerts), self._wrote)

    def _start(self, job: Callable[[], Progress], then: Callable[[], None]) -> None:
        self._then, self._busy_since_s = then, time.monotonic()
        self._worker.start(job)

    def collect(self) -> None:
        progress = self._worker.collect()
        if progress is None:
            return
        before, self._progress = self._progress, progress
        self._alerts = ()
        if progress.failed:
            self._is_open, self.in_trouble = False, True
        else:
            self._then()
        self._log(before)

    def _closed(self) -> None:
        if self._next:
            self._file = AlertFile(self._next, self._progress)
        self._next, self._is_open = None, False

    def _opened(self) -> None:
        """Whatever was read before may not be what comes next in this file."""
        self._is_open, self._followed = True, None

    def _wrote(self) -> None:
        self._followed = self._reached

    def _log(self, before: Progress) -> None:
        now, path = self._progress.failed, self._file.settings.path
        if now and (before.failed is None or before.failed.trouble is not now.trouble):
            log("error", "journal.file_trouble", path=path, trouble=now.trouble.value, detail=now.detail.lower())
        elif before.failed and not now:
            log("info", "journal.file_mended", path=path)

    # -- the end

    def finish(self, read: Callable[[Mark | None], Sequence[Recorded]], within_s: float) -> None:
        """Write what is missing, and close the file; unless it hangs."""
        if self._worker.busy:
            select.select([self], [], [], within_s)
            self.collect()
        if self._worker.busy:
            return
        self._worker.close()
        while self._is_open and (alerts := read(self.mark)):
            self._progress = self._file.write(alerts)
            self._is_open = not self._progress.failed
        self._file.close()

    @property
    def report(self) -> AlertFileReport | None:
        if not self._file.settings.enabled:
            return None
        trouble = self._progress.failed
        hangs_s = time.monotonic() - self._busy_since_s if self._worker.busy else 0.0
        return AlertFileReport(
            path=self._file.settings.path,
            last=self.mark.sequence if self.mark else 0,
            written=self._progress.written,
            trouble="hangs" if hangs_s > _HANGS_S else trouble.trouble.value if trouble else "",
            detail=f"for {hangs_s:.0f} s" if hangs_s > _HANGS_S else trouble.detail.lower() if trouble else "",
        )


def _end_of(standing: Standing) -> tuple[str, int]:
    return standing.chain, standing.last[Stream.ALERTS]
