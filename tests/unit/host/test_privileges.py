"""Looking at how we were started, and the one order in which everything is left behind."""

from __future__ import annotations

import errno
import os
import pwd
from typing import TYPE_CHECKING

import pytest

from daemoneye.host import capabilities, privileges
from daemoneye.host.capabilities import Sets, mask_of, members
from daemoneye.host.identities import NOBODY, WATCHING, Identity, Mode
from daemoneye.host.privileges import PrivilegeError, plan, put_on
from tests.fakes.seen import becoming

if TYPE_CHECKING:
    from pathlib import Path

    from daemoneye.host.sandbox import ProcessPrivileges

ALL = mask_of(capabilities.Capability)
COLLECTOR = Identity(uid=0, gid=0, filesystem=NOBODY, capabilities=WATCHING)


class Kernel:
    """Writes down what it is asked for, and then shows what the test wants it to show."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, seen: ProcessPrivileges, *, permitted: int = ALL) -> None:
        self.asked: list[str] = []
        self.kept = Sets(0, 0, 0)
        self.closed = True
        self.groups = [0]
        monkeypatch.setattr(privileges, "inspect", lambda _pid: seen)
        monkeypatch.setattr(capabilities, "capget", lambda: Sets(0, permitted, 0))
        monkeypatch.setattr(capabilities, "capset", self._capset)
        monkeypatch.setattr(capabilities, "memory_is_closed", lambda: self.closed)
        monkeypatch.setattr(os, "getgroups", lambda: self.groups)
        for module, names in (
            (capabilities, ("empty_bounding_set", "empty_ambient_set", "gain_nothing_by_exec", "close_memory")),
            (capabilities, ("keep_capabilities", "set_filesystem_uid", "set_filesystem_gid")),
            (os, ("setgroups", "setresuid", "setresgid")),
        ):
            for name in names:
                monkeypatch.setattr(module, name, self._noting(name))

    def _noting(self, name: str) -> object:
        return lambda *arguments: self.asked.append(" ".join([name, *map(str, arguments)]))

    def _capset(self, sets: Sets) -> None:
        self.asked.append("capset")
        self.kept = sets


def test_everything_is_left_behind_in_the_order_that_works(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step comes where the one before has not taken its right away, and none after it undoes it."""
    kernel = Kernel(monkeypatch, becoming(COLLECTOR))
    put_on(COLLECTOR)
    assert kernel.asked == [
        "capset",
        "empty_bounding_set",
        "keep_capabilities True",
        "setgroups ()",
        "setresgid 0 0 0",
        "setresuid 0 0 0",
        "set_filesystem_gid 65534",
        "set_filesystem_uid 65534",
        "keep_capabilities False",
        "capset",
        "empty_ambient_set",
        "gain_nothing_by_exec",
        "close_memory",
    ]
    assert kernel.kept == Sets(effective=mask_of(WATCHING), permitted=mask_of(WATCHING), inheritable=0)


def test_who_holds_nothing_asks_for_nothing_it_cannot_have(monkeypatch: pytest.MonkeyPatch) -> None:
    """An account without capabilities can start the agent: no step needs a right that it lacks."""
    identity = Identity(uid=7, gid=8, groups=(9,), bounding_emptied=False)
    kernel = Kernel(monkeypatch, becoming(identity), permitted=0)
    kernel.groups = [9]
    put_on(identity)
    assert "empty_bounding_set" not in kernel.asked
    assert not [each for each in kernel.asked if each.startswith(("setgroups", "set_filesystem"))]
    assert kernel.kept == Sets(0, 0, 0)


def test_a_process_that_is_not_who_it_should_be_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the kernel shows counts, not that every call succeeded; everything that differs is named."""
    kernel = Kernel(monkeypatch, becoming(Identity(uid=3, gid=4, capabilities=WATCHING)))
    kernel.closed = False
    with pytest.raises(PrivilegeError) as caught:
        put_on(Identity(uid=3, gid=5))
    assert str(caught.value) == (
        "did not become uid 3 [none]: has gids 4 4 4 4: expected 5 5 5 5; "
        "holds dac_read_search,sys_ptrace: expected no capability; "
        "its memory is open to its own uid: expected PR_SET_DUMPABLE 0"
    )


def test_a_call_that_fails_is_fatal_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The log says which step it was."""
    Kernel(monkeypatch, becoming(COLLECTOR))

    def refuse(_mask: int) -> None:
        raise PermissionError(errno.EPERM, "setfsuid: Operation not permitted")

    monkeypatch.setattr(capabilities, "set_filesystem_uid", refuse)
    with pytest.raises(PrivilegeError, match=r"cannot become uid 0 \[.*\]: .*setfsuid: Operation not permitted"):
        put_on(COLLECTOR)


def test_a_process_with_a_second_thread_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other thread would keep what this one drops."""
    kernel = Kernel(monkeypatch, becoming(COLLECTOR, threads=2))
    with pytest.raises(PrivilegeError, match="2 threads: expected one"):
        put_on(COLLECTOR)
    assert kernel.asked == []


def test_the_account_is_looked_up_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """`user:` is what the host's account database says it is, and missing if that says nothing."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(capabilities, "capget", lambda: Sets(0, ALL, 0))
    monkeypatch.setattr(privileges, "_reachable", lambda _uid, _gid: True)
    entry = next(each for each in pwd.getpwall() if each.pw_uid)
    found = plan(entry.pw_name)
    assert (found.mode, found.others.uid, found.others.gid) == (Mode.ACCOUNT, entry.pw_uid, entry.pw_gid)
    assert plan("no-such-account").mode is Mode.NO_ACCOUNT


def test_our_own_start_is_what_the_kernel_says() -> None:
    """A plan never hands out what we do not hold."""
    found = plan("no-such-account")
    assert found.broker.uid == os.geteuid()
    assert found.broker.capabilities <= members(capabilities.capget().permitted)


@pytest.mark.parametrize(
    ("setgroups", "uid_map", "gid_map", "reachable"),
    [
        ("allow\n", "         0          0 4294967295\n", "         0          0 4294967295\n", True),
        ("allow\n", "0 1000 1\n1 100000 65535\n", "0 1000 1\n1 100000 65535\n", True),
        ("allow\n", "0 1000 1\n", "0 0 4294967295\n", False),
        ("allow\n", "0 0 4294967295\n", "0 1000 1\n", False),
        ("allow\n", "0 100000 65534\n", "0 100000 65536\n", False),
        ("allow\n", "", "", False),
        ("deny\n", "0 0 4294967295\n", "0 0 4294967295\n", False),
    ],
)
def test_ids_that_a_user_namespace_lacks_are_known_beforehand(
    tmp_path: Path, setgroups: str, uid_map: str, gid_map: str, reachable: bool
) -> None:
    """A container that maps one uid is no reason to fail at the start."""
    for name, content in (("setgroups", setgroups), ("uid_map", uid_map), ("gid_map", gid_map)):
        (tmp_path / name).write_text(content, encoding="ascii")
    assert privileges._reachable(65534, 65534, tmp_path) is reachable


def test_a_kernel_without_user_namespaces_has_every_id(tmp_path: Path) -> None:
    """No map is no limit."""
    assert privileges._reachable(65534, 65534, tmp_path)
