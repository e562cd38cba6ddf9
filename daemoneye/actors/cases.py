"""One process about which something is awaited: what is known of it, what is asked, and what will be asked again."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from daemoneye.hashing.values import Priority
from daemoneye.integrity.sighting import Hashed, Need
from daemoneye.messages.hashing import Question
from daemoneye.model.process import HashStatus, OnDisk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemoneye.integrity.sighting import Sighting
    from daemoneye.model.process import FileIdentity

DIGESTS: Final = (Need.RUNNING, Need.THERE)
_AGAIN_MS: Final = 60_000  # what passes by itself does so at a person's pace
_ANEW_MS: Final = 600_000  # what only other settings would change
_PASSING: Final = frozenset(
    {
        HashStatus.UNSPECIFIED,
        HashStatus.PERMISSION,
        HashStatus.CHANGED_WHILE_READ,
        HashStatus.TIMEOUT,
        HashStatus.QUARANTINED,
        HashStatus.BUDGET,
    }
)


@dataclass(slots=True)
class Case:
    sighting: Sighting
    priority: Priority = Priority.NEW
    needs: frozenset[Need] = frozenset()  # of the last judgement
    numbers: dict[Need, int] = field(default_factory=dict)  # of questions on their way
    later: dict[Need, int] = field(default_factory=dict)  # questions to be asked then, in ms of the monotonic clock
    gone_ms: int | None = None  # when its process ended, by the same clock
    overdue: bool = False  # it was judged without answers

    @property
    def entity_id(self) -> str:
        return self.sighting.process.entity_id

    @property
    def is_complete(self) -> bool:
        wants_package = Need.PACKAGE in self.needs and self.sighting.package is None
        return not (self.numbers or self.later or wants_package)

    @property
    def asks_for_package(self) -> bool:
        """Whether the database can be asked: it goes by the digests of the file at the path."""
        if Need.PACKAGE not in self.needs or self.sighting.package is not None:
            return False
        goes_by = Need.THERE if self.sighting.on_disk is OnDisk.REPLACED else Need.RUNNING
        return self.sighting.on_disk is OnDisk.DELETED or not (goes_by in self.numbers or goes_by in self.later)

    @property
    def questions(self) -> Iterator[Question]:
        for need, number in self.numbers.items():
            file = self.file(need)
            if file:
                yield Question(
                    number=number,
                    file=file,
                    pid=self.sighting.process.pid,
                    start_ticks=self.sighting.start_ticks,
                    there=need is Need.THERE,
                    priority=int(self.priority),  # what travels is a number
                    mount_namespace=self.sighting.mount_namespace,
                )

    def file(self, need: Need) -> FileIdentity | None:
        return self.sighting.file_there if need is Need.THERE else self.sighting.file

    def learn(self, need: Need, hashed: Hashed, file: FileIdentity | None = None) -> None:
        file = file or self.file(need)
        if need is Need.THERE:
            self.sighting = replace(self.sighting, there=hashed, file_there=file)
        else:
            self.sighting = replace(self.sighting, running=hashed, file=file)


def is_same(one: FileIdentity | None, other: FileIdentity | None) -> bool:
    """Whether what was read of the one is what is in the other: a new name or owner changes nothing in it."""
    if one is None or other is None:
        return False
    return (one.dev, one.ino, one.size, one.mtime_ns) == (other.dev, other.ino, other.size, other.mtime_ns)


def again_ms(running: Hashed) -> int | None:
    """After how long to try again what was due and was not to be had."""
    if running.content or running.status in (None, HashStatus.GONE):
        return None
    return _AGAIN_MS if running.status in _PASSING else _ANEW_MS


def priority_of(sighting: Sighting, *, is_new: bool) -> Priority:
    if sighting.lost_its_file or sighting.on_disk is OnDisk.MEMFD:
        return Priority.ALERTED
    return Priority.NEW if is_new else Priority.REFRESH
