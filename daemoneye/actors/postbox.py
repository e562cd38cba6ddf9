"""What is to be told to one peer, in batches: the next goes out when the one before was taken.

Twenty messages to a peer that does not read make Thespian mute towards everybody, so there is never more than one on
its way; what comes meanwhile waits here, and goes out together. A peer that was restarted knows nothing of what its
forerunner was told, and asks again: nothing is kept for it. No clock and no actor in here.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
Message = TypeVar("Message")


class Postbox(Generic[T, Message]):
    def __init__(self, wrap: Callable[[int, tuple[T, ...]], Message], *, batch: int, capacity: int) -> None:
        """``wrap`` makes a message of a number and a batch. What does not fit displaces the oldest, and is counted."""
        self._wrap = wrap
        self._batch = batch
        self._items: deque[T] = deque(maxlen=capacity)
        self._present = False
        self._number = 0
        self._on_its_way = False
        self.displaced = 0

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: T) -> None:
        self.displaced += len(self._items) == self._items.maxlen
        self._items.append(item)

    def arrived(self) -> None:
        """The peer is there, or another one in its place."""
        self._present, self._on_its_way = True, False
        self._items.clear()

    def to_say(self) -> Message | None:
        """To be sent at once."""
        if not self._present or self._on_its_way or not self._items:
            return None
        self._number += 1
        self._on_its_way = True
        count = min(len(self._items), self._batch)
        return self._wrap(self._number, tuple(self._items.popleft() for _ in range(count)))

    def taken(self, number: int) -> None:
        if number == self._number:
            self._on_its_way = False
