"""One look at the machine: what it takes, what comes of it, and what may go wrong with it without being wrong.

No actor in here: an ``Eye`` is opened and closed by the collector and used by its worker thread, one at a time.
"""

from __future__ import annotations

import errno
import os
import time
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

import daemoneye.host.procfs.reader  # noqa: F401 - now: once privileges are dropped, no file may be ours to import
from daemoneye.actors.landmarks import Kept
from daemoneye.errors import NoInputError, OperatorError
from daemoneye.host.source import open_source
from daemoneye.lifecycle.tracker import Tracker
from daemoneye.messages.observation import Occupancy
from daemoneye.sanitize.hostile import printable
from daemoneye.sanitize.redactor import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from daemoneye.actors.chronicle import Chronicle
    from daemoneye.host.source import ProcessSource
    from daemoneye.lifecycle.digests import Digests
    from daemoneye.lifecycle.tracker import Scan
    from daemoneye.messages.supervision import CollectorSettings
    from daemoneye.model.event import Ancestor, Exec, Modified
    from daemoneye.model.observation import ProcessKey
    from daemoneye.model.record import Entry

# Our own want, which passes: descriptors of this process or of the machine, memory of the kernel.
_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM})


class Look(NamedTuple):
    scan: Scan
    duration_s: float
    occupancies: tuple[Occupancy, ...]
    entries: tuple[Entry, ...]  # to be recorded
    ancestors: Callable[[ProcessKey], tuple[Ancestor, ...]]

    def count(self, kind: type[Exec | Modified]) -> int:
        return sum(isinstance(each, kind) for each in self.scan.events)


class NoLook(NamedTuple):
    """It was not possible this time."""

    reason: str
    duration_s: float


class Eye:
    """A source of snapshots, and the memory of the last one."""

    def __init__(
        self,
        settings: CollectorSettings,
        progress: Callable[[], None],
        chronicle: Chronicle,
        digests: Digests,
        before: Eye | None = None,
    ) -> None:
        self._settings = settings
        self._progress = progress
        self._chronicle = chronicle
        self._digests = digests
        self._source = _opened(settings, progress)
        # what was seen elsewhere, or through another mask, would look like a change of everything
        keeps = before is not None and _baseline_of(before._settings) == _baseline_of(settings)  # noqa: SLF001 - ours
        self._tracker: Tracker = before._tracker if before is not None and keeps else Tracker()  # noqa: SLF001

    def look(self) -> Look | NoLook:
        """Take as long as it takes, and tell of progress meanwhile."""
        begun_s = time.monotonic()
        try:
            snapshot = self._source.scan()
        except OSError as error:
            if error.errno not in _EXHAUSTED:
                raise
            return NoLook(os.strerror(error.errno).lower(), time.monotonic() - begun_s)
        self._progress()
        scan = self._tracker.observe(snapshot, self._digests)
        self._progress()
        bounded = (*self._tracker.occupancies, self._digests.occupancy)
        occupancies = tuple(Occupancy(**each._asdict()) for each in bounded)
        entries = tuple(self._record(scan))
        ancestors = partial(self._tracker.ancestors, machine=snapshot.machine)
        return Look(scan, time.monotonic() - begun_s, occupancies, entries, ancestors)

    def _record(self, scan: Scan) -> Iterator[Entry]:
        kept = Kept(self._settings.record_max_age_s, self._settings.record_max_bytes)
        for entry in self._chronicle.of(scan, self._tracker, kept):
            self._progress()
            yield entry

    def close(self) -> None:
        self._source.close()


def _opened(settings: CollectorSettings, progress: Callable[[], None]) -> ProcessSource:
    redactor = Redactor(mask=settings.mask, correlate_key=settings.correlation_key or None)
    try:
        return open_source(
            enhanced=settings.enhanced,
            mask=redactor.command_line,
            environment_names=settings.environment,
            process_timeout_s=settings.process_timeout_s,
            proc_root=settings.proc,
            progress=progress,
        )
    except (OperatorError, OSError) as error:
        found = f"no process files ({_why(error, settings.proc)})"
        raise NoInputError(printable(settings.proc), found, "a mounted proc filesystem") from error


def _why(error: OperatorError | OSError, proc: str) -> str:
    if isinstance(error, OSError):
        return os.strerror(error.errno or 0).lower()
    return error.found.lower() if error.where == proc else f"{error.where}: {error.found.lower()}"


def _baseline_of(settings: CollectorSettings) -> tuple[object, ...]:
    return settings.proc, settings.mask, settings.correlation_key
