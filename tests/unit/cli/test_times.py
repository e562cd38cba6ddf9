"""A moment, as people say it."""

from __future__ import annotations

from datetime import UTC, datetime

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemoneye.cli.times import When, parse

NOW_MS = int(datetime(2026, 11, 20, 8, 30, 0, tzinfo=UTC).timestamp() * 1000)


def ms(*date: int) -> int:
    return int(datetime(*date, tzinfo=UTC).timestamp() * 1000)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", NOW_MS),
        ("90s", NOW_MS - 90_000),
        ("30m", NOW_MS - 1_800_000),
        ("2h", NOW_MS - 7_200_000),
        ("1d12h", NOW_MS - 129_600_000),
        (" 2H ", NOW_MS - 7_200_000),
        ("1w", NOW_MS - 604_800_000),
        ("999999999w", 0),
        ("today", ms(2026, 11, 20)),
        ("Yesterday", ms(2026, 11, 19)),
        ("2026-11-20", ms(2026, 11, 20)),
        ("2026-11-20T08:00", ms(2026, 11, 20, 8)),
        ("2026-11-20 08:00:00", ms(2026, 11, 20, 8)),
        ("2026-11-20T08:00:00Z", ms(2026, 11, 20, 8)),
        ("2026-11-20T08:00:00.250Z", ms(2026, 11, 20, 8) + 250),
        ("2026-11-20T10:00:00+02:00", ms(2026, 11, 20, 8)),
    ],
)
def test_a_time_can_be_said_in_several_ways(text: str, expected: int) -> None:
    """How long ago, which day, or what a log says; without a zone it is UTC."""
    assert parse(text, NOW_MS) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "2",
        "2 h",
        "-2h",
        "2y",
        "h",
        "2h3",
        "2026-13-01",
        "25:00",
        "1969-12-31",
        "0001-01-01",
        "٣h",
        "1" * 30 + "d",
    ],
)
def test_what_is_no_time_is_none(text: str) -> None:
    """It is not taken for another one."""
    assert parse(text, NOW_MS) is None


def test_a_wrong_time_is_one_line_that_shows_the_right_ones() -> None:
    """And the wrong one, made harmless."""
    with pytest.raises(click.BadParameter, match=r"^'so\\x1bon' is no time: expected how long ago \(30m, ") as caught:
        When().convert("so\x1bon", None, None)
    assert "\n" not in str(caught.value)
    assert When().convert("1970-01-02", None, None) == 86_400_000
    assert When().convert(5, None, None) == 5


@given(st.text(max_size=30))
def test_whatever_is_typed_is_a_time_or_none(text: str) -> None:
    """Nothing else comes of it."""
    at_ms = parse(text, NOW_MS)
    assert at_ms is None or at_ms >= 0
