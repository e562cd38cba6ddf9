"""What a program's own rules say about its arguments: its flags, its positional arguments, its keywords."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from daemoneye.sanitize.names import meaning_of
from daemoneye.sanitize.programs import PROGRAMS, Rules, part
from daemoneye.sanitize.rules.row import Meaning
from daemoneye.sanitize.rules.values import SAYINGS, WHOLE_WORDS
from daemoneye.sanitize.shell import Word
from daemoneye.sanitize.values import points_elsewhere, secret_within

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemoneye.sanitize.chain import Link

_ASSIGNED: Final = re.compile(r"[\w.-]+=[^=]")
_SLASHED: Final = re.compile(r"/[a-z]+(?::.*)?$", re.IGNORECASE)
_LONG_FLAG: Final = re.compile(r"--[a-z][a-zA-Z-]+(?:=.*)?$")
_SUBCOMMANDS: Final = 4  # positionals; `aws --profile x secretsmanager` has its second there
_NEAR: Final = 64  # positionals that are tried as the beginning of a pattern; the bound keeps the work linear
_LONGEST_PATTERN: Final = 16  # positionals


def secrets_of(link: Link) -> Iterator[tuple[Word, tuple[int, int], str]]:
    for rules in PROGRAMS.get(link.name, ()):
        rule = f"program.{link.name}"
        places = _positionals(rules, link.arguments)
        if rules.after and not applies_after(rules, link.arguments, places):
            continue
        for number, word in enumerate(link.arguments) if rules.flags or rules.begins else ():
            following = link.arguments[number + 1] if number + 1 < len(link.arguments) else None
            for place, span in _of_flag(rules, word, following):
                yield place, span, rule
        for place, span in _of_pattern(rules, places):
            yield place, span, rule
        if rules.row.keywords:
            for place, span in _of_keywords(rules, places):
                yield place, span, rule


def _positionals(rules: Rules, arguments: list[Word]) -> list[Word]:
    if not (rules.pattern or rules.after or rules.row.keywords):
        return []
    places, skip = list[Word](), False
    for word in arguments:
        if skip:
            skip = False
        elif word.value.startswith("-") and len(word.value) > 1:
            skip = word.value in rules.takes
        elif "/" in rules.row.switches and _SLASHED.match(word.value):
            continue
        else:
            places.append(word)
    return places


def applies_after(rules: Rules, arguments: list[Word], places: list[Word]) -> bool:
    if any(place.value.lower() in rules.after for place in places[:_SUBCOMMANDS]):
        return True
    return any(_has_flag(word.value, flag) for flag in rules.after_flags for word in arguments)


def _has_flag(value: str, flag: str) -> bool:
    if len(flag) == 2 and value[:1] == "-" != value[1:2]:
        return flag[1] in value[1:]
    return value == flag or value.startswith(flag + "=")


def _of_flag(rules: Rules, word: Word, following: Word | None) -> Iterator[tuple[Word, tuple[int, int]]]:
    value = word.value
    mode = rules.flags.get(value)
    if mode is not None:
        if following and mode != "*" and not _is_no_value(following.value):
            yield from _placed(following, part(mode, following.value), 0)
        return
    head, equals, tail = value.partition("=")
    if equals and head in rules.flags:
        yield from _placed(word, part(rules.flags[head], tail), len(head) + 1)
        return
    for begin, mode in rules.begins:
        if value[: len(begin)].lower() == begin.lower():
            yield from _placed(word, part(mode, value[len(begin) :]), len(begin))
            return
    if value.startswith("-") and not value.startswith("--"):
        yield from _in_cluster(rules, word, following)


def _is_no_value(value: str) -> bool:
    """The flag asks for the secret, or is told where it is."""
    return _LONG_FLAG.match(value) is not None or points_elsewhere(value)


def _in_cluster(rules: Rules, word: Word, following: Word | None) -> Iterator[tuple[Word, tuple[int, int]]]:
    """`-pX` and `-xwX`: the flag is the first letter that is no switch."""
    value = word.value
    start = 1
    while True:
        for flag in rules.attached:
            if value.startswith(flag[1:], start) and (rules.flags[flag] == "*" or value not in WHOLE_WORDS):
                end = start + len(flag) - 1
                if end < len(value):
                    yield from _placed(word, part(rules.flags[flag], value[end:]), end)
                elif following and rules.flags[flag] != "*":
                    yield from _placed(following, part(rules.flags[flag], following.value), 0)
                return
        if start >= len(value) or value[start] not in rules.row.switches:
            return
        start += 1


def _placed(word: Word, span: tuple[int, int] | None, offset: int) -> Iterator[tuple[Word, tuple[int, int]]]:
    if span:
        yield word, (span[0] + offset, span[1] + offset)


def _of_pattern(rules: Rules, places: list[Word]) -> Iterator[tuple[Word, tuple[int, int]]]:
    pattern = rules.pattern
    if not pattern:
        return
    if pattern[0] != "...":
        yield from _matched(pattern, places)
        return
    for start in range(min(len(places), _NEAR)):
        yield from _matched(pattern[1:], places[start : start + _LONGEST_PATTERN])


def _matched(pattern: tuple[str, ...], places: list[Word]) -> Iterator[tuple[Word, tuple[int, int]]]:
    if len(places) < len(pattern):
        return
    secrets = list[tuple[Word, tuple[int, int]]]()
    for element, place in zip(pattern, places, strict=False):
        if "X" in element:
            if place.value.lower() in SAYINGS:
                return
            secrets += _placed(place, part(element, place.value), 0)
        elif element != "_" and not any(_is_like(place.value, wanted) for wanted in element.split("|")):
            return
    if pattern[-1] == "X...":
        secrets += [(place, (0, len(place.value))) for place in places[len(pattern) :]]
    yield from secrets


def _is_like(value: str, wanted: str) -> bool:
    value = value.lower()
    head, star, rest = wanted.partition("*")
    return value.startswith(head) and rest in value if star else value == wanted


def _of_keywords(rules: Rules, places: list[Word]) -> Iterator[tuple[Word, tuple[int, int]]]:
    number = 0
    while number < len(places) - 1:
        word, following = places[number], places[number + 1]
        number += 1
        meaning = meaning_of(word.value)
        if meaning in (Meaning.PLAIN, Meaning.SWITCHED) or word.value.lower() in rules.after:
            continue
        if _ASSIGNED.match(following.value) or (
            number + 1 < len(places) and meaning_of(following.value) is Meaning.SECRET
        ):
            continue
        inner = secret_within(meaning, following.value)
        if inner:
            yield following, inner
            number += 1
