"""Copies of alerts for the system's own log, in a thread of its own: the journal waits for no logger.

It follows the record from where that stands when it begins, so a copy is of what is committed. It is a copy and no
delivery: a logger that is away, or that does not read for a second, loses it, and the loss is counted.
"""

from __future__ import annotations

import json
import select
import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from daemoneye.actors.alert_file import NOT_A_RECORD, bare
from daemoneye.actors.recording import PIECE
from daemoneye.actors.worker import Worker
from daemoneye.host.clocks import wall_ms
from daemoneye.logs import log
from daemoneye.model.record import Stream
from daemoneye.model.status import SinkReport
from daemoneye.outputs.formats import Format
from daemoneye.outputs.local_syslog import LocalSyslog
from daemoneye.outputs.origin import Origin
from daemoneye.outputs.syslog import Syslog
from daemoneye.outputs.trouble import Failed, Trouble, Written

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from daemoneye.actors.recording import Outcome
    from daemoneye.journal.query import Recorded
    from daemoneye.journal.store import Standing
    from daemoneye.messages.supervision import JournalSettings

SYSLOG: Final = "syslog"
# In which a slow logger makes room many times. One that hangs costs a second for each piece, of a thread of its own.
_PATIENCE_S: Final = 1.0


class _Place(NamedTuple):
    chain: str
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Counts are of this life of the journal."""

    sent: int = 0
    lost: int = 0
    last_success_ms: int | None = None
    failed: Failed | None = None  # how it stands, after the last attempt


class SyslogCopies:
    """What the thread has: a logger, and the words for it."""

    def __init__(self, settings: JournalSettings, tally: Tally | None = None) -> None:
        self.settings = settings.syslog
        self._tally = tally or Tally()
        self._logger = LocalSyslog(str(self.settings.path))
        self._words = Syslog(
            origin=Origin(version=settings.version, host_name=settings.host_name, host_id=settings.host_id),
            format=Format(self.settings.format),
            limit=self.settings.max_message,
        )

    def try_out(self) -> Tally:
        outcome = self._logger.try_out()
        return self._told(failed=outcome if isinstance(outcome, Failed) else None)

    def copy(self, alerts: Sequence[Recorded]) -> Tally:
        for number, alert in enumerate(alerts):
            outcome = self._sent(self._message(alert))
            if isinstance(outcome, Failed):
                return self._told(failed=outcome, lost=self._tally.lost + len(alerts) - number)
            self._told(failed=None, sent=self._tally.sent + 1, last_success_ms=wall_ms())
        return self._tally

    def _sent(self, message: bytes) -> Written | Failed:
        until_s = time.monotonic() + _PATIENCE_S
        while isinstance(outcome := self._logger.send(message), Failed) and outcome.trouble is Trouble.BUSY:
            if (left_s := until_s - time.monotonic()) <= 0:
                break
            self._logger.wait_for_room(left_s)
        return outcome

    def close(self) -> None:
        self._logger.close()

    def _message(self, recorded: Recorded) -> bytes:
        try:
            return self._words.local(json.loads(recorded.entry.body), recorded.sequence)
        except NOT_A_RECORD:
            return self._words.local(bare(recorded), recorded.sequence)

    def _told(self, **news: object) -> Tally:
        self._tally = replace(self._tally, **news)  # type: ignore[arg-type] # the names are those above
        return self._tally


class Copier:
    """What the actor has."""

    def __init__(self, settings: JournalSettings) -> None:
        self._worker: Worker[Tally] = Worker("copy")
        self._next: JournalSettings | None = None
        self._tally = Tally()
        self._alerts: Sequence[Recorded] = ()  # read, and not copied yet
        self._reached: _Place | None = None  # where the record stood when they were read
        self._copying: _Place | None = None  # the same of what is being copied
        self._done: _Place | None = None  # up to there all is copied, or given up
        self._take_up(settings)

    def _take_up(self, settings: JournalSettings) -> None:
        self._copies, self._next = SyslogCopies(settings, self._tally), None
        self._is_tried = False
        if not settings.syslog.enabled:
            self._done, self._alerts = None, ()  # what is recorded until it is switched on has no copy

    def fileno(self) -> int:
        return self._worker.descriptor

    # -- what the journal has to read for it

    def wanted(self, standing: Standing | None, *, brings_alerts: bool) -> int | None:
        """Behind which alert to read on; ``None`` where there is nothing to read, or where that can wait."""
        if standing is None or not self._copies.settings.enabled:
            return None
        end = _end_of(standing)
        self._done = self._done or end
        if self._next or self._worker.busy or self._alerts or not (brings_alerts or self._done != end):
            return None
        return self._done.sequence if self._done.chain == end.chain else 0

    def take(self, outcome: Outcome) -> None:
        """What the journal has read."""
        if outcome.standing is None or outcome.job.copy_after is None:
            return
        end = _end_of(outcome.standing)
        if self._done and self._done.chain != end.chain and outcome.job.copy_after:
            return  # a new chain began in this very job: it is read from its beginning
        self._alerts = outcome.copies
        # of a full piece there may be more
        self._reached = end._replace(sequence=self._alerts[-1].sequence) if len(self._alerts) == PIECE else end
        if not self._alerts:
            self._done = self._reached

    # -- what becomes of the copies

    def apply(self, settings: JournalSettings) -> None:
        self._next = settings if settings.syslog != self._copies.settings else None

    @property
    def in_trouble(self) -> bool:
        return self._copies.settings.enabled and self._tally.failed is not None

    def try_again(self) -> None:
        self._is_tried = not self.in_trouble

    def go_on(self) -> None:
        """Start what is to be done next, if there is anything."""
        if self._worker.busy:
            return
        if self._next:
            self._copies.close()
            self._take_up(self._next)
        if self._alerts:
            self._copying, alerts, self._alerts = self._reached, self._alerts, ()
            self._worker.start(partial(self._copies.copy, alerts))
        elif self._copies.settings.enabled and not self._is_tried:
            self._is_tried = True
            self._worker.start(self._copies.try_out)

    def collect(self) -> None:
        tally = self._worker.collect()
        if tally is None:
            return
        before, self._tally = self._tally, tally
        self._done, self._copying = self._copying or self._done, None
        now, path = tally.failed, str(self._copies.settings.path)
        if now and (before.failed is None or before.failed.trouble is not now.trouble):
            log("warning", "journal.copy_trouble", path=path, trouble=now.trouble.value, detail=now.detail.lower())
        elif before.failed and not now:
            log("info", "journal.copy_mended", path=path, lost=tally.lost)

    # -- the end

    def finish(self, read: Callable[[int], Sequence[Recorded]], standing: Standing | None) -> None:
        """Copy what is missing; unless a logger that hangs is in the way."""
        self._wait()
        self._alerts = ()
        after = self.wanted(standing, brings_alerts=True)
        if after is not None and (alerts := read(after)):
            self._worker.start(partial(self._copies.copy, alerts))
            self._wait()
        if not self._worker.busy:
            self._worker.close()
            self._copies.close()

    def _wait(self) -> None:
        if self._worker.busy:
            select.select([self], [], [], _PATIENCE_S)
            self.collect()

    def report(self, standing: Standing | None) -> SinkReport | None:
        """How it goes, as one of the ways out: sent is what the logger's socket took, as nobody acknowledges a copy."""
        if not self._copies.settings.enabled:
            return None
        tally, end = self._tally, standing and _end_of(standing)
        trouble = f"{tally.failed.trouble.value}: {tally.failed.detail.lower()}" if tally.failed else ""
        return SinkReport(
            name=SYSLOG,
            state="away" if tally.failed else "connected" if self._is_tried else "connecting",
            trouble=trouble,
            acknowledged=tally.sent,
            set_aside=tally.lost,
            behind=_between(self._done, end) if self._done and end else 0,
            last_success_ms=tally.last_success_ms,
        )


def _end_of(standing: Standing) -> _Place:
    return _Place(standing.chain, standing.last[Stream.ALERTS])


def _between(done: _Place, end: _Place) -> int:
    return end.sequence - (done.sequence if done.chain == end.chain else 0)
