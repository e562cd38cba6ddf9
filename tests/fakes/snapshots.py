"""Machines made of a few words: processes and scans as a reader would have found them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daemoneye.model.observation import Facts, Losses, Machine, Observation, Sample, Snapshot
from daemoneye.model.process import Credentials, FileIdentity, OnDisk

if TYPE_CHECKING:
    from daemoneye.model.observation import ProcessKey

HZ = 100
BOOTED_AT_S = 1_700_000_000.0
MACHINE = Machine(boot_id="boot-1", boot_time_s=BOOTED_AT_S, ticks_per_second=HZ)
OTHER_BOOT = Machine(boot_id="boot-2", boot_time_s=BOOTED_AT_S + 86_400, ticks_per_second=HZ)

_SAMPLE: dict[str, Any] = {
    "pid": 0,
    "start_ticks": 1000,
    "ppid": 1,
    "comm": "prog",
    "state": "sleeping",
    "cpu_ticks": 0,
    "rss_bytes": 4096,
    "process_group": 1,
    "session": 1,
    "tty_number": 0,
    "threads": 1,
    "kernel_thread": False,
    "image_mark": (1, 2, 3),
    "uid": 0,
}


def sample(pid: int, **fields: Any) -> Sample:
    given = _SAMPLE | {"pid": pid} | fields
    return Sample._make(given[name] for name in Sample._fields)


def file(ino: int = 7, *, dev: int = 1) -> FileIdentity:
    return FileIdentity(dev=dev, ino=ino, size=100, mtime_ns=5, ctime_ns=6)


def facts(name: str = "prog", /, **fields: Any) -> Facts:
    given: dict[str, Any] = {
        "name": name,
        "executable_path": f"/usr/bin/{name}",
        "executable_file": file(),
        "on_disk": OnDisk.PRESENT,
        "command_line": (name,),
        "credentials": Credentials(ruid=1000, euid=1000),
    }
    return Facts(**given | fields)


def process(
    pid: int, name: str = "prog", *, start: int = 1000, seen: Facts | None = None, **fields: Any
) -> Observation:
    """One process: ``fields`` are those of the sample, ``seen`` what the reader made of the rest."""
    return Observation(sample(pid, start_ticks=start, comm=name[:15], **fields), seen or facts(name))


def changed(observation: Observation, *, seen: Facts | None = None, **fields: Any) -> Observation:
    """The same process at the next scan."""
    return Observation(observation.sample._replace(**fields), seen or observation.facts)


def kernel_thread(pid: int, name: str = "kworker/0:0", **fields: Any) -> Observation:
    seen = Facts(name=name)
    given: dict[str, Any] = {
        "ppid": 2,
        "kernel_thread": True,
        "image_mark": (),
        "rss_bytes": 0,
        "state": "idle",
        "session": 0,
    }
    return process(pid, name, seen=seen, **given | fields)


def snapshot(
    *processes: Observation,
    at_s: float = 1000.0,
    machine: Machine = MACHINE,
    losses: Losses | None = None,
    unseen: frozenset[int] = frozenset(),
    forks: int | None = None,
) -> Snapshot:
    found: dict[ProcessKey, Observation] = {each.key: each for each in processes}
    return Snapshot(
        machine=machine,
        wall_ms=round((machine.boot_time_s + at_s) * 1000),
        monotonic_s=at_s,
        processes=found,
        losses=losses or Losses(),
        unseen=unseen,
        forks=forks,
    )
