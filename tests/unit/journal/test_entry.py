"""What may be recorded at all."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from daemoneye.journal.entry import LONGEST_BODY, Moment, Why, canonical, fault

if TYPE_CHECKING:
    from tests.fakes.journals import World


def test_an_ordinary_entry_has_no_fault(world: World) -> None:
    """What is right is taken."""
    assert fault(world.entry(pid=1, name="init", sha256="0" * 64, entity_id="a" * 32)) is None


@pytest.mark.parametrize(
    "change",
    [
        {"id": "not an id"},
        {"id": "01234567-89AB-7cde-8f01-23456789abcd"},
        {"kind": ""},
        {"kind": "Process Started"},
        {"pid": -1},
        {"pid": 2**63},
        {"name": "half a pair \ud800"},
        {"occurred": Moment(wall_ms=-1, monotonic_ns=0, boot_id="x")},
        {"occurred": Moment(wall_ms=0, monotonic_ns=2**63, boot_id="x")},
    ],
)
def test_what_no_column_could_hold_is_malformed(world: World, change: dict[str, Any]) -> None:
    """A wrong entry is refused by itself; it does not reach the database."""
    assert fault(replace(world.entry(), **change)) is Why.MALFORMED


@pytest.mark.parametrize(
    "change",
    [{"body": b"x" * (LONGEST_BODY + 1)}, {"name": "n" * 513}, {"entity_id": "e" * 513}, {"sha256": "é" * 257}],
)
def test_what_is_too_long_says_so(world: World, change: dict[str, Any]) -> None:
    """One entry costs bounded space, whoever made it."""
    assert fault(replace(world.entry(), **change)) is Why.TOO_LONG


def test_the_longest_body_is_taken(world: World) -> None:
    """The limit itself is still allowed, and hostile bytes in it are nobody's business here."""
    assert fault(world.entry(body=b"\x00\xff\x1b" * (LONGEST_BODY // 3))) is None


def test_json_is_written_one_way() -> None:
    """The same fact has the same bytes, so that a repeat can be recognised."""
    assert canonical({"b": "é\x1b", "a": [1]}) == '{"a":[1],"b":"é\\u001b"}'.encode()
