"""Waits for whatever can be read. It holds no descriptor of its own, so that a fork has none to close."""

from __future__ import annotations

import selectors
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Readable(Protocol):
    def fileno(self) -> int: ...


class Watcher:
    def __init__(self) -> None:
        self._poll = selectors.PollSelector()

    def watch(self, source: Readable | int, act: Callable[[], None]) -> None:
        self._poll.register(source, selectors.EVENT_READ, act)

    def unwatch(self, source: Readable | int) -> None:
        """Also of something that is not watched."""
        if source in self._poll.get_map():
            self._poll.unregister(source)

    def ready(self, timeout_s: float | None) -> Iterator[Callable[[], None]]:
        """What to do, one after another: what one act has ended, none of the later ones comes to."""
        for key, _ in self._poll.select(timeout_s):
            if self._poll.get_map().get(key.fd) is key:
                yield key.data
