"""When it is news that something cannot be read."""

from __future__ import annotations

import pytest

from daemoneye.lifecycle.sight import Change, Sight, hindrances
from daemoneye.model.coverage import Coverage

CLEAR: frozenset[str] = frozenset()
DENIED = frozenset({"permission"})


@pytest.mark.parametrize(
    ("coverage", "kinds"),
    [
        (Coverage(seen=3, fully_read=3), set()),
        (Coverage(vanished=5, partly_read_by_reason=(("gone", 2), ("unreachable", 1))), set()),
        (Coverage(partly_read_by_reason=(("permission", 2), ("io", 1))), {"permission", "io"}),
        (Coverage(timeout=1, refused=2, malformed=3, hidden=True), {"timeout", "refused", "malformed", "hidden"}),
    ],
)
def test_what_comes_and_goes_by_itself_is_no_hindrance(coverage: Coverage, kinds: set[str]) -> None:
    """Processes end while they are read, and paths of containers lead nowhere: the rest is a kind of loss."""
    assert hindrances(coverage) == kinds


def test_a_new_kind_of_loss_is_news_at_once_and_only_once() -> None:
    """However the numbers move after that."""
    sight = Sight()
    assert sight.observe(CLEAR) is None
    assert sight.observe(DENIED) == Change(("permission",), ())
    assert sight.observe(DENIED) is None
    assert sight.observe(DENIED | {"timeout"}) == Change(("timeout",), ())


def test_a_loss_is_over_after_three_looks_without() -> None:
    """One good look between two bad ones is no recovery."""
    sight = Sight()
    sight.observe(DENIED)
    assert [sight.observe(each) for each in (CLEAR, CLEAR, DENIED, CLEAR, CLEAR)] == [None] * 5
    assert sight.observe(CLEAR) == Change((), ("permission",))
    assert sight.observe(CLEAR) is None
    assert sight.observe(DENIED) == Change(("permission",), ())


def test_one_kind_may_end_when_another_begins() -> None:
    """Both are told."""
    sight = Sight()
    sight.observe(DENIED)
    sight.observe(CLEAR)
    sight.observe(CLEAR)
    assert sight.observe(frozenset({"timeout"})) == Change(("timeout",), ("permission",))
