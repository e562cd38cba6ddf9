"""The second layer: nothing from the host can speak to a terminal or fool an eye."""

from __future__ import annotations

import pytest

from daemoneye.sanitize.hostile import decodable, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 漢 🙂", "plain é 漢 🙂"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\nb\tc\r", "a\\x0ab\\x09c\\x0d"),
        ("\x00\x7f\x85\x9b", "\\x00\\x7f\\x85\\x9b"),
        ("exe\u202egpj", "exe\\u202egpj"),
        ("\u2066a\u2069\u200b\u200d\ufeff\u2028", "\\u2066a\\u2069\\u200b\\u200d\\ufeff\\u2028"),
        ("a\u3164b\ufe0f", "a\\u3164b\\ufe0f"),
        ("\U000e0041", "\\U000e0041"),
        ("\udcff\udc80", "\\xff\\x80"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_cannot_be_seen_is_shown(text: str, shown: str) -> None:
    """Control bytes, direction marks and invisible characters appear as what they are."""
    assert printable(text) == shown
    assert shown.isprintable()


def test_long_text_is_cut_with_a_mark() -> None:
    """A limit is in bytes, and the cut says how many went."""
    assert printable("é" * 10, limit=5) == "éé…truncated 16 bytes"
    assert printable("abc", limit=5) == "abc"


def test_decodable_changes_only_what_utf8_cannot_carry() -> None:
    """Newlines stay what they are; half characters become visible."""
    assert decodable("a\nb\udcfe\ud800") == "a\nb\\xfe\\ud800"
    decodable("\udcfe\ud800").encode("utf-8")
