"""What ``status`` says of the receivers, to people and to programs."""

from __future__ import annotations

import pytest

from daemoneye.cli.status import lines
from daemoneye.cli.status_document import document
from daemoneye.model.status import SinkReport, Status

WELL = SinkReport(name="relp", state="connected", acknowledged=70, behind=2, last_success_ms=1_800_000_000_000)
AWAY = SinkReport(name="nats", state="away", trouble="connection\x1brefused", behind=9)
POISONED = SinkReport(name="relp", state="connected", set_aside=1)


@pytest.mark.parametrize(
    ("sinks", "expected"),
    [
        ((), []),
        ((WELL,), ["relp: connected, 2 behind"]),
        ((POISONED, AWAY), ["relp: connected, 0 behind, 1 set aside", r"nats: away, 9 behind: connection\x1brefused"]),
    ],
    ids=len,
)
def test_people_are_told_in_a_line(sinks: tuple[SinkReport, ...], expected: list[str]) -> None:
    """One for each, with what is wrong; and nothing where nothing is sent."""
    found = [line.plain for line in lines(Status(state="running", sinks=sinks), now_ms=0)]
    assert [line for line in found if line.startswith(("relp:", "nats:"))] == expected


def test_programs_are_told_everything() -> None:
    """By name; what is not known is null."""
    assert document(Status(state="running"))["sinks"] == {}
    said = document(Status(state="running", sinks=(WELL, AWAY)))["sinks"]
    assert said["relp"] == {
        "state": "connected",
        "trouble": None,
        "acknowledged": 70,
        "set_aside": 0,
        "retries": 0,
        "behind": 2,
        "last_success_at": "2027-01-15T08:00:00.000Z",
    }
    assert (said["nats"]["state"], said["nats"]["last_success_at"]) == ("away", None)
