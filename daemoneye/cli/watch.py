"""``daemoneye watch``: what happens to processes, look by look, without an agent, and what asks for a closer look.

With ``--json`` every line is one document whose first key says what it is: ``started``, ``exited``, ``exec``,
``modified`` (each with the entity id), ``trigger``, or ``coverage``, which ends each look.
"""

from __future__ import annotations

import itertools
import json
import time
from typing import TYPE_CHECKING, Any, Final, assert_never

import click

from daemoneye.cli import cells
from daemoneye.cli.look import looking
from daemoneye.cli.options import Interval, config_option, count_option, json_option
from daemoneye.lifecycle.triggers import TriggerEngine
from daemoneye.model.event import Exec, Exited, Modified, Started
from daemoneye.sanitize.hostile import printable
from daemoneye.settings.files import load
from daemoneye.wire.jsonform import to_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from daemoneye.lifecycle.tracker import Scan
    from daemoneye.model.event import LifecycleEvent
    from daemoneye.model.trigger import TriggerRequest

_WORDS: Final = {Started: "started", Exited: "exited", Exec: "exec", Modified: "modified"}


@click.command("watch")
@json_option
@click.option("--interval", type=Interval(), help="Seconds between looks; scan.interval unless given.")
@count_option
@config_option
def command(as_json: bool, interval: float | None, count: int | None, config: Path | None) -> None:
    """Show what starts, ends, executes another image or changes.

    The first look is the baseline: it shows what asks for a closer look, and no events. What lives and dies between
    two looks is not seen; the coverage line bounds how many those were.
    """
    settings = load(config).settings
    engine = TriggerEngine(
        [rule.trigger() for rule in settings.triggers.rules],
        dedup_window_s=settings.triggers.dedup_window,
        per_minute=settings.triggers.rate,
        max_pending=settings.triggers.max_pending,
    )
    tell = as_document if as_json else as_text
    with looking(settings) as look:
        for turn in itertools.count(1):
            for line in tell(look(), engine):
                click.echo(line)
            if turn == count:
                return
            time.sleep(interval or settings.scan.interval)


def requests(scan: Scan, engine: TriggerEngine) -> Iterator[TriggerRequest]:
    """What the rules want to know more about. Nobody here carries it out: it is taken off the queue at once."""
    now_s = scan.snapshot.monotonic_s
    for seen in (*scan.events, *scan.records()):
        asked = engine.consider(seen, now_s)
        yield from asked
        for request in engine.take(len(asked), now_s):
            engine.complete(request.request_id)


def as_document(scan: Scan, engine: TriggerEngine) -> Iterator[str]:
    for event in scan.events:
        yield _dump({_WORDS[type(event)]: event.entity_id, **details(event), "process": process(scan, event)})
    for request in requests(scan, engine):
        yield _dump({"trigger": request.rule, "entity_id": request.entity_id, **request_details(request)})
    yield _dump({"coverage": scan.coverage.as_json()})


def process(scan: Scan, event: LifecycleEvent) -> dict[str, Any]:
    return to_json(scan.record_of(event.observation))


def details(event: LifecycleEvent) -> dict[str, Any]:
    shared = {
        "detected_ms": event.detected_ms,
        "ancestors": [
            {"pid": each.key.pid, "entity_id": each.entity_id, "name": each.name} for each in event.ancestors
        ],
    }
    match event:
        case Started():
            return shared | {"suspicions": [str(each) for each in event.suspicions]}
        case Exited():
            return shared | {"run_time_s": event.run_time_s, "run_time_error_s": event.run_time_error_s}
        case Exec():
            before = event.before.facts
            return shared | {
                "suspicions": [str(each) for each in event.suspicions],
                "before": {"executable_path": before.executable_path, "command_line": list(before.command_line)},
            }
        case Modified():
            return shared | {"fields": [str(each) for each in event.fields]}
    assert_never(event)


def request_details(request: TriggerRequest) -> dict[str, Any]:
    return {
        "analysis": str(request.analysis),
        "priority": request.priority.name.lower(),
        "pid": request.pid,
        "name": request.name,
        "executable_path": request.executable_path,
    }


def as_text(scan: Scan, engine: TriggerEngine) -> Iterator[str]:
    for event in scan.events:
        record = scan.record_of(event.observation)
        yield f"{_WORDS[type(event)]:<8} {record.pid:>7} {remark(event)}{cells.title(record)}"
    for request in requests(scan, engine):
        where = printable(request.executable_path or request.name)
        yield f"trigger  {request.pid:>7} {request.rule}: {request.analysis} of {where}"
    if scan.baseline or scan.events:
        yield scan.coverage.sentence()


def remark(event: LifecycleEvent) -> str:
    match event:
        case Started() | Exec():
            words = ", ".join(each.replace("_", " ") for each in event.suspicions)
        case Exited():
            words = f"after {event.run_time_s:.1f} s"
        case Modified():
            words = ", ".join(each.replace("_", " ") for each in event.fields)
        case _:
            assert_never(event)
    return f"({words}) " if words else ""


def _dump(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False)
