"""``daemoneye health``: is a child of the agent as it should be? Exit code 0 says yes for all that were asked about."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from daemoneye.cli import children
from daemoneye.cli.options import config_option, json_option
from daemoneye.cli.reach import agent, child_argument
from daemoneye.cli.screen import console
from daemoneye.errors import Exit

if TYPE_CHECKING:
    from pathlib import Path


@click.command("health")
@child_argument(required=False)
@json_option
@config_option
def command(child: str | None, as_json: bool, config: Path | None) -> int:
    """Show whether CHILD, or every child, is running.

    Exit codes: 0 healthy, 1 not, 64 there is no such child, 69 the agent cannot be reached.
    """
    with agent(config) as client:
        health = client.health(child)
    if as_json:
        for each in health.children:
            click.echo(json.dumps({"healthy": each.healthy} | children.document(each), ensure_ascii=False))
    else:
        screen = console()
        for line in children.table(health.children):
            screen.print(line, soft_wrap=True)
    return Exit.OK if all(each.healthy for each in health.children) else Exit.FINDINGS
