"""``daemoneye hash``: both digests of files somebody names, in one read of each.

Settings do not apply: who names a file wants its digests, however large it is and wherever it lies.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from daemoneye.cli.options import json_option
from daemoneye.cli.reading import outcomes
from daemoneye.errors import Exit
from daemoneye.sanitize.hostile import decodable, printable

if TYPE_CHECKING:
    from daemoneye.host.hashing import HashOutcome


@click.command("hash")
@json_option
@click.argument("paths", nargs=-1, required=True, type=click.UNPROCESSED, metavar="FILE...")
@click.pass_context
def command(context: click.Context, as_json: bool, paths: tuple[str, ...]) -> None:
    """Print SHA-256 and ssdeep digests of files.

    Symbolic links are followed. A file that is written to while it is read has no digest.
    """
    worst = Exit.OK
    for path, outcome in outcomes(paths):
        (_say_json if as_json else _say)(path, outcome)
        if not outcome.digests:
            worst = Exit.FINDINGS
    context.exit(worst)


def _say_json(path: str, outcome: HashOutcome) -> None:
    answer: dict[str, Any] = {"path": decodable(path)}
    if digests := outcome.digests:
        ssdeep = str(digests.ssdeep) if digests.ssdeep else None
        answer |= {"size": digests.size, "sha256": digests.sha256, "ssdeep": ssdeep}
    else:
        answer["error"] = outcome.reason
    click.echo(json.dumps(answer, ensure_ascii=False))


def _say(path: str, outcome: HashOutcome) -> None:
    name = printable(path) or "''"
    if digests := outcome.digests:
        click.echo(f"{digests.sha256}  {digests.ssdeep or '-'}  {name}")
    else:
        click.echo(f"{name}: {outcome.reason}: expected a regular file that can be read and holds still", err=True)
