"""How the agent's children are shown: one JSON form, one table, wherever they appear."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rich.text import Text

from daemoneye.cli import cells
from daemoneye.sanitize.hostile import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from daemoneye.model.status import ChildReport

_STYLES: Final = {"running": "green", "idle": "green", "paused": "yellow", "stopped": "yellow", "failed": "bold red"}
_BETWEEN: Final = "yellow"  # on its way from one state to another
_HEADINGS: Final = ("CHILD", "STATE", "PID", "UP", "RESTARTS", "HEARTBEAT", "PRIVILEGE")
_STATE: Final = 1
_NUMBERS: Final = frozenset({2, 4})  # columns that read from the right
_CELL: Final = 60  # of text from a peer


def document(child: ChildReport) -> dict[str, Any]:
    return {
        "name": child.name,
        "pid": child.pid,
        "state": child.state,
        "restarts": child.restarts,
        "uptime_s": rounded(child.uptime_s),
        "heartbeat_age_s": rounded(child.heartbeat_age_s),
        "privilege": child.privilege,
        "generation": child.generation,
        "last_words": child.last_words,
    }


def rounded(seconds: float | None) -> float | None:
    """JSON has no word for infinity, and nobody needs nanoseconds."""
    return round(seconds, 3) if seconds is not None and abs(seconds) < float("inf") else None


def style(state: str) -> str:
    return _STYLES.get(state, _BETWEEN)


def table(children: Iterable[ChildReport]) -> Iterator[Text]:
    rows = [_HEADINGS, *map(_row, children)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    for row in rows:
        yield _line(row, widths, "dim" if row is _HEADINGS else style(row[_STATE]))


def _row(child: ChildReport) -> tuple[str, ...]:
    return (
        printable(child.name, _CELL),
        printable(child.state, _CELL),
        cells.UNKNOWN if child.pid is None else str(child.pid),
        cells.elapsed(child.uptime_s),
        str(child.restarts),
        cells.elapsed(child.heartbeat_age_s),
        printable(child.privilege, _CELL) or cells.UNKNOWN,
    )


def _line(row: Sequence[str], widths: Sequence[int], state_style: str) -> Text:
    line = Text()
    for column, (cell, width) in enumerate(zip(row, widths, strict=True)):
        padded = cell.rjust(width) if column in _NUMBERS else cell.ljust(width)
        line.append(padded, state_style if column == _STATE else "").append("  ")
    line.rstrip()
    return line
