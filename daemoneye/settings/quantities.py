"""Durations and sizes: one number, one unit, exact.

``5`` is refused because nobody can tell seconds from milliseconds a year later, and ``5MB`` because it is sometimes
5,000,000 and sometimes 5,242,880. Both errors name what was probably meant.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from daemoneye.settings.nodes import Scalar, describe, quoted, refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemoneye.settings.nodes import Node

MILLISECONDS: Final = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
BYTES: Final = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}

# fifteen digits hold the largest size in bytes, and a number of any length would cost time to convert
_NUMBER: Final = r"([0-9]{1,15})(?:\.([0-9]+))?"
_FINEST: Final = 30  # digits behind the point, zeros at the end apart: one byte in GiB has as many
_QUANTITY: Final = re.compile(_NUMBER + r"([A-Za-z]*)")
_MEANT: Final = {
    "msec": "ms",
    "millis": "ms",
    "milliseconds": "ms",
    "sec": "s",
    "secs": "s",
    "second": "s",
    "seconds": "s",
    "min": "m",
    "mins": "m",
    "minute": "m",
    "minutes": "m",
    "hr": "h",
    "hour": "h",
    "hours": "h",
    "day": "d",
    "days": "d",
    "byte": "B",
    "bytes": "B",
    "k": "KiB",
    "kb": "KiB",
    "kib": "KiB",
    "mb": "MiB",
    "mib": "MiB",
    "g": "GiB",
    "gb": "GiB",
    "gib": "GiB",
}  # fmt: skip - a table of pairs


@dataclass(frozen=True, slots=True)
class Quantity:
    """A whole number of the smallest unit, within a range; the range is spelled as people would."""

    low: str
    high: str
    units: Mapping[str, int]
    what: str
    example: str

    @property
    def expected(self) -> str:
        return f"{self.what} from {self.low} to {self.high}"

    def count(self, node: Node) -> int:
        if not isinstance(node, Scalar) or node.empty:
            raise refusal(node, describe(node), self.expected)
        match = _QUANTITY.fullmatch(node.text)
        if not match or match[3] not in self.units:
            raise refusal(node, quoted(node.text), self._hint(node.text))
        whole, fraction, unit = match.groups(default="")
        fraction = fraction.rstrip("0")
        count: int
        count, remainder = divmod(int(whole + fraction[:_FINEST]) * self.units[unit], 10 ** len(fraction[:_FINEST]))
        if remainder or len(fraction) > _FINEST:
            raise refusal(node, quoted(node.text), f"a whole number of {next(iter(self.units))}")
        if not self._exactly(self.low) <= count <= self._exactly(self.high):
            raise refusal(node, quoted(node.text), self.expected)
        return count

    def spell(self, count: int) -> str:
        """With the largest unit that leaves a whole number."""
        fitting = [unit for unit, size in self.units.items() if count % size == 0]
        unit = fitting[-1 if count else 0]
        return f"{count // self.units[unit]}{unit}"

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{_NUMBER}({'|'.join(self.units)})$"}

    def _exactly(self, text: str) -> int:
        unit = text.lstrip("0123456789")
        return int(text.removesuffix(unit)) * self.units[unit]

    def _hint(self, text: str) -> str:
        match = _QUANTITY.fullmatch(text.replace(" ", "").replace("_", ""))
        if match and not match[3]:
            return f"{self.expected}, with its unit ({', '.join(self.units)}), such as {self.example}"
        if match and (unit := self._meant(match[3])):
            number = match[1] + (f".{match[2]}" if match[2] else "")
            return f"{self.expected} (did you mean '{number}{unit}'?)"
        return f"{self.expected}, such as {self.example}"

    def _meant(self, unit: str) -> str | None:
        near = {name.lower(): name for name in self.units} | ({"m": "MiB"} if "MiB" in self.units else {})
        meant = near.get(unit.lower()) or _MEANT.get(unit.lower())
        return meant if meant in self.units else None


class Duration:
    """Seconds, as a float that came from whole milliseconds."""

    def __init__(self, low: str, high: str) -> None:
        self._quantity = Quantity(low, high, MILLISECONDS, "a duration", "5s")
        self.expected = self._quantity.expected
        self.schema = self._quantity.schema

    def read(self, node: Node) -> float:
        return self._quantity.count(node) / 1000

    def write(self, value: float) -> str:
        return self._quantity.spell(round(value * 1000))


class Size:
    """Bytes."""

    def __init__(self, low: str, high: str) -> None:
        self._quantity = Quantity(low, high, BYTES, "a size", "50MiB")
        self.expected = self._quantity.expected
        self.schema = self._quantity.schema

    def read(self, node: Node) -> int:
        return self._quantity.count(node)

    def write(self, value: int) -> str:
        return self._quantity.spell(value)
