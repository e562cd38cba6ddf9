"""Whatever the fields of an event are, it is one line that a reader can take apart."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemoneye.logs.lines import LINE_BYTES, Entry, Field, Shape, as_json, for_a_person, for_journald, in_color, line

# characters() has surrogates, which text() alone leaves out
hostile = st.builds(lambda text, times: text * times, st.text(st.characters()), st.sampled_from([1, 1, 1, 80, 600]))
values = st.one_of(hostile, st.integers(), st.integers().map(lambda n: 10 ** (abs(n) % 6000)), st.floats(), st.none())
fields = st.dictionaries(hostile, values, max_size=12)


def entry(fields: dict[str, Field]) -> Entry:
    when = datetime(2026, 11, 20, tzinfo=UTC)
    return Entry(when=when, level="error", event="child.terminated", role="supervisor", pid=7, fields=fields)


@given(fields=fields)
@settings(max_examples=150, deadline=None)
def test_a_line_is_json_of_limited_length(fields: dict[str, Field]) -> None:
    """With one end of line, at its end, and nothing in it that a terminal would obey."""
    data = line(entry(fields), as_json)
    assert len(data) <= LINE_BYTES
    text = data.decode()
    assert text.endswith("\n")
    assert text[:-1].isprintable()
    said = json.loads(text)
    assert (said["ts"], said["event"], said["pid"]) == ("2026-11-20T00:00:00.000Z", "child.terminated", 7)
    assert all(len(each) <= 512 for each in said.values() if isinstance(each, str))


@pytest.mark.parametrize("shape", [for_journald, for_a_person, in_color])
@given(message=hostile, fields=fields)
@settings(max_examples=50, deadline=None)
def test_every_shape_is_one_line(shape: Shape, message: str, fields: dict[str, Field]) -> None:
    """For the journal and for a person the same holds."""
    data = line(entry({**fields, "message": message}), shape)
    assert len(data) <= LINE_BYTES
    text = data.decode()
    assert len(text.splitlines()) == 1
    assert text[:-1].replace("\x1b[31m", "", 1).replace("\x1b[0m", "", 1).isprintable()
