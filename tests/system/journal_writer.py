"""A writer to be killed: records numbered alerts, and prints each number once it has the receipt.

The id of an alert is made from its number, so that one that was recorded and not acknowledged is known again when its
sender, which did not hear of it, sends it once more.
"""

from __future__ import annotations

import sys
import time
from itertools import count
from pathlib import Path

from daemoneye.journal.entry import Entry, Moment, Severity, Stream, canonical
from daemoneye.journal.ids import uuid7
from daemoneye.journal.journal import Journal
from daemoneye.journal.retention import Limits
from daemoneye.journal.store import Receipt

SEVERITIES = tuple(Severity)


def now() -> Moment:
    return Moment(wall_ms=time.time_ns() // 10**6, monotonic_ns=time.monotonic_ns(), boot_id="boot")


def alert(number: int) -> Entry:
    return Entry(
        id=uuid7(number, 0, number),
        stream=Stream.ALERTS,
        severity=SEVERITIES[number % len(SEVERITIES)],
        kind="test.numbered",
        occurred=Moment(wall_ms=number, monotonic_ns=number, boot_id="boot"),
        body=canonical({"number": number, "padding": "x" * (number % 700)}),
    )


def main(directory: Path, first: int) -> None:
    limits = Limits(max_bytes=1 << 30, max_age_ms=2**62, checkpoint_every=15)
    journal = Journal(directory, limits, now, lambda: uuid7(time.time_ns() // 10**6, 0, time.monotonic_ns()))
    for number in count(first, 3):
        numbers = {entry.id: number + place for place, entry in enumerate(map(alert, range(number, number + 3)))}
        answers = journal.append(map(alert, range(number, number + 3)))
        assert journal.condition is None, journal.condition
        receipts = [answer for answer in answers if isinstance(answer, Receipt)]
        sys.stdout.write("".join(f"{numbers[receipt.id]} {receipt.sequence}\n" for receipt in receipts))
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
