"""``daemoneye tree``: who started whom, and which of them no longer have the file they were started from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from daemoneye.cli import cells
from daemoneye.cli.look import looking
from daemoneye.cli.options import config_option, kernel_option, pid_option
from daemoneye.cli.screen import console
from daemoneye.lifecycle.forest import Branch, forest
from daemoneye.settings.files import load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from daemoneye.lifecycle.tracker import Scan
    from daemoneye.model.process import ProcessRecord


@click.command("tree")
@pid_option
@kernel_option
@config_option
def command(pids: tuple[int, ...], kernel: bool, config: Path | None) -> None:
    """Show the process tree, or only what hangs below --pid.

    Colours at a terminal, plain text in a pipe, NO_COLOR honoured.
    """
    with looking(load(config).settings) as look:
        scan = look()
    screen = console()
    # cut at the edge of a terminal; a pipe has none
    fitting: dict[str, Any] = {"no_wrap": True, "overflow": "ellipsis"} if screen.is_terminal else {"soft_wrap": True}
    for line in lines(scan, pids, kernel=kernel):
        screen.print(line, **fitting)
    screen.print(scan.coverage.sentence(), style="dim", soft_wrap=True)


def lines(scan: Scan, pids: tuple[int, ...], *, kernel: bool) -> Iterator[Text]:
    shown = {key: seen for key, seen in scan.snapshot.processes.items() if kernel or not seen.sample.kernel_thread}
    for branch in forest(shown, pids):
        record = scan.record(branch.key)
        yield Text.assemble((twigs(branch), "dim"), (f"{record.pid} ", "cyan"), verdict(record), cells.title(record))


def twigs(branch: Branch[Any]) -> str:
    if not branch.last:
        return ""
    *above, own = branch.last
    hidden = branch.depth - len(branch.last)
    return (
        (f"…{hidden} levels… " if hidden else "")
        + "".join("   " if last else "│  " for last in above)
        + ("└─ " if own else "├─ ")
    )


def verdict(record: ProcessRecord) -> Text:
    """A word only where there is something to say."""
    if record.kernel_thread or record.on_disk.label in {"present", "unknown"}:
        return Text()
    return Text(f"{record.on_disk.label} ", cells.STYLES[record.on_disk])
