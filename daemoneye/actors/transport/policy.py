"""Who may say what to whom: a table, and what is not in it is refused.

A speaker is known by its role and by its relation to the listener: its parent, its child, or neither. A process may say
anything to itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from daemoneye.actors.transport.refusals import Refusal, Refused

if TYPE_CHECKING:
    from collections.abc import Iterable

ANYONE: Final = "*"  # any role
ANYTHING: Final = object  # any type on the list
PARENT: Final = "<parent>"
CHILD: Final = "<child>"


class NotPermittedError(Refused):
    kind = Refusal.POLICY


@dataclass(frozen=True, slots=True)
class Rule:
    speaker: str
    message: type
    listener: str


@dataclass(frozen=True, slots=True)
class Speaker:
    role: str
    is_parent: bool = False
    is_child: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        relations = (PARENT,) * self.is_parent + (CHILD,) * self.is_child
        return (self.role, *relations, ANYONE)


class Policy:
    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = frozenset(rules)

    def __or__(self, other: Policy) -> Policy:
        return Policy(self._rules | other._rules)

    def check(self, speaker: Speaker, message: type, listener: str) -> None:
        if not self.permits(speaker, message, listener):
            raise NotPermittedError(f"{message.__qualname__} from {speaker.role} to {listener}: not in the table")

    def permits(self, speaker: Speaker, message: type, listener: str) -> bool:
        return any(
            Rule(who, what, whom) in self._rules
            for who in speaker.names
            for what in (message, ANYTHING)
            for whom in (listener, ANYONE)
        )
