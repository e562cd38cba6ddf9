"""Every row of every table catches what it says and spares what it says."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import pytest

from daemoneye.sanitize.programs import TABLE
from daemoneye.sanitize.redactor import Redactor
from daemoneye.sanitize.rules.names import FAMILIES
from daemoneye.sanitize.rules.phrases import PHRASES
from daemoneye.sanitize.rules.shapes import SHAPES
from daemoneye.sanitize.rules.wrappers import WRAPPERS

if TYPE_CHECKING:
    from collections.abc import Iterator


def _rows() -> Iterator[tuple[str, str, str]]:
    yield from ((row.name, row.catch, row.spare) for row in FAMILIES)
    yield from ((row.name, row.catch, row.spare) for row in SHAPES + PHRASES)
    yield from ((row.names.split()[0], row.catch, row.spare) for row in TABLE)
    yield from ((row.names.split()[0], row.catch, row.spare) for row in WRAPPERS)


@pytest.mark.parametrize(("name", "catch", "spare"), list(_rows()))
def test_every_rule_catches_its_example_and_spares_its_other(name: str, catch: str, spare: str) -> None:
    """A rule masks exactly the secrets of its own example, and leaves its counter-example byte for byte."""
    assert "«" in catch, name
    raw = shlex.split(catch.translate({ord("«"): None, ord("»"): None}))
    expected = shlex.split(re.sub("«[^»]*»", "[REDACTED]", catch))
    assert list(Redactor().command_line(raw)) == expected
    harmless = shlex.split(spare)
    assert list(Redactor().command_line(harmless)) == harmless
