"""Which of some hundred strings are in a text? Trying each of them would cost more than all the rest.

A string can only be there if its first three characters are; and the threes of a text are few and quickly collected.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_HEAD = 3  # characters; with two, every text has the heads of dozens of strings, and four miss the shorter strings


def threes_of(low: str) -> set[str]:
    """Collect the heads that a text in lower case has."""
    return {low[start : start + _HEAD] for start in range(len(low) - _HEAD + 1)}


class Literals:
    """Strings to look for, by their heads."""

    def __init__(self, strings: Iterable[str]) -> None:
        every = tuple(dict.fromkeys(strings))
        self._short = tuple(string for string in every if len(string) < _HEAD)
        self._by_head: dict[str, tuple[str, ...]] = {}
        for string in every:
            if len(string) >= _HEAD:
                head = string[:_HEAD].lower()
                self._by_head[head] = (*self._by_head.get(head, ()), string)
        self._heads = frozenset(self._by_head)

    def found_in(self, text: str, threes: set[str]) -> Iterator[str]:
        """Yield those that are in the text, given its threes."""
        for string in self._short:
            if string in text:
                yield string
        for head in self._heads & threes:
            for string in self._by_head[head]:
                if string in text:
                    yield string

    def any_in(self, text: str, threes: set[str]) -> bool:
        return next(self.found_in(text, threes), None) is not None
