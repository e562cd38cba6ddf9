"""What verifying can find, and the words for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from daemoneye.errors import DaemoneyeError
from daemoneye.journal.entry import Stream


class Problem(StrEnum):
    MISSING = "missing"
    ALTERED = "altered"
    REORDERED = "reordered"
    TRUNCATED = "truncated"  # the end is gone: something outside the entries has seen more
    REPLACED = "replaced"  # another chain, another key or another seal than what is known of this host
    DAMAGED = "damaged"  # the database itself: no honest change of it leaves this


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    problem: Problem
    what: str  # `alerts 17`, `checkpoint 3`, `the file`
    detail: str
    stream: str | None = None
    sequence: int | None = None

    def sentence(self) -> str:
        return f"{self.what} {self.problem}: {self.detail}"


class Found(DaemoneyeError):  # noqa: N818 - the end of a search, not an error
    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.sentence())
        self.finding = finding


def found(problem: Problem, what: str, detail: str) -> Found:
    return Found(Finding(problem=problem, what=what, detail=detail))


def found_entry(problem: Problem, stream: int, sequence: int, detail: str) -> Found:
    word = Stream(stream).word
    return Found(Finding(problem=problem, what=f"{word} {sequence}", detail=detail, stream=word, sequence=sequence))
