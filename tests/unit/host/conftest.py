from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fakes.procfs import FakeProc

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def proc(tmp_path: Path) -> FakeProc:
    root = tmp_path / "proc"
    root.mkdir()
    return FakeProc(root)
