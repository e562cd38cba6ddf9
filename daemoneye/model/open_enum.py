"""Enumerations whose numbers travel: a newer peer may send one that this version has no name for."""

from __future__ import annotations

from enum import IntEnum
from typing import Self


class OpenEnum(IntEnum):
    """An integer with a name when we know one; an unnamed number is kept, never guessed at, never an error."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        # protobuf enums are int32 on the wire; anything else is a programming error and raises as usual
        if not isinstance(value, int) or not -(2**31) <= value < 2**31:
            return None
        member = int.__new__(cls, value)
        member._name_ = f"UNRECOGNISED_{value}"
        member._value_ = value
        return member

    @property
    def recognised(self) -> bool:
        return self._value_ in type(self)._value2member_map_

    @property
    def label(self) -> str:
        """The lower-case word that JSON and people see."""
        return self.name.lower()
