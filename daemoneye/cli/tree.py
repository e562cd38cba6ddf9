"""``daemoneye tree``: who started whom, and which of them no longer have the file they were started from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click
from rich.text import Text

from daemoneye.cli import cells
from daemoneye.cli.executables import hashed
from daemoneye.cli.look import looking
from daemoneye.cli.options import config_option, hash_option, kernel_option, pid_option
from daemoneye.cli.screen import console
from daemoneye.cli.told import Told
from daemoneye.lifecycle.forest import Branch, forest
from daemoneye.settings.files import load

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from daemoneye.lifecycle.tracker import Scan
    from daemoneye.model.observation import ProcessKey
    from daemoneye.model.process import ProcessRecord
    from daemoneye.settings import Settings

_ROOM_FOR_DIGESTS: Final = 100  # columns: fewer are needed for who started what


@click.command("tree")
@pid_option
@kernel_option
@hash_option
@config_option
def command(pids: tuple[int, ...], kernel: bool, with_hash: bool, config: Path | None) -> None:
    """Show the process tree, or only what hangs below --pid.

    With the digests that a running agent knows, or --hash. Colours at a terminal, plain text in a pipe, NO_COLOR
    honoured.
    """
    settings = load(config).settings
    with looking(settings) as look:
        scan = look()
    shown = {key: seen for key, seen in scan.snapshot.processes.items() if kernel or not seen.sample.kernel_thread}
    branches = list(forest(shown, pids))
    records = _records(scan, [branch.key for branch in branches], settings, with_hash=with_hash)
    screen = console()
    roomy = not screen.is_terminal or screen.width >= _ROOM_FOR_DIGESTS
    # cut at the edge of a terminal; a pipe has none
    fitting: dict[str, Any] = {"no_wrap": True, "overflow": "ellipsis"} if screen.is_terminal else {"soft_wrap": True}
    for branch, record in zip(branches, records, strict=True):
        screen.print(_line(branch, record, with_digest=roomy), **fitting)
    screen.print(scan.coverage.sentence(), style="dim", soft_wrap=True)


def _records(scan: Scan, keys: Sequence[ProcessKey], settings: Settings, *, with_hash: bool) -> list[ProcessRecord]:
    records = [scan.record(key) for key in keys]
    if with_hash:
        return hashed(records, settings)
    told = Told(settings)
    told.refresh()
    return [told.stamp(record) for record in records]


def _line(branch: Branch[ProcessKey], record: ProcessRecord, *, with_digest: bool) -> Text:
    return Text.assemble(
        (twigs(branch), "dim"),
        (f"{record.pid} ", "cyan"),
        verdict(record),
        (f"{cells.digest(record)} ", "dim") if with_digest and record.hash_status else "",
        cells.title(record),
    )


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
