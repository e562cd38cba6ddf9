"""Coverage, for machines and for people."""

from __future__ import annotations

import json

from daemoneye.model.coverage import Coverage

FULL = Coverage(
    seen=10,
    fully_read=7,
    partly_read=3,
    partly_read_by_reason=(("gone", 1), ("permission", 2)),
    kernel_threads=4,
    vanished=5,
    timeout=1,
    refused=8,
    hidden=True,
    started=2,
    exited=1,
    came_and_went_at_most=6,
    hashed=4,
    not_hashed_by_reason=(("too_large", 1), ("waiting", 1)),
)


def test_coverage_is_one_json_object_of_numbers() -> None:
    """The last line of a scan can be read by any program: numbers by name, null for what is not known."""
    assert json.loads(json.dumps(FULL.as_json())) == {
        "seen": 10,
        "fully_read": 7,
        "partly_read": 3,
        "partly_read_by_reason": {"gone": 1, "permission": 2},
        "kernel_threads": 4,
        "vanished": 5,
        "malformed": 0,
        "timeout": 1,
        "refused": 8,
        "hidden": True,
        "started": 2,
        "exited": 1,
        "came_and_went_at_most": 6,
        "hashed": 4,
        "not_hashed_by_reason": {"too_large": 1, "waiting": 1},
    }
    assert Coverage().as_json()["started"] is None


def test_coverage_is_one_sentence() -> None:
    """People read what was not seen, and nothing about what there was none of."""
    assert FULL.sentence() == (
        "10 processes seen, 4 of them kernel threads, 7 fully read, 3 partly read (1 gone, 2 permission), 5 vanished, "
        "1 timed out, 8 refused, other accounts' processes are hidden from this one, at most 6 came and went unseen, "
        "4 hashed, 2 not hashed (1 too large, 1 waiting)"
    )
    assert Coverage(seen=1, fully_read=1).sentence() == "1 processes seen, 0 of them kernel threads, 1 fully read"
