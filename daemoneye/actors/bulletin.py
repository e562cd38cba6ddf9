"""How somebody is, for one peer that wants to know: told when it has changed, and not again before it was taken.

What somebody does not take is in our way, and the next says all that it would have said. A peer that was restarted
knows nothing, and is told again. No clock and no actor in here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Report = TypeVar("Report")


class Bulletin(Generic[Report]):
    def __init__(self, say: Callable[[int, Report], bool]) -> None:
        """``say`` sends a report under a number; false: nobody is there."""
        self._say = say
        self._number = 0
        self._on_its_way = False
        self.last: Report | None = None  # that was said to this peer

    def can_be_told(self) -> bool:
        """Whether it is worth making a report."""
        return not self._on_its_way

    def tell(self, report: Report) -> bool:
        if self._on_its_way or report == self.last or not self._say(self._number + 1, report):
            return False
        self._number += 1
        self._on_its_way, self.last = True, report
        return True

    def taken(self, number: int) -> None:
        if number == self._number:
            self._on_its_way = False

    def arrived(self) -> None:
        """The peer is there, or another one in its place."""
        self._on_its_way, self.last = False, None
