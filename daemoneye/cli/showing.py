"""Printing entries as they come.

At a terminal a time is told as people think of it, how long ago, in colours and cut at the edge; in a pipe, or where
lines keep coming, it is a moment in UTC and nothing is cut.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from daemoneye.cli.documents import as_line
from daemoneye.cli.familiar import Familiar
from daemoneye.cli.listing import headings, row
from daemoneye.cli.screen import console
from daemoneye.errors import UsageError
from daemoneye.journal.stretch import NEWEST
from daemoneye.model.lookup import following, going_on_after

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from daemoneye.cli.listing import Table
    from daemoneye.cli.record import Record
    from daemoneye.errors import OperatorError
    from daemoneye.model.lookup import Entries, EntriesRequest
    from daemoneye.outputs.origin import Origin


def show(record: Record, request: EntriesRequest, table: Table, *, form: str | None, follow: bool) -> None:
    """``form`` is the schema of documents; without it the table is printed."""
    answers = _followed(record, request) if follow else following(request, record.ask)
    print_entries(answers, record.origin, table, form=form, follow=follow)


def _followed(record: Record, request: EntriesRequest) -> Iterator[Entries]:
    if request.until_ms is not None:
        raise UsageError("--until", "with --follow", "one of the two: what comes has no end")
    if request.since_ms is None:
        request = going_on_after(request, NEWEST)
    return record.followed(request, _Waiting())


class _Waiting:
    """Says once, and not each time, that nothing can be read at the moment."""

    def __init__(self) -> None:
        self._told = ""

    def __call__(self, error: OperatorError) -> None:
        if str(error) != self._told:
            self._told = str(error)
            click.echo(f"{error}: waiting", err=True)


def print_entries(
    answers: Iterable[Entries], origin: Origin, table: Table, *, form: str | None, follow: bool = False
) -> None:
    left_out = 0
    printer = _Documents(form, origin) if form else _Lines(table, follow=follow)
    for answer in answers:
        left_out += answer.left_out
        if answer.entries:
            printer.show(answer)
    if left_out:
        click.echo(f"{left_out} entries left out: each larger than a frame of ipc.max_frame", err=True)


class _Documents:
    def __init__(self, form: str, origin: Origin) -> None:
        self._form, self._origin = form, origin

    def show(self, answer: Entries) -> None:
        # a thousand at once: each by itself would be a write by itself
        click.echo("\n".join(as_line(entry, self._form, self._origin) for entry in answer.entries))


class _Lines:
    def __init__(self, table: Table, *, follow: bool) -> None:
        self._table = table
        self._familiar = None if table.shows_again else Familiar()
        self._screen = console()
        self._ago = self._screen.is_terminal and not follow
        self._headed = False

    def show(self, answer: Entries) -> None:
        now_ms = time.time_ns() // 1_000_000 if self._ago else None
        entries = self._familiar.news(answer.entries) if self._familiar else answer.entries
        lines = [row(entry, self._table, now_ms) for entry in entries]
        if not self._headed:
            self._headed = True
            lines.insert(0, headings(self._table, ago=self._ago))
        if not lines:
            return
        if self._screen.is_terminal:
            for line in lines:
                self._screen.print(line, no_wrap=True, overflow="ellipsis", crop=True)
        else:
            click.echo("\n".join(line.plain for line in lines))
