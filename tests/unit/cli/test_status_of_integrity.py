"""What ``status`` says of digests and verdicts, to people and to programs."""

from __future__ import annotations

import pytest

from daemoneye.cli.status import lines
from daemoneye.cli.status_document import document
from daemoneye.model.status import HashingStatus, IntegrityStatus, Status

QUIET = Status(
    hashing=HashingStatus(files=(("cached", 100), ("hashed", 20)), bytes_read=3 << 20, share=1.0),
    integrity=IntegrityStatus(packages="dpkg", baselines=42),
)
BUSY = Status(
    hashing=HashingStatus(
        files=(("gone", 0), ("hashed", 1), ("permission", 2), ("too_large", 1)),
        waiting=3,
        quarantined=1,
        share=0.25,
        degraded=(("permission", 2),),
        trouble="/s/hashes.db: not written: no room\x1b",
    ),
    integrity=IntegrityStatus(
        alerts=(("integrity.content_changed/critical", 1), ("integrity.fileless/high", 2)),
        suppressed=5,
        degraded=(("digests/permission", 2), ("hashing/down", 1)),
        waiting=4,
        trouble="/s/baselines.db: not written: no room",
    ),
)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (Status(), ["hashing: nothing yet", "integrity: nothing yet"]),
        (
            QUIET,
            [
                "hashing: 120 files hashed, 3.0M read, 0 waiting",
                "integrity: 0 alerts since its start, 42 baselines, 0 programs waiting, packages: dpkg",
            ],
        ),
        (
            BUSY,
            [
                (
                    "hashing: 1 files hashed, 0B read, 3 waiting, 1 quarantined, not hashed: 2 permission, "
                    "1 too large, at 25% of its rate: the machine is pressed"
                ),
                r"hashing: /s/hashes.db: not written: no room\x1b",
                (
                    "integrity: 3 alerts since its start (1 integrity.content_changed/critical, "
                    "2 integrity.fileless/high), 0 baselines, 4 programs waiting, packages: unknown"
                ),
                "integrity: degraded: 2 digests/permission, 1 hashing/down",
                "integrity: /s/baselines.db: not written: no room",
            ],
        ),
    ],
    ids=["nothing", "quiet", "busy"],
)
def test_people_are_told_in_a_line_each(status: Status, expected: list[str]) -> None:
    """And what is wrong in one more."""
    found = [line.plain for line in lines(status, now_ms=0)]
    assert [line for line in found if line.startswith(("hashing:", "integrity:"))] == expected


def test_programs_are_told_everything() -> None:
    """Names within each other where there are two, null where nothing is known."""
    assert (document(Status())["hashing"], document(Status())["integrity"]) == ({}, {})
    said = document(BUSY)
    assert said["hashing"] == {
        "files": {"gone": 0, "hashed": 1, "permission": 2, "too_large": 1},
        "bytes_read": 0,
        "waiting": 3,
        "quarantined": 1,
        "degraded": {"permission": 2},
        "share": 0.25,
        "trouble": "/s/hashes.db: not written: no room\x1b",
    }
    assert said["integrity"] == {
        "alerts": {"integrity.content_changed": {"critical": 1}, "integrity.fileless": {"high": 2}},
        "suppressed": 5,
        "waiting": 4,
        "baselines": 0,
        "degraded": {"digests": {"permission": 2}, "hashing": {"down": 1}},
        "packages": None,
        "trouble": "/s/baselines.db: not written: no room",
    }
    assert (document(QUIET)["integrity"]["packages"], document(QUIET)["integrity"]["trouble"]) == ("dpkg", None)
