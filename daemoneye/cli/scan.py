"""``daemoneye scan``: every process once, without an agent.

With ``--json`` each process is one line, its keys the field names of ``ProcessRecord``; the last line is the coverage.
"""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import click

from daemoneye.cli import cells
from daemoneye.cli.executables import counted, hashed
from daemoneye.cli.look import looking
from daemoneye.cli.options import config_option, hash_option, json_option, pid_option
from daemoneye.settings.files import load
from daemoneye.wire.jsonform import to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from daemoneye.model.coverage import Coverage
    from daemoneye.model.process import ProcessRecord


@click.command("scan")
@json_option
@hash_option
@click.option("--full", is_flag=True, help="Add what scan.enhanced adds: namespaces, container, capabilities, ...")
@pid_option
@click.option("--name", "names", multiple=True, metavar="GLOB", help="Only processes of this name; repeatable.")
@config_option
def command(
    as_json: bool, with_hash: bool, full: bool, pids: tuple[int, ...], names: tuple[str, ...], config: Path | None
) -> None:
    """Look at every process once.

    --pid and --name narrow what is printed and hashed; the rest of the coverage on the last line is that of the whole
    scan. Of the settings --hash takes hashing.max_file_size, file_timeout and ssdeep; it does not wait for the agent's
    budget.
    """
    settings = load(config).settings
    with looking(settings, enhanced=full) as look:
        scan = look()
    records, coverage = list(chosen(scan.records(), frozenset(pids), names)), scan.coverage
    if with_hash:
        records = hashed(records, settings)
        coverage = counted(coverage, records)
    for line in as_lines(records, coverage) if as_json else as_table(records, coverage):
        click.echo(line)


def chosen(records: Iterable[ProcessRecord], pids: frozenset[int], names: tuple[str, ...]) -> Iterator[ProcessRecord]:
    """OR inside an option, AND between them, as everywhere in the contracts."""
    for record in records:
        if (not pids or record.pid in pids) and (not names or any(fnmatchcase(record.name, glob) for glob in names)):
            yield record


def as_lines(records: Iterable[ProcessRecord], coverage: Coverage) -> Iterator[str]:
    for record in records:
        yield json.dumps(to_json(record), ensure_ascii=False)
    yield json.dumps({"coverage": coverage.as_json()}, ensure_ascii=False)


def as_table(records: Sequence[ProcessRecord], coverage: Coverage) -> Iterator[str]:
    """With a column for digests if there is anything to say about one."""
    digest = f" {{:<{cells.DIGEST}}}" if any(record.hash_status for record in records) else "{:.0}"
    layout = "{:>7} {:>7} {:>6} {:<10} {:>6} {:>6} {:>10} {:<8}" + digest + " {}"
    yield layout.format("PID", "PPID", "UID", "STATE", "CPU%", "RSS", "STARTED", "ON DISK", "SHA-256", "COMMAND")
    for record in records:
        yield layout.format(
            record.pid,
            cells.UNKNOWN if record.ppid is None else record.ppid,
            record.user_id or cells.UNKNOWN,
            record.state or cells.UNKNOWN,
            cells.percent(record.cpu_usage),
            cells.size(record.memory_usage),
            cells.since(record.start_time, record.collection_time),
            cells.on_disk(record),
            cells.digest(record),
            cells.title(record),
        )
    yield coverage.sentence()
