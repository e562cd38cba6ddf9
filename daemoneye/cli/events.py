"""``daemoneye events``: what ran, started by whom, when, with what digest, from the record of the agent."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import click

from daemoneye.cli.listing import EVENTS
from daemoneye.cli.options import config_option
from daemoneye.cli.record import Record, as_json_option, file_option
from daemoneye.cli.showing import print_entries, show
from daemoneye.cli.times import When
from daemoneye.cli.words import KIND, PROCESS, SHA256, Name, is_glob
from daemoneye.errors import NoInputError, UsageError
from daemoneye.journal.history import SEEN, ancestors
from daemoneye.model.lookup import Entries, EntriesRequest, following

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from daemoneye.model.lookup import RecordedEntry

_ENTITY: Final = 32  # hex digits; a pid has seven at most
_LARGEST_PID: Final = 2**22


@click.command("events")
@as_json_option
@click.option("--since", type=When(), metavar="TIME", help="From then on: 30m, 2h, 1d, today, or ISO 8601 in UTC.")
@click.option("--until", type=When(), metavar="TIME", help="Before then.")
@click.option("--pid", type=click.IntRange(0, _LARGEST_PID), metavar="N", help="Only of this pid.")
@click.option("--name", type=Name(), metavar="NAME", help="Only of processes of this name; with * ? [] a pattern.")
@click.option("--sha256", type=SHA256, metavar="DIGEST", help="Only of images with this digest.")
@click.option("--kind", type=KIND, metavar="KIND", help="Only of this kind, such as process.started.")
@click.option(
    "--ancestor-of",
    "descendant",
    type=PROCESS,
    metavar="PID|ENTITY",
    help="Only of its parent, the parent's parent and so on; a pid is that of the last process to have it.",
)
@click.option("--follow", is_flag=True, help="Go on with what comes; without --since, with that alone.")
@file_option
@config_option
def command(
    as_json: bool,
    form: str,
    since: int | None,
    until: int | None,
    pid: int | None,
    name: str | None,
    sha256: str | None,
    kind: str | None,
    descendant: str | None,
    follow: bool,
    file: Path | None,
    config: Path | None,
) -> None:
    """Show what happened to processes and to the agent, the oldest first, through the agent or from its file.

    Between the options there is AND. Exit codes: 0, also when there is nothing; 66 there is no record, or no such
    process in it, 69 neither agent nor file can be reached, 77 not for this account.
    """
    glob = name is not None and is_glob(name)
    request = EntriesRequest(
        stream="events",
        since_ms=since,
        until_ms=until,
        pid=pid,
        name=None if glob else name,
        name_glob=name if glob else None,
        sha256=sha256,
        kind=kind,
    )
    record, wanted = Record(config, file), form if as_json else None
    table = EVENTS._replace(shows_again=kind == SEEN)  # asked for, all of them
    if descendant is None:
        show(record, request, table, form=wanted, follow=follow)
    elif follow:
        raise UsageError("--ancestor-of", "with --follow", "one of the two: who led to a process is past")
    else:
        print_entries([_led_to(record, descendant, request)], record.origin, table, form=wanted)


def _led_to(record: Record, descendant: str, request: EntriesRequest) -> Entries:
    """All of them at once, the first cause first: a chain has a dozen links."""
    entity = descendant if len(descendant) == _ENTITY else _last_with(record, int(descendant), request.until_ms)
    chain = list(ancestors(entity, lambda each: _of(record, EntriesRequest(stream="events", entity_id=each))))
    return Entries(
        entries=tuple(entry for each in reversed(chain) for entry in _of(record, replace(request, entity_id=each)))
    )


def _last_with(record: Record, pid: int, until_ms: int | None) -> str:
    entities = [entry.entity_id for entry in _of(record, EntriesRequest(stream="events", pid=pid, until_ms=until_ms))]
    last = next((entity for entity in reversed(entities) if entity), None)
    if last is None:
        raise NoInputError(f"pid {pid}", "not on record", "a process that was seen")
    return last


def _of(record: Record, request: EntriesRequest) -> Iterator[RecordedEntry]:
    for answer in following(request, record.ask):
        yield from answer.entries
