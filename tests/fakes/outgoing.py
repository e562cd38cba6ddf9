"""Alerts and events with whatever a host might put into them, and a few that a reader can follow."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from daemoneye.model.alert import (
    Alert,
    AlertProcess,
    Content,
    Evidence,
    Ownership,
    PackageVerdict,
    Phase,
    Rule,
    Severity,
    Shortfall,
)
from daemoneye.model.event import Ancestor, Exec, Exited, Field, Modified, Started, Suspicion
from daemoneye.model.observation import Facts, Machine, Observation, ProcessKey, Sample
from daemoneye.model.process import Container, Credentials, FileIdentity, LinuxMetadata, OnDisk
from daemoneye.outputs import native
from daemoneye.outputs.origin import Origin

if TYPE_CHECKING:
    from daemoneye.model.event import LifecycleEvent

BOOT = "0c8bb1b4-3d5c-4a6e-9a55-1f5d0a7f6f11"
ORIGIN = Origin(version="1.2.3", host_name="web-1", host_id="3f0c9a6be0d94f6a8b0f5e5f1c2d3e4f")
MACHINE = Machine(boot_id=BOOT, boot_time_s=1_799_999_000.0, ticks_per_second=100)
ID = "0192f0c1-2b3c-7d4e-8f50-617283940a1b"
NOW_MS = 1_800_000_000_123
RUNNING = Content(sha256="a" * 64, ssdeep="96:abcdefghijkl:mnopqrstu")
ON_DISK = Content(sha256="b" * 64, ssdeep="96:ABCDEFGHIJKL:MNOPQRSTU")
PARENT = Ancestor(key=ProcessKey(1, 3), entity_id="1" * 32, name="init", executable_path="/sbin/init")
FILE = FileIdentity(dev=64769, ino=1234, size=99_000, mtime_ns=1_700_000_000_500_000_000, ctime_ns=10**18)


def alert(**other: Any) -> Alert:
    """A server whose program was replaced on disk."""
    said: dict[str, Any] = {
        "id": ID,
        "rule": Rule.DISK_MISMATCH,
        "severity": Severity.HIGH,
        "wall_ms": NOW_MS,
        "monotonic_ns": 123_456_789,
        "boot_id": BOOT,
        "message": "The program that process 4242 runs is not the one on disk.",
        "recheck": ("sha256sum /proc/4242/exe /usr/sbin/httpd",),
        "process": AlertProcess(
            pid=4242,
            entity_id="e" * 32,
            name="httpd",
            executable="/usr/sbin/httpd",
            command_line=("httpd", "-f", "/etc/my httpd.conf"),
            user="33",
            start_ms=NOW_MS - 60_000,
            parent_pid=1,
        ),
        "hash": RUNNING,
        "evidence": Evidence(
            path="/usr/sbin/httpd",
            on_disk=OnDisk.REPLACED,
            file=replace(FILE, ino=1),
            file_on_disk=FILE,
            old=RUNNING,
            new=ON_DISK,
            similarity=38,
            package=PackageVerdict(ownership=Ownership.DIFFERS, name="httpd", version="2.4"),
            ancestors=(PARENT,),
            container=Container(cgroup_path="/docker/c0ffee", runtime="docker", container_id="c0ffee"),
        ),
    }
    return Alert(**said | other)


def shortfall(phase: Phase = Phase.START) -> Alert:
    gone = Shortfall(cause="hashing", phase=phase, counts=(("timeout", 3),), began_ms=NOW_MS - 5)
    rule = {"rule": Rule.COVERAGE_DEGRADED, "severity": Severity.MEDIUM, "message": "Digests could not be had."}
    return alert(**rule, process=None, hash=None, evidence=None, recheck=(), shortfall=gone)


def observation(**facts: Any) -> Observation:
    sample = Sample(4242, 95_000, 1, "httpd", "running", 10, 4096, 4242, 4242, 0, 1, False, (1, 2), 33)
    said: dict[str, Any] = {
        "name": "httpd",
        "executable_path": "/usr/sbin/httpd",
        "executable_file": FILE,
        "on_disk": OnDisk.PRESENT,
        "command_line": ("httpd", "-DFOREGROUND"),
        "cwd": "/",
        "root": "/",
        "credentials": Credentials(ruid=33, groups=(33, 4)),
    }
    return Observation(sample, Facts(**said | facts))


def events(seen: Observation, before: Observation) -> tuple[LifecycleEvent, ...]:
    said: dict[str, Any] = {
        "observation": seen,
        "entity_id": "e" * 32,
        "ancestors": (PARENT,),
        "detected_ms": NOW_MS,
        "detected_monotonic_s": 12.5,
    }
    return (
        Started(**said, suspicions=(Suspicion.DELETED_IMAGE,)),
        Exited(**said, run_time_s=50.2, run_time_error_s=5.0),
        Exec(**said, before=before),
        Modified(**said, before=before, fields=(Field.CREDENTIALS,)),
    )


PLAIN_EVENTS = events(observation(), observation(name="sh", executable_path="/bin/sh", command_line=("sh", "x")))

# Everything a kernel lets somebody put into a name: controls, halves of characters, what is not UTF-8, quotes.
_WILD = st.characters(exclude_categories=()) | st.sampled_from('\0\x1b\x7f\x85\u202e\u2028\udcff\ud800"\\\n]{}')
TEXT = st.text(_WILD, max_size=20)
LONG = st.builds(lambda text, times: text * times, st.text(_WILD, min_size=1, max_size=4), st.integers(0, 700))
_ANY = TEXT | LONG
_INT = st.integers(0, 2**63 - 1)
_HASH = st.none() | st.builds(Content, sha256=st.just("c" * 64), ssdeep=st.none() | st.just("3:" + "x" * 146))
_FILE = st.none() | st.builds(FileIdentity, dev=_INT, ino=_INT, size=_INT, mtime_ns=_INT, ctime_ns=_INT)
_ANCESTORS = st.lists(
    st.builds(
        Ancestor,
        key=st.builds(ProcessKey, _INT, _INT),
        entity_id=st.just("d" * 32),
        name=_ANY,
        executable_path=st.none() | _ANY,
    ),
    max_size=8,
).map(tuple)
_CONTAINER = st.none() | st.builds(
    Container, cgroup_path=_ANY, runtime=st.none() | TEXT, container_id=st.none() | st.just("e" * 64), pod_uid=TEXT
)
_ARGUMENTS = st.lists(_ANY, max_size=8).map(tuple)

ALERTS = st.builds(
    Alert,
    id=st.just(ID),
    rule=st.sampled_from(Rule),
    severity=st.sampled_from(Severity),
    wall_ms=_INT,
    monotonic_ns=_INT,
    boot_id=st.just(BOOT),
    message=_ANY,
    recheck=_ARGUMENTS,
    process=st.none()
    | st.builds(
        AlertProcess,
        pid=_INT,
        entity_id=st.just("e" * 32),
        name=_ANY,
        executable=st.none() | _ANY,
        command_line=_ARGUMENTS,
        user=st.none() | TEXT,
        start_ms=st.none() | _INT,
        parent_pid=st.none() | _INT,
    ),
    hash=_HASH,
    evidence=st.none()
    | st.builds(
        Evidence,
        path=st.none() | _ANY,
        on_disk=st.sampled_from(OnDisk),
        file=_FILE,
        file_on_disk=_FILE,
        old=_HASH,
        new=_HASH,
        similarity=st.none() | st.integers(0, 100),
        not_comparable=TEXT,
        ancestors=_ANCESTORS,
        container=_CONTAINER,
    ),
    shortfall=st.none()
    | st.builds(
        Shortfall,
        cause=TEXT,
        phase=st.sampled_from(Phase),
        counts=st.dictionaries(TEXT, _INT, max_size=9).map(lambda counts: tuple(counts.items())),
        began_ms=_INT,
    ),
    suppressed=_INT,
)
_OBSERVATIONS = st.builds(
    observation,
    name=_ANY,
    executable_path=st.none() | _ANY,
    executable_file=_FILE,
    command_line=_ARGUMENTS,
    cwd=st.none() | _ANY,
    tty=st.none() | TEXT,
    credentials=st.none() | st.just(Credentials(ruid=2**32 - 1, groups=tuple(range(200)))),
    linux=_CONTAINER.map(lambda container: LinuxMetadata(container=container)),
    unread=st.sampled_from([(), (("ppid", "gone"), ("session", "gone"))]),
)
EVENTS = st.builds(events, _OBSERVATIONS, _OBSERVATIONS).flatmap(st.sampled_from)
BODIES = ALERTS.map(native.of_alert) | EVENTS.map(lambda event: native.of_event(event, id=ID, machine=MACHINE))
