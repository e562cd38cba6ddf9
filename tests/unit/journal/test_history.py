"""What the record says about the past."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemoneye.journal.history import Past, ancestors, body_of, children, tells_of_looking
from daemoneye.model.lookup import RecordedEntry

BOOT, LATER_BOOT = "b" * 36, "c" * 36


def entry(
    kind: str, entity: str | None = None, *, boot: str = BOOT, parent: str | None = None, **body: Any
) -> RecordedEntry:
    return RecordedEntry(
        stream="events",
        kind=kind,
        entity_id=entity,
        parent_entity_id=parent,
        boot_id=boot,
        pid=ord(entity) if entity else None,
        body=json.dumps(body),
    )


def began(*entities: str, boot: str = BOOT) -> list[RecordedEntry]:
    """A look at everybody."""
    return [
        entry("scan.began", boot=boot, processes=len(entities)),
        *(entry("process.seen", each, boot=boot) for each in entities),
    ]


def past(*entries: RecordedEntry) -> Past:
    found = Past()
    for each in entries:
        found.take(each)
    return found


def test_a_look_at_everybody_is_a_floor_to_stand_on() -> None:
    """Whoever was seen then was there."""
    found = past(*began("a", "b"))
    assert (set(found.alive), found.whole) == ({"a", "b"}, True)


def test_starts_and_ends_are_followed_from_there() -> None:
    """An executed image is the same process."""
    found = past(
        *began("a", "b"),
        entry("process.started", "c"),
        entry("process.exec", "c", name="other"),
        entry("process.exited", "a"),
        entry("process.modified", "b", name="renamed"),
    )
    assert set(found.alive) == {"b", "c"}
    assert body_of(found.alive["c"]) == {"name": "other"}
    assert body_of(found.alive["b"]) == {"name": "renamed"}
    assert found.whole


def test_whoever_is_not_seen_again_went_while_nobody_looked() -> None:
    """A second look at everybody makes an end of the first."""
    found = past(*began("a", "b"), entry("process.started", "c"), *began("b", "d"))
    assert set(found.alive) == {"b", "d"}


def test_a_reboot_ends_everybody() -> None:
    """Even when the look after it is not on record."""
    found = past(*began("a"), entry("process.started", "z", boot=LATER_BOOT))
    assert (set(found.alive), found.floor, found.whole) == ({"z"}, None, False)


def test_without_a_look_at_everybody_it_is_not_the_whole() -> None:
    """The record began later, or its beginning has gone."""
    found = past(entry("process.started", "a"), entry("process.exited", "x"))
    assert (set(found.alive), found.whole) == ({"a"}, False)


def test_a_look_of_which_a_part_is_missing_is_not_the_whole() -> None:
    """The number of those that should follow is on record."""
    complete = began("a", "b", "c")
    assert past(*complete).whole
    assert not past(*complete[:-1]).whole
    assert not past(entry("scan.began"), *complete[1:]).whole  # it does not say how many


def test_what_was_lost_on_the_way_is_told_until_the_next_look() -> None:
    """From then on everything is known again."""
    for kind in ("journal.dropped", "record.lost"):
        found = past(*began("a"), entry(kind))
        assert not found.whole
        for each in began("a"):
            found.take(each)
        assert found.whole


def test_a_look_in_between_is_a_floor_and_no_gap() -> None:
    """The same one goes on: from there all can be told, of whoever went on living and of nobody else."""
    again = [entry("scan.again", processes=2), entry("process.seen", "b"), entry("process.seen", "c")]
    before = past(*began("a", "b"), entry("process.started", "c"), entry("process.exited", "a"))
    assert not before.is_gap(again[0])
    assert tells_of_looking(again[0])
    for each in again:
        before.take(each)
    alone = past(*again)
    assert (set(before.alive), before.whole) == (set(alone.alive), alone.whole) == ({"b", "c"}, True)
    assert alone.floor == again[0]
    assert not past(*again[:-1]).whole


def test_a_digest_that_came_later_is_shown() -> None:
    """It says of a process what the entry before could not."""
    found = past(*began("a"), entry("process.hashed", "a", hash={"sha256": "ab"}))
    assert body_of(found.alive["a"]) == {"hash": {"sha256": "ab"}}
    assert found.whole


def test_entries_of_others_change_nothing() -> None:
    """And do not count as a look."""
    found = past(*began("a"), entry("journal.tombstone"), entry("hash.known", "x"))
    assert set(found.alive) == {"a"}
    assert not tells_of_looking(entry("journal.tombstone"))
    assert tells_of_looking(entry("process.exited", "a"))
    assert tells_of_looking(entry("scan.began"))


def test_between_two_who_looked_there_is_a_gap() -> None:
    """And none between two entries of the same."""
    found = past(*began("a"))
    assert not found.is_gap(entry("process.started", "b"))
    assert found.is_gap(entry("scan.began"))
    assert found.is_gap(entry("process.seen", "b"))
    assert found.is_gap(entry("process.exited", "b", boot=LATER_BOOT))


def test_a_body_that_is_none_is_nothing() -> None:
    """A file of somebody else's making is no reason to fail."""
    for text in ("", "{", "[]", "7", "[" * 100_000):
        assert body_of(RecordedEntry(body=text)) == {}


def test_the_tree_is_that_of_who_started_whom() -> None:
    """Children in the order of pids; whose parent is gone begins a tree of its own."""
    alive = {
        each.entity_id or "": each
        for each in (
            entry("process.seen", "a"),
            entry("process.seen", "c", parent="a"),
            entry("process.seen", "b", parent="a"),
            entry("process.seen", "d", parent="gone"),
            entry("process.seen", "e", parent="c"),
        )
    }
    assert children(alive) == {None: ["a", "d"], "a": ["b", "c"], "c": ["e"]}


def test_a_forged_circle_is_nobodys() -> None:
    """And everybody in it is shown."""
    alive = {
        "a": entry("process.seen", "a", parent="b"),
        "b": entry("process.seen", "b", parent="a"),
        "c": entry("process.seen", "c", parent="a"),
        "d": entry("process.seen", "d", parent="d"),
    }
    assert children(alive) == {None: ["a", "b", "d"], "a": ["c"]}


def test_ancestors_are_followed_to_where_the_record_ends() -> None:
    """The parent at the start counts, not who took it in afterwards."""
    about = {
        "c": [entry("process.started", "c", parent="b"), entry("process.exec", "c", parent="z")],
        "b": [entry("process.exec", "b"), entry("process.exited", "b", parent="a")],
    }
    assert list(ancestors("c", lambda each: about.get(each, []))) == ["b", "a"]


@pytest.mark.parametrize("circle", [{"a": "a"}, {"a": "b", "b": "a"}, {"a": "b", "b": "c", "c": "b"}])
def test_a_circle_of_ancestors_has_an_end(circle: dict[str, str]) -> None:
    """Each is named once."""
    found = list(ancestors("a", lambda each: [entry("process.started", each, parent=circle[each])]))
    assert found == [each for each in sorted(circle) if each != "a"]


def test_a_chain_longer_than_any_is_given_up() -> None:
    """Nobody is kept busy by a forged one."""
    endless = (entry("process.started", "a", parent=str(number)) for number in range(10**9))
    assert len(list(ancestors("a", lambda _: [next(endless)]))) < 2000


@given(
    st.lists(st.tuples(st.sampled_from(["start", "end", "exec", "restart"]), st.sampled_from("abcdefgh")), max_size=60)
)
def test_at_every_moment_the_living_are_those_who_lived(steps: list[tuple[str, str]]) -> None:
    """Whatever happens, and however often the agent begins anew."""
    living: set[str] = set()
    found = past(*began())
    for step, who in steps:
        match step:
            case "start" if who not in living:
                living.add(who)
                found.take(entry("process.started", who))
            case "end" if who in living:
                living.remove(who)
                found.take(entry("process.exited", who))
            case "exec" if who in living:
                found.take(entry("process.exec", who))
            case "restart":
                living.discard(who)  # it went while nobody looked
                for each in began(*living):
                    found.take(each)
        assert set(found.alive) == living
        assert found.whole
