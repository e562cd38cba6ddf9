"""Files that had to do with the end of a worker, and those that are left alone for it.

A worker that dies with a file in its hand may have died of it. One such death proves little; after the second the file
is quarantined. If the whole pool ends without a farewell, everything that was in hand is suspected a little, for one of
them may have taken the machine down: there it takes three. A file that is hashed after all has a clean sheet.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Final

from daemoneye.hashing.values import key_of
from daemoneye.lifecycle.bounded import BoundedMap

if TYPE_CHECKING:
    from daemoneye.hashing.values import Key
    from daemoneye.lifecycle.bounded import Occupancy
    from daemoneye.model.process import FileIdentity

CAPACITY: Final = 1000  # files; whoever has that many that kill has other worries
QUARANTINE_S: Final = 86_400  # a day, as osquery has it: seldom enough to do no harm, soon enough to notice a cure
_DEATHS: Final = 2
_ENDS: Final = 3


class Blame(Enum):
    WORKER = "worker"  # it alone died, or had to be killed
    POOL = "pool"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    file: FileIdentity
    deaths: int = 0  # of workers
    ends: int = 0  # of pools
    until_s: int | None = None  # wall clock; in quarantine till then

    @property
    def is_cleared(self) -> bool:
        return not (self.deaths or self.ends)

    @property
    def reason(self) -> str:
        if self.deaths >= _DEATHS:
            return f"its worker died {self.deaths} times"
        return f"hashing ended {self.ends} times while it was read"


class Suspects:
    def __init__(self) -> None:
        self._held: BoundedMap[Key, Suspect] = BoundedMap("hash_suspects", CAPACITY)

    def restore(self, suspect: Suspect) -> None:
        self._held.set(key_of(suspect.file), suspect)

    def blame(self, file: FileIdentity, blame: Blame, wall_s: int) -> Suspect:
        known = self._held.get(key_of(file)) or Suspect(file=file)
        if blame is Blame.WORKER:
            known = replace(known, deaths=known.deaths + 1)
        else:
            known = replace(known, ends=known.ends + 1)
        if known.deaths >= _DEATHS or known.ends >= _ENDS:
            known = replace(known, until_s=wall_s + QUARANTINE_S)
        self._held.set(key_of(file), known)
        return known

    def clear(self, file: FileIdentity) -> Suspect | None:
        """Return what is to be written down about it, if anything was."""
        if self._held.get(key_of(file)) is None:
            return None
        self._held.discard(key_of(file))
        return Suspect(file=file)

    def quarantined(self, key: Key, wall_s: int) -> Suspect | None:
        known = self._held.get(key)
        if known is None or known.until_s is None:
            return None
        # a clock that was set back must not make a day of it that never ends
        return known if 0 < known.until_s - wall_s <= QUARANTINE_S else None

    def is_served(self, key: Key, wall_s: int) -> bool:
        """Whether it was in quarantine and need not be any longer."""
        known = self._held.get(key)
        return known is not None and known.until_s is not None and not self.quarantined(key, wall_s)

    def count(self, wall_s: int) -> int:
        """Of those in quarantine."""
        return sum(self.quarantined(key, wall_s) is not None for key in self._held)

    @property
    def occupancy(self) -> Occupancy:
        return self._held.occupancy
