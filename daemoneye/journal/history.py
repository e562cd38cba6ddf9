"""What the record says about the past: who was there at a moment, and who had started whom.

Pure over entries in the order of the record. A look at everybody (``scan.began`` where somebody began to look,
``scan.again`` where the same one went on; and ``process.seen`` for each) is a floor to stand on; from there, starts and
ends are followed. What the record cannot know it says: where it begins, where nobody looked, what was lost on the way.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from daemoneye.model.lookup import RecordedEntry

BEGAN: Final = "scan.began"
AGAIN: Final = "scan.again"
SEEN: Final = "process.seen"
_FLOORS: Final = frozenset({BEGAN, AGAIN})
_SHOW: Final = frozenset({SEEN, "process.started", "process.exec", "process.modified", "process.hashed"})
_EXITED: Final = "process.exited"
_LOST: Final = frozenset({"journal.dropped", "record.lost"})  # by the journal, and by who has something for it
_LONGEST_CHAIN: Final = 1024  # a chain that goes on longer than any is a forged one


@dataclass(slots=True)
class Past:
    """Who was alive, as far as entries have been taken."""

    alive: dict[str, RecordedEntry] = field(default_factory=dict)  # by entity: the newest that shows it
    floor: RecordedEntry | None = None  # the look that everything rests on
    last: RecordedEntry | None = None
    lost: bool = False  # entries were, since then
    _seen: int = 0

    def take(self, entry: RecordedEntry) -> None:
        if entry.kind in _FLOORS or (self.last and self.last.boot_id != entry.boot_id):
            self.alive.clear()  # whoever is still there is seen again
            self.floor = entry if entry.kind in _FLOORS else None
            self.lost, self._seen = False, 0
        if entry.kind in _SHOW and entry.entity_id:
            self.alive[entry.entity_id] = entry
            self._seen += entry.kind == SEEN
        elif entry.kind == _EXITED and entry.entity_id:
            self.alive.pop(entry.entity_id, None)
        self.lost = self.lost or entry.kind in _LOST
        self.last = entry

    @property
    def whole(self) -> bool:
        """Nobody is missing who was seen."""
        return self.floor is not None and not self.lost and self._seen == _expected(self.floor)

    def is_gap(self, following: RecordedEntry) -> bool:
        """Between the last entry and this one somebody else began to look: nobody may have looked in between."""
        return following.kind in {BEGAN, SEEN} or (self.last is not None and self.last.boot_id != following.boot_id)


def tells_of_looking(entry: RecordedEntry) -> bool:
    """Whether it was made by a look, so that somebody looked then."""
    return entry.kind in _SHOW or entry.kind in _FLOORS or entry.kind == _EXITED


def _expected(began: RecordedEntry) -> int | None:
    count = body_of(began).get("processes")
    return count if isinstance(count, int) else None


def body_of(entry: RecordedEntry) -> dict[str, Any]:
    """Nothing, of a body that is none."""
    try:
        body = json.loads(entry.body)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def children(alive: dict[str, RecordedEntry]) -> dict[str | None, list[str]]:
    """By parent, each in the order of pids; those whose parent is gone, or not known, are nobody's."""
    found: dict[str | None, list[str]] = {}
    parents = _parents(alive)
    for entity in sorted(alive, key=lambda each: (alive[each].pid or 0, each)):
        found.setdefault(parents[entity], []).append(entity)
    return found


def _parents(alive: dict[str, RecordedEntry]) -> dict[str, str | None]:
    claimed = {entity: entry.parent_entity_id for entity, entry in alive.items()}
    return {entity: parent if _leads_up(entity, claimed) else None for entity, parent in claimed.items()}


def _leads_up(entity: str, claimed: dict[str, str | None]) -> bool:
    """Whether its parent is there; of a circle, which only a forger can make, nobody's is."""
    parent = claimed[entity]
    return parent in claimed and entity not in _chain(parent, claimed)


def _chain(entity: str | None, claimed: dict[str, str | None]) -> Iterator[str]:
    for _ in range(_LONGEST_CHAIN):
        if entity is None or entity not in claimed:
            return
        yield entity
        entity = claimed[entity]


def ancestors(entity: str, about: Callable[[str], Iterable[RecordedEntry]]) -> Iterator[str]:
    """Follow who started whom upwards, as far as the record goes; ``about`` finds the entries about one of them."""
    known = {entity}
    while parent := _parent(about(entity)):
        if parent in known or len(known) > _LONGEST_CHAIN:
            return
        known.add(parent)
        yield parent
        entity = parent


def _parent(entries: Iterable[RecordedEntry]) -> str | None:
    """The first that was said: a later one is who took it in."""
    return next((entry.parent_entity_id for entry in entries if entry.parent_entity_id), None)
