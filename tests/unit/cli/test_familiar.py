"""What a table leaves out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemoneye.cli import familiar
from daemoneye.cli.familiar import Familiar
from daemoneye.model.lookup import RecordedEntry

if TYPE_CHECKING:
    import pytest


def entry(kind: str, entity: str | None = "a") -> RecordedEntry:
    return RecordedEntry(stream="events", kind=kind, entity_id=entity)


def test_only_who_is_seen_again_is_left_out() -> None:
    """Whatever happened to somebody is shown each time, and so is what is about nobody."""
    given = [
        entry("process.seen"),
        entry("process.exec"),
        entry("process.seen"),
        entry("process.seen", "b"),
        entry("scan.again", None),
        entry("process.seen"),
        entry("process.exited"),
        entry("scan.again", None),
    ]
    assert list(Familiar().news(given)) == [given[index] for index in (0, 1, 3, 4, 6, 7)]


def test_it_is_known_from_one_answer_to_the_next() -> None:
    """A list comes in pieces."""
    familiar = Familiar()
    assert len(list(familiar.news([entry("process.started")]))) == 1
    assert list(familiar.news([entry("process.seen")])) == []


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who was met longest ago is forgotten, and news again."""
    monkeypatch.setattr(familiar, "_MOST", 2)
    known = Familiar()
    assert len(list(known.news(entry("process.seen", name) for name in "abac"))) == 3
    assert [each.entity_id for each in known.news(entry("process.seen", name) for name in "acb")] == ["b"]
