"""Splits a shell script into commands, remembering where every character came from.

It reads quoting, separators and redirections, and expands nothing. What cannot be closed is taken literally, so any
text can be split; every character is looked at a bounded number of times.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_TOKEN: Final = re.compile(
    r"""(?P<blank>(?:[ \t]|\\\n)++)
      | (?P<here><<<)
      | (?P<redirect>\d*(?:<<-?|>>|>\||<>|[<>]&|&>>?|[<>]))
      | (?P<pipe>\|(?!\|)&?)
      | (?P<end>[;\n\r&()]|\|\||&&)
      | (?P<comment>(?<![^\s;&|()])\#[^\n]*+)
      | \$?'(?P<single>[^']*+)'
      | \$?"(?P<double>(?:[^"\\]++|\\.)*+)"
      | \\(?P<escaped>[\s\S])
      | (?P<plain>[^\s;&|()<>'"\\`$]++)
      | (?P<tick>`)
      | (?P<odd>[\s\S])""",
    re.VERBOSE | re.DOTALL,
)
_IN_DOUBLE: Final = re.compile(r'[^\\]++|\\([$`"\\])|\\')


@dataclass(frozen=True, slots=True)
class Word:
    """A piece of text, and for each of its characters where that is in argument number ``home``."""

    value: str
    home: int
    at: Sequence[int]

    def part(self, start: int, end: int | None = None) -> Word:
        return Word(self.value[start:end], self.home, self.at[start:end])


@dataclass(slots=True)
class Command:
    """A simple command; ``here`` is fed to its standard input, and when ``piped``, its output to the next one."""

    words: list[Word] = field(default_factory=list)
    here: list[Word] = field(default_factory=list)
    piped: bool = False


def commands_in(script: Word) -> Iterator[Command]:
    """Yield the simple commands of a script, those of substitutions among them."""
    command, pieces, target = Command(), list[tuple[int, int]](), ""
    for token in _TOKEN.finditer(script.value):
        kind = token.lastgroup or ""
        if kind not in _BREAKS:
            pieces += _pieces(token, kind)
            continue
        if pieces:
            _deliver(command, _word(script, pieces), target)
            pieces, target = [], ""
        if kind in _ENDS:
            command.piped = kind == "pipe"
            yield command
            command = Command()
        elif kind in ("here", "redirect"):
            target = kind
    if pieces:
        _deliver(command, _word(script, pieces), target)
    yield command


_ENDS: Final = frozenset(("pipe", "end", "tick"))
_BREAKS: Final = _ENDS | {"blank", "here", "redirect", "comment"}


def _deliver(command: Command, word: Word, target: str) -> None:
    if target == "here":
        command.here.append(word)
    elif target != "redirect":
        command.words.append(word)


def _pieces(token: re.Match[str], kind: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of the script that are part of the word; quotes and escapes are not."""
    start, end = token.span(kind)
    if kind == "double" and "\\" in token["double"]:
        for piece in _IN_DOUBLE.finditer(token.string, start, end):
            yield piece.span(1 if piece[1] else 0)
    else:
        yield start, end


def _word(script: Word, pieces: list[tuple[int, int]]) -> Word:
    if len(pieces) == 1:
        start, end = pieces[0]
        return script.part(start, end)
    value = "".join(script.value[start:end] for start, end in pieces)
    return Word(value, script.home, [spot for start, end in pieces for spot in script.at[start:end]])
