"""Who has been in a table and is only seen again is no news: looks at everybody would be most of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from daemoneye.journal.history import SEEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from daemoneye.model.lookup import RecordedEntry

_MOST: Final = 65_536  # processes, 8 MB; of more than that the one that was longest ago is news again


class Familiar:
    def __init__(self) -> None:
        self._known: dict[str, None] = {}  # by entity; who was met last stands last

    def news(self, entries: Iterable[RecordedEntry]) -> Iterator[RecordedEntry]:
        for entry in entries:
            if not (entry.entity_id and self._has_met(entry.entity_id) and entry.kind == SEEN):
                yield entry

    def _has_met(self, entity: str) -> bool:
        met = entity in self._known
        if met:
            del self._known[entity]
        elif len(self._known) == _MOST:
            del self._known[next(iter(self._known))]
        self._known[entity] = None
        return met
