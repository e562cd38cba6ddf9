"""Finding many strings at once must find exactly what trying each of them finds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from daemoneye.sanitize.literals import Literals, threes_of

STRINGS = ("SK", "@", "abc", "abcd", "Abd", "://", "-us")
LITERALS = Literals(STRINGS)


@given(st.text(alphabet="@SKabcdABCD:/-us ", max_size=20))
def test_the_same_strings_are_found_as_one_by_one(text: str) -> None:
    """No hint of a secret is overlooked for speed."""
    assert set(LITERALS.found_in(text, threes_of(text.lower()))) == {string for string in STRINGS if string in text}


@given(st.text(alphabet="@SKabcdABCD:/-us ", max_size=20))
def test_any_in_says_whether_there_is_one(text: str) -> None:
    """A text passes unread only if none of the strings is in it."""
    assert LITERALS.any_in(text, threes_of(text.lower())) is any(string in text for string in STRINGS)
