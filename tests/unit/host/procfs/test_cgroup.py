from __future__ import annotations

import pytest

from daemoneye.host.procfs.cgroup import parse_cgroup

ID = "0123456789abcdef" * 4
OTHER = "fedcba9876543210" * 4
POD = "12345678-9abc-def0-1234-56789abcdef0"
POD_ = POD.replace("-", "_")


@pytest.mark.parametrize(
    ("path", "runtime", "container", "pod", "unit"),
    [
        ("/", None, None, None, None),
        ("/system.slice/ssh.service", None, None, None, "ssh.service"),
        ("/user.slice/user-1000.slice/session-3.scope", None, None, None, "session-3.scope"),
        ("/user.slice/user-1.slice/user@1.service/app.slice/a.service", None, None, None, "a.service"),
        (f"/system.slice/docker-{ID}.scope", "docker", ID, None, f"docker-{ID}.scope"),
        (f"/docker/{ID}", "docker", ID, None, None),
        (f"/docker/{OTHER}/docker/{ID}", "docker", ID, None, None),
        (f"/system.slice/docker-{ID}.scope/system.slice/cron.service", "docker", ID, None, "cron.service"),
        (
            f"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{POD_}.slice/cri-containerd-{ID}.scope",
            "containerd", ID, POD, f"cri-containerd-{ID}.scope",
        ),
        (f"/system.slice/containerd.service/kubepods-besteffort-pod{POD_}.slice:cri-containerd:{ID}",
            "containerd", ID, POD, "containerd.service"),
        (f"/kubepods.slice/kubepods-pod{POD_}.slice/crio-{ID}.scope", "cri-o", ID, POD, f"crio-{ID}.scope"),
        (f"/kubepods.slice/pod{POD_}.slice/crio-conmon-{ID}.scope", None, None, POD, f"crio-conmon-{ID}.scope"),
        (f"/machine.slice/libpod-{ID}.scope/container", "podman", ID, None, f"libpod-{ID}.scope"),
        (f"/machine.slice/libpod-conmon-{ID}.scope", None, None, None, f"libpod-conmon-{ID}.scope"),
        (f"/kubepods/burstable/pod{POD}/{ID}", None, ID, POD, None),
        (f"/kubepods/pod{'ab' * 16}/{ID}", None, ID, "ab" * 16, None),
        (f"/../../docker-{ID}.scope", "docker", ID, None, f"docker-{ID}.scope"),
        (f"/docker/{ID}0", None, None, None, None),
    ],
)  # fmt: skip
def test_names_of_control_groups(
    path: str, runtime: str | None, container: str | None, pod: str | None, unit: str | None
) -> None:
    """The container a process runs in is found by what each runtime calls its control groups; a watcher is none."""
    found = parse_cgroup(f"0::{path}\n".encode())
    assert (found.runtime, found.container_id, found.pod_uid, found.systemd_unit) == (runtime, container, pod, unit)
    assert found.cgroup_path == path


def test_version_1_has_a_line_per_controller() -> None:
    """Where the hierarchies differ, systemd's tells the unit, and any of them the container."""
    raw = f"12:pids:/docker/{ID}\n1:name=systemd:/system.slice/x.service\n0::/\n".encode()
    found = parse_cgroup(raw)
    assert (found.cgroup_path, found.systemd_unit) == ("/system.slice/x.service", "x.service")
    assert (found.runtime, found.container_id) == ("docker", ID)


def test_a_colon_in_a_path_is_part_of_it() -> None:
    """A path is everything behind the second colon."""
    assert parse_cgroup(b"0::/a:b:c\n").cgroup_path == "/a:b:c"


@pytest.mark.parametrize("end", ["\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028"])
def test_no_name_can_forge_a_line(end: str) -> None:
    """Only a newline ends a line: whatever else ends one in a text is part of the name."""
    path = f"/user.slice/x{end}1:name=systemd:/system.slice/sshd.service"
    assert parse_cgroup(f"0::{path}\n".encode()).cgroup_path == path
    assert parse_cgroup(f"1:pids:/x{end}0::/y\n".encode()).cgroup_path == f"/x{end}0::/y"


@pytest.mark.parametrize("raw", [b"", b"nonsense", b"0:x\n", b"\xff\n"])
def test_nonsense_is_refused(raw: bytes) -> None:
    """What is no list of control groups is not taken for one."""
    with pytest.raises(ValueError):
        parse_cgroup(raw)
