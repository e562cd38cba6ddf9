"""Reading files for their digests, with a bar at the terminal when that takes long."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from daemoneye.host.hashing import HashOutcome, hash_file, prepare
from daemoneye.sanitize.hostile import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_PATIENCE_S: Final = 1.0  # how long people wait before they want to know
_NAME_BYTES: Final = 40  # leaves half of a narrow terminal to the bar


def outcomes(paths: Iterable[str]) -> Iterator[tuple[str, HashOutcome]]:
    """Hash one file after the other; while the caller has the answer, the bar is away."""
    if notice := prepare():
        click.echo(f"daemoneye: {notice}", err=True)
    paths = list(paths)
    bar = _Bar(paths) if sys.stderr.isatty() else None
    for path in paths:
        if not bar:
            yield path, hash_file(path)
            continue
        with bar.shown_for(path):
            outcome = hash_file(path, pace=bar.advance)
        yield path, outcome


class _Bar:
    """Appears on standard error once the work has gone on for a while, and leaves nothing behind."""

    def __init__(self, paths: Iterable[str]) -> None:
        from rich.console import Console  # noqa: PLC0415 - nobody waits for it but at a terminal
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

        name = TextColumn("{task.description}", markup=False)
        self._progress = Progress(
            *(name, BarColumn(), DownloadColumn(binary_units=True), TimeRemainingColumn()),
            console=Console(stderr=True),
            transient=True,
            redirect_stdout=False,  # answers go to standard output, whatever that is
            redirect_stderr=False,
        )
        self._task = self._progress.add_task("", total=sum(map(_size, paths)))
        self._begin = time.monotonic()

    @contextmanager
    def shown_for(self, path: str) -> Iterator[None]:
        self._progress.update(self._task, description=printable(Path(path).name, _NAME_BYTES))
        try:
            yield
        finally:
            self._progress.stop()

    def advance(self, count: int) -> bool:
        self._progress.update(self._task, advance=count)
        if time.monotonic() - self._begin >= _PATIENCE_S:
            self._progress.start()
        return True


def _size(path: str) -> int:
    try:
        return Path(path).stat().st_size
    except OSError:
        return 0  # why it cannot be read is told in its turn
