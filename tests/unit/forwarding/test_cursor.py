"""How far a receiver has come, on disk."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemoneye.errors import HostileInput
from daemoneye.forwarding.cursor import FORMAT, Cursor
from daemoneye.forwarding.shelf import Shelf
from daemoneye.model.record import Stream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KNOWN = Cursor(chain="ab12", alerts=3, events=70)
CURSORS = st.builds(
    Cursor,
    chain=st.text("0123456789abcdef", max_size=64),
    alerts=st.integers(0, 2**56 - 1),
    events=st.integers(0, 2**56 - 1),
)


@given(CURSORS)
def test_a_cursor_comes_back_as_it_went(cursor: Cursor) -> None:
    """Whatever it says."""
    assert Cursor.of_bytes(cursor.to_bytes()) == cursor


@given(
    st.binary(max_size=60)
    | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps).map(str.encode)
)
def test_anything_else_is_no_cursor(data: bytes) -> None:
    """It is refused, and nothing else happens."""
    with pytest.raises(HostileInput):
        Cursor.of_bytes(data)


@pytest.mark.parametrize(
    "spoiled",
    [
        {"format": "x"},
        {"alerts": -1},
        {"alerts": True},
        {"events": 2**56},
        {"events": 1.0},
        {"chain": 7},
        {"chain": "x"},
    ],
    ids=repr,
)
def test_a_cursor_with_one_wrong_value_is_none(spoiled: dict[str, object]) -> None:
    """Half a truth would leave something out."""
    said = {"format": FORMAT, "chain": "ab", "alerts": 1, "events": 1} | spoiled
    with pytest.raises(HostileInput):
        Cursor.of_bytes(json.dumps(said).encode())


def test_a_cursor_moves_by_stream() -> None:
    """One does not drag the other along."""
    assert KNOWN.moved(Stream.ALERTS, 9) == Cursor(chain="ab12", alerts=9, events=70)
    assert KNOWN.moved(Stream.EVENTS, 99).of(Stream.EVENTS) == 99


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    shelf = Shelf(tmp_path, "relp")
    yield shelf
    shelf.close()


def test_what_was_saved_is_there_after_a_restart(shelf: Shelf, tmp_path: Path) -> None:
    """And each output has its own."""
    assert shelf.load() == Cursor()
    assert shelf.save(KNOWN) is None
    assert shelf.load() == KNOWN
    other = Shelf(tmp_path, "nats")
    assert other.load() == Cursor()
    other.close()
    assert (tmp_path / "relp.cursor").stat().st_mode & 0o777 == 0o640 & ~_umask()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.mark.parametrize("damage", [b"", b"{", b"\0" * 150, b"[]" * 5000])
def test_a_damaged_cursor_begins_anew(shelf: Shelf, tmp_path: Path, damage: bytes) -> None:
    """What is sent twice is not lost."""
    shelf.save(KNOWN)
    (tmp_path / "relp.cursor").write_bytes(damage)
    assert shelf.load() == Cursor()


def test_a_link_is_no_cursor(shelf: Shelf, tmp_path: Path) -> None:
    """It may lead to a file of somebody's choice."""
    (tmp_path / "elsewhere").write_bytes(KNOWN.to_bytes())
    (tmp_path / "relp.cursor").symlink_to(tmp_path / "elsewhere")
    assert shelf.load() == Cursor()
    assert shelf.save(KNOWN) is None
    assert not (tmp_path / "relp.cursor").is_symlink()


def test_a_cursor_that_cannot_be_saved_says_so_and_the_old_one_holds(shelf: Shelf, tmp_path: Path) -> None:
    """Delivery goes on; at worst something is sent twice."""
    shelf.save(KNOWN)
    (tmp_path / ".relp.cursor.new").mkdir()
    complaint = shelf.save(Cursor(chain="cd"))
    assert complaint == "the cursor cannot be saved: is a directory"
    assert shelf.load() == KNOWN


def test_what_is_set_aside_is_listed(shelf: Shelf, tmp_path: Path) -> None:
    """So that somebody can look it up in the journal."""
    assert shelf.set_aside({"id": "x", "reason": "500\nno"}) is None
    assert json.loads((tmp_path / "relp.set-aside.jsonl").read_text()) == {"id": "x", "reason": "500\nno"}


def test_a_list_that_cannot_be_written_says_so(shelf: Shelf, tmp_path: Path) -> None:
    """The record is set aside all the same, and logged."""
    (tmp_path / "relp.set-aside.jsonl").mkdir()
    assert "the list cannot be written" in str(shelf.set_aside({"id": "x"}))
