"""From lines to trees, past syntax errors.

A line with a syntax error is left out, with all that is indented below it, and what remains is parsed again. Where that
does not help, the next section is where sense starts again.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import yaml

from daemoneye.settings.builder import Builder, EnoughError
from daemoneye.settings.nodes import NOWHERE, Mark
from daemoneye.settings.syntax import complaint, no_character

if TYPE_CHECKING:
    from daemoneye.settings.document import Document
    from daemoneye.settings.nodes import Node
    from daemoneye.settings.syntax import Complaint

MAX_RESTARTS: Final = 20  # after syntax errors: each costs parsing the rest again

_SECTION: Final = re.compile(r"[A-Za-z]")  # where a section starts, so does sense
_ENTRY: Final = re.compile(r" *(?:- +)*")  # what stands before a key
# libyaml reads the example in 0.3 ms, PyYAML's own parser in 7; where it was not built, the events are the same
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Reading:
    """One document, read until nothing stops the parser any more."""

    def __init__(self, document: Document, lines: list[str]) -> None:
        self._document = document
        self._lines = lines  # what the parser is given: mended, and without what was left out
        self._roots: list[Node | None] = []
        self._restarts = 0

    def roots(self) -> list[Node]:
        # a directive changes how the rest is read, and libyaml compares each one with all before it
        directive = next((number for number, text in enumerate(self._lines, start=1) if text.startswith("%")), None)
        if directive:
            self._document.fault(Mark(directive, 1), "a YAML directive", "settings, without lines that start with %")
            return []
        start: int | None = 0
        while start is not None:
            start = self._parse_from(start)
        return [root for root in self._roots if root is not None]

    def _parse_from(self, start: int) -> int | None:
        """Parse to the end or to the first mistake; then say at which line to go on."""
        builder = Builder(self._document.fault, self._document.mark)
        resume = None
        try:
            for event in yaml.parse("\n" * start + "\n".join(self._lines[start:]), Loader=_LOADER):
                builder.take(event)
        except EnoughError:
            pass
        except yaml.MarkedYAMLError as error:
            resume = self._after(complaint(error, self._lines), builder, start)
        except ValueError:  # from PyYAML's own parser, which does not say where
            resume = self._after(no_character(self._lines, start), builder, start)
        if resume != start:
            self._roots.append(builder.finish())
        return resume

    def _after(self, said: Complaint, builder: Builder, start: int) -> int | None:
        mark = self._document.seen(self._document.mark(said.mark) if said.mark else self._bracket(builder))
        self._restarts += 1
        if self._restarts > MAX_RESTARTS:
            self._give_up(mark)
            return None
        if not self._guessed_before(mark.line):
            self._document.fault(mark, said.found, said.expected)
        if said.torn:
            self._document.guessed.add(mark.line)
            self._roots.append(builder.finish())
        if mark != NOWHERE and self._leave_out(mark.line, said):
            return start
        return self._next_section(said.mark.line if said.mark else start)

    def _give_up(self, mark: Mark) -> None:
        last = max(self._document.left_out)
        here = mark if mark != NOWHERE else Mark(last, len(self._document.lines[last - 1]) + 1)
        self._document.fault(here, "… and more, unread from here on", f"fewer than {MAX_RESTARTS} syntax errors")

    def _bracket(self, builder: Builder) -> Mark:
        """Where the innermost was opened. A pair alone in a list, as in ``[a: b]``, has none of its own."""
        lines = self._document.lines
        opened = [mark for mark in builder.opened() if mark != NOWHERE]
        return next((mark for mark in opened if lines[mark.line - 1][mark.column - 1] in "[{"), opened[0])

    def _guessed_before(self, line: int) -> bool:
        """In the same section: a bracket may close anywhere, and nobody knows how wide a tab was meant to be."""
        shown = self._document.lines[:line]
        section = next((number for number in range(line, 0, -1) if _SECTION.match(shown[number - 1])), 0)
        return any(section <= guessed <= line for guessed in self._document.guessed)

    def _next_section(self, after: int) -> int | None:
        return next(
            (number for number in range(after + 1, len(self._lines)) if _SECTION.match(self._lines[number])), None
        )

    def _leave_out(self, line: int, said: Complaint) -> bool:
        if line in self._document.left_out:
            return False
        self._document.left_out.add(line)
        lead = _ENTRY.match(self._lines[line - 1])
        indent = len(lead[0]) if lead else 0
        # an entry without a name, so that what it stood in is not empty
        self._lines[line - 1] = "" if said.continues else f"{self._lines[line - 1][:indent]}?"
        for number in range(line, len(self._lines)):
            text = self._lines[number]
            if text.strip() and not text.startswith(" " * (indent + 1)):
                break
            self._lines[number] = ""
        return True
