"""What a process does so that its forks need little memory of their own."""

from __future__ import annotations

import ctypes
import gc
import sys
from pathlib import Path

import pytest

from daemoneye.host.sharing import share_with_forks
from tests.fakes.forked import in_a_child

linux = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")


def own_kib() -> int:
    """What this process shares with nobody."""
    lines = Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_Dirty:"))


def test_the_collector_leaves_alone_what_was_there() -> None:
    """However often it runs in a fork, it goes through nothing that is shared."""

    def frozen() -> list[int]:
        share_with_forks()
        return [gc.get_freeze_count(), len(gc.get_objects())]

    there, left = in_a_child(frozen)
    assert there > 10_000  # a test process holds some
    assert left < there / 10


@linux
def test_a_fork_that_collects_stays_thin() -> None:
    """What the collector of a fork would copy is most of what there is."""

    def grown() -> list[int]:
        value = [[each] for each in range(100_000)]  # 100,000 lists: more than five megabytes to go through
        thick = in_a_child(_collect)
        share_with_forks()
        return [thick, in_a_child(_collect), len(value)]

    thick, thin, _ = in_a_child(grown)
    assert thin < thick / 4


def _collect() -> int:
    before = own_kib()
    gc.collect()
    return own_kib() - before


def test_another_libc_is_good_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may not know how many heaps there are; that is no reason to fail."""

    def share() -> bool:
        monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
        share_with_forks()
        return gc.get_freeze_count() > 0

    assert in_a_child(share) is True
