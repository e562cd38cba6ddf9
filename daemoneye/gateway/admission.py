"""Who may talk to the agent, once the file's mode has let them connect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """Besides root: these accounts, and members of these groups."""

    uids: frozenset[int] = frozenset()
    gids: frozenset[int] = frozenset()

    def admits(self, uid: int, gid: int, groups: Iterable[int]) -> bool:
        return uid == ROOT or uid in self.uids or not self.gids.isdisjoint((gid, *groups))
