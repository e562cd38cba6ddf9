"""``daemoneye run``: the agent, in the foreground, under any init system or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from daemoneye.cli.options import config_option
from daemoneye.host.signals import hold_back

if TYPE_CHECKING:
    from pathlib import Path


@click.command("run")
@config_option
def command(config: Path | None) -> int:
    """Run the agent until it is stopped (SIGTERM, SIGINT or Ctrl-C; again to hurry).

    SIGHUP reads the settings again, SIGUSR1 reopens the files it writes. Exit code 0 after an ordered stop, 70 when
    its children kept failing.
    """
    hold_back()  # first of all: loading the agent takes longer than starting it
    from daemoneye.agent import run  # noqa: PLC0415 - the actors are only for whoever runs them

    return run(config)
