"""How an entry of the record becomes a line of a table, when nobody knows yet what lines will follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from rich.text import Text

from daemoneye.cli import cells
from daemoneye.cli.documents import native, number_at, text_at, texts_at
from daemoneye.model.alert import Severity
from daemoneye.sanitize.hostile import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from daemoneye.model.lookup import RecordedEntry

SEVERITIES: Final = {
    Severity.INFO: "dim",
    Severity.LOW: "",
    Severity.MEDIUM: "yellow",
    Severity.HIGH: "bold red",
    Severity.CRITICAL: "bold white on red",
}
_MOMENT, _AGO = "<24", "<11"  # 2026-01-31T08:00:00.000Z, 59m 59s ago
_NAME: Final = 24  # bytes of a parent's name: the kernel has 15, an interpreter's script a few more


class Cell(NamedTuple):
    text: str
    style: str = ""


class Table(NamedTuple):
    headings: tuple[str, ...]
    layout: tuple[str, ...]  # the width of what is usual, as a format; the last column has none
    cells: Callable[[RecordedEntry], tuple[Cell, ...]]
    shows_again: bool = True  # who is seen once more


def _alert(entry: RecordedEntry) -> tuple[Cell, ...]:
    said = native(entry)
    severity = Severity(entry.severity)
    return (
        Cell(severity.word, SEVERITIES[severity]),
        Cell(printable(entry.kind)),
        Cell(cells.UNKNOWN if entry.pid is None else str(entry.pid), "cyan"),
        Cell(printable(text_at(said, "message") or entry.body)),
    )


def _event(entry: RecordedEntry) -> tuple[Cell, ...]:
    said = native(entry)
    parent, name = number_at(said, "process", "parent_pid"), text_at(said, "ancestors", "name")
    digest = entry.sha256 or text_at(said, "hash", "sha256")
    return (
        Cell(printable(entry.kind.removeprefix("process."))),
        Cell(cells.UNKNOWN if entry.pid is None else str(entry.pid), "cyan"),
        Cell(" ".join(_known(parent, printable(name or "", _NAME))) or cells.UNKNOWN),
        Cell(printable((digest or cells.UNKNOWN)[: cells.DIGEST])),
        Cell(what(entry, said)),
    )


def _known(number: float | None, name: str) -> Iterator[str]:
    if number is not None:
        yield str(int(number))
    if name:
        yield name


def what(entry: RecordedEntry, said: dict[str, Any]) -> str:
    """The command line, else the name, with what is remarkable about it; of others than processes, what they say."""
    if not entry.kind.startswith("process."):
        return printable(text_at(said, "message") or entry.body)
    words = [each.replace("_", " ") for each in (*texts_at(said, "suspicions"), *texts_at(said, "fields"))]
    ran_s = number_at(said, "run_time_s")
    words += [f"after {cells.elapsed(ran_s)}"] if ran_s is not None else []
    remark = f"({', '.join(words)}) " if words else ""
    return printable(remark + title(said, entry.name))


def title(said: dict[str, Any], name: str | None) -> str:
    command_line = " ".join(texts_at(said, "process", "command_line"))
    return command_line if command_line.strip() else f"[{name or text_at(said, 'process', 'name') or '?'}]"


ALERTS: Final = Table(("SEVERITY", "RULE", "PID", "MESSAGE"), ("<8", "<28", ">7", ""), _alert)
EVENTS: Final = Table(
    ("EVENT", "PID", "PARENT", "SHA-256", "WHAT"),
    ("<9", ">7", "<20", f"<{cells.DIGEST}", ""),
    _event,
    shows_again=False,
)


def row(entry: RecordedEntry, table: Table, now_ms: int | None) -> Text:
    return _laid_out((Cell(when(entry.wall_ms, now_ms)), *table.cells(entry)), table, ago=now_ms is not None)


def when(wall_ms: int, now_ms: int | None) -> str:
    if now_ms is None or wall_ms > now_ms:  # a moment that is still to come: a clock was set back
        return cells.moment(wall_ms) or cells.UNKNOWN
    return f"{cells.elapsed((now_ms - wall_ms) / 1000)} ago"


def headings(table: Table, *, ago: bool) -> Text:
    return _laid_out((Cell("WHEN", "dim"), *(Cell(each, "dim") for each in table.headings)), table, ago=ago)


def _laid_out(row: tuple[Cell, ...], table: Table, *, ago: bool) -> Text:
    line = Text()
    for (text, style), layout in zip(row, (_AGO if ago else _MOMENT, *table.layout), strict=True):
        line.append(f"{text:{layout}}", style).append("  ")
    line.rstrip()
    return line
