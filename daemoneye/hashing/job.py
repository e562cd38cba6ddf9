"""One file and everybody who asked for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemoneye.hashing.values import key_of

if TYPE_CHECKING:
    from daemoneye.hashing.events import Wanted
    from daemoneye.hashing.values import Tag


class Job:
    __slots__ = ("askers", "file", "in_hand", "key", "priority", "since_s")

    def __init__(self, wanted: Wanted, now_s: float) -> None:
        self.file = wanted.file
        self.key = key_of(wanted.file)
        self.priority = wanted.priority
        self.since_s = now_s  # in its place in the queue
        self.askers: dict[Tag, int | None] = {}  # in the order in which they asked; their mount namespaces
        self.in_hand = False
