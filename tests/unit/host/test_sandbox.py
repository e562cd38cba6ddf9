"""What a process holds, compared with what its role may hold."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from daemoneye.host.capabilities import Capability
from daemoneye.host.identities import NOBODY, WATCHING, Identity
from daemoneye.host.sandbox import findings, inspect
from daemoneye.model.process import Capabilities, Credentials
from tests.fakes.seen import becoming

if TYPE_CHECKING:
    from pathlib import Path

GATEWAY = Identity(uid=991, gid=992, groups=(5, 4))
COLLECTOR = Identity(uid=0, gid=0, filesystem=NOBODY, capabilities=WATCHING)

STATUS = """\
Name:\tmy\\nUid:
Umask:\t0022
State:\tS (sleeping)
Uid:\t991\t991\t991\t65534
Gid:\t992\t992\t992\t65534
FDSize:\t64
Groups:\t4 5
NStgid:\t7
Threads:\t1
SigQ:\t0/1
CapInh:\t0000000000000001
CapPrm:\t0000000000080004
CapEff:\t0000000000080000
CapBnd:\t000001ffffffffff
CapAmb:\t0000000000000002
NoNewPrivs:\t1
Seccomp:\t2
"""


def write(proc: Path, status: str) -> None:
    (proc / "7").mkdir()
    (proc / "7" / "status").write_text(status, encoding="ascii")


def test_everything_is_read_from_one_file(tmp_path: Path) -> None:
    """Ids, the five sets, no_new_privs, seccomp and the number of threads belong to one moment."""
    write(tmp_path, STATUS)
    seen = inspect(7, tmp_path)
    assert (seen.credentials.ruid, seen.credentials.fsuid, seen.credentials.groups) == (991, 65534, (4, 5))
    assert seen.capabilities == Capabilities(
        inheritable=1, permitted=0x80004, effective=0x80000, bounding=0x1FFFFFFFFFF, ambient=2
    )
    assert (seen.no_new_privs, seen.seccomp_mode, seen.threads) == (True, 2, 1)


@pytest.mark.parametrize("line", ["CapBnd", "NoNewPrivs", "Threads", "Uid"])
def test_what_the_kernel_leaves_out_is_not_assumed(tmp_path: Path, line: str) -> None:
    """Not knowing is not the same as being fine."""
    write(tmp_path, "".join(each for each in STATUS.splitlines(True) if not each.startswith(line + ":")))
    with pytest.raises(ValueError, match="status"):
        inspect(7, tmp_path)


def test_a_process_that_is_gone_is_an_error(tmp_path: Path) -> None:
    """Nothing is found about nobody."""
    with pytest.raises(FileNotFoundError):
        inspect(7, tmp_path)


def test_we_can_be_inspected() -> None:
    """The same reader serves the running machine."""
    assert inspect("self").credentials.euid == os.geteuid()
    assert inspect(os.getpid()).credentials == inspect("self").credentials


@pytest.mark.parametrize("identity", [GATEWAY, COLLECTOR])
def test_who_is_as_it_should_be_gives_no_finding(identity: Identity) -> None:
    """Silence means that everything was compared and held; groups have no order."""
    seen = becoming(identity)
    turned = replace(seen, credentials=replace(seen.credentials, groups=tuple(reversed(identity.groups))))
    assert findings(identity, seen) == findings(identity, turned) == ()


@pytest.mark.parametrize(
    ("changed", "finding"),
    [
        ({"permitted": 1 << 19}, "holds sys_ptrace: expected no capability"),
        ({"effective": 1 << 21}, "holds sys_admin: expected no capability"),
        ({"permitted": 1 << 63}, "holds 63: expected no capability"),
        ({"inheritable": 1}, "inheritable set holds chown: expected it empty"),
        ({"ambient": 4}, "ambient set holds dac_read_search: expected it empty"),
        ({"bounding": 6}, "bounding set holds dac_override,dac_read_search: expected it empty"),
    ],
)
def test_a_capability_too_many_is_found_in_each_set(changed: dict[str, Any], finding: str) -> None:
    """A right is found wherever it is kept."""
    seen = becoming(GATEWAY)
    assert findings(GATEWAY, replace(seen, capabilities=Capabilities(**changed))) == (finding,)


def test_a_collector_with_more_or_less_than_its_two_is_found() -> None:
    """More is a danger, less is blindness."""
    seen = becoming(replace(COLLECTOR, capabilities=WATCHING | {Capability.KILL}))
    assert findings(COLLECTOR, seen) == ("holds kill: expected only dac_read_search,sys_ptrace",)
    seen = becoming(replace(COLLECTOR, capabilities=frozenset((Capability.SYS_PTRACE,))))
    assert findings(COLLECTOR, seen) == ("lacks dac_read_search: expected dac_read_search,sys_ptrace",)
    blind = becoming(COLLECTOR)
    seen = replace(blind, capabilities=replace(blind.capabilities, effective=0))
    assert findings(COLLECTOR, seen) == ("lacks dac_read_search,sys_ptrace: expected dac_read_search,sys_ptrace",)


def changed(ids: Credentials, which: str) -> Credentials:
    values: dict[str, Any] = {which: 0}
    return replace(ids, **values)


@pytest.mark.parametrize("which", ["ruid", "euid", "suid", "fsuid", "rgid", "egid", "sgid", "fsgid"])
def test_each_of_the_eight_ids_counts(which: str) -> None:
    """One saved uid of root is a way back to root."""
    seen = becoming(GATEWAY)
    wrong = findings(GATEWAY, replace(seen, credentials=changed(seen.credentials, which)))
    assert len(wrong) == 1
    assert wrong[0].startswith("has uids" if which.endswith("uid") else "has gids")


def test_groups_too_many_and_too_few_are_found() -> None:
    """A group is a right as well."""
    seen = becoming(replace(GATEWAY, groups=()))
    assert findings(GATEWAY, seen) == ("has groups none: expected 4 5",)


def test_an_open_way_through_exec_is_found() -> None:
    """A setuid program must not be a way out."""
    assert findings(GATEWAY, replace(becoming(GATEWAY), no_new_privs=False)) == (
        "could gain privileges by exec: expected no_new_privs",
    )


def test_a_bounding_set_that_could_not_be_emptied_is_no_finding() -> None:
    """Without CAP_SETPCAP at the start it is what it was; saying so for ever would help nobody."""
    ours = replace(GATEWAY, bounding_emptied=False)
    seen = becoming(ours)
    assert findings(ours, replace(seen, capabilities=replace(seen.capabilities, bounding=1))) == ()
