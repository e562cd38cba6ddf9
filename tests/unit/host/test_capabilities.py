"""The kernel's calls about privilege, and how sets are written."""

from __future__ import annotations

import errno
import os
import signal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemoneye.host import capabilities as kernel
from daemoneye.host.capabilities import Capability, mask_of, members, named, parse_names
from daemoneye.host.sandbox import inspect
from tests.fakes.forked import in_a_child
from tests.system.zoo import as_root

masks = st.integers(0, 2**64 - 1)


def test_names_and_numbers_are_the_kernel_s() -> None:
    """What an operator reads is what capabilities(7) calls it."""
    assert named(1 << 2 | 1 << 19) == "dac_read_search,sys_ptrace"
    assert (Capability.SETPCAP, Capability.SYS_ADMIN, Capability.CHECKPOINT_RESTORE) == (8, 21, 40)
    header = Path("/usr/include/linux/capability.h")
    if header.exists():
        lines = [line.split() for line in header.read_text(encoding="utf-8").splitlines()]
        theirs = {w[1]: int(w[2]) for w in lines if len(w) == 3 and w[1].startswith("CAP_") and w[2].isdigit()}
        assert theirs.items() <= {f"CAP_{each.name}": each.value for each in Capability}.items()


@given(masks)
def test_a_written_set_can_be_read_back(mask: int) -> None:
    """No bit gets lost, not of a capability newer than this program either."""
    assert parse_names(named(mask)) == mask
    assert mask_of(members(mask)) == mask & (1 << 41) - 1


def test_names_are_taken_as_people_write_them() -> None:
    """Both spellings in use mean the same."""
    assert parse_names(" CAP_SYS_PTRACE, dac_read_search ,") == 1 << 19 | 1 << 2


@pytest.mark.parametrize("text", ["sys_ptrac", "64", "-1", "²"])
def test_a_name_that_is_none_is_refused(text: str) -> None:
    """A slip of the pen is not a capability less."""
    with pytest.raises(ValueError, match="is no capability"):
        parse_names(text)


def test_our_sets_are_those_the_kernel_shows() -> None:
    """What is asked for and what /proc shows are one truth."""
    ours, shown = kernel.capget(), inspect("self").capabilities
    assert ours == (shown.effective, shown.permitted, shown.inheritable)
    kernel.capset(ours)
    assert kernel.capget() == ours


def test_a_capability_that_is_not_permitted_cannot_be_taken() -> None:
    """The call's name is in the error: it is all a log line has."""

    def take_back() -> str:
        kernel.capset(kernel.Sets(0, 0, 0))
        with pytest.raises(OSError, match=r"^.Errno 1. capset: Operation not permitted") as caught:
            kernel.capset(kernel.Sets(1, 1, 0))
        return errno.errorcode[caught.value.errno or 0]

    assert in_a_child(take_back) == "EPERM"


def test_the_bounding_set_needs_setpcap() -> None:
    """Failing to drop is told, not passed over."""

    def drop() -> str:
        kernel.capset(kernel.Sets(0, 0, 0))
        with pytest.raises(PermissionError, match=r"prctl\(CAPBSET_DROP\)") as caught:
            kernel.empty_bounding_set()
        return str(caught.value)

    assert "Operation not permitted" in in_a_child(drop)


@as_root
def test_every_set_can_be_emptied() -> None:
    """Bounding and ambient set, no_new_privs and closed memory show in /proc."""

    def empty() -> tuple[int, int, bool, bool]:
        kernel.empty_bounding_set()
        kernel.empty_ambient_set()
        kernel.keep_capabilities(True)
        kernel.gain_nothing_by_exec()
        kernel.close_memory()
        seen = inspect("self")
        return seen.capabilities.bounding, seen.capabilities.ambient, seen.no_new_privs, kernel.memory_is_closed()

    assert in_a_child(empty) == [0, 0, True, True]


@as_root
def test_a_filesystem_id_is_checked_although_the_call_never_fails() -> None:
    """A refused change is an error, where the kernel only keeps silent."""

    def change() -> list[object]:
        kernel.set_filesystem_gid(60)
        kernel.set_filesystem_uid(5)
        ids = inspect("self").credentials
        os.setresgid(1, 1, 1)
        os.setresuid(1, 1, 1)
        with pytest.raises(PermissionError, match="setfsuid"):
            kernel.set_filesystem_uid(5)
        with pytest.raises(PermissionError, match="setfsgid"):
            kernel.set_filesystem_gid(60)
        return [ids.ruid, ids.fsuid, ids.fsgid]

    assert in_a_child(change) == [0, 5, 60]


def test_orphans_come_to_whoever_adopts_them() -> None:
    """A grandchild whose parent died is ours to reap."""

    def adopt() -> bool:
        kernel.adopt_orphans()
        child = os.fork()
        if child == 0:
            os.fork()
            os._exit(0)
        os.waitpid(child, 0)
        orphan, _ = os.waitpid(-1, 0)  # ChildProcessError if it went to somebody else
        return orphan != child

    assert in_a_child(adopt) is True


def test_a_child_can_be_tied_to_its_parent() -> None:
    """It is killed when the parent ends, however that ends."""

    def outlive() -> bool:
        kernel.adopt_orphans()
        ready, told = os.pipe()
        child = os.fork()
        if child == 0:
            if os.fork() == 0:
                kernel.die_with_parent()
                os.write(told, b".")
                signal.pause()
            os.read(ready, 1)
            os._exit(0)
        os.waitpid(child, 0)
        _, status = os.waitpid(-1, 0)
        return os.waitstatus_to_exitcode(status) == -signal.SIGKILL

    assert in_a_child(outlive) is True
