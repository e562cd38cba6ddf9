"""Finds secrets in any text by what they look like or what is written around them.

Shapes of known tokens, passwords in URLs, credentials that decode to what they are, XML elements; and, through
``assignments``, whatever has a name before it. All yield spans of the text. Every pattern is anchored or bounded, so
that the work grows with the length of the text and not faster.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from daemoneye.sanitize.assignments import secrets_after_names
from daemoneye.sanitize.literals import Literals
from daemoneye.sanitize.names import meaning_of
from daemoneye.sanitize.rules.phrases import PHRASES
from daemoneye.sanitize.rules.shapes import SHAPES
from daemoneye.sanitize.values import is_reference, looks_random, secret_within

if TYPE_CHECKING:
    from collections.abc import Iterator


class Span(NamedTuple):
    """Where a secret is, and which rule says so."""

    start: int
    end: int
    rule: str


Looks = tuple[tuple[str, re.Pattern[str]], ...]
_COMPILED: Final = tuple(
    ((f"shape.{shape.name}", re.compile(shape.pattern)), shape.hints.split()) for shape in SHAPES + PHRASES
)
ALL_LOOKS: Final[Looks] = tuple(look for look, _ in _COMPILED)
_LOOKS_BY_HINT: Final[dict[str, tuple[int, ...]]] = {}
for _number, (_, _hints) in enumerate(_COMPILED):
    for _hint in _hints:
        _LOOKS_BY_HINT[_hint] = (*_LOOKS_BY_HINT.get(_hint, ()), _number)
_HINTS: Final = Literals(_LOOKS_BY_HINT)
TELLING: Final = Literals(
    hint for hint in _LOOKS_BY_HINT if len(hint) > 2 or hint.isupper()
)  # the others are everywhere

_AUTHORITY: Final = re.compile(r"[^\s\"'<>`/?#]*+")
_SLOPPY: Final = re.compile(r"[^\s\"'<>`]{0,256}")  # a password with a slash in it; passwords are shorter than this
_ELEMENT: Final = re.compile(r"<([A-Za-z][\w:.-]*+)(?:\s[^<>]*+)?>([^<>]++)<")
# {"name": "DB_PASSWORD", "value": "x"}, ParameterKey=DbPassword,ParameterValue=x
_NAMED_VALUE: Final = re.compile(
    r"(?i)(?:name|key)\\?[\"']?\s{0,3}[:=]\s{0,3}\\?[\"']?([\w.:-]{1,120})\\?[\"']?\s{0,3}[,;]\s{0,9}[{\"'\\]{0,3}"
    r"\w{0,20}value\\?[\"']?\s{0,3}[:=]\s{0,3}(?:\\?\"([^\"\\]+)|'([^']+)|([^\s\"',{}\[\]\\]+))"
)
_BASIC: Final = re.compile(r"(?i)\bbasic(?: |%20|\+|=)\s*+([A-Za-z0-9+/_-]{4,}={0,2})")


def looks_for(text: str, threes: set[str]) -> Looks:
    """Choose the shapes that can occur in a text or in any part of it; mostly there are none."""
    chosen = {number for hint in _HINTS.found_in(text, threes) for number in _LOOKS_BY_HINT[hint]}
    return tuple(ALL_LOOKS[number] for number in sorted(chosen))


def is_plain(text: str) -> bool:
    """Say cheaply whether only a shape can be in it."""
    return not (":" in text or "=" in text or "</" in text or "asic" in text or "BASIC" in text)


def spans_in(text: str, looks: Looks) -> Iterator[Span]:
    """Yield every secret this layer sees; they may overlap."""
    yield from shapes_in(text, looks)
    if "=" in text or ":" in text:
        for span in secrets_after_names(text):
            yield Span(*span)
    if "</" in text:
        yield from _elements(text)
    if "alue" in text:
        yield from _named_values(text)


def shapes_in(text: str, looks: Looks) -> Iterator[Span]:
    """Yield only what is secret by itself, whatever is said about it."""
    for rule, pattern in looks:
        for found in pattern.finditer(text):
            start, end = found.span(found.lastindex or 0)
            if start < end and not is_reference(text[start:end]):
                yield Span(start, end, rule)
    if "://" in text:
        yield from _urls(text)
    if "asic" in text or "BASIC" in text:
        yield from _basic(text)


def _urls(text: str) -> Iterator[Span]:
    start = text.find("://")
    while start >= 0:
        start += 3
        end = _AUTHORITY.match(text, start).end()  # type: ignore[union-attr]  # the pattern matches nothing at least
        secret = _userinfo(text, start, end)
        if secret and not is_reference(text[secret[0] : secret[1]]):
            yield Span(*secret, "url.userinfo")
        start = text.find("://", end)


def _userinfo(text: str, start: int, end: int) -> tuple[int, int] | None:
    at = text.rfind("@", start, end)
    if at < 0:
        return _sloppy(text, start, end)
    colon = text.find(":", start, at)
    if 0 <= colon < at - 1:
        user = text[start:colon]
        return (start if looks_random(user) and len(user) >= 20 else colon + 1), at  # the user may be the token
    user = text[start : at if colon < 0 else colon]
    return (start, start + len(user)) if looks_random(user) and len(user) >= 20 else None


def _sloppy(text: str, start: int, end: int) -> tuple[int, int] | None:
    """A password with an unescaped slash: what follows the colon is no port, and an @ comes later."""
    colon = text.find(":", start, end)
    if colon < 0 or text[colon + 1 : end].isdigit() or colon + 1 == end:
        return None
    at = text.rfind("@", end, _SLOPPY.match(text, end).end())  # type: ignore[union-attr]  # matches nothing at least
    return (colon + 1, at) if at > 0 else None


def _elements(text: str) -> Iterator[Span]:
    for element in _ELEMENT.finditer(text):
        inner = secret_within(meaning_of(element[1]), element[2])
        if inner:
            yield Span(element.start(2) + inner[0], element.start(2) + inner[1], "name.element")


def _named_values(text: str) -> Iterator[Span]:
    for found in _NAMED_VALUE.finditer(text):
        start, end = found.span(found.lastindex or 0)
        inner = secret_within(meaning_of(found[1]), text[start:end])
        if inner and end - start > 1:
            yield Span(start + inner[0], start + inner[1], "name.value")


def _basic(text: str) -> Iterator[Span]:
    """`Basic dXNlcjpwdw==` says so itself: it decodes to user:secret."""
    for found in _BASIC.finditer(text):
        try:
            plain = base64.b64decode(
                found[1].encode() + b"===", altchars=b"-_" if "-" in found[1] or "_" in found[1] else None
            )
        except binascii.Error:
            continue
        if b":" in plain and plain.isascii():
            yield Span(*found.span(1), "header.basic")
