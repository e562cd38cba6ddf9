"""What is remembered of programs, and what goes first when there is no room."""

from __future__ import annotations

from dataclasses import replace

import pytest

from daemoneye.integrity.baselines import Baseline, Baselines, Key, Source
from tests.fakes.executables import content

HOUR_MS = 3_600_000


def baseline(path: str, *, namespace: str = "", seen_ms: int = 0, open_: bool = False) -> Baseline:
    return replace(Baseline.seeded(Key(namespace, path), content("good"), seen_ms), open=open_)


def paths(of: Baselines) -> set[str]:
    return {each.key.path for each in of}


def test_a_reference_that_moves_remembers_where_it_was() -> None:
    """Old processes may still run what was right before; nothing is remembered twice, or without end."""
    moved = baseline("/a")
    for version in [*"0123456789", "9", "good"]:
        moved = moved.moved(content(version), Source.PACKAGE, 7)
    assert moved.reference == moved.last == content("good")
    assert moved.former == tuple(content(each).sha256 for each in "98765432")
    assert moved.was_trusted(content("good").sha256)
    assert moved.was_trusted(content("5").sha256)
    assert not moved.was_trusted(content("evil").sha256)
    assert moved.first_seen_ms == 0


@pytest.mark.parametrize(("now_ms", "stale"), [(0, False), (HOUR_MS - 1, False), (HOUR_MS, True), (-1, True)])
def test_the_time_of_the_last_sight_is_not_written_at_every_sight(now_ms: int, stale: bool) -> None:
    """Once an hour is enough, and so it is after a clock was set back."""
    assert baseline("/a").is_stale(now_ms) is stale


def test_the_one_not_seen_for_longest_goes_first() -> None:
    """To be seen is what keeps a baseline."""
    known = Baselines(capacity=3)
    first = baseline("/a")
    for each in (first, baseline("/b"), baseline("/c")):
        known.set(each)
    known.touch(first)
    known.set(baseline("/d"))
    assert paths(known) == {"/a", "/c", "/d"}
    assert known.occupancy.evictions == 1
    assert known.changed == {Key("", path) for path in ("/a", "/b", "/c", "/d")}


def test_containers_make_room_for_the_host() -> None:
    """Whoever starts containers by the thousand does not make us forget what the host was."""
    known = Baselines(capacity=3)
    known.set(baseline("/host"))
    for number in range(50):
        known.set(baseline("/app", namespace=f"container:{number}"))
    assert "/host" in paths(known)
    assert len(known) == 3
    assert known.occupancy.evictions == 48


def test_an_open_finding_goes_last() -> None:
    """Nobody makes us forget what we have just found by filling the memory, until there is nothing else left."""
    known = Baselines(capacity=2)
    known.set(baseline("/found", open_=True))
    for number in range(5):
        known.set(baseline(f"/{number}"))
    assert paths(known) == {"/found", "/4"}
    known.set(baseline("/4", open_=True))
    known.set(baseline("/more", open_=True))
    assert paths(known) == {"/4", "/more"}


def test_a_finding_that_is_answered() -> None:
    """It takes its place among the others again."""
    known = Baselines(capacity=2)
    known.set(baseline("/a", open_=True))
    known.set(baseline("/a"))
    known.set(baseline("/b"))
    known.set(baseline("/c"))
    assert paths(known) == {"/b", "/c"}


def test_what_is_kept_comes_back_in_order() -> None:
    """The order outlives the agent; and what there is no room for any more is to be forgotten on disk as well."""
    kept = [baseline("/new", seen_ms=9), baseline("/old", seen_ms=1), baseline("/mid", seen_ms=5)]
    assert Baselines(kept).changed == set()
    known = Baselines(kept, capacity=2)
    assert paths(known) == {"/mid", "/new"}
    assert known.changed == {Key("", "/old")}
    known.set(baseline("/more"))
    assert paths(known) == {"/new", "/more"}


def test_a_namespace_that_ended() -> None:
    """Only its own are forgotten."""
    known = Baselines()
    for namespace in ("", "mnt:1", "mnt:2"):
        known.set(baseline("/a", namespace=namespace))
    known.forget_namespace("mnt:1")
    assert {each.key.namespace for each in known} == {"", "mnt:2"}
    known.forget(Key("mnt:1", "/a"))
    assert known.get(Key("mnt:1", "/a")) is None


def test_no_room_at_all_is_a_mistake() -> None:
    """A tracker without memory would trust everything for ever."""
    with pytest.raises(ValueError, match="at least 1"):
        Baselines(capacity=0)
