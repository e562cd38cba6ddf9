"""What the tests of the journal share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fakes.journals import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.end()
