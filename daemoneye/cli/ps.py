"""``daemoneye ps``: every process as the running agent last saw it; ``scan`` looks for itself instead.

The lines are those of ``scan``. The whole list is taken before the first of them is printed: a pager that waits for its
reader would otherwise keep the agent waiting.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from daemoneye.cli.options import config_option, json_option
from daemoneye.cli.reach import agent
from daemoneye.cli.scan import as_lines, as_table
from daemoneye.model.coverage import Coverage

if TYPE_CHECKING:
    from pathlib import Path

    from daemoneye.model.process import ProcessRecord


@click.command("ps")
@json_option
@config_option
def command(as_json: bool, config: Path | None) -> None:
    """Show every process, as the agent last saw it."""
    records: list[ProcessRecord] = []
    coverage, left_out = Coverage(), 0
    with agent(config) as client:
        for part in client.process_parts():
            records += part.records
            coverage, left_out = part.coverage or coverage, left_out + part.left_out
    for line in (as_lines if as_json else as_table)(records, coverage):
        click.echo(line)
    if left_out:
        click.echo(f"daemoneye ps: {left_out} records left out: each larger than a frame of ipc.max_frame", err=True)
