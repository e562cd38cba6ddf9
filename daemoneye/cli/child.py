"""``daemoneye child``: what an operator may do to one child of the agent. An answer says what will happen."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from daemoneye.cli import children
from daemoneye.cli.options import config_option, json_option
from daemoneye.cli.reach import agent, child_argument
from daemoneye.cli.screen import console
from daemoneye.sanitize.hostile import printable

if TYPE_CHECKING:
    from pathlib import Path


@click.group(name="child")
def command() -> None:
    """List the children of the agent; restart, pause or resume one.

    Exit codes: 0 done or about to be, 1 refused, 64 there is no such child, 69 the agent cannot be reached.
    """


@command.command(name="list")
@json_option
@config_option
def list_children(*, as_json: bool, config: Path | None) -> None:
    """Show every child; with --json one a line."""
    with agent(config) as client:
        status = client.status()
    if as_json:
        for each in status.children:
            click.echo(json.dumps(children.document(each), ensure_ascii=False))
        return
    screen = console()
    for line in children.table(status.children):
        screen.print(line, soft_wrap=True)


@command.command()
@child_argument()
@json_option
@config_option
def restart(*, child: str, as_json: bool, config: Path | None) -> None:
    """Stop NAME in order and start it again; this does not count as a failure."""
    with agent(config) as client:
        _tell(client.restart(child), as_json=as_json)


@command.command()
@child_argument()
@json_option
@config_option
def pause(*, child: str, as_json: bool, config: Path | None) -> None:
    """Stop NAME and leave it down; the agent is degraded until it is resumed."""
    with agent(config) as client:
        _tell(client.pause(child), as_json=as_json)


@command.command()
@child_argument()
@json_option
@config_option
def resume(*, child: str, as_json: bool, config: Path | None) -> None:
    """Start NAME after a pause."""
    with agent(config) as client:
        _tell(client.resume(child), as_json=as_json)


def _tell(text: str, *, as_json: bool) -> None:
    click.echo(json.dumps({"accepted": text}, ensure_ascii=False) if as_json else printable(text))
