"""What the path of a control group gives away: the container, the pod, the systemd unit.

Only names are read here, and whoever may create control groups may call them anything: it is where a process says it
runs, not proof of it.
"""

from __future__ import annotations

import re
from typing import Final

from daemoneye.host.procfs.files import read_at
from daemoneye.host.text import decode
from daemoneye.model.process import Container

# Deep hierarchies of twelve controllers stay below 8 KB; a path can be 4 KB.
_LIMIT: Final = 64 << 10

_ID = r"(?P<id>[0-9a-f]{64})(?=\.scope|[/:]|$)"
# What the runtimes put before the id, with cgroupfs ("/") and systemd ("-", and ":" where it is half configured).
# conmon, which watches over a container of cri-o or podman from outside, has `-conmon-` in between and does not match.
_RUNTIMES: Final = tuple(
    (runtime, re.compile(rf"(?:^|[/:-]){prefix}{_ID}"))
    for runtime, prefix in (
        ("docker", r"docker[/:-]"),
        ("containerd", r"(?:cri-containerd|nerdctl|containerd)[/:-]"),
        ("cri-o", r"crio[/:-]"),
        ("podman", r"libpod[/:-]"),
        (None, r"(?<=[/:])"),  # under kubepods and others with cgroupfs the bare id stands alone
    )
)
_POD: Final = re.compile(r"pod([0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12}|[0-9a-f]{32})(?![0-9a-f])")
_UNIT: Final = re.compile(r"(?<=/)[^/]+\.(?:service|scope)(?=/|$)")


def read_cgroup(directory: int) -> Container:
    return parse_cgroup(read_at(directory, b"cgroup", _LIMIT))


def parse_cgroup(raw: bytes) -> Container:
    """Make sense of ``/proc/PID/cgroup``, where v1 has a line per controller and v2 one that starts with ``0::``."""
    paths = dict(_hierarchies(raw))
    if not paths:
        raise ValueError("no control group")
    # systemd keeps its units in v2, or in the v1 hierarchy it named; a container may show in any controller
    ordered = [paths.get("", "/"), paths.get("name=systemd", "/"), *paths.values()]
    home = next((path for path in ordered if path != "/"), "/")
    runtime, container_id = next(filter(None, map(_container, ordered)), (None, None))
    return Container(
        cgroup_path=home,
        runtime=runtime,
        container_id=container_id,
        pod_uid=next(filter(None, map(_pod, ordered)), None),
        systemd_unit=next(filter(None, map(_unit, ordered)), None),
    )


def _hierarchies(raw: bytes) -> list[tuple[str, str]]:
    # a newline is the one byte that the kernel keeps out of the names; text has more that would end a line
    parts = [decode(line).split(":", 2) for line in raw.split(b"\n")]
    return [(part[1], part[2]) for part in parts if len(part) == 3 and part[2].startswith("/")]


def _container(path: str) -> tuple[str | None, str] | None:
    """Find the innermost container; of two readings of one id, the one that names a runtime."""
    found = [
        (match.start("id"), runtime, match["id"]) for runtime, shape in _RUNTIMES for match in shape.finditer(path)
    ]
    if not found:
        return None
    _, runtime, container_id = max(found, key=lambda each: (each[0], each[1] is not None))
    return runtime, container_id


def _pod(path: str) -> str | None:
    found = _POD.findall(path)
    return found[-1].replace("_", "-") if found else None


def _unit(path: str) -> str | None:
    found = _UNIT.findall(path)
    return found[-1] if found else None
