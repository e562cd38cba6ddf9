"""What a settings file says, before anyone asks whether it is right: text, lists and mappings, each with its place.

Scalars stay text. YAML would guess at ``010``, ``1:30``, ``yes`` and ``2024-01-01``; here the kind of the key decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from daemoneye.sanitize.hostile import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})  # YAML 1.2 core schema, 10.3.2
SHOWN_CHARACTERS: Final = 60  # of a wrong value: enough to find it, and the line stays a line


class Mark(NamedTuple):
    """Where something starts, counted from one as editors do. Zero: it has no place in a file."""

    line: int = 0
    column: int = 0


NOWHERE: Final = Mark()


class Style(Enum):
    PLAIN = "plain"  # YAML would give it a type of its own
    QUOTED = "quoted"  # YAML says: this is text
    RAW = "raw"  # from the environment or a patch, where nothing can be quoted


@dataclass(frozen=True, slots=True)
class Scalar:
    text: str
    style: Style = Style.RAW
    mark: Mark = NOWHERE

    @property
    def empty(self) -> bool:
        return self.style is Style.PLAIN and self.text in NULLS


UNREAD: Final = Scalar("", Style.PLAIN)  # in place of what a syntax error hides; a key without a name says the same


@dataclass(frozen=True, slots=True)
class Sequence:
    items: tuple[Node, ...]
    mark: Mark = NOWHERE


@dataclass(frozen=True, slots=True)
class Mapping:
    entries: tuple[tuple[Scalar, Node], ...]
    mark: Mark = NOWHERE


Node: TypeAlias = Scalar | Sequence | Mapping


class Fault(NamedTuple):
    """One thing wrong, at one place of one document."""

    mark: Mark
    found: str
    expected: str


class Refusal(Exception):  # noqa: N818 - it carries faults; ConfigRejected is the error that leaves this package
    """A value that cannot be had from a node, with every reason."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        super().__init__()
        self.faults = tuple(faults)


def refusal(node: Node, found: str, expected: str) -> Refusal:
    return Refusal([Fault(node.mark, found, expected)])


def quoted(text: str) -> str:
    """A value from outside, fit for a line on a terminal."""
    cut = text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "…"
    return f"'{printable(cut)}'"


def describe(node: Node) -> str:
    match node:
        case Mapping():
            return "a mapping"
        case Sequence():
            return "a list"
        case Scalar(empty=True):
            return "no value"
        case Scalar(text=text):
            return quoted(text)


def node_of(value: Any) -> Node:
    """The node that a plain value would have been written as."""
    match value:
        case bool():
            return Scalar("true" if value else "false", Style.PLAIN)
        case int():
            return Scalar(str(value), Style.PLAIN)
        case str():
            return Scalar(value, Style.QUOTED)
        case list():
            return Sequence(tuple(node_of(item) for item in value))
        case dict():
            return Mapping(tuple((Scalar(name, Style.QUOTED), node_of(item)) for name, item in value.items()))
        case _:
            raise TypeError(f"{type(value).__name__}: expected what YAML can spell")
