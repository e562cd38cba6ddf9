"""A tree that makes no sense is refused when it is written down."""

from __future__ import annotations

from typing import Any

import pytest

from daemoneye.supervisor.specs import ChildSpec
from tests.fakes.supervised import spec


@pytest.mark.parametrize(("field", "value"), [("start_timeout_s", 0), ("shutdown_s", -1)])
def test_a_child_needs_time(field: str, value: float) -> None:
    """Nobody can start in no time or stop before they were asked."""
    numbers: dict[str, Any] = {field: value}
    with pytest.raises(ValueError, match=field):
        ChildSpec(name="a", **numbers)


@pytest.mark.parametrize(
    "bad", [{"intensity": -1}, {"missed_heartbeats": 0}, {"period_s": 0}, {"heartbeat_interval_s": 0}]
)
def test_numbers_that_cannot_be_meant_are_refused(bad: dict[str, float]) -> None:
    """The message names the tree and what was found."""
    with pytest.raises(ValueError, match=r"^tree: .*: (more than 0|from 0, from 1)$"):
        spec("a", **bad)


def test_names_are_unique() -> None:
    """Two children of one name could not be told apart."""
    with pytest.raises(ValueError, match="tree: children a, b, a: each name once"):
        spec("a", "b", "a")
