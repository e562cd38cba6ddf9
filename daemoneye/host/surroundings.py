"""What we find ourselves in: the confinement that somebody else has put around us, for ``status`` and diagnostics.

Nothing is decided by it. It explains to an operator why less is seen than expected, so whatever cannot be read is
simply not known.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from daemoneye.host.capabilities import mask_of, named
from daemoneye.host.identities import WATCHING
from daemoneye.sanitize.hostile import printable

# Larger than any of these files but a mount table, of which /proc is among the first lines.
_LIMIT: Final = 64 << 10
# include/uapi/linux/nsfs.h: the inode numbers of the first namespaces, those of the host
_HOST_USERS, _HOST_PIDS = "user:[4026531837]", "pid:[4026531836]"
_SECCOMP: Final = {"0": "off", "1": "strict", "2": "filter"}
_LABEL_LIMIT: Final = 256  # of a label only its beginning tells

_MARKS: Final = (("run/.containerenv", "podman"), (".dockerenv", "docker"), ("run/.dockerenv", "docker"))
_IN_CGROUP: Final = re.compile(r"\b(kubepods|docker|libpod|lxc|containerd|crio|buildkit)\b")
_MANAGERS: Final = {"kubepods": "kubernetes", "libpod": "podman", "crio": "cri-o"}
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,31}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """``None`` is "not known"."""

    capabilities: int | None  # permitted
    bounding: int | None
    no_new_privs: bool | None
    seccomp: str | None  # off, strict, filter
    user_namespace: bool | None  # other than the host's
    pid_namespace: bool | None
    container: str | None  # what runs it; None: no sign of one
    security_modules: tuple[str, ...]
    label: str | None
    ptrace_scope: int | None
    hidepid: str | None  # None: not hidden

    def __str__(self) -> str:
        return "; ".join(part for part in self._parts() if part)

    def _parts(self) -> tuple[str, ...]:
        return (
            _capabilities(self.capabilities),
            f"in a container ({self.container})" if self.container else "",
            "in a user namespace" if self.user_namespace else "",
            "in a pid namespace: the processes outside of it are not seen" if self.pid_namespace else "",
            f"/proc hides processes (hidepid={self.hidepid})" if self.hidepid else "",
            f"security modules {','.join(self.security_modules)}" if self.security_modules else "",
            f"confined as {self.label}" if self.label not in {None, "unconfined"} else "",
            f"yama ptrace_scope {self.ptrace_scope}" if self.ptrace_scope else "",
            f"seccomp {self.seccomp}" if self.seccomp not in {None, "off"} else "",
            "no_new_privs" if self.no_new_privs else "",
        )


def _capabilities(mask: int | None) -> str:
    if mask is None:
        return "capabilities not known"
    useful, others = mask & mask_of(WATCHING), (mask & ~mask_of(WATCHING)).bit_count()
    return f"may hold {named(useful) or 'neither of the two capabilities'}" + (f" and {others} more" if others else "")


def look_around(root: Path = Path("/")) -> Surroundings:
    status = dict(re.findall(r"^(\w+):\t(\w+)$", _read(root / "proc/self/status"), re.MULTILINE))
    return Surroundings(
        capabilities=_hexadecimal(status.get("CapPrm")),
        bounding=_hexadecimal(status.get("CapBnd")),
        no_new_privs={"0": False, "1": True}.get(status.get("NoNewPrivs", "")),
        seccomp=_SECCOMP.get(status.get("Seccomp", "")),
        user_namespace=_in_user_namespace(root),
        pid_namespace=_differs(root / "proc/self/ns/pid", _HOST_PIDS),
        container=_container(root),
        security_modules=tuple(_NAME.findall(_read(root / "sys/kernel/security/lsm"))),
        label=_label(root),
        ptrace_scope=_ptrace_scope(root),
        hidepid=_hidepid(root),
    )


def _read(path: Path) -> str:
    """Read the beginning of a file; of one that is not there, or never answers, nothing."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        return os.read(descriptor, _LIMIT).decode("utf-8", "backslashreplace")
    except OSError:
        return ""
    finally:
        os.close(descriptor)


def _hexadecimal(text: str | None) -> int | None:
    return int(text, 16) if text is not None and re.fullmatch(r"[0-9a-f]{1,16}", text) else None


def _differs(link: Path, host: str) -> bool | None:
    try:
        return str(link.readlink()) != host
    except OSError:
        return None


def _in_user_namespace(root: Path) -> bool | None:
    if outside := _read(root / "proc/self/uid_map").split():
        return outside != ["0", "0", str(2**32 - 1)] or bool(_differs(root / "proc/self/ns/user", _HOST_USERS))
    return _differs(root / "proc/self/ns/user", _HOST_USERS)


def _container(root: Path) -> str | None:
    """Ask what systemd asks, the most explicit first."""
    told = re.search(r"(?:^|\0)container=([^\0]*)", _read(root / "proc/1/environ"))
    word = told[1] if told else _read(root / "run/systemd/container").strip()
    if word:
        return word if _NAME.fullmatch(word) else "unknown"
    for name, runtime in _MARKS:
        if (root / name).exists():
            return runtime
    hint = _IN_CGROUP.search(_read(root / "proc/self/cgroup"))
    return _MANAGERS.get(hint[1], hint[1]) if hint else None


def _label(root: Path) -> str | None:
    return printable(_read(root / "proc/self/attr/current").strip("\0\n "), _LABEL_LIMIT) or None


def _ptrace_scope(root: Path) -> int | None:
    scope = _read(root / "proc/sys/kernel/yama/ptrace_scope").strip()
    return int(scope) if scope in {"0", "1", "2", "3"} else None


def _hidepid(root: Path) -> str | None:
    options = re.findall(r"^\S+ /proc proc (\S+)", _read(root / "proc/self/mounts"), re.MULTILINE)
    # the mount that came last is the one we see
    found = re.search(r"\bhidepid=(\w{1,16})", options[-1]) if options else None
    return found[1] if found and found[1] not in {"0", "off"} else None
