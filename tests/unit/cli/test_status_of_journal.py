"""What ``status`` says of the journal, to people and to programs."""

from __future__ import annotations

import pytest

from daemoneye.cli.status import lines
from daemoneye.cli.status_document import document
from daemoneye.model.status import AlertFileReport, JournalReport, Status, StreamReport

STREAMS = (StreamReport(name="alerts", last=7, kept=5), StreamReport(name="events", last=9, kept=9))
FILE = AlertFileReport(path="/log/a\x1b.jsonl", last=7, written=2)
WELL = JournalReport(chain="c0ffee", streams=STREAMS, disk_bytes=3 << 20, recorded=4, alert_file=FILE)
FULL = JournalReport(trouble="disk_full", detail="no room", waiting=3, refused=(("too_long", 1),))
CLOSED = JournalReport(
    streams=STREAMS, alert_file=AlertFileReport(path="/log/a", trouble="not_allowed", detail="permission denied")
)


def said(journal: JournalReport | None) -> list[str]:
    found = [line.plain for line in lines(Status(state="running", journal=journal), now_ms=0)]
    return [line for line in found if line.startswith(("journal:", "alert file:"))]


@pytest.mark.parametrize(
    ("journal", "expected"),
    [
        (None, ["journal: nothing yet"]),
        (WELL, ["journal: 5 alerts, 9 events, 3.0M on disk"]),
        (FULL, ["journal: cannot record: disk_full (no room); 3 entries wait"]),
        (
            CLOSED,
            [
                "journal: 5 alerts, 9 events, 0B on disk",
                "alert file: /log/a: cannot be written: not_allowed (permission denied)",
            ],
        ),
    ],
)
def test_people_are_told_in_a_line(journal: JournalReport | None, expected: list[str]) -> None:
    """What is kept, or what is wrong."""
    assert said(journal) == expected


def test_programs_are_told_everything() -> None:
    """What there is not is null, and what is counted is a number."""
    told = document(Status(journal=WELL))["journal"]
    assert told["streams"] == {"alerts": {"last": 7, "kept": 5}, "events": {"last": 9, "kept": 9}}
    assert (told["trouble"], told["recorded"], told["waiting"], told["chain"]) == (None, 4, 0, "c0ffee")
    assert told["alert_file"] == {"path": FILE.path, "last": 7, "written": 2, "trouble": None, "detail": None}
    assert document(Status(journal=FULL))["journal"]["refused"] == {"too_long": 1}
    assert document(Status(journal=FULL))["journal"]["alert_file"] is None
    assert document(Status())["journal"] == {}
