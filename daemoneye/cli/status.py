"""``daemoneye status``: the running agent, every child of it, what it sees, and how confined it is.

Exit codes are those of the LSB for services: 0 it runs, 3 it does not, 4 nobody can tell.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Final

import click
from rich.text import Text

from daemoneye.cli import cells, children
from daemoneye.cli.options import config_option, json_option
from daemoneye.cli.reach import agent
from daemoneye.cli.screen import console
from daemoneye.cli.status_document import document
from daemoneye.client import NotRunning
from daemoneye.errors import Exit, OperatorError
from daemoneye.sanitize.hostile import printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from daemoneye.client import Client
    from daemoneye.model.status import Status

NOT_RUNNING: Final = 3
UNKNOWN: Final = 4

_LINE: Final = 400  # of what was said by somebody else; settings files have long lines
_HAD: Final = ("hashed", "cached")  # with a digest
_DIGEST: Final = 12  # as much of a SHA-256 as tells two files apart


@click.command("status")
@json_option
@click.option(
    "--fail-on",
    type=click.Choice(["degraded", "failed"]),
    help="Exit with 1 when a child was given up (failed), or also when the agent says that it is degraded.",
)
@config_option
def command(as_json: bool, fail_on: str | None, config: Path | None) -> int:
    """Show the running agent and every child of it.

    Exit codes: 0 running, 3 not running, 4 unknown: it is there and does not answer, or not to this account; 1 only
    with --fail-on.
    """
    client = agent(config)  # wrong settings are no news of the agent
    status = _asked(client)
    if isinstance(status, int):
        return status
    if as_json:
        click.echo(json.dumps(document(status), ensure_ascii=False))
    else:
        screen = console()
        for line in lines(status, now_ms=time.time() * 1000):
            screen.print(line, soft_wrap=True)
    return Exit.FINDINGS if fails(status, fail_on) else Exit.OK


def _asked(client: Client) -> Status | int:
    try:
        with client:
            return client.status()
    except NotRunning as error:
        click.echo(str(error), err=True)
        return NOT_RUNNING
    except OperatorError as error:
        click.echo(str(error), err=True)
        return UNKNOWN


def fails(status: Status, fail_on: str | None) -> bool:
    given_up = any(child.state == "failed" for child in status.children)
    return (fail_on is not None and given_up) or (fail_on == "degraded" and status.state == "degraded")


def lines(status: Status, now_ms: float) -> Iterator[Text]:
    state = printable(status.state, _LINE)
    yield Text.assemble(
        f"daemoneye {printable(status.version, _LINE)}: ",
        (state, children.style(state)),
        f", pid {status.pid}, up {cells.elapsed(status.uptime_s)}",
    )
    yield Text()
    yield from children.table(status.children)
    for child in status.children:
        if child.last_words:
            yield _said(f"{printable(child.name, _LINE)} last said", child.last_words)
    yield Text()
    yield _said("sees", _sight(status, now_ms))
    yield from _hashing(status)
    yield from _integrity(status)
    yield from _record(status)
    yield from _sinks(status)
    yield from _confinement(status)
    yield from _settings(status, now_ms)


def _said(topic: str, what: str, style: str = "") -> Text:
    return Text.assemble((f"{topic}: ", "dim"), (printable(what, _LINE), style))


def _sight(status: Status, now_ms: float) -> str:
    if status.coverage is None or status.scan is None:
        return "nothing yet"
    when = f"{cells.elapsed((now_ms - status.scan.at_ms) / 1000)} ago, in {status.scan.duration_s:.2f} s"
    trouble = f"; {status.scan.failed} looks failed since" if status.scan.failed else ""
    return f"{status.coverage.sentence()} ({when}{trouble})"


def _hashing(status: Status) -> Iterator[Text]:
    hashing = status.hashing
    if hashing is None:
        yield _said("hashing", "nothing yet")
        return
    files = dict(hashing.files)
    had = sum(files.pop(name, 0) for name in _HAD)
    missing = ", ".join(f"{count} {why.replace('_', ' ')}" for why, count in files.items() if count)
    what = [f"{had} files hashed, {cells.size(hashing.bytes_read)} read", f"{hashing.waiting} waiting"]
    what += [f"{hashing.quarantined} quarantined"] if hashing.quarantined else []
    what += [f"not hashed: {missing}"] if missing else []
    what += [f"at {hashing.share:.0%} of its rate: the machine is pressed"] if hashing.share < 1 else []
    yield _said("hashing", ", ".join(what))
    if hashing.trouble:
        yield _said("hashing", hashing.trouble, "bold red")


def _integrity(status: Status) -> Iterator[Text]:
    integrity = status.integrity
    if integrity is None:
        yield _said("integrity", "nothing yet")
        return
    alerts = ", ".join(f"{count} {rule}" for rule, count in integrity.alerts if count)
    total = sum(count for _, count in integrity.alerts)
    lacking = ", ".join(f"{count} {why}" for why, count in integrity.degraded if count)
    what = [f"{total} alerts since its start{f' ({alerts})' if alerts else ''}", f"{integrity.baselines} baselines"]
    what += [f"{integrity.waiting} programs waiting", f"packages: {integrity.packages or 'unknown'}"]
    yield _said("integrity", ", ".join(what))
    if lacking:
        yield _said("integrity", f"degraded: {lacking}", "bold red")
    if integrity.trouble:
        yield _said("integrity", integrity.trouble, "bold red")


def _record(status: Status) -> Iterator[Text]:
    journal = status.journal
    if journal is None:
        yield _said("journal", "nothing yet")
    elif journal.trouble:
        what = f"cannot record: {journal.trouble} ({journal.detail}); {journal.waiting} entries wait"
        yield _said("journal", what, "bold red")
    else:
        counts = ", ".join(f"{each.kept} {each.name}" for each in journal.streams)
        yield _said("journal", f"{counts}, {cells.size(journal.disk_bytes)} on disk")
    if journal and journal.alert_file and journal.alert_file.trouble:
        file = journal.alert_file
        yield _said("alert file", f"{file.path}: cannot be written: {file.trouble} ({file.detail})", "bold red")


def _sinks(status: Status) -> Iterator[Text]:
    for sink in status.sinks:
        gone = f", {sink.set_aside} set aside" if sink.set_aside else ""
        trouble = f": {sink.trouble}" if sink.trouble else ""
        style = "bold red" if sink.trouble or sink.set_aside else ""
        yield _said(sink.name, f"{sink.state}, {sink.behind} behind{gone}{trouble}", style)


def _confinement(status: Status) -> Iterator[Text]:
    if not status.findings:
        yield _said("sandbox", f"{len(status.sandbox)} processes, each with the rights it should have", "green")
    for finding in status.findings:
        yield _said("sandbox", finding, "bold red")


def _settings(status: Status, now_ms: float) -> Iterator[Text]:
    if status.config:
        digest = f", sha256 {status.config.sha256[:_DIGEST]}" if status.config.sha256 else ""
        age = cells.elapsed((now_ms - status.config.loaded_at_ms) / 1000)
        yield _said("settings", f"generation {status.config.generation}, loaded {age} ago{digest}")
        for note in status.config.notes:
            yield _said("settings", note)
    if status.reload and status.reload.result not in {"", "none"}:
        age = cells.elapsed(None if status.reload.at_ms is None else (now_ms - status.reload.at_ms) / 1000)
        bad = status.reload.result != "accepted"
        yield _said("reload", f"{status.reload.result} {age} ago", "bold red" if bad else "")
        for line in (status.reload.error or "").splitlines():
            yield Text(f"  {printable(line, _LINE)}")
