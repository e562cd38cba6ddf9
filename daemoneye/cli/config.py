"""``daemoneye config``: is this file right, what is in force and why, and the schema for an editor."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from daemoneye.cli.options import SettingsFile, config_option, json_option
from daemoneye.sanitize.hostile import printable
from daemoneye.settings import files, show
from daemoneye.settings.keys import value_of
from daemoneye.settings.model import KEYS
from daemoneye.settings.schema import schema as json_schema

if TYPE_CHECKING:
    from pathlib import Path


@click.group(name="config")
def command() -> None:
    """Check, show and describe the settings."""


@command.command()
@click.argument("file", type=SettingsFile())
def check(file: Path) -> None:
    """Validate FILE alone, on top of the defaults: 0 right, 78 wrong, 66 missing, 77 unreadable.

    It reads neither /etc/daemoneye nor the environment, so that an answer holds on every machine. Whether FILE fits
    what else is in force, `daemoneye config show --config FILE` says.
    """
    files.check(file)
    click.echo(f"{printable(str(file))}: ok")


@command.command(name="show")
@config_option
@click.option("--origin", is_flag=True, help="Say where each value came from.")
@click.option("--explain", is_flag=True, help="Say what each key means, as the example file does.")
@json_option
def show_settings(*, config: Path | None, origin: bool, explain: bool, as_json: bool) -> None:
    """Print the effective settings, as YAML that `config check` accepts."""
    if as_json and explain:
        raise click.UsageError("--explain writes comments, which JSON does not have")
    loaded = files.load(config)
    if as_json:
        click.echo(json.dumps(_origins(loaded) if origin else show.spelled(loaded.settings)))
        return
    text = show.as_yaml(
        loaded.settings,
        above=show.explanation if explain else lambda _: "",
        behind=(lambda key: loaded.origins[key.name]) if origin else lambda _: "",
    )
    click.echo(text, nl=False)


@command.command()
def schema() -> None:
    """Print the JSON Schema (draft 2020-12) of a settings file."""
    click.echo(json.dumps(json_schema(), indent=2))


def _origins(loaded: files.Loaded) -> dict[str, dict[str, object]]:
    return {
        name: {"value": key.kind.write(value_of(loaded.settings, name)), "origin": loaded.origins[name]}
        for name, key in KEYS.items()
    }
