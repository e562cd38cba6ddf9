"""From the events of a YAML parser to nodes, within bounds.

The builder has a stack of its own: depth costs a list of bounded length, never the interpreter's stack.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import yaml

from daemoneye.settings.nodes import UNREAD, Mapping, Mark, Scalar, Sequence, Style, quoted

if TYPE_CHECKING:
    from collections.abc import Callable

    from daemoneye.settings.nodes import Node

MAX_DEPTH: Final = 16  # the deepest key sits at 5
MAX_NODES: Final = 20_000  # the example file has 228; long lists of accounts and rules still fit
ONE_OF_EACH: Final = "plain values, lists and mappings, each written out where it is used"


class EnoughError(Exception):
    """A bound was reached; what has been built so far is what there is."""


class _Open:
    """A list or mapping whose end has not been seen."""

    def __init__(self, mark: Mark, *, mapping: bool) -> None:
        self.mark = mark
        self.mapping = mapping
        self.children: list[Node] = []


class Builder:
    """One parse, event by event."""

    def __init__(self, fault: Callable[[Mark, str, str], None], mark: Callable[[Any], Mark]) -> None:
        self._fault = fault
        self._mark = mark
        self._open: list[_Open] = []
        self._root: Node | None = None
        self._nodes = 0
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        mark = self._mark(event.start_mark)
        if self._nodes >= MAX_NODES:
            self._fault(mark, f"{MAX_NODES} values and more", "settings as in the example")
            raise EnoughError
        match event:
            case yaml.DocumentStartEvent():
                self._start_document(mark)
            case yaml.AliasEvent():
                self._fault(mark, f"the alias {quoted(f'*{event.anchor}')}", ONE_OF_EACH)
                self._add(Scalar("", Style.PLAIN, mark))
            case yaml.ScalarEvent():
                self._note_extras(event, mark)
                style = Style.PLAIN if event.style in (None, "") else Style.QUOTED
                self._add(Scalar(event.value, style, mark))
            case yaml.CollectionStartEvent():
                self._note_extras(event, mark)
                self._start_collection(_Open(mark, mapping=isinstance(event, yaml.MappingStartEvent)))
            case yaml.CollectionEndEvent():
                self._close()

    def opened(self) -> list[Mark]:
        """Where the lists and mappings start whose end has not been seen, the innermost first."""
        return [frame.mark for frame in reversed(self._open)]

    def finish(self) -> Node | None:
        """What there is. Where a mistake cut it short, the last may be half of something."""
        if (
            self._open
            and (last := self._open[-1]).children
            and (not last.mapping or isinstance(last.children[-1], Scalar))
        ):
            last.children[-1] = UNREAD
        while self._open:
            frame = self._open[-1]
            if frame.mapping:  # the value of a key without one, and a pair for the rest
                frame.children += [UNREAD] * (2 + len(frame.children) % 2)
            self._close()
        return self._root

    def _start_document(self, mark: Mark) -> None:
        self._documents += 1
        if self._documents > 1:
            self._fault(mark, "a second document", "one document for each file")
            raise EnoughError

    def _note_extras(self, event: yaml.NodeEvent, mark: Mark) -> None:
        if event.anchor:
            self._fault(mark, f"the anchor {quoted('&' + event.anchor)}", ONE_OF_EACH)
        tag = getattr(event, "tag", None)
        if tag:
            self._fault(mark, f"the tag {quoted(tag)}", ONE_OF_EACH)

    def _start_collection(self, frame: _Open) -> None:
        if len(self._open) >= MAX_DEPTH:
            self._fault(frame.mark, f"nesting deeper than {MAX_DEPTH} levels", "settings as in the example")
            raise EnoughError
        self._open.append(frame)

    def _close(self) -> None:
        frame = self._open.pop()
        if frame.mapping:
            self._add(Mapping(self._pairs(frame.children), frame.mark))
        else:
            self._add(Sequence(tuple(frame.children), frame.mark))

    def _add(self, node: Node) -> None:
        self._nodes += 1
        if self._open:
            self._open[-1].children.append(node)
        else:
            self._root = node

    def _pairs(self, children: list[Node]) -> tuple[tuple[Scalar, Node], ...]:
        """Also the second of two: what is wrong with its value is a mistake of its own."""
        pairs: list[tuple[Scalar, Node]] = []
        lines: dict[str, int] = {}
        for key, value in zip(children[::2], children[1::2], strict=True):
            if not isinstance(key, Scalar):
                self._fault(key.mark, "a key that is a list or a mapping", "the name of a setting")
                continue
            if key.text in lines:
                first = lines[key.text]
                self._fault(key.mark, f"the key {quoted(key.text)} again (first in line {first})", "each key once")
            lines.setdefault(key.text, key.mark.line)
            pairs.append((key, value))
        return tuple(pairs)
