"""How long integrity takes over a machine on which nothing changes, what it weighs, and how soon it is back.

Ten thousand processes of ten thousand programs, each of them known and as it was. The peers do less and are here for
scale: a dictionary that knows only the SHA-256 of each path, looked up once per process; and reading the rows of the
store without making anything of them.
"""

from __future__ import annotations

import hashlib
import sqlite3
import tempfile
import time
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING, Final

from daemoneye.host.baseline_store import FILE_NAME, BaselineStore
from daemoneye.integrity.sighting import Hashed, Now, Sighting
from daemoneye.integrity.similarity import compare
from daemoneye.integrity.tracker import Tracker
from daemoneye.integrity.verdicts import Policy
from daemoneye.model.alert import AlertProcess, Content, Ownership, PackageVerdict
from daemoneye.model.process import FileIdentity, HashStatus, OnDisk

if TYPE_CHECKING:
    from collections.abc import Callable

    from daemoneye.integrity.kept import Kept

COUNT: Final = 10_000
OBSERVE_S: Final = 0.050
RESTART_S: Final = 0.5
MEMORY_BYTES: Final = 15_000_000
RUNS: Final = 7
NOW: Final = Now(1_700_000_000_000, 1, "boot")
LATER: Final = Now(NOW.wall_ms + 30_000, 30_000_000_001, "boot")
PACKAGE: Final = PackageVerdict(ownership=Ownership.MATCHES, name="some-package", version="1.2.3-4", database="dpkg")


def sighting(number: int) -> Sighting:
    sha256 = hashlib.sha256(b"%d" % number).hexdigest()
    path = f"/usr/lib/x86_64-linux-gnu/some-package/program-{number}"
    return Sighting(
        process=AlertProcess(pid=number, entity_id=sha256[:32], name=f"program-{number}"[:15], executable=path),
        start_ticks=number,
        path=path,
        detected_ms=NOW.wall_ms,
        file=FileIdentity(dev=1, ino=number, size=100_000),
        on_disk=OnDisk.PRESENT,
        running=Hashed(HashStatus.HASHED, Content(sha256=sha256, ssdeep=f"1536:{sha256}:{sha256[:32]}")),
        package=PACKAGE,
    )


def tracker(kept: Kept | None = None) -> Tracker:
    return Tracker(policy=Policy(compare=compare), dedup_window_s=300, new_id=lambda: "", kept=kept)


def best(work: Callable[[], object]) -> float:
    def once() -> float:
        begin = time.perf_counter()
        work()
        return time.perf_counter() - begin

    return min(once() for _ in range(RUNS))


def told(what: str, seconds: float, claim: float | None = None) -> None:
    verdict = "" if claim is None else f"  claim {claim * 1000:.0f} ms: {'kept' if seconds < claim else 'BROKEN'}"
    print(f"{what:<58} {seconds * 1000:>7.1f} ms{verdict}")


def observe(seen: list[Sighting], again: list[Sighting]) -> Tracker:
    known = tracker()
    begin = time.perf_counter()
    known.observe(seen, NOW)
    told(f"{COUNT} programs seen for the first time", time.perf_counter() - begin)

    def unchanged() -> None:
        if known.observe(again, LATER).alerts:
            raise SystemExit("an alert, where nothing has changed")

    told(f"{COUNT} processes, nothing changed", best(unchanged), OBSERVE_S)
    plain = {each.path: each.running.sha256 for each in seen}
    told(
        "peer: one look into a dictionary of SHA-256 for each", best(lambda: all(_same(plain, each) for each in again))
    )
    return known


def _same(plain: dict[str | None, str | None], each: Sighting) -> bool:
    return plain[each.path] == each.running.sha256


def restart(known: Tracker, directory: Path) -> None:
    store = BaselineStore(directory, lambda: NOW.wall_ms)
    store.load()
    begin = time.perf_counter()
    store.save(known.pending())
    told(f"{COUNT} baselines written", time.perf_counter() - begin)
    store.close()

    def warm() -> None:
        again = BaselineStore(directory, lambda: NOW.wall_ms)
        if len(tracker(again.load()).baselines) != COUNT:
            raise SystemExit("not all came back")
        again.close()

    told("restart: opened, read and ready", best(warm), RESTART_S)
    told("peer: the rows alone", best(lambda: _rows(directory / FILE_NAME)))


def _rows(path: Path) -> int:
    connection = sqlite3.connect(path)
    try:
        return len(connection.execute("SELECT * FROM baselines").fetchall())
    finally:
        connection.close()


def weigh(directory: Path) -> None:
    tracemalloc.start()
    store = BaselineStore(directory, lambda: NOW.wall_ms)
    known = tracker(store.load())
    size, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    verdict = "kept" if peak < MEMORY_BYTES else "BROKEN"
    print(
        f"{len(known.baselines)} baselines in memory: {size / 1e6:.1f} MB, {peak / 1e6:.1f} MB at most while loading  "
        f"claim {MEMORY_BYTES / 1e6:.0f} MB: {verdict}"
    )
    store.close()


def main() -> None:
    seen, again = [sighting(number) for number in range(COUNT)], [sighting(number) for number in range(COUNT)]
    known = observe(seen, again)
    with tempfile.TemporaryDirectory() as directory:
        restart(known, Path(directory))
        weigh(Path(directory))


if __name__ == "__main__":
    main()
