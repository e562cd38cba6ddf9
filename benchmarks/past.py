"""What it takes to tell the process tree of a past moment from a long record.

The claim: two seconds at most, however much is on record, since there is a look at everybody every 50,000 entries at
most. The peer is the same record with nothing but the look that it began with, as it was before there were others: the
command has to read all of it. Moments are in the middle and at the end; the command is run as a user runs it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from daemoneye.actors.landmarks import Kept, Landmarks
from daemoneye.journal.ids import uuid7
from daemoneye.journal.journal import Journal
from daemoneye.journal.retention import Limits
from daemoneye.journal.schema import FILE_NAME
from daemoneye.model.alert import Severity
from daemoneye.model.record import Entry, Moment, Stream

if TYPE_CHECKING:
    from collections.abc import Iterator

_CLAIM_S: Final = 2.0
_BOOT: Final = "6c1d6e86-0000-4000-8000-000000000000"
_BEGAN_MS: Final = 1_790_000_000_000
_EVERYBODY: Final = 300
_KEPT: Final = Kept(max_age_s=30 * 86400, max_bytes=1 << 30)
_PER_LOOK: Final = 100  # starts and ends in a look, five seconds after the one before
_COMMAND: Final = str(Path(sys.executable).parent / "daemoneye")
# As long as a start on a real host: a chain of ancestors, credentials, digests.
_DETAILS: Final = {"command_line": ["/usr/bin/program", "--config", "/etc/program.conf"], "details": "x" * 700}


class History:
    """Processes that start and end, each look one after another."""

    def __init__(self, events: int, *, again: bool) -> None:
        self._events = events
        self._marks = Landmarks() if again else None
        self._number = 0
        self._wall_ms = _BEGAN_MS
        self._alive = dict.fromkeys(range(1, _EVERYBODY + 1))
        self._next_pid = _EVERYBODY + 1

    def looks(self) -> Iterator[list[Entry]]:
        yield list(self._everybody("scan.began"))
        for _ in range(self._events // _PER_LOOK):
            self._wall_ms += 5000
            entries = list(self._changes())
            if self._marks:
                self._marks.add(len(entries))
                if self._marks.is_due(self._wall_ms / 1000, len(self._alive), _KEPT):
                    entries += self._everybody("scan.again")
            yield entries

    def _everybody(self, kind: str) -> Iterator[Entry]:
        if self._marks:
            self._marks.look(self._wall_ms / 1000)
        yield self._entry(kind, None, processes=len(self._alive))
        for pid in self._alive:
            yield self._entry("process.seen", pid)

    def _changes(self) -> Iterator[Entry]:
        for _ in range(_PER_LOOK // 2):
            oldest = next(pid for pid in self._alive if pid > 1)
            del self._alive[oldest]
            yield self._entry("process.exited", oldest)
            self._alive[self._next_pid] = None
            yield self._entry("process.started", self._next_pid)
            self._next_pid += 1

    def _entry(self, kind: str, pid: int | None, **said: object) -> Entry:
        self._number += 1
        if pid is not None:
            said = {"process": {"pid": pid, **_DETAILS}}
        return Entry(
            id=uuid7(self._wall_ms, 0, self._number),
            stream=Stream.EVENTS,
            severity=Severity.INFO,
            kind=kind,
            occurred=Moment(wall_ms=self._wall_ms, monotonic_ns=self._number, boot_id=_BOOT),
            body=json.dumps({"kind": kind, **said}).encode(),
            pid=pid,
            entity_id=f"{pid:032x}" if pid else None,
            parent_entity_id=f"{1:032x}" if pid and pid > 1 else None,
            name=f"program-{pid % 5000}" if pid else None,
        )


def record(directory: Path, events: int, *, again: bool) -> int:
    """Make it, and return the time of its end."""
    directory.mkdir()
    numbers = iter(range(1 << 40))
    now_ms = _BEGAN_MS
    journal = Journal(
        directory,
        Limits(max_bytes=1 << 40, max_age_ms=1 << 50),
        lambda: Moment(wall_ms=now_ms, monotonic_ns=0, boot_id=_BOOT),
        lambda: uuid7(now_ms, 1, next(numbers)),
    )
    for look in History(events, again=again).looks():
        journal.append(look)
        now_ms = look[-1].occurred.wall_ms
    journal.close()
    return now_ms


def told(directory: Path, moment_ms: int) -> tuple[float, int]:
    """How long it takes, and how many processes there were."""
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment_ms / 1000))
    environment = os.environ | {"DAEMONEYE_PATHS__STATE_DIR": str(directory)}
    began_s = time.perf_counter()
    done = subprocess.run(
        [_COMMAND, "at", when, "--json", "--file", str(directory / FILE_NAME)],
        check=True,
        capture_output=True,
        env=environment,
    )
    took_s = time.perf_counter() - began_s
    return took_s, json.loads(done.stdout.splitlines()[-1])["processes"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--directory", help="where to write 2 GB; a temporary directory of the system by default")
    chosen = parser.parse_args()
    slowest = 0.0
    with tempfile.TemporaryDirectory(prefix="de-", dir=chosen.directory) as name:
        for again in (False, True):
            directory = Path(name) / f"record-{again}"
            end_ms = record(directory, chosen.events, again=again)
            what = "with looks in between" if again else "peer: one look, at the beginning"
            for part, moment_ms in (("middle", (_BEGAN_MS + end_ms) // 2), ("end", end_ms)):
                took_s, processes = told(directory, moment_ms)
                print(f"{what:<36}{part:<8}{took_s:>8.2f} s   {processes} processes")
                slowest = max(slowest, took_s) if again else slowest
    holds = slowest <= _CLAIM_S
    print(f"claim {_CLAIM_S:.0f} s: {'holds' if holds else 'DOES NOT HOLD'}")
    return 0 if holds else 1


if __name__ == "__main__":
    raise SystemExit(main())
