"""Accounts and groups, by name or by number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from daemoneye.settings.kinds import Text
from daemoneye.settings.nodes import describe, refusal

if TYPE_CHECKING:
    from daemoneye.settings.nodes import Node

HIGHEST_ID: Final = 2**32 - 2  # uid_t and gid_t have 32 bits, and all ones mean "none" to the kernel
# LOGIN_NAME_MAX of Linux is 256 with its NUL; '@' and '\' occur in names from a directory service
_NAME: Final = r"[A-Za-z_][A-Za-z0-9_.@\\-]{0,253}\$?"

NAME: Final = Text("the name of an account", _NAME)
_NAME_OR_NUMBER: Final = Text(f"a name or a number up to {HIGHEST_ID}", rf"{_NAME}|0|[1-9][0-9]{{0,9}}", numbers=True)


@dataclass(frozen=True, slots=True)
class NameOrNumber:
    """Digits are a number, quoted or not: that is what they are to every other program."""

    expected: str = _NAME_OR_NUMBER.expected

    def read(self, node: Node) -> str:
        text = _NAME_OR_NUMBER.read(node)
        if text.isdigit() and int(text) > HIGHEST_ID:
            raise refusal(node, describe(node), self.expected)
        return text

    def write(self, value: str) -> str:
        return value

    def schema(self) -> dict[str, Any]:
        text = {"type": "string", "pattern": f"^(?:{_NAME_OR_NUMBER.pattern})$"}
        return {"anyOf": [text, {"type": "integer", "minimum": 0, "maximum": HIGHEST_ID}]}
