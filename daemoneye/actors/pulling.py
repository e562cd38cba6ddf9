"""What the forwarder is shown of the journal. It happens in the journal's thread, between two jobs.

Only what is on the disk for good leaves the host. An alert is, when it is recorded; events are with the kernel first,
and if a power cut took them back their sequences would be given to others, which a receiver that is ahead of us would
never get. So the log is synced before events are shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemoneye.errors import OperatorError
from daemoneye.journal.reading import Reader
from daemoneye.journal.schema import FILE_NAME, sync_log
from daemoneye.messages.forwarding import LARGEST_ANSWER, MOST_ENTRIES, Passage, Pulled, PullRefused
from daemoneye.model.record import Stream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from daemoneye.journal.journal import Journal
    from daemoneye.journal.query import Recorded
    from daemoneye.messages.forwarding import Pull, Stretch


def pulled(journal: Journal, directory: Path, pull: Pull) -> Pulled | PullRefused:
    """Never nothing where there is something: whoever is shown nothing goes on behind it."""
    standing = journal.standing
    if standing is None:
        return PullRefused(request=pull.request, reason="the journal is not to be had")
    alerts = _passages(journal, Stream.ALERTS, pull.alerts)
    events = _passages(journal, Stream.EVENTS, pull.events)
    now = journal.standing
    if now is None or now.chain != standing.chain:  # a file that broke in between may have shown only a part
        return PullRefused(request=pull.request, reason="the journal had to begin anew")
    try:
        if events:
            sync_log(directory / FILE_NAME)
        anchor = _anchor(directory) if pull.anchored else ""
    except (OSError, OperatorError) as error:
        return PullRefused(request=pull.request, reason=str(error))
    return Pulled(
        request=pull.request,
        chain=standing.chain,
        last_alert=standing.last[Stream.ALERTS],
        last_event=standing.last[Stream.EVENTS],
        alerts=alerts,
        events=events,
        anchor=anchor,
    )


def _passages(journal: Journal, stream: Stream, stretch: Stretch) -> tuple[Passage, ...]:
    if stretch.entries <= 0:
        return ()
    found = journal.after(stream, stretch.after, min(stretch.entries, MOST_ENTRIES))
    return tuple(Passage(sequence=each.sequence, entry=each.entry) for each in _first(found))


def _first(found: Iterable[Recorded]) -> Iterator[Recorded]:
    size = 0
    for each in found:
        yield each
        size += len(each.entry.body)
        if size >= LARGEST_ANSWER:
            return


def _anchor(directory: Path) -> str:
    reader = Reader(directory / FILE_NAME)
    try:
        return reader.anchor().line()
    finally:
        reader.close()
