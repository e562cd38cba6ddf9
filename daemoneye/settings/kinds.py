"""What a value may be. A kind reads a node, writes the value back as YAML would spell it, and describes itself.

``read`` returns a value or raises ``Refusal``; nothing else comes out of it, whatever goes in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from daemoneye.settings.nodes import Fault, Refusal, Scalar, Sequence, Style, describe, quoted, refusal
from daemoneye.settings.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

    from daemoneye.settings.nodes import Node

T = TypeVar("T")
PATH_BYTES: Final = 4095  # Linux: PATH_MAX less its NUL

# what YAML 1.2 would not take for text (core schema, 10.3.2), and what 1.1 took for booleans and editors still do
_NOT_TEXT: Final = re.compile(
    r"true|True|TRUE|false|False|FALSE|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF"
    r"|[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|0x[0-9a-fA-F]+|0o[0-7]+|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)
_DIGITS: Final = re.compile(r"[0-9]+")
_NUMBER: Final = re.compile(r"0|-?[1-9][0-9]*")
_LONGEST_NUMBER: Final = 18  # characters, more than any limit here: converting a longer one would only cost time
_BOOLEANS: Final = {"true": True, "false": False}
_ALMOST_BOOLEANS: Final = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}


class Kind(Protocol[T]):
    @property
    def expected(self) -> str: ...
    def read(self, node: Node) -> T: ...
    def write(self, value: T) -> Any: ...
    def schema(self) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Boolean:
    expected: str = "true or false"

    def read(self, node: Node) -> bool:
        if isinstance(node, Scalar) and node.style is not Style.QUOTED and node.text in _BOOLEANS:
            return _BOOLEANS[node.text]
        word = node.text.lower() if isinstance(node, Scalar) else ""
        meant = _ALMOST_BOOLEANS.get(word) or (word if word in _BOOLEANS else None)
        raise refusal(
            node, describe(node), f"true or false{f', without quotes (did you mean {meant}?)' if meant else ''}"
        )

    def write(self, value: bool) -> bool:
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Integer:
    low: int
    high: int

    @property
    def expected(self) -> str:
        return f"a whole number from {self.low} to {self.high}"

    def read(self, node: Node) -> int:
        if not isinstance(node, Scalar) or not _NUMBER.fullmatch(node.text):
            raise refusal(node, describe(node), f"{self.expected}, in digits")
        if node.style is Style.QUOTED:
            raise refusal(node, describe(node), f"{self.expected}, without quotes")
        if len(node.text) > _LONGEST_NUMBER or not self.low <= int(node.text) <= self.high:
            raise refusal(node, describe(node), self.expected)
        return int(node.text)

    def write(self, value: int) -> int:
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.low, "maximum": self.high}


@dataclass(frozen=True, slots=True)
class Choice:
    words: tuple[str, ...]

    @property
    def expected(self) -> str:
        return f"one of {', '.join(self.words)}"

    def read(self, node: Node) -> str:
        if isinstance(node, Scalar) and node.text in self.words:
            return node.text
        guess = did_you_mean(node.text, self.words) if isinstance(node, Scalar) else ""
        raise refusal(node, describe(node), self.expected + guess)

    def write(self, value: str) -> str:
        return value

    def schema(self) -> dict[str, Any]:
        return {"enum": list(self.words)}


def text_of(node: Node, expected: str, *, digits: bool = False) -> str:
    """What YAML, too, takes for text; ``digits``: a number is a name here, quoted or not."""
    if not isinstance(node, Scalar) or node.empty:
        raise refusal(node, describe(node), expected)
    a_name = digits and _DIGITS.fullmatch(node.text)
    if node.style is Style.PLAIN and not a_name and _NOT_TEXT.fullmatch(node.text):
        found = f"{quoted(node.text)}, which YAML takes for no text"
        raise refusal(node, found, f"{expected}, in quotes if meant so")
    return node.text


@dataclass(frozen=True, slots=True)
class Text:
    """One line that prints as itself and matches a pattern; ``numbers``: digits are a name here, quoted or not."""

    expected: str
    pattern: str
    numbers: bool = False

    def read(self, node: Node) -> str:
        text = text_of(node, self.expected, digits=self.numbers)
        if not text.isprintable() or not re.fullmatch(self.pattern, text):
            raise refusal(node, describe(node), self.expected)
        return text

    def write(self, value: str) -> str:
        return value

    def schema(self) -> dict[str, Any]:
        text = {"type": "string", "pattern": f"^(?:{self.pattern})$"}
        return {"anyOf": [text, {"type": "integer", "minimum": 0}]} if self.numbers else text


@dataclass(frozen=True, slots=True)
class FilePath:
    """An absolute path; ``under`` names the key whose directory a relative one starts from."""

    under: str | None = None

    @property
    def expected(self) -> str:
        return f"an absolute path, or a name under {self.under}" if self.under else "an absolute path"

    def read(self, node: Node) -> Path:
        text = text_of(node, self.expected)
        path = Path(text)
        if not path.name:
            raise refusal(node, describe(node), self.expected)
        if not text.isprintable() or len(text.encode()) > PATH_BYTES:
            raise refusal(node, describe(node), f"a path of at most {PATH_BYTES} bytes without control characters")
        if ".." in path.parts:
            raise refusal(node, describe(node), f"{self.expected}, without '..'")
        if not path.is_absolute() and not self.under:
            raise refusal(node, describe(node), f"{self.expected}, starting with /")
        return path

    def write(self, value: Path) -> str:
        return str(value)

    def schema(self) -> dict[str, Any]:
        no_dots = r"(?!(?:.*/)?\.\.(?:/|$))."
        return {"type": "string", "pattern": f"^{'' if self.under else '/'}{no_dots}", "maxLength": PATH_BYTES}


@dataclass(frozen=True, slots=True)
class OrNone:
    """Text or a path that may be left empty: ``""``."""

    kind: Kind[Any]

    @property
    def expected(self) -> str:
        return f'{self.kind.expected}, or "" for none'

    def read(self, node: Node) -> Any:
        if isinstance(node, Scalar) and node.text == "" and node.style is not Style.PLAIN:
            return None
        return self.kind.read(node)

    def write(self, value: Any) -> Any:
        return "" if value is None else self.kind.write(value)

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [{"const": ""}, self.kind.schema()]}


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list without repetitions, every mistake in it reported."""

    kind: Kind[Any]
    at_most: int
    name: Callable[[Node], Scalar | None] | None = None  # what may not repeat, where that is not the whole

    @property
    def expected(self) -> str:
        return f"a list of at most {self.at_most}, each {self.kind.expected}"

    def read(self, node: Node) -> tuple[Any, ...]:
        if not isinstance(node, Sequence):
            raise refusal(node, describe(node), f"a list, each of it {self.kind.expected}")
        if len(node.items) > self.at_most:
            raise refusal(node, f"a list of {len(node.items)}", self.expected)
        values: list[Any] = []
        faults: list[Fault] = []
        seen: set[Any] = set()
        for item in node.items:
            value = None
            try:
                value = self.kind.read(item)
                values.append(value)
            except Refusal as refused:
                faults += refused.faults
            faults += self._again(item, value, seen)
        if faults:
            raise Refusal(faults)
        return tuple(values)

    def _again(self, item: Node, value: Any, seen: set[Any]) -> list[Fault]:
        """A name counts even where something else in its item is wrong."""
        named = self.name(item) if self.name else None
        name = named.text if named else value
        if not name:
            return []
        if name in seen:
            return [Fault((named or item).mark, f"{quoted(str(name))} again", "each once")]
        seen.add(name)
        return []

    def write(self, value: tuple[Any, ...]) -> list[Any]:
        return [self.kind.write(each) for each in value]

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": self.kind.schema(), "maxItems": self.at_most, "uniqueItems": True}
