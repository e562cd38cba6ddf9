"""What recording costs, and what asking and proving cost afterwards.

The claims: an alert is on the platter before it is acknowledged, a thousand of them a second, one by one; events come
in batches, twenty thousand a second; a hundred thousand entries are verified in a second, indexes included; a journal
of a gigabyte opens, and answers for one process name among a million entries, before anybody notices. The peer of one
alert is the least that durability can cost on this disk: the same bytes appended to a plain file and synced.

``--entries 1000000 --alerts 5000`` measures the claims at their full size, which takes a few minutes and two gigabytes.
"""

from __future__ import annotations

import argparse
import os
import secrets
import statistics
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

from daemoneye.journal.entry import Entry, Moment, Severity, Stream, canonical
from daemoneye.journal.ids import Ids
from daemoneye.journal.journal import Journal
from daemoneye.journal.own_keys import own_keys
from daemoneye.journal.query import Query
from daemoneye.journal.reading import Reader
from daemoneye.journal.retention import Limits
from daemoneye.journal.schema import FILE_NAME
from daemoneye.journal.store import Receipt
from daemoneye.journal.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

BATCH: Final = 1000  # events that come in one message
NAMES: Final = 5000  # programs of different names; a busy host has a few hundred
BODY: Final = 700  # bytes; a start with a command line and an ancestor chain


def wall_ms() -> int:
    return time.time_ns() // 10**6


def now() -> Moment:
    return Moment(wall_ms=wall_ms(), monotonic_ns=time.monotonic_ns(), boot_id="6c1d6e86-0000-4000-8000-000000000000")


IDS: Final = Ids(wall_ms, secrets.token_bytes)


def entry(number: int, stream: Stream, severity: Severity) -> Entry:
    return Entry(
        id=IDS(),
        stream=stream,
        severity=severity,
        kind="process.started" if stream is Stream.EVENTS else "integrity.disk_mismatch",
        occurred=now(),
        body=canonical({"number": number, "padding": "x" * BODY}),
        pid=1 + number % 32768,
        entity_id=secrets.token_hex(16),
        parent_entity_id=f"{number % 3000:032x}",
        name=f"program-{number % NAMES}",
        sha256=f"{number % 400:064x}",
    )


def timed(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def append_events(journal: Journal, entries: int) -> float:
    spent = 0.0
    for first in range(0, entries, BATCH):
        batch = [entry(number, Stream.EVENTS, Severity.INFO) for number in range(first, first + BATCH)]
        spent += timed(lambda batch=batch: acknowledged(journal, batch))  # type: ignore[misc]
    return spent


def acknowledged(journal: Journal, batch: Sequence[Entry]) -> None:
    answers = journal.append(batch)
    if not all(isinstance(answer, Receipt) for answer in answers) or len(answers) != len(batch):
        raise SystemExit(f"not acknowledged: {journal.condition}")


def beside_a_bare_append(journal: Journal, directory: Path, alerts: int) -> tuple[list[float], list[float]]:
    """Alternate the two, so that both meet the same disk."""
    ours, bare = [], []
    descriptor = os.open(directory / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for number in range(alerts):
        alert = entry(number, Stream.ALERTS, Severity.HIGH)
        bare.append(timed(lambda body=alert.body: bare_append(descriptor, body)))  # type: ignore[misc]
        ours.append(timed(lambda alert=alert: acknowledged(journal, [alert])))  # type: ignore[misc]
    os.close(descriptor)
    return ours, bare


def bare_append(descriptor: int, body: bytes) -> None:
    os.write(descriptor, body)
    os.fdatasync(descriptor)


def latency(name: str, seconds: list[float]) -> None:
    cuts = statistics.quantiles(seconds, n=100)
    rate = len(seconds) / sum(seconds)
    print(f"{name:<44}{rate:>10.0f}/s   p50 {cuts[49] * 1e3:.3f} ms   p99 {cuts[98] * 1e3:.3f} ms")


def claim(name: str, value: float, limit: float, unit: str, *, at_most: bool = False) -> None:
    holds = value <= limit if at_most else value >= limit
    print(f"{name:<44}{value:>10.0f}{unit}   claim {limit:.0f}{unit}: {'holds' if holds else 'DOES NOT HOLD'}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=100_000, help="events to record")
    parser.add_argument("--alerts", type=int, default=1000, help="alerts to record one by one")
    parser.add_argument("--directory", help="where to write; a temporary directory of the system by default")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.directory) as name:
        measure(Path(name), options.entries, options.alerts)


def measure(directory: Path, entries: int, alerts: int) -> None:
    limits = Limits(max_bytes=1 << 40, max_age_ms=1 << 60)
    journal = Journal(directory, limits, now, IDS)
    claim("events in acknowledged batches", entries / append_events(journal, entries), 20_000, "/s")
    ours, bare = beside_a_bare_append(journal, directory, alerts)
    claim("alerts, each durable", alerts / sum(ours), 1000, "/s")
    latency("  one alert", ours)
    latency("  peer: the same bytes, write + fdatasync", bare)
    journal.close()
    path = directory / FILE_NAME
    size = path.stat().st_size / (1 << 20)
    again = Journal(directory, limits, now, IDS)
    claim(f"opening a journal of {size:.0f} MiB to write", timed(again.flush) * 1e3, 1000, " ms", at_most=True)
    again.close()
    ask(path, entries)
    prove(directory, path, entries + alerts)


def ask(path: Path, entries: int) -> None:
    query = Query(name="program-77", since_ms=wall_ms() - 24 * 3600 * 1000)
    with closing(Reader(path)) as reader:
        spent = timed(lambda: list(reader.entries(query)))
        found = len(list(reader.entries(query)))
    claim(f"{found} of {entries} by name and time", spent * 1e3, 200, " ms", at_most=True)


def prove(directory: Path, path: Path, entries: int) -> None:
    keys = own_keys(directory)
    with closing(Reader(path)) as reader:
        begin = time.perf_counter()
        report = verify(reader, anchors=[reader.anchor()], identity=keys.identity, epoch=keys.epoch)
        spent = time.perf_counter() - begin
    if report.finding is not None or report.entries != entries:
        raise SystemExit(f"not whole: {report}")
    claim("verified, indexes included", entries / spent, 100_000, "/s")


if __name__ == "__main__":
    main()
