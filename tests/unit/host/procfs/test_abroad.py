"""Whose path it is, as far as files can show it. The real thing is in the system tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from daemoneye.host.procfs.facts import Depth
from daemoneye.host.procfs.reader import ProcfsSource

if TYPE_CHECKING:
    from pathlib import Path

    from daemoneye.model.observation import Facts
    from tests.fakes.procfs import FakeProc

MNT = 4026531837
ID = "c" * 64


def facts_of(proc: FakeProc, pid: int, depth: Depth) -> Facts:
    source = ProcfsSource(mask=tuple, depth=depth, proc_root=bytes(proc.root))
    try:
        return next(each.facts for key, each in source.scan().processes.items() if key.pid == pid)
    finally:
        source.close()


def move(directory: Path) -> None:
    """Give it a root of its own, which is empty."""
    (directory / "elsewhere").mkdir()
    (directory / "root").unlink()
    (directory / "root").symlink_to("elsewhere")


@pytest.mark.parametrize("depth", [Depth.FULL, Depth.ENHANCED])
def test_a_container_is_known_by_its_id(proc: FakeProc, depth: Depth) -> None:
    """Whether or not the closer look is switched on: without its id its programs could not be told from others."""
    directory = proc.add(42)
    proc.enhance(42, cgroup=f"0::/docker/{ID}\n".encode())
    move(directory)
    home = facts_of(proc, 42, depth).abroad
    assert home is not None
    assert (home.mount_namespace, home.territory) == (MNT, f"container:{ID}")
    assert home.container is not None
    assert (home.container.runtime, home.container.container_id) == ("docker", ID)


def test_the_same_file_is_the_same_territory(proc: FakeProc) -> None:
    """However it is mounted: who sees the host's program under the host's name is the host."""
    proc.add(42)
    proc.enhance(42, cgroup=f"0::/docker/{ID}\n".encode())
    home = facts_of(proc, 42, Depth.FULL).abroad
    assert home is not None
    assert home.territory == ""


def test_without_control_groups_a_number_has_to_do(proc: FakeProc) -> None:
    """It is never written down."""
    directory = proc.add(42)
    proc.enhance(42)
    (directory / "cgroup").unlink()
    move(directory)
    home = facts_of(proc, 42, Depth.FULL).abroad
    assert home is not None
    assert (home.territory, home.container) == (f"mnt:{MNT}", None)


def test_who_may_not_be_asked_is_at_home(proc: FakeProc) -> None:
    """Where nothing can be asked there are no others to tell it from; and the first look at names asks for none."""
    proc.add(42)
    assert facts_of(proc, 42, Depth.FULL).abroad is None
    proc.enhance(42)
    assert facts_of(proc, 42, Depth.CORE).abroad is None


def test_an_image_that_cannot_be_read_has_a_home_all_the_same(proc: FakeProc) -> None:
    """Only its path cannot help to find out which."""
    directory = proc.add(42)
    proc.enhance(42)
    (directory / "exe").unlink()
    home = facts_of(proc, 42, Depth.FULL).abroad
    assert home is not None
    assert home.territory == f"mnt:{MNT}"
