"""What is kept outside, so that the host cannot take back what it recorded.

An anchor is one JSON object on one line, as ``journal head`` prints it; nothing in it is secret. A file may hold many:
each is a point that the journal must still pass through.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from daemoneye.errors import HostileInput
from daemoneye.journal.entry import canonical
from daemoneye.journal.retention import heads_as_json, heads_of_json

if TYPE_CHECKING:
    from daemoneye.journal.chain import Head, Lane

_FORMAT: Final = "daemoneye.journal.anchor.v1"
_TEXTS: Final = {"chain": str, "identity": str, "statement": int, "statement_digest": str, "next_seal": str}


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    chain: str
    identity: str
    statement: int  # number of the last checkpoint
    statement_digest: str
    next_seal: str
    heads: dict[Lane, Head]  # of all entries, those after the checkpoint too

    def line(self) -> str:
        said = {name: getattr(self, name) for name in _TEXTS}
        return canonical({"format": _FORMAT, **said, "heads": heads_as_json(self.heads)}).decode()


def parse(text: str) -> list[Anchor]:
    """Read a file of anchors; raise ``HostileInput`` with the number of the line that is none."""
    lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if not lines:
        raise HostileInput("no anchor in it")
    return [_anchor(number, line) for number, line in lines]


def _anchor(number: int, line: str) -> Anchor:
    try:
        said = json.loads(line)
        right = said["format"] == _FORMAT and all(type(said[name]) is kind for name, kind in _TEXTS.items())
        heads = heads_of_json(said["heads"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        right, said, heads = False, {}, {}
    if not right:
        raise HostileInput(f"line {number} is no anchor")
    return Anchor(**{name: said[name] for name in _TEXTS}, heads=heads)
