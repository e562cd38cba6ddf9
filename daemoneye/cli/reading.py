"""Reading files for their digests, with a bar at the terminal when that takes long."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from daemoneye.cli.bar import bar
from daemoneye.host.hashing import HashOutcome, hash_file, prepare

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def outcomes(paths: Iterable[str]) -> Iterator[tuple[str, HashOutcome]]:
    """Hash one file after the other; while the caller has the answer, the bar is away."""
    tell_limitation()
    paths = list(paths)
    progress = bar(lambda: sum(map(_size, paths)))
    for path in paths:
        with progress.shown_for(Path(path).name):
            outcome = hash_file(path, pace=progress.advance)
        yield path, outcome


def tell_limitation() -> None:
    """Load what hashing needs; what of it is missing is said once."""
    if notice := prepare():
        click.echo(f"daemoneye: {notice}", err=True)


def _size(path: str) -> int:
    try:
        return Path(path).stat().st_size
    except OSError:
        return 0  # why it cannot be read is told in its turn
