"""What the tests of the running program share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.system.zoo import Zoo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def zoo(tmp_path: Path) -> Iterator[Zoo]:
    zoo = Zoo(tmp_path)
    yield zoo
    zoo.end()
