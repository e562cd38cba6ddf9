"""``daemoneye alerts``: what was alarming, from the record of the agent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from daemoneye.cli.listing import ALERTS
from daemoneye.cli.options import config_option
from daemoneye.cli.record import Record, as_json_option, file_option
from daemoneye.cli.showing import show
from daemoneye.cli.times import When
from daemoneye.cli.words import KIND
from daemoneye.model.alert import Severity
from daemoneye.model.lookup import EntriesRequest

if TYPE_CHECKING:
    from pathlib import Path


@click.command("alerts")
@as_json_option
@click.option("--since", type=When(), metavar="TIME", help="From then on: 30m, 2h, 1d, today, or ISO 8601 in UTC.")
@click.option("--until", type=When(), metavar="TIME", help="Before then.")
@click.option("--severity", type=click.Choice([each.word for each in Severity]), help="At least this.")
@click.option("--rule", type=KIND, metavar="RULE", help="Only of this rule, such as integrity.disk_mismatch.")
@click.option("--follow", is_flag=True, help="Go on with what comes; without --since, with that alone.")
@file_option
@config_option
def command(
    as_json: bool,
    form: str,
    since: int | None,
    until: int | None,
    severity: str | None,
    rule: str | None,
    follow: bool,
    file: Path | None,
    config: Path | None,
) -> None:
    """Show the alerts on record, the oldest first, through the agent or, when it is down, from the file.

    Exit codes: 0, also when there are none; 66 there is no record, 69 neither agent nor file can be reached, 77 not
    for this account.
    """
    request = EntriesRequest(
        stream="alerts",
        since_ms=since,
        until_ms=until,
        at_least=Severity[severity.upper()] if severity else None,
        kind=rule,
    )
    show(Record(config, file), request, ALERTS, form=form if as_json else None, follow=follow)
