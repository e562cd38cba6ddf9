"""When everybody is recorded once more."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from daemoneye.actors.landmarks import Kept, Landmarks

HOUR = 3600.0
MONTH_S, GIB = 30 * 24 * HOUR, 1 << 30


def due(marks: Landmarks, at_s: float, everybody: int = 100, max_age_s: float = MONTH_S, max_bytes: int = GIB) -> bool:
    return marks.is_due(at_s, everybody, Kept(max_age_s, max_bytes))


def after_a_look(at_s: float = 0.0) -> Landmarks:
    marks = Landmarks()
    marks.look(at_s)
    return marks


def test_before_the_first_there_is_none() -> None:
    """Somebody who has not looked at all is due."""
    assert due(Landmarks(), 0)
    assert not due(after_a_look(), 0)


def test_it_is_due_every_few_hours_and_before_half_of_what_is_kept_is_gone() -> None:
    """So that one of them is always on record."""
    marks = after_a_look(1000.0)
    assert not due(marks, 1000 + 6 * HOUR - 1)
    assert due(marks, 1000 + 6 * HOUR)
    assert not due(marks, 1000 + HOUR - 1, max_age_s=2 * HOUR)
    assert due(marks, 1000 + HOUR, max_age_s=2 * HOUR)
    assert not due(marks, 1059, max_age_s=1)
    assert due(marks, 1060, max_age_s=1)


def test_it_is_due_when_much_has_happened() -> None:
    """Less, where less can be kept; never so little that looks would be most of the record."""
    marks = after_a_look()
    marks.add(49_999)
    assert not due(marks, 1)
    marks.add(1)
    assert due(marks, 1)
    assert not due(marks, 1, everybody=50_001)
    marks = after_a_look()
    marks.add(4096)
    assert due(marks, 1, max_bytes=64 << 20)
    assert not due(marks, 1, max_bytes=64 << 20, everybody=9000)
    marks.look(1)
    assert not due(marks, 1, max_bytes=64 << 20)


@given(st.lists(st.integers(0, 500), max_size=60), st.integers(1, 2000), st.sampled_from([1 << 20, 64 << 20, GIB]))
def test_looks_are_half_of_the_record_at_most(events: list[int], everybody: int, max_bytes: int) -> None:
    """However the events come, as long as the time between two looks is not over."""
    marks, looks, happened = after_a_look(), 0, 0
    for number in events:
        marks.add(number)
        happened += number
        if due(marks, 1, everybody, max_bytes=max_bytes):
            looks += everybody
            marks.look(1)
    assert looks <= happened
