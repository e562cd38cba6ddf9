"""``daemoneye baseline``: what is trusted, and having an operator's word for it.

To show and to export nothing but the file is needed, and the agent need not run. What is to be trusted goes to the
running agent, which alone writes.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Final

import click

from daemoneye.cli.importing import FilePart, read
from daemoneye.cli.options import config_option, json_option
from daemoneye.cli.reach import agent
from daemoneye.cli.trusted import Documents, Lines, Trusted
from daemoneye.cli.words import SHA256, SSDEEP
from daemoneye.errors import Exit, UsageError
from daemoneye.integrity.trust import flaw
from daemoneye.model.trust import BaselinesRequest, Trust, pages
from daemoneye.sanitize.hostile import decodable, printable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_MISTAKES: Final = 20  # as many as a screen has room for


class ProgramPath(click.ParamType[str]):
    """As integrity knows it: absolute, and in UTF-8. Links are not followed: what they lead to may change meanwhile."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value)
        if not text or "\0" in text:
            self.fail(f"'{printable(text)}' is no path.", param, ctx)
        return decodable(os.path.abspath(text))  # noqa: PTH100 - pathlib's follows links


@click.group(name="baseline")
def command() -> None:
    """Show, accept, export and import what is trusted at each path.

    Exit codes: 0 done, 1 refused, or there is no such baseline; 66 no baselines, 69 the agent cannot be reached, 77
    not by this account.
    """


@command.command()
@click.argument("paths", nargs=-1, type=ProgramPath(), metavar="[PATH]...")
@json_option
@config_option
def show(*, paths: tuple[str, ...], as_json: bool, config: Path | None) -> int:
    """Show what is trusted at each PATH, or everywhere; with --json one a line."""
    printer = Documents() if as_json else Lines()
    missing = _print(printer, Trusted(config), paths or (None,))
    for path in missing:
        click.echo(f"{printable(path)}: no baseline: a program that has been seen", err=True)
    return Exit.FINDINGS if missing else Exit.OK


def _print(printer: Documents | Lines, trusted: Trusted, paths: Iterable[str | None]) -> list[str]:
    """Return those of which nothing is known."""
    missing: list[str] = []
    for path in paths:
        found = False
        for page in pages(BaselinesRequest(path=path), trusted.ask):
            printer.show(page.baselines)
            found = found or bool(page.baselines)
        if path is not None and not found:
            missing.append(path)
    return missing


@command.command()
@config_option
def export(*, config: Path | None) -> None:
    """Print everything that is trusted, one JSON object a line, for `baseline import` on this host or another."""
    _print(Documents(), Trusted(config), (None,))


@command.command()
@click.argument("paths", nargs=-1, required=True, type=ProgramPath(), metavar="PATH...")
@click.option("--sha256", type=SHA256, metavar="HEX", help="Trust this content, whether or not it has been seen.")
@click.option("--ssdeep", type=SSDEEP, metavar="DIGEST", help="The ssdeep digest of the same content.")
@click.option("--namespace", default="", metavar="NAME", help="Of a container, as `baseline show` tells it.")
@json_option
@config_option
def accept(
    *,
    paths: tuple[str, ...],
    sha256: str | None,
    ssdeep: str | None,
    namespace: str,
    as_json: bool,
    config: Path | None,
) -> None:
    """Trust from now on what was last seen at each PATH, or the content that has these digests.

    All of it is trusted, or nothing is changed.
    """
    if sha256 and len(paths) > 1:
        raise UsageError("--sha256", f"with {len(paths)} paths", "one: a digest is of one content")
    if ssdeep and not sha256:
        raise UsageError("--ssdeep", "without --sha256", "both: only SHA-256 says what is trusted")
    trusts = [Trust(path=path, namespace=namespace, sha256=sha256, ssdeep=ssdeep) for path in paths]
    for trust in trusts:
        if wrong := flaw(trust):
            raise UsageError(printable(trust.path), *wrong)
    _trust(config, trusts, as_json=as_json)


@command.command(name="import")
@click.argument("file", type=FilePart())
@json_option
@config_option
def import_baselines(*, file: Path | None, as_json: bool, config: Path | None) -> int:
    """Trust what FILE says, lines of `baseline export`; - is standard input.

    Every line is checked before anything is sent, and all of it is trusted, or nothing is changed. Of each line path,
    sha256, ssdeep and namespace count. Exit code 1: FILE is wrong, each mistake on a line.
    """
    trusts, mistakes = read(file)
    if mistakes:
        for mistake in mistakes[:_MISTAKES]:
            click.echo(mistake, err=True)
        if len(mistakes) > _MISTAKES:
            click.echo(f"and {len(mistakes) - _MISTAKES:,} more", err=True)
        return Exit.FINDINGS
    _trust(config, trusts, as_json=as_json)
    return Exit.OK


def _trust(config: Path | None, trusts: list[Trust], *, as_json: bool) -> None:
    with agent(config) as client:
        text = client.trust(trusts)
    click.echo(json.dumps({"accepted": text}, ensure_ascii=False) if as_json else printable(text))
