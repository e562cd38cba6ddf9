"""What outlives the process: all that a tracker needs to go on as if nothing had happened.

``Repository`` is the port; alerts on their way go through it as bytes, because what an alert looks like outside is not
this package's business. A repository that cannot write says so and has written nothing: the tracker keeps what has
changed, and it is offered again.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from daemoneye.integrity.baselines import Baseline, Key
    from daemoneye.integrity.dedup import Occasions, Window
    from daemoneye.model.alert import Shortfall


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    baselines: tuple[Baseline, ...] = ()
    windows: tuple[Window, ...] = ()
    occasions: tuple[Occasions, ...] = ()
    shortfalls: tuple[Shortfall, ...] = ()  # whose start was told


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """By key, because the same may change often before it is written; ``None``: forget it."""

    baselines: Mapping[Key, Baseline | None]
    windows: Mapping[bytes, Window | None]
    occasions: Mapping[str, Occasions | None]
    shortfalls: tuple[Shortfall, ...]  # all of them

    @property
    def count(self) -> int:
        return len(self.baselines) + len(self.windows) + len(self.occasions)


class Saved(StrEnum):
    WRITTEN = "written"
    FAILED = "failed"  # for now: offer it again, with what changes until then
    STARTED_OVER = "started_over"  # the store was beyond use and is empty now: offer everything


class Repository(Protocol):
    def load(self) -> Kept: ...

    def on_their_way(self) -> Iterable[tuple[str, bytes]]:
        """Alerts by id that were saved and not committed since: send them again."""

    def save(self, changes: Changes, *, sent: Iterable[tuple[str, bytes]] = (), done: Iterable[str] = ()) -> Saved:
        """Write all of it or nothing: what changed, alerts about to be sent, and those that are on record."""
