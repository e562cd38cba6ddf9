"""From bytes to a tree, with everything that is wrong on the way.

A settings file may have been written by a tired person, a template engine or an attacker, so events are read and no
objects are built: no tag constructs anything, no alias multiplies anything, nesting and number are bounded before a
node is made, and a duplicate key is seen because nothing is folded into a dict first. After a mistake it goes on as far
as the text still makes sense, so that one run shows as many mistakes as possible: a line with a syntax error is left
out, and what is left is read again.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from daemoneye.settings.nodes import NOWHERE, Mark
from daemoneye.settings.places import PROBLEMS_SHOWN, Place, Problem
from daemoneye.settings.reading import Reading

if TYPE_CHECKING:
    from daemoneye.settings.nodes import Node

MAX_BYTES: Final = 1024 * 1024  # the example file with every key is an eightieth of this
_BOMS: Final = {  # the long ones first: UTF-32's begins like UTF-16's
    b"\xff\xfe\0\0": "UTF-32", b"\0\0\xfe\xff": "UTF-32", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16",
}  # fmt: skip
_TAB_INDENT: Final = re.compile(r" *\t[ \t]*")
# YAML 1.2, 5.1, less the line breaks that editors do not count as lines and the byte order mark
_UNPRINTABLE: Final = re.compile(
    "[^\t\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)


class Document:
    """One file: its lines, the trees they spell, and the faults so far, at most one per place."""

    def __init__(self, name: str, data: bytes) -> None:
        self.name = name
        self.lines: list[str] = []
        self.roots: list[Node] = []  # more than one only after a syntax error, and then nothing of it is taken
        self.unshown = 0
        self._problems: dict[Mark, Problem] = {}
        self.left_out: set[int] = set()  # lines with syntax errors
        self.guessed: set[int] = set()  # lines that were mended blindly: what then does not fit is no second mistake
        self._shifts: dict[int, int] = {}  # lines whose indentation was mended, and how much longer it became
        encoding = next((encoding for bom, encoding in _BOMS.items() if data.startswith(bom)), None)
        if len(data) > MAX_BYTES:
            self.fault(Mark(1, 1), "more than 1 MiB", "settings of at most 1 MiB")
        elif encoding:
            self.fault(Mark(1, 1), encoding, "UTF-8")
        else:
            self.roots = Reading(self, self._decode(data)).roots()

    @property
    def problems(self) -> list[Problem]:
        return [self._problems[mark] for mark in sorted(self._problems)]

    @property
    def broken(self) -> bool:
        """Something was not read, so that nobody can say what is missing."""
        return bool(self.left_out)

    def place(self, mark: Mark) -> Place:
        text = self.lines[mark.line - 1] if self.lines else None
        return Place.in_file(self.name, mark.line, mark.column, text)

    def mark(self, at: Any) -> Mark:
        """A mark of the parser, counted from one, where it stands in the file as it was written, if it does."""
        if at.line + 1 in self.left_out:
            return NOWHERE
        return Mark(at.line + 1, max(1, at.column + 1 - self._shifts.get(at.line + 1, 0)))

    def fault(self, mark: Mark, found: str, expected: str) -> None:
        """The first fault of a place is the cause, later ones follow from it, as do those of what was left out."""
        mark = self.seen(mark)
        if mark in self._problems or mark == NOWHERE:
            return
        if len(self._problems) >= PROBLEMS_SHOWN:
            self.unshown += 1  # a megabyte of mistakes must not become a gigabyte of complaints
            return
        self._problems[mark] = Problem(self.place(mark), found, expected)

    def seen(self, mark: Mark) -> Mark:
        """Where an editor can show it: the end of a file, and what is missing there, is behind its last text."""
        line = min(mark.line, len(self.lines))
        while line > 1 and not self.lines[line - 1].strip(" \t"):
            line -= 1
        return mark if line in (0, mark.line) else Mark(line, len(self.lines[line - 1]) + 1)

    def _decode(self, data: bytes) -> list[str]:
        """Lines that a YAML parser accepts; what had to be mended for that has become a fault."""
        raw = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
        self.lines = [each.decode(errors="replace").removesuffix("\r") for each in raw]
        return [self._mend(number, text, raw[number - 1]) for number, text in enumerate(self.lines, start=1)]

    def _mend(self, number: int, text: str, raw: bytes) -> str:
        if "\ufffd" in text:
            self._check_encoding(number, raw)
        if bad := _UNPRINTABLE.search(text):
            self.fault(Mark(number, bad.start() + 1), f"the character {bad[0]!a}", "text that can be seen")
            text = _UNPRINTABLE.sub("\ufffd", text)
        if tabs := _TAB_INDENT.match(text):
            if text[tabs.end() :] and text[tabs.end()] != "#":
                self.fault(Mark(number, text.index("\t") + 1), "a tab in the indentation", "spaces, two for each level")
            indent = tabs[0].replace("\t", "  ")
            self._shifts[number] = len(indent) - len(tabs[0])
            self.guessed.add(number)
            text = indent + text[tabs.end() :]
        return text

    def _check_encoding(self, number: int, raw: bytes) -> None:
        try:
            raw.decode()
        except UnicodeDecodeError as error:
            column = len(raw[: error.start].decode()) + 1
            self.fault(Mark(number, column), f"the byte 0x{raw[error.start]:02x}", "UTF-8 text")
