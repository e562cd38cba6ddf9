"""What goes first, and how it is said."""

from __future__ import annotations

import json

import pytest

from daemoneye.errors import HostileInput
from daemoneye.journal.chain import LANES, Head, Lane
from daemoneye.journal.entry import Severity, Stream
from daemoneye.journal.retention import Reason, cuts_of, goes_first, gone_of, is_due, ranges, tombstone


def test_low_severity_goes_first_and_events_before_alerts() -> None:
    """A critical alert is the last thing to be given up."""
    left = set(LANES)
    order = []
    while left:
        order.append(goes_first(left))
        left.remove(order[-1])
    assert [lane.word for lane in order[:3]] == ["events/info", "alerts/info", "events/low"]
    assert order[-1] == Lane(Stream.ALERTS, Severity.CRITICAL)


def test_what_comes_of_age_goes_in_lots() -> None:
    """A day of a month may pass before old entries go, so that not each leaves a tombstone of its own."""
    day = 24 * 3600 * 1000
    assert not is_due(0, 30 * day + day // 2, 30 * day)
    assert is_due(0, 31 * day, 30 * day)


def test_ranges_say_exactly_which() -> None:
    """Neighbours are written as a range, a lone one as a range of itself."""
    assert ranges([1, 2, 3, 7, 9, 10]) == [[1, 3], [7, 7], [9, 10]]
    assert ranges([]) == []


def test_a_tombstone_names_what_went_and_where_the_rest_begins() -> None:
    """Somebody who finds a gap finds out what was in it, how much, and why."""
    lane = Lane(Stream.ALERTS, Severity.LOW)
    body = tombstone(lane, Reason.SIZE, [4, 5, 9], {lane: Head(3, 9, b"\1" * 32)})
    assert json.loads(body) == {
        "reason": "size",
        "stream": "alerts",
        "severity": "low",
        "count": 3,
        "sequences": [[4, 5], [9, 9]],
        "cuts": {"alerts/low": [3, 9, "01" * 32]},
    }
    assert cuts_of(body) == {lane: Head(3, 9, b"\1" * 32)}
    assert gone_of(body) == ("alerts", [(4, 5), (9, 9)])


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"cuts":{"nowhere":[1,1,""]}}', b'{"cuts":{"alerts/low":["1",1,""]}}', b"[" * 100_000]
)
def test_what_is_no_tombstone_is_hostile(body: bytes) -> None:
    """A forged tombstone is an error that is expected, not a crash."""
    with pytest.raises(HostileInput, match="not a tombstone"):
        cuts_of(body)
    with pytest.raises(HostileInput, match="not a tombstone"):
        gone_of(body)
