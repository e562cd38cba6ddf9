"""What is said about the confinement that others put around us."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from daemoneye.host.surroundings import look_around

if TYPE_CHECKING:
    from pathlib import Path

STATUS = "Name:\tx\nCapPrm:\t0000000000080004\nCapBnd:\t00000000000000ff\nNoNewPrivs:\t1\nSeccomp:\t2\n"
WHOLE_MAP = "         0          0 4294967295\n"


class Root:
    """A root directory with what the test puts there."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, name: str, content: str | bytes) -> None:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def link(self, name: str, target: str) -> None:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return Root(tmp_path)


def test_a_plain_host_has_nothing_to_explain(root: Root) -> None:
    """Only the capabilities are mentioned where nothing confines."""
    root.write(
        "proc/self/status", "CapPrm:\t000001ffffffffff\nCapBnd:\t000001ffffffffff\nNoNewPrivs:\t0\nSeccomp:\t0\n"
    )
    root.write("proc/self/uid_map", WHOLE_MAP)
    root.link("proc/self/ns/user", "user:[4026531837]")
    root.link("proc/self/ns/pid", "pid:[4026531836]")
    root.write("proc/self/mounts", "proc /proc proc rw,nosuid,relatime 0 0\n")
    root.write("proc/self/attr/current", "unconfined\n")
    root.write("proc/self/cgroup", "0::/system.slice/daemoneye.service\n")
    found = look_around(root.path)
    assert str(found) == "may hold dac_read_search,sys_ptrace and 39 more"
    assert (found.user_namespace, found.pid_namespace, found.container, found.hidepid) == (False, False, None, None)
    assert (found.no_new_privs, found.seccomp) == (False, "off")


def test_a_confined_place_is_described_in_one_line(root: Root) -> None:
    """Everything that can explain a blind spot is in the sentence."""
    root.write("proc/self/status", STATUS)
    root.write("proc/self/uid_map", "0 100000 65536\n")
    root.link("proc/self/ns/pid", "pid:[4026532000]")
    root.write("proc/self/mounts", "proc /proc proc rw,nosuid,hidepid=invisible 0 0\n")
    root.write("proc/self/attr/current", "docker-default (enforce)\n\0")
    root.write("proc/sys/kernel/yama/ptrace_scope", "1\n")
    root.write("sys/kernel/security/lsm", "lockdown,capability,landlock,yama,apparmor")
    root.write(".dockerenv", "")
    found = look_around(root.path)
    assert str(found) == (
        "may hold dac_read_search,sys_ptrace; in a container (docker); in a user namespace; "
        "in a pid namespace: the processes outside of it are not seen; /proc hides processes (hidepid=invisible); "
        "security modules lockdown,capability,landlock,yama,apparmor; confined as docker-default (enforce); "
        "yama ptrace_scope 1; seccomp filter; no_new_privs"
    )
    assert found.bounding == 0xFF


def test_without_the_capabilities_it_says_so(root: Root) -> None:
    """An empty list would be overlooked."""
    root.write("proc/self/status", "CapPrm:\t0000000000000000\n")
    assert str(look_around(root.path)) == "may hold neither of the two capabilities"


@pytest.mark.parametrize(
    ("name", "content", "container"),
    [
        ("proc/1/environ", "PATH=/bin\0container=systemd-nspawn\0", "systemd-nspawn"),
        ("proc/1/environ", "container=\x1b[31mred\0", "unknown"),
        ("proc/1/environ", "mycontainer=docker\0", None),
        ("run/systemd/container", "lxc\n", "lxc"),
        ("run/.containerenv", "", "podman"),
        (".dockerenv", "", "docker"),
        ("run/.dockerenv", "", "docker"),
        ("proc/self/cgroup", "0::/kubepods.slice/kubepods-burstable.slice/cri-containerd-ab.scope\n", "kubernetes"),
        ("proc/self/cgroup", "4:memory:/docker/0123\n", "docker"),
        ("proc/self/cgroup", "0::/machine.slice/libpod-0123.scope\n", "podman"),
        ("proc/self/cgroup", "0::/user.slice/dockerish.scope\n", None),
    ],
)
def test_a_container_is_known_by_what_it_leaves(root: Root, name: str, content: str, container: str | None) -> None:
    """Each runtime gives itself away in its own manner."""
    root.write(name, content)
    assert look_around(root.path).container == container


def test_the_last_mount_is_the_one_we_see(root: Root) -> None:
    """A /proc mounted over another counts; a path that merely sounds like it does not."""
    hidden = "proc /proc proc rw,hidepid=2,gid=5 0 0\nproc /srv/proc proc rw,hidepid=1 0 0\n"
    root.write("proc/self/mounts", hidden)
    assert look_around(root.path).hidepid == "2"
    (root.path / "proc/self/mounts").write_text(hidden + "proc /proc proc rw,relatime 0 0\n", encoding="ascii")
    assert look_around(root.path).hidepid is None
    (root.path / "proc/self/mounts").write_text("proc /proc proc rw,hidepid=off 0 0\n", encoding="ascii")
    assert look_around(root.path).hidepid is None


def test_a_namespace_is_known_by_its_number_too(root: Root) -> None:
    """A namespace that maps every id is still not the host's."""
    root.write("proc/self/uid_map", WHOLE_MAP)
    root.link("proc/self/ns/user", "user:[4026532999]")
    assert look_around(root.path).user_namespace is True


def test_nothing_there_is_nothing_known(root: Root) -> None:
    """A bare root directory is no error."""
    found = look_around(root.path)
    assert str(found) == "capabilities not known"
    assert {found.capabilities, found.no_new_privs, found.user_namespace, found.pid_namespace} == {None}
    assert found.security_modules == ()


@pytest.mark.timeout(10)
def test_nonsense_and_traps_are_survived(root: Root) -> None:
    """No file of whatever kind stops the start, and what it says cannot reach a terminal as it is."""
    root.write("proc/self/status", "CapPrm:\tnonsense\nCapBnd:\tffffffffffffffffff\nNoNewPrivs:\t7\nSeccomp:\t9\n")
    root.write("proc/self/attr/current", b"\xff\x1b[2J" + b"x" * 10_000)
    root.write("proc/sys/kernel/yama/ptrace_scope", "-5")
    (root.path / "proc/self/uid_map").mkdir()
    (root.path / "run").mkdir()
    os.mkfifo(root.path / "run" / "systemd")
    (root.path / "proc/1").mkdir()
    os.mkfifo(root.path / "proc/1/environ")
    found = look_around(root.path)
    assert {found.capabilities, found.bounding, found.no_new_privs, found.seccomp, found.ptrace_scope} == {None}
    assert "\x1b" not in str(found)
    assert len(str(found)) < 400


def test_our_own_surroundings_can_be_told() -> None:
    """It works where it is used."""
    found = look_around()
    assert found.capabilities is not None
    assert str(found).startswith("may hold ")
