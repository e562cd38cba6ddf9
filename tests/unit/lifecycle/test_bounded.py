"""A map that cannot grow for ever."""

from __future__ import annotations

import pytest

from daemoneye.lifecycle.bounded import BoundedMap


def test_what_was_set_longest_ago_goes_first() -> None:
    """At its capacity the map forgets the oldest, and says so."""
    entries: BoundedMap[str, int] = BoundedMap("ages", 2)
    for key, value in (("a", 1), ("b", 2), ("a", 3), ("c", 4)):
        entries.set(key, value)
    assert (entries.get("a"), entries.get("b"), entries.get("c")) == (3, None, 4)
    assert entries.occupancy == ("ages", 2, 2, 1)


def test_what_is_discarded_is_no_eviction() -> None:
    """Taking out what is no longer needed, or never was there, does not count as forgetting."""
    entries: BoundedMap[str, int] = BoundedMap("ages", 2)
    entries.set("a", 1)
    entries.discard("a")
    entries.discard("a")
    assert entries.occupancy == ("ages", 0, 2, 0)


def test_a_map_without_room_is_refused() -> None:
    """A capacity of nothing is a mistake, said at once."""
    with pytest.raises(ValueError, match="ages: capacity 0: at least 1"):
        BoundedMap("ages", 0)
