"""Durations and sizes: exact, with units, and a hint when the unit is missing or wrong."""

from __future__ import annotations

import re

import pytest

from daemoneye.settings.nodes import Mapping, Node, Refusal, Scalar, Sequence, Style
from daemoneye.settings.quantities import Duration, Size

DURATION = Duration("100ms", "7d")
SIZE = Size("1KiB", "64GiB")


def expected(kind: Duration | Size, node: Node) -> str:
    with pytest.raises(Refusal) as refused:
        kind.read(node)
    return refused.value.faults[0].expected


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("100ms", 0.1),
        ("5s", 5.0),
        ("0.5s", 0.5),
        ("1.5m", 90.0),
        ("2h", 7200.0),
        ("7d", 604800.0),
        ("007s", 7.0),
        ("0.2000000s", 0.2),
        ("0.200" + "0" * 5000 + "s", 0.2),
    ],
)
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: float) -> None:
    """Seconds come out, whatever unit went in."""
    assert DURATION.read(Scalar(text)) == seconds


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("1KiB", 1024),
        (f"1.{2**-30:.30f}GiB".replace("1.0.", "1."), 2**30 + 1),
        ("1.5MiB", 1572864),
        ("2048B", 2048),
        ("64GiB", 64 << 30),
    ],
)
def test_a_size_is_a_number_and_a_unit(text: str, count: int) -> None:
    """Bytes come out, and whole ones."""
    assert SIZE.read(Scalar(text)) == count


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("5", "with its unit (ms, s, m, h, d), such as 5s"),
        ("5 s", "did you mean '5s'?"),
        ("5S", "did you mean '5s'?"),
        ("10 seconds", "did you mean '10s'?"),
        ("2.5min", "did you mean '2.5m'?"),
        ("1w", "such as 5s"),
        ("5KiB", "such as 5s"),
        ("-5s", "such as 5s"),
        ("1e3s", "such as 5s"),
        ("1:30", "such as 5s"),
        ("99ms", "a duration from 100ms to 7d"),
        ("8d", "a duration from 100ms to 7d"),
        ("100.5ms", "a whole number of ms"),
        ("0.2000001s", "a whole number of ms"),
        ("0." + "1" * 5000 + "s", "a whole number of ms"),
        ("9" * 5000 + "s", "such as 5s"),
        ("٣s", "such as 5s"),
    ],
)
def test_a_wrong_duration_gets_a_hint(text: str, hint: str) -> None:
    """The answer names what was probably meant, or shows one that is right."""
    assert hint in expected(DURATION, Scalar(text, Style.PLAIN))


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("50MB", "did you mean '50MiB'?"),
        ("50M", "did you mean '50MiB'?"),
        ("1 kb", "did you mean '1KiB'?"),
        ("1_000_000", "with its unit (B, KiB, MiB, GiB), such as 50MiB"),
        ("1TiB", "such as 50MiB"),
        ("0.0001KiB", "a whole number of B"),
        ("1023B", "a size from 1KiB to 64GiB"),
    ],
)
def test_a_wrong_size_gets_a_hint(text: str, hint: str) -> None:
    """Decimal units are refused by name, because their size is a matter of opinion."""
    assert hint in expected(SIZE, Scalar(text, Style.PLAIN))


@pytest.mark.parametrize("node", [Sequence(()), Mapping(()), Scalar("", Style.PLAIN), Scalar("null", Style.PLAIN)])
def test_other_shapes_are_no_quantity(node: Node) -> None:
    """A list, a mapping and nothing are refused like any other wrong value."""
    assert expected(DURATION, node) == "a duration from 100ms to 7d"


@pytest.mark.parametrize("text", ["100ms", "1s", "90s", "5m", "36h", "7d"])
def test_a_duration_is_written_as_it_is_read(text: str) -> None:
    """What is shown can be pasted into a file."""
    value = DURATION.read(Scalar(text))
    assert DURATION.read(Scalar(DURATION.write(value))) == value


def test_quantities_are_written_with_the_largest_whole_unit() -> None:
    """300 seconds are five minutes to a reader."""
    assert [DURATION.write(value) for value in (300.0, 90.0, 0.25, 86400.0, 0.0)] == ["5m", "90s", "250ms", "1d", "0ms"]
    assert [SIZE.write(value) for value in (1 << 20, 1536, 0)] == ["1MiB", "1536B", "0B"]


def test_the_pattern_for_editors_agrees_with_the_parser() -> None:
    """An editor does not mark what the program takes."""
    pattern = SIZE.schema()["pattern"]
    assert re.match(pattern, "1.5MiB")
    assert not re.match(pattern, "1.5MB")
