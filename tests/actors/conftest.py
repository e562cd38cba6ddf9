"""A system of actors in a directory of its own."""

from __future__ import annotations

import ctypes
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.actors.living import System

_PR_SET_CHILD_SUBREAPER = 36


@pytest.fixture(scope="session", autouse=True)
def _subreaper() -> None:
    """Orphans come to us, as they come to the main process of the agent, and go with us."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


@pytest.fixture
def directory() -> Iterator[Path]:
    """Short: the path of a socket has 108 bytes."""
    made = Path(tempfile.mkdtemp(prefix="de-"))
    yield made / "actors"
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def system(directory: Path) -> Iterator[System]:
    pytest.importorskip("thespian")
    from tests.actors.living import System, site_of  # noqa: PLC0415 - needs thespian

    started = System(site_of(directory))
    yield started
    started.end()
