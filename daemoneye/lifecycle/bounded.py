"""A map that cannot grow for ever, and says how often it had to forget.

Everything this package remembers about what is gone is in a structure with an ``Occupancy``, for the metrics to show.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

Key = TypeVar("Key")
Value = TypeVar("Value")


class Occupancy(NamedTuple):
    name: str
    entries: int
    capacity: int
    evictions: int


class BoundedMap(Generic[Key, Value]):
    """Forgets what was set longest ago."""

    def __init__(self, name: str, capacity: int) -> None:
        if capacity < 1:
            raise ValueError(f"{name}: capacity {capacity}: at least 1")
        self._name = name
        self._capacity = capacity
        self._entries: dict[Key, Value] = {}
        self._evictions = 0

    def get(self, key: Key) -> Value | None:
        return self._entries.get(key)

    def set(self, key: Key, value: Value) -> None:
        # set again is set last: a dict keeps the order of first insertion
        self._entries.pop(key, None)
        if len(self._entries) >= self._capacity:
            del self._entries[next(iter(self._entries))]
            self._evictions += 1
        self._entries[key] = value

    def __iter__(self) -> Iterator[Key]:
        return iter(self._entries)

    def discard(self, key: Key) -> None:
        self._entries.pop(key, None)

    @property
    def occupancy(self) -> Occupancy:
        return Occupancy(self._name, len(self._entries), self._capacity, self._evictions)
