"""What a YAML parser's complaint means to the person who wrote the file.

A parser says where it gave up. Where the mistake is, and what would have been right, depends on what it was in the
middle of: a missing colon shows one line later, a missing bracket at the end of the file.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from daemoneye.sanitize.hostile import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    import yaml

_COLON: Final = re.compile(r":(?:\s|$)")
_ESCAPE: Final = re.compile(r"escape|hexdec")  # as libyaml spells it, and as it is spelled
_BEYOND_UNICODE: Final = re.compile(r"\\U(?!00(?:0|10))")
_DOUBLED: Final = "two backslashes for one, or single quotes around the text"
_NO_COLON: Final = "not YAML, could not find expected ':'"
_WITH_COLON: Final = "'key: value', with a colon and a space"


class At(NamedTuple):
    """A place as a parser gives it, counted from zero."""

    line: int
    column: int


class Complaint(NamedTuple):
    mark: At | Any  # where the mistake is; None: where the innermost bracket was opened
    found: str
    expected: str
    torn: bool = False  # it may go on over several lines
    continues: bool = False  # to YAML, the line belongs to the value above it


def complaint(error: yaml.MarkedYAMLError, lines: Sequence[str]) -> Complaint:
    problem, context = printable(error.problem or "unreadable"), error.context or ""
    found, mark = f"not YAML, {problem}", error.problem_mark or error.context_mark or At(0, 0)
    if "flow" in context:
        return Complaint(None, found, "the end of what starts here", torn=True)
    if "end of stream" in problem:
        return Complaint(error.context_mark, found, "the end of what starts here", torn=True)
    if "simple key" in context:
        return Complaint(error.context_mark, _NO_COLON, _WITH_COLON)
    if "mapping values" in problem:
        return _colon_too_many(At(mark.line, mark.column), found, lines)
    if "cannot start any token" in problem:
        return Complaint(mark, found, "quotes around a value that starts like this")
    return Complaint(mark, found, _DOUBLED if _ESCAPE.search(problem) else "'key: value' on each line")


def no_character(lines: Sequence[str], start: int) -> Complaint:
    """PyYAML's own parser breaks off at an escape of no character, and names no place."""
    line, column = next(
        (number, bad.start())
        for number, text in enumerate(lines[start:], start)
        if (bad := _BEYOND_UNICODE.search(text))
    )
    return Complaint(At(line, column), "not YAML, an escape of no character", _DOUBLED)


def _colon_too_many(mark: At, found: str, lines: Sequence[str]) -> Complaint:
    """Two in one line; or this line is right, and goes on with the text above because that has none, or ends deeper."""
    if _COLON.search(lines[mark.line][: mark.column]):
        return Complaint(mark, found, "one 'key: value' on a line; a value with ': ' in it goes in quotes")
    above = next((number for number in range(mark.line - 1, -1, -1) if lines[number].strip()), mark.line)
    if above < mark.line and not _COLON.search(lines[above]):
        return Complaint(At(above, _indent(lines[above])), _NO_COLON, _WITH_COLON)
    return Complaint(
        At(mark.line, _indent(lines[mark.line])), found, "keys of one section indented alike", continues=True
    )


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())
