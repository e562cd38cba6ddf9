"""What the journal's thread does: one job at a time, on a file that may be slow, full or broken.

No actor in here. What a job takes in is recorded, or waits; what has become of it is told in its ``Outcome``.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from daemoneye.actors.pulling import pulled
from daemoneye.host.clocks import Clocks, wall_ms
from daemoneye.journal.ids import Ids
from daemoneye.journal.journal import Journal
from daemoneye.journal.retention import Limits
from daemoneye.model.record import Stream

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from daemoneye.journal.query import Recorded
    from daemoneye.journal.statement import Predecessor
    from daemoneye.journal.store import Answer, Standing
    from daemoneye.journal.trouble import Degraded
    from daemoneye.messages.forwarding import Pull, Pulled, PullRefused
    from daemoneye.messages.supervision import JournalSettings
    from daemoneye.model.record import Entry
    from daemoneye.outputs.formats import Mark

# Alerts read at once for the file of lines: a page of the reader, and 100 ms of work for the writer.
PIECE: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    entries: Sequence[Entry] = ()
    sign: bool = False  # and let go of what is too old
    limits: Limits | None = None  # others than before
    read: bool = False  # alerts for the file of lines, from there:
    after: Mark | None = None
    copy_after: int | None = None  # alerts for the copies, behind that one
    pulls: Sequence[Pull] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    job: Job
    answers: Sequence[Answer]
    condition: Degraded | None
    standing: Standing | None
    waiting: int
    pruned: int
    put_away: Predecessor | None  # the last file that could not be continued
    alerts: Sequence[Recorded] = ()
    copies: Sequence[Recorded] = ()
    pulled: Sequence[Pulled | PullRefused] = ()


class Recording:
    def __init__(self, settings: JournalSettings, progress: Callable[[], None]) -> None:
        new_id, now = Ids(wall_ms, secrets.token_bytes), Clocks().now
        self._journal = Journal(Path(settings.state_dir), limits_of(settings), now, new_id, progress)
        self._directory = Path(settings.state_dir)
        self._progress = progress

    def work(self, job: Job) -> Outcome:
        if job.limits:
            self._journal.limit(job.limits)
        answers = self._journal.append(job.entries)
        if job.sign and self._journal.condition is None:
            self._journal.checkpoint()
        outcome = Outcome(
            job=job,
            answers=answers,
            alerts=self._following(job.after) if job.read else (),
            copies=() if job.copy_after is None else self._journal.after(Stream.ALERTS, job.copy_after, PIECE),
            pulled=[pulled(self._journal, self._directory, pull) for pull in job.pulls],
            standing=self._journal.standing,
            condition=self._journal.condition,
            waiting=self._journal.waiting.entries,
            pruned=self._journal.pruned,
            put_away=self._journal.put_away,
        )
        self._progress()
        return outcome

    def close(self) -> None:
        """Write and sign what can be."""
        self._journal.close()

    def _following(self, mark: Mark | None) -> Sequence[Recorded]:
        """Read the alerts behind that one; all of them, if it is of another chain, which none of these has followed."""
        if mark is None:
            return self._journal.after(Stream.ALERTS, 0, PIECE)
        found = self._journal.after(Stream.ALERTS, mark.sequence - 1, PIECE)
        if found and found[0].sequence > mark.sequence:
            return found  # that one has gone by the limits
        if found and found[0].entry.id == mark.id:
            return found[1:]
        return self._journal.after(Stream.ALERTS, 0, PIECE)


def limits_of(settings: JournalSettings) -> Limits:
    return Limits(max_bytes=settings.max_bytes, max_age_ms=round(settings.max_age_s * 1000))
