"""``daemoneye redact``: what a command line becomes before it leaves the collector.

As a filter (``--stdin``) it answers every line with one line, at once: the masked array, or ``null`` for a line that
was none, so that answers and questions stay side by side.
"""

from __future__ import annotations

import json
import shlex
import sys
from typing import IO, TYPE_CHECKING, Any, Final

import click

from daemoneye.cli.masking import redactor
from daemoneye.cli.options import config_option, json_option
from daemoneye.errors import Exit, HostileInput
from daemoneye.sanitize.hostile import decodable, printable
from daemoneye.settings import files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from daemoneye.sanitize.redactor import Redactor

LONGEST_LINE: Final = 8 * 1024 * 1024  # bytes; the kernel allows 6 MiB of arguments, JSON escapes some of them
_PIECE: Final = 64 * 1024  # bytes; what is read at a time of a line that is too long
_EXPECTED: Final = "a JSON array of strings"


@click.command(
    "redact",
    # a command line to be masked has options of its own
    context_settings={"ignore_unknown_options": False, "allow_interspersed_args": False},
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="-- ARG...")
@click.option(
    "--stdin", "filtering", is_flag=True, help="Read one JSON array of strings per line, answer one per line."
)
@json_option
@config_option
@click.pass_context
def command(
    context: click.Context, arguments: tuple[str, ...], filtering: bool, as_json: bool, config: Path | None
) -> None:
    """Show what a command line becomes before it leaves the collector."""
    if filtering == bool(arguments):
        raise click.UsageError(
            "give the command line after '--', or --stdin, and not both" if arguments else "no command line"
        )
    masking = redactor(files.load(config).settings)
    if filtering:
        context.exit(_filter(masking, sys.stdin.buffer))
    masked = masking.command_line([decodable(argument) for argument in arguments])
    _say(_as_json(masked) if as_json else shlex.join(map(printable, masked)))


def _filter(masking: Redactor, lines: IO[bytes]) -> Exit:
    outcome = Exit.OK
    for number, line in enumerate(_lines(lines), start=1):
        try:
            masked: tuple[str, ...] | None = masking.command_line(_parse(line))
        except HostileInput as error:
            click.echo(f"<stdin>:{number}: {error}: expected {_EXPECTED}", err=True)
            masked, outcome = None, Exit.FINDINGS
        _say(_as_json(masked))
    return outcome


def _lines(stream: IO[bytes]) -> Iterator[bytes | None]:
    """Yield lines without their end; ``None`` stands for one that was too long to keep."""
    while line := stream.readline(LONGEST_LINE + 1):
        if len(line) <= LONGEST_LINE or line.endswith(b"\n"):
            yield line.removesuffix(b"\n")
            continue
        while (piece := stream.readline(_PIECE)) and not piece.endswith(b"\n"):
            pass
        yield None


def _parse(line: bytes | None) -> list[str]:
    if line is None:
        raise HostileInput(f"more than {LONGEST_LINE} bytes")
    try:
        found: Any = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise HostileInput(f"not UTF-8 at byte {error.start + 1}") from None
    except RecursionError:
        raise HostileInput("JSON nested too deeply") from None
    except ValueError as error:
        raise HostileInput(f"not JSON ({str(error).lower()})") from None
    if not isinstance(found, list):
        raise HostileInput(f"JSON, but {_kind(found)}")
    for place, item in enumerate(found):
        if not isinstance(item, str):
            raise HostileInput(f"{_kind(item)} as item {place + 1}")
    return [decodable(item) for item in found]


def _kind(found: object) -> str:
    names = {dict: "an object", list: "an array", str: "a string", bool: "a truth value", type(None): "null"}
    return names.get(type(found), "a number")


def _as_json(masked: tuple[str, ...] | None) -> str:
    return json.dumps(masked, ensure_ascii=False, separators=(",", ":"))


def _say(line: str) -> None:
    """UTF-8 whatever the locale says; flushed, because the other side may be waiting for this answer."""
    sys.stdout.buffer.write(line.encode() + b"\n")
    sys.stdout.buffer.flush()
