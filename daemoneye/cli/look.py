"""How the commands that look at the machine themselves do it: settings in, one scan after another out."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from daemoneye.cli.masking import redactor
from daemoneye.host.source import open_source
from daemoneye.lifecycle.tracker import Tracker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from daemoneye.lifecycle.tracker import Scan
    from daemoneye.settings import Settings


@contextmanager
def looking(settings: Settings, *, enhanced: bool = False) -> Iterator[Callable[[], Scan]]:
    """Yield a function that takes the next look; what it needs of the machine is given back at the end."""
    source = open_source(
        enhanced=enhanced or settings.scan.enhanced,
        mask=redactor(settings).command_line,
        environment_names=settings.scan.environment,
        process_timeout_s=settings.scan.process_timeout,
        proc_root=settings.scan.proc,
    )
    tracker = Tracker()
    try:
        yield lambda: tracker.observe(source.scan())
    finally:
        source.close()
