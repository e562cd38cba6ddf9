"""``daemoneye journal``: is the record whole, what to keep elsewhere so that it stays provable, and all of it as JSON.

All three only read, and the agent need not run. Verifying compares with the host's keys where it may read them.
"""

from __future__ import annotations

import base64
import json
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from daemoneye.cli.options import config_option, json_option
from daemoneye.errors import Exit, HostileInput, IOFailedError, NoInputError, NoPermissionError
from daemoneye.journal import rows
from daemoneye.journal.anchor import Anchor, parse
from daemoneye.journal.findings import Finding, Problem
from daemoneye.journal.own_keys import OwnKeys, own_keys
from daemoneye.journal.query import Query
from daemoneye.journal.reading import Reader, UnreadableError
from daemoneye.journal.schema import FILE_NAME
from daemoneye.journal.verify import Report, verify
from daemoneye.sanitize.hostile import printable
from daemoneye.settings.files import load

if TYPE_CHECKING:
    from daemoneye.journal.query import Recorded
    from daemoneye.journal.statement import Checkpoint

_FILE = click.Path(path_type=Path, readable=False)  # whether it can be read has exit codes of its own
file_option = click.option("--file", type=_FILE, metavar="FILE", help="Read this journal, not the one of the settings.")


@click.group(name="journal")
def command() -> None:
    """Prove that the record is whole, and keep what proves it elsewhere."""


@command.command(name="verify")
@click.option("--anchor", "anchor_file", type=_FILE, metavar="FILE", help="Compare with what `journal head` printed.")
@file_option
@json_option
@config_option
@click.pass_context
def verify_journal(
    context: click.Context, anchor_file: Path | None, file: Path | None, as_json: bool, config: Path | None
) -> None:
    """Check every entry, checkpoint and index; name the first thing that is wrong and exit 1.

    Only with an anchor that was kept elsewhere can a cut-off end, an older copy or a whole other journal be told from
    the real one: whoever owns the host owns everything else that it could be compared with.
    """
    path = file or _path(config)
    anchors = _anchors(anchor_file) if anchor_file else []
    keys = OwnKeys() if file else own_keys(path.parent)  # a copy, or one that was set aside, is behind them
    report = _verified(path, anchors, keys)
    click.echo(json.dumps(_as_json(report, keys)) if as_json else _sentence(report, keys))
    context.exit(Exit.FINDINGS if report.finding else Exit.OK)


@command.command()
@file_option
@json_option
@config_option
def head(file: Path | None, as_json: bool, config: Path | None) -> None:  # noqa: ARG001 - it is JSON in any case
    """Print an anchor, one line of JSON: keep it on another machine, for `journal verify --anchor`.

    Nothing in it is secret. Lines may be appended to one file: the journal has to pass through all of them.
    """
    with closing(Reader(file or _path(config))) as reader:
        click.echo(reader.anchor().line())


@command.command()
@file_option
@json_option
@config_option
def export(file: Path | None, as_json: bool, config: Path | None) -> None:  # noqa: ARG001 - it is JSON in any case
    """Print everything, one JSON object per line: the checkpoints, then the entries in the order of time."""
    with closing(Reader(file or _path(config))) as reader:
        with reader.failing_politely():
            checkpoints = list(rows.checkpoints(reader.connection))
        for checkpoint in checkpoints:
            click.echo(json.dumps(_checkpoint_as_json(checkpoint)))
        for recorded in reader.entries(Query()):
            click.echo(json.dumps(_entry_as_json(recorded), ensure_ascii=False))


def _path(config: Path | None) -> Path:
    return load(config).settings.paths.state_dir / FILE_NAME


def _anchors(file: Path) -> list[Anchor]:
    where, expected = printable(str(file)), "lines that `journal head` printed"
    try:
        return parse(file.read_text(encoding="utf-8"))
    except (HostileInput, UnicodeDecodeError) as error:
        raise NoInputError(where, str(error), expected) from None
    except FileNotFoundError:
        raise NoInputError(where, "no such file", expected) from None
    except PermissionError:
        raise NoPermissionError(where, "permission denied", expected) from None
    except OSError as error:
        raise IOFailedError(where, (error.strerror or "unreadable").lower(), expected) from None


def _verified(path: Path, anchors: list[Anchor], keys: OwnKeys) -> Report:
    try:
        with closing(Reader(path)) as reader:
            return verify(reader, anchors=anchors, identity=keys.identity, epoch=keys.epoch)
    except UnreadableError as error:
        return Report(finding=Finding(problem=Problem.DAMAGED, what="the file", detail=error.found))


def _sentence(report: Report, keys: OwnKeys) -> str:
    if report.finding:
        return printable(report.finding.sentence())
    compared = [f"{report.anchors} anchors" if report.anchors != 1 else "1 anchor"]
    compared += ["this host's key"] if keys.identity else []
    compared += ["its seal"] if keys.epoch else []
    return (
        f"whole: {report.entries} entries, {report.pruned} gone by the limits, {report.checkpoints} checkpoints, "
        f"{report.unsigned} entries not yet signed; compared with {', '.join(compared)}"
    )


def _as_json(report: Report, keys: OwnKeys) -> dict[str, Any]:
    compared = {"anchors": report.anchors, "key": keys.identity is not None, "seal": keys.epoch is not None}
    return {"ok": report.finding is None, **asdict(report), "compared": compared}


def _checkpoint_as_json(checkpoint: Checkpoint) -> dict[str, Any]:
    # as a string: the signatures are over exactly these bytes
    return {
        "statement": checkpoint.statement.decode("utf-8", "backslashreplace"),
        "signature": checkpoint.signature.hex(),
        "seal": checkpoint.seal.hex(),
    }


def _entry_as_json(recorded: Recorded) -> dict[str, Any]:
    entry = recorded.entry
    columns = ("id", "kind", "pid", "entity_id", "parent_entity_id", "name", "sha256")
    return {
        "stream": entry.stream.word,
        "sequence": recorded.sequence,
        "severity": entry.severity.word,
        **{name: getattr(entry, name) for name in columns if getattr(entry, name) is not None},
        **asdict(entry.occurred),
        **_body_as_json(entry.body),
        "digest": recorded.digest.hex(),
    }


def _body_as_json(body: bytes) -> dict[str, str]:
    try:
        return {"body": body.decode("utf-8")}  # as a string: the digest is over exactly these bytes
    except UnicodeDecodeError:
        return {"body_base64": base64.b64encode(body).decode()}
