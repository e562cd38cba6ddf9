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
from daemoneye.settings.files import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rich.console import Console

    from daemoneye.lifecycle.tracker import Scan
    from daemoneye.model.process import ProcessRecord

ORDERS: Final[dict[str, Callable[[ProcessRecord], object]]] = {
    "cpu": lambda record: -(record.cpu_usage or 0.0),
    "memory": lambda record: -(record.memory_usage or 0),
    "pid": lambda record: record.pid,
    "name": lambda record: record.name,
    "started": lambda record: -(record.start_ticks or 0),
}
_KEYS: Final = {order[0]: order for order in ORDERS}
_FIRST_INTERVAL_S: Final = 0.5  # long enough for 50 clock ticks: a share of CPU to two per cent, and nobody waits
_HEADINGS: Final = (("PID", "right"), ("UID", "right"), ("CPU%", "right"), ("RSS", "right"), ("STATE", "left"))
_VERDICTS: Final = (("ON DISK", "left"), ("SHA-256", "left"), ("COMMAND", "left"))


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
    with looking(load(config).settings) as look:
        look()
        time.sleep(min(interval, _FIRST_INTERVAL_S))
        if screen.is_terminal and not screen.is_dumb_terminal:
            _live(screen, look, view, interval, count)
        else:
            _plain(look, view, interval, count or 1)


def _plain(look: Callable[[], Scan], view: View, interval_s: float, count: int) -> None:
    for turn in range(count):
        if turn:
            time.sleep(interval_s)
        for line in plain(view, look()):
            click.echo(line)


def plain(view: View, scan: Scan) -> Iterator[str]:
    layout = "{:>7} {:>6} {:>6} {:>6} {:<10} {:<8} {:<7} {}"
    yield layout.format(*(heading for heading, _ in (*_HEADINGS, *_VERDICTS)))
    for record in view.rows(scan):
        yield layout.format(*row(record))
    yield scan.coverage.sentence()


def row(record: ProcessRecord) -> tuple[str, ...]:
    return (
        str(record.pid),
        record.user_id or cells.UNKNOWN,
        cells.percent(record.cpu_usage),
        cells.size(record.memory_usage),
        record.state or cells.UNKNOWN,
        cells.on_disk(record),
        (record.executable_hash or "")[:7],
        cells.title(record),
    )


def _live(screen: Console, look: Callable[[], Scan], view: View, interval_s: float, count: int | None) -> None:
    with orderly_end(), keys() as wait, Live(console=screen, screen=True, auto_refresh=False) as live:
        turn = 0
        scan = look()
        while True:
            live.update(drawn(view, scan, screen.height - 4), refresh=True)
            key = wait(interval_s)
            following = view.after(key)
            if following is None or (count is not None and not key and (turn := turn + 1) >= count):
                return
            view = following
            if not key:
                scan = look()


def drawn(view: View, scan: Scan, room: int) -> Table:
    """As many rows as the terminal has room for: what does not fit would only scroll the rest away."""
    table = Table(box=None, pad_edge=False, expand=True, title_justify="left", caption_justify="left")
    table.title = Text(f"daemoneye top: by {view.order} (keys: c m p n s k q)", "bold")
    table.caption = Text(scan.coverage.sentence(), "dim")
    for heading, side in _HEADINGS:
        table.add_column(heading, justify=side, no_wrap=True)  # type: ignore[arg-type]
    for heading, _ in _VERDICTS:
        table.add_column(heading, no_wrap=True, overflow="ellipsis", ratio=1 if heading == "COMMAND" else None)
    for record in view.rows(scan)[: max(1, room)]:
        *front, disk, digest, title = row(record)
        table.add_row(*map(Text, front), Text(disk, cells.STYLES.get(record.on_disk, "")), Text(digest), Text(title))
    return table
