"""How far hashing has come, at a terminal, once it has gone on for a while; it leaves nothing behind."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from daemoneye.sanitize.hostile import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PATIENCE_S: Final = 1.0  # how long people wait before they want to know
_NAME_BYTES: Final = 40  # leaves half of a narrow terminal to the bar


class Bar:
    """On standard error, in bytes."""

    def __init__(self, total: int) -> None:
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
        self._task = self._progress.add_task("", total=total)
        self._begin = time.monotonic()

    @contextmanager
    def shown_for(self, name: str) -> Iterator[None]:
        self._progress.update(self._task, description=printable(name, _NAME_BYTES))
        try:
            yield
        finally:
            self._progress.stop()

    def advance(self, count: int) -> bool:
        """As the ``pace`` of hashing, which is never ended by it."""
        self._progress.update(self._task, advance=count)
        if time.monotonic() - self._begin >= _PATIENCE_S:
            self._progress.start()
        return True


class NoBar:
    """Where nobody would see one."""

    @contextmanager
    def shown_for(self, _name: str) -> Iterator[None]:
        yield

    def advance(self, _count: int) -> bool:
        return True


def bar(total: Callable[[], int]) -> Bar | NoBar:
    """``total`` is asked only if there is somebody to show it to."""
    return Bar(total()) if sys.stderr.isatty() else NoBar()
