"""``daemoneye at TIME``: the process tree of a moment in the past, from the record, and how sure of it one can be."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Final

import click
from rich.text import Text

from daemoneye.cli import cells
from daemoneye.cli.documents import native, text_at
from daemoneye.cli.listing import title
from daemoneye.cli.options import config_option, kernel_option
from daemoneye.cli.record import Record, file_option
from daemoneye.cli.screen import console
from daemoneye.cli.times import When
from daemoneye.cli.tree import twigs
from daemoneye.errors import NoInputError, UsageError
from daemoneye.journal.history import SEEN, Past, body_of, children, tells_of_looking
from daemoneye.lifecycle.forest import branches
from daemoneye.model.lookup import EntriesRequest, following
from daemoneye.sanitize.hostile import printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from daemoneye.lifecycle.forest import Branch
    from daemoneye.model.lookup import RecordedEntry

# Only what there is to say something about.
_VERDICTS: Final = {kind.label: kind for kind in cells.STYLES}
_INIT: Final = 1  # every look sees it: its entries are quickly found, and lead to the look


@click.command("at")
@click.argument("moment", type=When(), metavar="TIME")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON document per process, and one about the moment.")
@kernel_option
@file_option
@config_option
def command(moment: int, as_json: bool, kernel: bool, file: Path | None, config: Path | None) -> None:
    """Show the process tree as it was at TIME: 30m, 2h, yesterday, or ISO 8601 in UTC.

    What lived and died between two looks is in no record. Exit codes: 66 there is no record, or it begins later than
    that, 69 neither agent nor file can be reached, 77 not for this account.
    """
    if moment > time.time_ns() // 1_000_000:
        raise UsageError("TIME", cells.moment(moment) or str(moment), "a moment that is past")
    record = Record(config, file)
    past, after = _past(record, moment)
    if past.last is None:
        began = f"begins at {cells.moment(after.wall_ms)}" if after else "holds no events"
        raise NoInputError(printable(str(record.path)), began, f"a record of {cells.moment(moment)}")
    if as_json:
        _print_documents(past, after, moment)
    else:
        _print_tree(past, after, moment, kernel=kernel)


def _past(record: Record, moment: int) -> tuple[Past, RecordedEntry | None]:
    """And the entry of the next look at which there was something to record."""
    past = Past()
    request = EntriesRequest(stream="events", after=_floor(record, moment))
    for answer in following(request, record.ask):
        for entry in answer.entries:
            if entry.wall_ms <= moment:
                past.take(entry)
            elif tells_of_looking(entry):
                return past, entry
    return past, None


def _floor(record: Record, moment: int) -> int | None:
    """Before the last complete look, if one is quickly found; otherwise all of the record has to be read."""
    last = None
    request = EntriesRequest(stream="events", pid=_INIT, kind=SEEN, until_ms=moment + 1)
    for answer in following(request, record.ask):
        last = answer.entries[-1] if answer.entries else last
    if last is None:
        return None
    of_that_look = EntriesRequest(stream="events", since_ms=last.wall_ms, until_ms=last.wall_ms + 1)
    for answer in following(of_that_look, record.ask):
        if answer.entries:
            return answer.entries[0].sequence - 1
    return None


def _doubts(past: Past, after: RecordedEntry | None) -> Iterator[str]:
    """What speaks against it."""
    last = cells.moment(past.last.wall_ms) if past.last else None
    if past.floor is None:
        yield "no look at everybody is on record before this: who was there and did not change is missing"
    elif not past.whole:
        yield f"entries since the look at everybody, at {cells.moment(past.floor.wall_ms)}, were lost"
    if after is None:
        yield f"the last look that had something to record was at {last}"
    elif past.is_gap(after):
        yield f"nobody may have looked between {last} and {cells.moment(after.wall_ms)}, when somebody began anew"


def _trees(past: Past) -> Iterator[Branch[str]]:
    below = children(past.alive)
    return branches(below, below.get(None, []))


def _print_documents(past: Past, after: RecordedEntry | None, moment: int) -> None:
    for branch in _trees(past):
        click.echo(json.dumps(_document(past.alive[branch.key], branch.depth), ensure_ascii=False))
    about = {
        "at": cells.moment(moment),
        "processes": len(past.alive),
        "whole": past.whole,
        "boot_id": past.last.boot_id if past.last else None,
        "floor": cells.moment(past.floor.wall_ms) if past.floor else None,
        "last": cells.moment(past.last.wall_ms) if past.last else None,
        "next": cells.moment(after.wall_ms) if after else None,
        "doubts": list(_doubts(past, after)),
    }
    click.echo(json.dumps(about, ensure_ascii=False))


def _document(entry: RecordedEntry, depth: int) -> dict[str, Any]:
    said = native(entry)
    process = said.get("process")
    return {
        "pid": entry.pid,
        "entity_id": entry.entity_id,
        "parent_entity_id": entry.parent_entity_id,
        "depth": depth,
        **(process if isinstance(process, dict) else {}),
        "sha256": entry.sha256 or text_at(said, "hash", "sha256"),
        "recorded": {"sequence": entry.sequence, "kind": entry.kind, "at": cells.moment(entry.wall_ms)},
    }


def _print_tree(past: Past, after: RecordedEntry | None, moment: int, *, kernel: bool) -> None:
    screen = console()
    if not kernel:
        past.alive = {entity: entry for entity, entry in past.alive.items() if not _is_kernel_thread(entry)}
    # cut at the edge of a terminal; a pipe has none
    fitting: dict[str, Any] = {"no_wrap": True, "overflow": "ellipsis"} if screen.is_terminal else {"soft_wrap": True}
    for branch in _trees(past):
        screen.print(_line(branch, past.alive[branch.key]), **fitting)
    screen.print(f"{len(past.alive)} processes at {cells.moment(moment)}", style="dim", soft_wrap=True)
    for doubt in _doubts(past, after):
        screen.print(doubt, style="yellow", soft_wrap=True)


def _is_kernel_thread(entry: RecordedEntry) -> bool:
    process = body_of(entry).get("process")
    return isinstance(process, dict) and process.get("kernel_thread") is True


def _line(branch: Branch[str], entry: RecordedEntry) -> Text:
    said = native(entry)
    verdict = _VERDICTS.get(text_at(said, "process", "on_disk") or "")
    return Text.assemble(
        (twigs(branch), "dim"),
        (f"{cells.UNKNOWN if entry.pid is None else entry.pid} ", "cyan"),
        (f"{verdict.label} ", cells.STYLES[verdict]) if verdict else "",
        printable(title(said, entry.name)),
    )
