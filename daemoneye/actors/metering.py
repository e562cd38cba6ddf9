"""The metrics as a file, for a collector that reads files: written in a thread, for a disk may take its time.

The directory is opened anew each time: it may come later than the agent, and be another after a package's update.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Final

from daemoneye.actors.worker import Worker
from daemoneye.logs import log
from daemoneye.outputs.tallies import Sink
from daemoneye.outputs.textfile import replace
from daemoneye.outputs.trouble import Failed, Trouble, Written, failed

# What Prometheus itself suggests between two scrapes; more often nobody looks.
PERIOD_S: Final = 15.0


class MetricsFile:
    def __init__(self, path: str) -> None:
        """Without a path there is nothing to do."""
        self.wanted = bool(path)
        self._path = Path(path)
        self._worker: Worker[Written | Failed] = Worker("metrics")
        self._trouble: Trouble | None = None
        self._sent = self._lost = 0
        self._last_ms: int | None = None

    def write(self, text: str) -> None:
        """Unless the last one is still being written: then this one is not needed."""
        if self._worker.busy:
            self._lost += 1
        else:
            self._worker.start(partial(_write, self._path, text))

    def collect(self, now_ms: int) -> None:
        match self._worker.collect():
            case Written():
                self._sent += 1
                self._last_ms = now_ms
                self._changed(None, "")
            case Failed() as failure:
                self._lost += 1
                self._changed(failure.trouble, failure.detail)

    def _changed(self, trouble: Trouble | None, detail: str) -> None:
        if trouble is not self._trouble and trouble is not None:
            log("warning", "metrics.file_failed", path=str(self._path), trouble=trouble, reason=detail)
        elif trouble is not self._trouble:
            log("info", "metrics.file_recovered", path=str(self._path))
        self._trouble = trouble

    @property
    def sinks(self) -> tuple[Sink, ...]:
        """How it goes, as one of the ways out."""
        if not self.wanted:
            return ()
        up = self._trouble is None and self._last_ms is not None
        return (Sink(name="textfile", up=up, sent=self._sent, lost=self._lost, last_success_ms=self._last_ms),)

    def fileno(self) -> int:
        return self._worker.descriptor

    def close(self) -> None:
        if not self._worker.busy:  # otherwise it ends with the process
            self._worker.close()


def _write(path: Path, text: str) -> Written | Failed:
    try:
        directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        return failed(error)
    try:
        return replace(directory, path.name, text)
    finally:
        os.close(directory)
