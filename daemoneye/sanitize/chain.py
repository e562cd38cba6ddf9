"""Which programs a command line really runs: `sudo -u app env A=b docker exec db mysql …` ends in mysql."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from daemoneye.sanitize.programs import PROGRAMS, program_name
from daemoneye.sanitize.rules.wrappers import NAMERS, SHELLS, WRAPPERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemoneye.sanitize.rules.row import Wrapper
    from daemoneye.sanitize.shell import Word

LONGEST_CHAIN: Final = 12  # programs; real ones seldom pass five, and the bound keeps the work linear


@dataclass(frozen=True, slots=True)
class _Ready:
    """One row, split up."""

    takes: frozenset[str]
    switches: frozenset[str]
    opens: frozenset[str]
    verbs: frozenset[str]
    script: tuple[str, ...]
    skips: int | None


def _split(row: Wrapper) -> _Ready:
    takes, switches, opens, verbs = (
        frozenset(words.split()) for words in (row.takes, row.switches, row.opens, row.verbs)
    )
    return _Ready(takes, switches, opens, verbs, tuple(row.script.split()), row.skips)


_INDEX: Final = {name: ready for row in WRAPPERS for ready in (_split(row),) for name in row.names.split()}
_ASSIGNMENT: Final = re.compile(r"[A-Za-z_]\w*\+?=")
_SHELL_SCRIPT: Final = re.compile(r"-[a-zA-Z]*c|--command|-Command|-EncodedCommand", re.ASCII)
KNOWN: Final = frozenset(_INDEX) | SHELLS | frozenset(PROGRAMS)


@dataclass(frozen=True, slots=True)
class Link:
    """One program of the chain, the arguments that are its own, and the shell script among them if there is one."""

    name: str
    arguments: list[Word]
    script: Word | None = None


def links(words: list[Word]) -> Iterator[Link]:
    """Yield the programs from the outermost to the one that does the work."""
    for _ in range(LONGEST_CHAIN):
        words = _command_of(words)
        if not words:
            return
        name, arguments = program_name(words[0].value), words[1:]
        begin = _inner(name, arguments)
        inner = arguments[begin:] if begin is not None else []
        known = bool(inner) and program_name(_command_of(inner)[0].value if _command_of(inner) else "") in KNOWN
        yield Link(name, arguments[:begin] if known else arguments, _script(name, arguments))
        if not inner:
            return
        words = _entrypoint(arguments[:begin], inner)


def _entrypoint(options: list[Word], inner: list[Word]) -> list[Word]:
    """`docker run --entrypoint htpasswd httpd -nb app x`: the program is named before its image."""
    for number, word in enumerate(options):
        if word.value == "--entrypoint" and number + 1 < len(options):
            return [options[number + 1], *inner]
        if word.value.startswith("--entrypoint="):
            return [word.part(len("--entrypoint=")), *inner]
    return inner


def _command_of(words: list[Word]) -> list[Word]:
    start = 0
    while start < len(words) and _ASSIGNMENT.match(words[start].value):
        start += 1
    return words[start:] if start else words


def _script(name: str, arguments: list[Word]) -> Word | None:
    wrapper = _INDEX.get(name)
    flags = wrapper.script if wrapper else ()
    for number, argument in enumerate(arguments):
        value = argument.value
        if (name in SHELLS and _SHELL_SCRIPT.fullmatch(value)) or value in flags:
            rest = [word for word in arguments[number + 1 : number + 4] if not word.value.startswith("-")]
            return rest[0] if rest else None
        for flag in flags:
            if value.startswith(flag) and len(value) > len(flag):
                return argument.part(len(flag) + (value[len(flag)] == "="))
    return None


def _inner(name: str, arguments: list[Word]) -> int | None:
    """Return where the command line of the next program begins."""
    wrapper = _INDEX.get(name)
    if wrapper is None:
        return embedded(name, arguments)
    begin = _after_wrapper(wrapper, arguments)
    if begin is None and not wrapper.switches and wrapper.skips is not None:
        return embedded("", arguments)  # a flag taken for one with a value has swallowed the program
    return begin


def _after_wrapper(wrapper: _Ready, arguments: list[Word]) -> int | None:
    left, reached = wrapper.skips, not wrapper.verbs
    number = 0
    while number < len(arguments):
        value = arguments[number].value
        if value in wrapper.opens or (value == "--" and reached):
            return number + 1
        if value.startswith("-") and len(value) > 1:
            number += 1 + _takes_next(wrapper, value)
            continue
        if not reached:
            reached = value in wrapper.verbs
        elif left is not None and not _ASSIGNMENT.match(value):
            if left == 0:
                return number
            left -= 1
            if (
                left == 0 and wrapper.switches
            ):  # what follows an image or a container is not for the wrapper, flag or not
                return number + 1
        number += 1
    return None


def _takes_next(wrapper: _Ready, value: str) -> bool:
    if wrapper.switches:
        return value not in wrapper.switches and "=" not in value and (value.startswith("--") or len(value) == 2)
    return value in wrapper.takes or (
        value[0] == "-" != value[1]
        and len(value) > 2
        and "-" + value[-1] in wrapper.takes
        and value[1:].isalpha()
        and len(value) < 4
    )


def embedded(name: str, arguments: list[Word]) -> int | None:
    """An unknown program may run a known one: a bare name of one, with flags after it."""
    if name in NAMERS or name in SHELLS or name in PROGRAMS:
        return None
    for number, word in enumerate(arguments[:-1]):
        if arguments[number + 1].value.startswith("-") and program_name(word.value) in PROGRAMS:
            return number
    return None
