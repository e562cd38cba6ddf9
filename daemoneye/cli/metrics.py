"""``daemoneye metrics``: what the running agent counts, as Prometheus reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from daemoneye.cli.options import config_option
from daemoneye.cli.reach import agent

if TYPE_CHECKING:
    from pathlib import Path


@click.command("metrics")
@config_option
def command(config: Path | None) -> None:
    """Print the metrics of the running agent, in the text format of Prometheus.

    To have them in a file for the node exporter, see outputs.metrics_textfile. Exit codes: 69 the agent cannot be
    reached, 77 not by this account.
    """
    with agent(config) as client:
        click.echo(client.metrics(), nl=False)
