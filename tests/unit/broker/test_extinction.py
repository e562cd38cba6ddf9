"""The end of everything below main."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from daemoneye.broker import extinction
from daemoneye.broker.extinction import children, extinguish

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_children_are_found_without_the_kernels_list(tmp_path: Path) -> None:
    """Also where the kernel keeps no list, and whatever a process calls itself."""
    me = os.getpid()
    stats = {7: f"7 (sh) S {me} 7", 8: "8 (sh) S 1 8", 9: f"9 (a) S 1 (b)) S {me} 9", 10: f"10 ({me}) S 2 10"}
    for pid, stat in stats.items():
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / "stat").write_text(stat)
    (tmp_path / "11").mkdir()  # has ended since
    (tmp_path / "sys").mkdir()
    assert sorted(children(tmp_path)) == [7, 9]


def test_the_kernels_list_is_enough(tmp_path: Path) -> None:
    """One read, where there is one."""
    (tmp_path / "thread-self").mkdir()
    (tmp_path / "thread-self" / "children").write_text("12 345 ")
    assert list(children(tmp_path)) == [12, 345]


def test_who_cannot_die_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that is stuck in the kernel does not hold main."""
    monkeypatch.setattr(extinction, "children", lambda: iter([4711]))
    monkeypatch.setattr(extinction, "reap", lambda: iter([(12, 0)]))
    killed: list[int] = []
    monkeypatch.setattr(os, "kill", lambda pid, _: killed.append(pid))
    assert extinguish([12], 0.01) == {4711}
    assert 12 in killed
    assert 4711 in killed


def test_who_is_gone_before_it_is_killed_is_no_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dying by oneself just in time is not an error."""
    monkeypatch.setattr(extinction, "children", lambda: iter([]))

    def kill(*_: int) -> None:
        raise ProcessLookupError

    def reap() -> None:
        raise ChildProcessError

    monkeypatch.setattr(os, "kill", kill)
    monkeypatch.setattr(extinction, "reap", reap)
    assert extinguish([12], 5) == frozenset()
