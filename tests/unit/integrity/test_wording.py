"""What an administrator reads, and what one can type to see it without us."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import Any

import pytest

from daemoneye.integrity import wording
from daemoneye.integrity.findings import Finding, likeness
from daemoneye.integrity.sighting import Hashed, Sighting
from daemoneye.integrity.similarity import compare
from daemoneye.model.alert import (
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
from daemoneye.model.process import HashStatus, OnDisk
from tests.fakes.executables import content

PATH = "/sbin/nginx"
PROCESS = AlertProcess(pid=812, entity_id="e", name="nginx", executable=PATH)
RUNNING = Hashed(HashStatus.HASHED, content("good"))
OWNED = PackageVerdict(ownership=Ownership.MATCHES, name="nginx", version="1.22.1-9", database="dpkg")


def finding(rule: Rule, sighting: Sighting | None = None, **evidence: Any) -> Finding:
    seen = sighting or Sighting(process=PROCESS, start_ticks=0, path=PATH, detected_ms=0, running=RUNNING)
    shown = replace(Evidence(path=PATH, on_disk=OnDisk.REPLACED), **evidence)
    return Finding(rule=rule, severity=Severity.HIGH, sighting=seen, evidence=shown)


BOTH: dict[str, Any] = {"old": content("good"), "new": content("evil")}
CASES = {
    "deleted": (
        finding(Rule.DISK_MISMATCH, on_disk=OnDisk.DELETED, old=content("good")),
        (
            "nginx (pid 812) runs a program whose file /sbin/nginx was deleted, and no package explains it. "
            "This is certain; the digests are those of the running image."
        ),
    ),
    "deleted, owned": (
        finding(Rule.DISK_MISMATCH, on_disk=OnDisk.DELETED, old=content("good"), package=replace(OWNED, reason="gone")),
        (
            "nginx (pid 812) runs a program whose file /sbin/nginx was deleted, and no package explains it: "
            "nginx 1.22.1-9 still lists it. This is certain; the digests are those of the running image."
        ),
    ),
    "owned, but untold": (
        finding(
            Rule.CONTENT_CHANGED,
            **BOTH,
            similarity=97,
            package=PackageVerdict(name="nginx", version="1", reason="the package lists no digest for it"),
        ),
        (
            "The file /sbin/nginx has a content other than the one recorded for it: it belongs to nginx 1, but the "
            "package lists no digest for it. That the contents differ is certain, by SHA-256; the two are 97 % similar."
        ),
    ),
    "deleted, unread": (
        finding(
            Rule.DISK_MISMATCH,
            Sighting(process=PROCESS, start_ticks=0, path=PATH, detected_ms=0, running=Hashed(HashStatus.GONE)),
            on_disk=OnDisk.DELETED,
        ),
        (
            "nginx (pid 812) runs a program whose file /sbin/nginx was deleted, and no package explains it. "
            "This is certain; the running image has no digest (gone)."
        ),
    ),
    "replaced": (
        finding(Rule.DISK_MISMATCH, **BOTH, similarity=38, package=PackageVerdict(ownership=Ownership.UNOWNED)),
        (
            "nginx (pid 812) runs a program whose file /sbin/nginx was replaced by another, and no package explains "
            "it: no package owns it. That the contents differ is certain, by SHA-256; the two are 38 % similar."
        ),
    ),
    "replaced, unread": (
        finding(
            Rule.DISK_MISMATCH,
            Sighting(
                process=PROCESS,
                start_ticks=0,
                path=PATH,
                detected_ms=0,
                running=RUNNING,
                there=Hashed(HashStatus.TOO_LARGE),
            ),
            old=content("good"),
            package=PackageVerdict(reason="no answer in time"),
        ),
        (
            "nginx (pid 812) runs a program whose file /sbin/nginx was replaced by another, and no package explains "
            "it (no answer in time). That it is another file is certain; the contents were not compared (too_large)."
        ),
    ),
    "update": (
        finding(Rule.RESTART_REQUIRED, **BOTH, package=OWNED),
        (
            "nginx (pid 812) still runs what /sbin/nginx was before it was updated to nginx 1.22.1-9: restart it. "
            "The file there has the digest that the package database lists for it."
        ),
    ),
    "removal": (
        finding(Rule.RESTART_REQUIRED, on_disk=OnDisk.DELETED, old=content("good")),
        (
            "nginx (pid 812) still runs /sbin/nginx, which its package no longer holds: restart or stop it. "
            "The content that runs is the one that the package brought."
        ),
    ),
    "tampered": (
        finding(Rule.CONTENT_CHANGED, **BOTH, similarity=97, package=replace(OWNED, ownership=Ownership.DIFFERS)),
        (
            "The file /sbin/nginx has a content other than the one recorded for it: it belongs to nginx 1.22.1-9 but "
            "is not what that package brought. "
            "That the contents differ is certain, by SHA-256; the two are 97 % similar."
        ),
    ),
    "changed": (
        finding(Rule.CONTENT_CHANGED, old=content("evil"), new=content("good"), not_comparable="too little to go by"),
        (
            "nginx (pid 812) runs /sbin/nginx with a content other than the one recorded for it. That the contents "
            "differ is certain, by SHA-256; how much is not to be told: too little to go by."
        ),
    ),
    "another program": (
        finding(Rule.BINARY_CHANGE, **BOTH, similarity=12),
        (
            "/sbin/nginx, run by nginx (pid 812), is only 12 % similar to what is recorded for it: more than a patch. "
            "Similarity is an estimate; that the content differs at all is proven by SHA-256."
        ),
    ),
    "fileless": (
        finding(Rule.FILELESS, path="/memfd:x", on_disk=OnDisk.MEMFD),
        (
            "nginx (pid 812) runs from memory: its program is /memfd:x, a file that never had a name. "
            "This is certain; the digests are those of the running image."
        ),
    ),
}


@pytest.mark.parametrize(("found", "expected"), CASES.values(), ids=CASES)
def test_a_message(found: Finding, expected: str) -> None:
    """It says what happened, and how sure we are."""
    assert wording.message(found) == expected


def test_shortfalls() -> None:
    """What is missing, since when it is there again, and how much there was of it."""
    start = Shortfall(cause="digests", phase=Phase.START, counts=(("permission", 7), ("timeout", 1)))
    assert "(7 permission, 1 timeout)" in wording.shortfall(start)
    assert "can be had again" in wording.shortfall(replace(start, phase=Phase.END))
    child = replace(start, cause="hasher 1", counts=())
    assert "The child hasher 1 is not at work (nothing counted)" in wording.shortfall(child)
    assert "is at work again" in wording.shortfall(replace(child, phase=Phase.END))


def test_what_can_be_checked_by_hand() -> None:
    """The commands of this host's package manager, with this process and this file in them."""
    assert wording.recheck(finding(Rule.CONTENT_CHANGED, package=OWNED)) == (
        "ls -l /proc/812/exe",
        "sha256sum /proc/812/exe",
        "sha256sum -- /sbin/nginx",
        "dpkg -S /sbin/nginx",
        "dpkg -V nginx",
    )
    assert wording.recheck(finding(Rule.CONTENT_CHANGED, package=PackageVerdict(database="rpm")))[-1] == (
        "rpm -Vf /sbin/nginx"
    )
    assert len(wording.recheck(finding(Rule.FILELESS, on_disk=OnDisk.MEMFD))) == 2
    deleted = finding(Rule.DISK_MISMATCH, on_disk=OnDisk.DELETED, package=PackageVerdict(database="dpkg"))
    assert wording.recheck(deleted)[2:] == ("dpkg -S /sbin/nginx",)


def test_a_container_is_looked_into_from_outside() -> None:
    """Its path leads elsewhere from a terminal of the host."""
    seen = Sighting(process=PROCESS, start_ticks=0, path=PATH, detected_ms=0, namespace="container:x", running=RUNNING)
    assert wording.recheck(finding(Rule.DISK_MISMATCH, seen))[2] == "sha256sum -- /proc/812/root/sbin/nginx"


@pytest.mark.parametrize("path", ["/a b", "/$(reboot)", "/'; reboot; '", "/x\nreboot"])
def test_a_name_is_no_command(path: str) -> None:
    """Whoever names a file must not get what is typed because of it."""
    commands = wording.recheck(finding(Rule.DISK_MISMATCH, path=path, package=OWNED))
    assert shlex.split(commands[2]) == ["sha256sum", "--", path]
    assert shlex.split(commands[3]) == ["dpkg", "-S", path]


def test_likeness() -> None:
    """A score, or why there is none; also of what was damaged since it was written down."""
    good = content("good")
    assert likeness(good, good, compare).score == 100
    assert likeness(good, None, compare).reason == "one of the two contents is not known"
    assert likeness(good, Content(sha256="ab"), compare).reason == "one of the two has no ssdeep digest"
    damaged = likeness(good, Content(sha256="ab", ssdeep="5:a:b"), compare)
    assert damaged.score is None
    assert "damaged" in damaged.reason
