"""``daemoneye top``: the busiest processes, again and again. Keys choose the order; q quits.

When the output is not a terminal it prints ``--count`` plain tables (one, unless asked) and ends.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

import click
from rich.live import Live
from rich.table import Table
from rich.text import Text

from daemoneye.cli import cells
from daemoneye.cli.keyboard import keys, orderly_end
from daemoneye.cli.look import looking
from daemoneye.cli.options import Interval, config_option, count_option, kernel_option
from daemoneye.cli.screen import console
from daemoneye.cli.told import Told
from daemoneye.settings.files import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rich.console import Console, JustifyMethod

    from daemoneye.lifecycle.tracker import Scan
    from daemoneye.model.process import ProcessRecord

    Stamp = Callable[[ProcessRecord], ProcessRecord]

ORDERS: Final[dict[str, Callable[[ProcessRecord], object]]] = {
    "cpu": lambda record: -(record.cpu_usage or 0.0),
    "memory": lambda record: -(record.memory_usage or 0),
    "pid": lambda record: record.pid,
    "name": lambda record: record.name,
    "started": lambda record: -(record.start_ticks or 0),
}
_KEYS: Final = {order[0]: order for order in ORDERS}
_FIRST_INTERVAL_S: Final = 0.5  # long enough for 50 clock ticks: a share of CPU to two per cent, and nobody waits
_HEADINGS: Final = ("PID", "UID", "CPU%", "RSS", "STATE", "ON DISK", "SHA-256", "COMMAND")
_NUMBERS: Final = frozenset({"PID", "UID", "CPU%", "RSS"})
# How wide a terminal has to be for it: the verdicts and a third of the line for the command come first.
_ROOM: Final = {"UID": 60, "RSS": 50, "STATE": 100, "SHA-256": 70}


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What the person in front of it wants to see."""

    order: str
    pattern: str | None = None
    kernel: bool = False

    def rows(self, scan: Scan) -> list[ProcessRecord]:
        chosen = (record for record in scan.records() if self._wants(record))
        return sorted(chosen, key=lambda record: (ORDERS[self.order](record), record.pid))

    def _wants(self, record: ProcessRecord) -> bool:
        named = self.pattern is None or fnmatchcase(record.name, self.pattern)
        return named and (self.kernel or not record.kernel_thread)

    def after(self, key: str) -> View | None:
        """The view that a key leads to; None: the end."""
        if key == "q":
            return None
        if key == "k":
            return replace(self, kernel=not self.kernel)
        return replace(self, order=_KEYS.get(key, self.order))


@click.command("top")
@click.option(
    "--sort", "order", type=click.Choice(list(ORDERS)), default="cpu", show_default=True, help="What comes first."
)
@click.option("--filter", "pattern", metavar="GLOB", help="Only processes of this name.")
@kernel_option
@click.option("--interval", type=Interval(), default=2.0, show_default=True, help="Seconds between looks.")
@count_option
@config_option
def command(
    order: str, pattern: str | None, kernel: bool, interval: float, count: int | None, config: Path | None
) -> None:
    """Show the busiest processes, again and again.

    Keys: c cpu, m memory, p pid, n name, s started last; k kernel threads; q quits.
    """
    view = View(order=order, pattern=pattern, kernel=kernel)
    screen = console()
    settings = load(config).settings
    told = Told(settings)
    with looking(settings) as look:
        look()
        time.sleep(min(interval, _FIRST_INTERVAL_S))
        if screen.is_terminal and not screen.is_dumb_terminal:
            _live(screen, look, told, view, interval, count)
        else:
            _plain(look, told, view, interval, count or 1)


def _plain(look: Callable[[], Scan], told: Told, view: View, interval_s: float, count: int) -> None:
    for turn in range(count):
        if turn:
            time.sleep(interval_s)
        told.refresh()
        for line in plain(view, look(), told.stamp):
            click.echo(line)


def plain(view: View, scan: Scan, stamp: Stamp) -> Iterator[str]:
    layout = f"{{:>7}} {{:>6}} {{:>6}} {{:>6}} {{:<10}} {{:<8}} {{:<{cells.DIGEST}}} {{}}"
    yield layout.format(*_HEADINGS)
    for record in view.rows(scan):
        yield layout.format(*row(stamp(record)))
    yield scan.coverage.sentence()


def row(record: ProcessRecord) -> tuple[str, ...]:
    return (
        str(record.pid),
        record.user_id or cells.UNKNOWN,
        cells.percent(record.cpu_usage),
        cells.size(record.memory_usage),
        record.state or cells.UNKNOWN,
        cells.on_disk(record),
        cells.digest(record),
        cells.title(record),
    )


def _live(
    screen: Console, look: Callable[[], Scan], told: Told, view: View, interval_s: float, count: int | None
) -> None:
    with orderly_end(), keys() as wait, Live(console=screen, screen=True, auto_refresh=False) as live:
        turn = 0
        scan = look()
        while True:
            told.refresh()
            live.update(drawn(view, scan, told.stamp, width=screen.width, room=screen.height - 4), refresh=True)
            key = wait(interval_s)
            following = view.after(key)
            if following is None or (count is not None and not key and (turn := turn + 1) >= count):
                return
            view = following
            if not key:
                scan = look()


def drawn(view: View, scan: Scan, stamp: Stamp, *, width: int, room: int) -> Table:
    """As many rows as the terminal has room for: what does not fit would only scroll the rest away."""
    table = Table(box=None, pad_edge=False, expand=True, title_justify="left", caption_justify="left")
    table.title = _one_line(f"daemoneye top: by {view.order} (keys: c m p n s k q)", "bold")
    table.caption = _one_line(scan.coverage.sentence(), "dim")
    headings = [heading for heading in _HEADINGS if width >= _ROOM.get(heading, 0)]
    for heading in headings:
        side: JustifyMethod = "right" if heading in _NUMBERS else "left"
        ratio = 1 if heading == "COMMAND" else None
        table.add_column(heading, justify=side, no_wrap=True, overflow="ellipsis", ratio=ratio)
    for record in map(stamp, view.rows(scan)[: max(1, room)]):
        texts = dict(zip(_HEADINGS, map(Text, row(record)), strict=True))
        texts["ON DISK"].stylize(cells.STYLES.get(record.on_disk, ""))
        table.add_row(*(texts[heading] for heading in headings))
    return table


def _one_line(text: str, style: str) -> Text:
    return Text(text, style, no_wrap=True, overflow="ellipsis")
