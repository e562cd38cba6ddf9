"""The file of alerts as JSON lines: it follows the journal, from the last line that is in it.

What is missing after a crash, a full disk or a time of being switched off is written as soon as it can be, in order and
once. Only when the last line was moved away by somebody is there nothing to follow: for that, where an empty file
begins is kept beside the journal. No actor in here; one thread at a time.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from daemoneye.logs import log
from daemoneye.outputs.formats import LONGEST_LINE, Format, Mark, line, mark_of
from daemoneye.outputs.jsonl import JsonLines, Opened
from daemoneye.outputs.origin import Origin
from daemoneye.outputs.trouble import Failed, failed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daemoneye.journal.query import Recorded
    from daemoneye.messages.supervision import JournalSettings

MARK_NAME: Final = "alerts.mark"
_MODE: Final = 0o640
_LONGEST_MARK: Final = 256
# What a body that is not a record of ours can end in, on its way through a format.
NOT_A_RECORD: Final = (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far it is. Without a mark, no alert is in the file."""

    mark: Mark | None = None
    written: int = 0  # by us, in this life
    failed: Failed | None = None


class AlertFile:
    def __init__(self, settings: JournalSettings, progress: Progress | None = None) -> None:
        self.settings = settings.alert_file
        self._path = Path(self.settings.path)
        self._mark_path = Path(settings.state_dir) / MARK_NAME
        self._origin = Origin(version=settings.version, host_name=settings.host_name, host_id=settings.host_id)
        self._progress = progress or Progress()
        self._directory = -1
        self._lines: JsonLines | None = None

    def open(self) -> Progress:
        """Find out where to go on; also when somebody has moved the file away."""
        try:
            opened = self._opened()
        except OSError as error:
            opened = failed(error)
        if isinstance(opened, Failed):
            return self._told(failed=opened)
        last = mark_of(opened.last) if opened.last else None
        if last is None:
            last = self._progress.mark or self._read_mark()
            self._write_mark(last)
        return self._told(mark=last, failed=None)

    def _opened(self) -> Opened | Failed:
        if self._lines is None:
            self._directory = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            given = self.settings
            self._lines = JsonLines(
                self._directory, self._path.name, max_size=given.max_size, max_files=given.max_files
            )
        return self._lines.open()

    def write(self, alerts: Sequence[Recorded]) -> Progress:
        if self._lines is None:
            return self._progress
        outcome = self._lines.write([self._line(each) for each in alerts])
        last = alerts[outcome.lines - 1] if outcome.lines else None
        return self._told(
            mark=Mark(last.sequence, last.entry.id) if last else self._progress.mark,
            written=self._progress.written + outcome.lines,
            failed=outcome if isinstance(outcome, Failed) else None,
        )

    def close(self) -> Progress:
        if self._lines is not None:
            self._lines.close()
            os.close(self._directory)
            self._lines = None
            self._write_mark(self._progress.mark)
        return self._progress

    def with_settings(self, settings: JournalSettings) -> Self:
        return type(self)(settings, self._progress)

    def _told(self, **news: object) -> Progress:
        self._progress = replace(self._progress, **news)  # type: ignore[arg-type] # the names are those above
        return self._progress

    def _line(self, recorded: Recorded) -> bytes:
        try:
            return self._formatted(json.loads(recorded.entry.body), recorded.sequence)
        except NOT_A_RECORD:
            log("error", "journal.strange_alert", sequence=recorded.sequence, id=recorded.entry.id)
            return self._formatted(bare(recorded), recorded.sequence)

    def _formatted(self, body: dict[str, object], sequence: int) -> bytes:
        limit = min(LONGEST_LINE, self.settings.max_size - 1)  # what no file can take would be in the way for ever
        form = Format(self.settings.format)
        return line(body, sequence=sequence, origin=self._origin, format=form, limit=limit)

    def _read_mark(self) -> Mark | None:
        try:
            with self._mark_path.open("rb") as file:
                return mark_of(file.read(_LONGEST_MARK))
        except OSError:
            return None

    def _write_mark(self, mark: Mark | None) -> None:
        """Not without it, but without it an alert may come twice: then that is how it is."""
        if mark is None:
            return
        draft = self._mark_path.with_name(f".{MARK_NAME}.new")
        try:
            with draft.open("w", encoding="utf-8") as file:
                os.fchmod(file.fileno(), _MODE)
                file.write(json.dumps(mark._asdict()))
                file.flush()
                os.fsync(file.fileno())
            draft.rename(self._mark_path)
        except OSError as error:
            log("warning", "journal.mark_not_kept", because=(error.strerror or str(error)).lower())


def bare(recorded: Recorded) -> dict[str, object]:
    """Of an alert whose body nobody can read, what its columns say: better than a line that is missing."""
    entry = recorded.entry
    return {
        "stream": entry.stream.word,
        "kind": entry.kind,
        "rule": {"id": entry.kind, "name": entry.kind},
        "id": entry.id,
        "severity": entry.severity.word,
        "wall_ms": entry.occurred.wall_ms,
        "monotonic_ns": entry.occurred.monotonic_ns,
        "boot_id": entry.occurred.boot_id,
        "message": "What was recorded of this alert cannot be read.",
    }
