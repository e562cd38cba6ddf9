"""``daemoneye reload``: the running agent reads its settings again. Either all of them are taken or none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from daemoneye.cli.options import config_option, json_option
from daemoneye.cli.reach import agent
from daemoneye.sanitize.hostile import printable

if TYPE_CHECKING:
    from pathlib import Path


@click.command("reload")
@json_option
@config_option
def command(as_json: bool, config: Path | None) -> None:
    """Have the agent read the settings that it was started with again.

    --config says where to find the agent, not what it should read. Exit codes: 0 accepted, 69 the agent cannot be
    reached, 78 rejected: the old settings are in force, and each mistake is a line on standard error.
    """
    with agent(config) as client:
        text = client.reload()
    if as_json:
        click.echo(json.dumps({"accepted": text}, ensure_ascii=False))
        return
    for line in text.splitlines():  # one for each key that changed
        click.echo(printable(line))
