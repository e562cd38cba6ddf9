"""Where a setting was given, and how a mistake in it is shown.

Names of files and everything in them may come from someone who wants to write on the operator's terminal, so nothing is
shown that does not print as itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from daemoneye.errors import ConfigError
from daemoneye.sanitize.hostile import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

PROBLEMS_SHOWN: Final = 200  # more than anyone mends in one sitting; what is beyond is counted
LONGEST_LINE: Final = 120  # of a source line, with this much of it before the caret: 80 columns show the caret
BEFORE_CARET: Final = 70


@dataclass(frozen=True, slots=True)
class Place:
    """``where`` for the message; the line and the caret under it when there is a line."""

    where: str
    source: str | None = None
    caret: int = 0
    file: str | None = None
    order: tuple[int, int] = (0, 0)

    @classmethod
    def in_file(cls, name: str, line: int, column: int, text: str | None) -> Place:
        where = f"{printable(name)}:{line}:{column}"
        if text is None:
            return cls(where, file=name, order=(line, column))
        start = max(0, column - 1 - BEFORE_CARET)
        lead = ("…" if start else "") + printable(text[start : column - 1])
        rest = printable(text[column - 1 : start + LONGEST_LINE])
        return cls(where, lead + rest, len(lead), name, (line, column))


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the settings."""

    place: Place
    found: str
    expected: str

    def __str__(self) -> str:
        line = f"{self.place.where}: {self.found}: {self.expected}"
        if self.place.source is None:
            return line
        return f"{line}\n    {self.place.source}\n    {' ' * self.place.caret}^"


class ConfigRejected(ConfigError):  # noqa: N818 - it names what became of the settings
    """Settings that were not taken, with all that is wrong with them; what was in force still is."""

    def __init__(self, problems: Sequence[Problem], uncounted: int = 0) -> None:
        first = problems[0]
        super().__init__(first.place.where, first.found, first.expected)
        self.problems = tuple(problems)
        self.uncounted = uncounted

    def __str__(self) -> str:
        shown = [str(problem) for problem in self.problems[:PROBLEMS_SHOWN]]
        left = len(self.problems) - len(shown) + self.uncounted
        return "\n".join([*shown, f"… and {left} more"] if left else shown)
