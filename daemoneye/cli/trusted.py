"""What is trusted, wherever it can be read: through the running agent, or from the file when none answers.

Both give the same answers, so that a reader may change from one to the other in between.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Final

import click
from rich.text import Text

from daemoneye.cli import cells
from daemoneye.cli.listing import when
from daemoneye.cli.record import worth_telling
from daemoneye.cli.screen import console
from daemoneye.client import Client
from daemoneye.errors import OperatorError
from daemoneye.host.baseline_reading import stretch
from daemoneye.sanitize.hostile import printable
from daemoneye.settings.files import load
from daemoneye.tree import AGENT_SOCKET

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from daemoneye.model.trust import BaselineEntry, Baselines, BaselinesRequest

_MOST_BYTES: Final = 1 << 20  # as much at once as an agent would say in a frame
_DIGEST: Final = 12  # as much of a SHA-256 as tells two files of one host apart
_LONGEST: Final = 80  # bytes of the name and version of a package
# the widths of what is usual
_MOMENT, _AGO = "<24", "<12"  # 2026-01-31T08:00:00.000Z, 123d 23h ago
_HEADINGS: Final = ("NOW", "SHA-256", "TRUSTED", "SINCE", "PACKAGE", "PATH")


class Trusted:
    def __init__(self, config: Path | None) -> None:
        paths = load(config).settings.paths
        self._directory = paths.state_dir
        self._agent = Client(paths.runtime_dir / AGENT_SOCKET)
        self._connected = False
        self._why: OperatorError | None = None  # the agent is not asked again

    def ask(self, request: BaselinesRequest) -> Baselines:
        if not self._why:
            try:
                return self._ask_agent(request)
            except OperatorError as error:
                self._why = error
                self._agent.close()
        try:
            return stretch(self._directory, request, _MOST_BYTES)
        except OperatorError as error:
            raise worth_telling(self._why, error) from None

    def _ask_agent(self, request: BaselinesRequest) -> Baselines:
        if not self._connected:
            self._agent.connect()
            self._connected = True
        return self._agent.baselines_part(request)


def document(entry: BaselineEntry) -> dict[str, Any]:
    return {
        "path": entry.path,
        "namespace": entry.namespace,
        "sha256": entry.sha256,
        "ssdeep": entry.ssdeep,
        "source": entry.source,
        "since": cells.moment(entry.since_ms),
        "ownership": entry.ownership,
        "package": entry.package,
        "version": entry.version,
        "first_seen": cells.moment(entry.first_seen_ms),
        "last_seen": cells.moment(entry.last_seen_ms),
        "last_sha256": entry.last_sha256,
        "last_ssdeep": entry.last_ssdeep,
        "open": entry.open,
    }


class Documents:
    def show(self, entries: Iterable[BaselineEntry]) -> None:
        for entry in entries:
            click.echo(json.dumps(document(entry), ensure_ascii=False))


class Lines:
    def __init__(self) -> None:
        self._screen = console()
        self._headed = False

    def show(self, entries: Iterable[BaselineEntry]) -> None:
        now_ms = time.time_ns() // 1_000_000 if self._screen.is_terminal else None
        since = _MOMENT if now_ms is None else _AGO
        lines = [_line(_row(entry, now_ms), since) for entry in entries]
        if lines and not self._headed:
            self._headed = True
            lines.insert(0, _line(_HEADINGS, since, "dim"))
        for line in lines:
            if self._screen.is_terminal:
                self._screen.print(line, no_wrap=True, overflow="ellipsis", crop=True)
            else:
                click.echo(line.plain)


def _row(entry: BaselineEntry, now_ms: int | None) -> tuple[str, ...]:
    package = " ".join(filter(None, (entry.package, entry.version)))
    return (
        "differs" if entry.last_sha256 != entry.sha256 else "finding" if entry.open else "",
        printable(entry.sha256[:_DIGEST]),
        printable(entry.source),
        when(entry.since_ms, now_ms),
        printable(package, _LONGEST) or cells.UNKNOWN,
        printable(f"{entry.path} in {entry.namespace}" if entry.namespace else entry.path),
    )


def _line(row: Iterable[str], since: str, style: str = "") -> Text:
    line = Text()
    for text, layout in zip(row, ("<7", f"<{_DIGEST}", "<8", since, "<24", ""), strict=True):
        line.append(f"{text:{layout}}", style or ("" if line else "bold red")).append("  ")
    line.rstrip()
    return line
