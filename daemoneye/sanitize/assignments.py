"""`name=value` and `name: value` in all their dialects.

Flags, variables, query strings, connection strings, JSON, YAML, headers, mount options: one grammar covers them.

What a name promises is asked of ``names``; whether the value keeps it, of ``values``. A value is judged by its first
``_JUDGED`` characters, and names inside what is already known to be secret are skipped: so the work grows with the
length of the text and not faster, however many names are in it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from daemoneye.sanitize.names import meaning_of
from daemoneye.sanitize.rules.row import Meaning
from daemoneye.sanitize.rules.values import STATES, VERBS
from daemoneye.sanitize.values import is_quantity, is_tag_or_path, secret_within

if TYPE_CHECKING:
    from collections.abc import Iterator

_JUDGED: Final = 256  # characters; longer ones are no words, paths or variables
_KEY: Final = re.compile(
    r"(?<![\w.-])(?P<name>-{0,2}[A-Za-z_][\w.-]*+)(?P<close>\\?[\"'\]]{0,2}+)"
    r"[ \t]{0,2}(?P<op>=(?!=|~[\s\"'/])>?|:(?![:/]/|:)=?)[ \t]*+"
    r"|%5[bB](?P<field>[\w.-]++)%5[dD]="
)
_SUBSTITUTED: Final = re.compile(r"\$\(|`[^`]*(?:$|`(?![\w!#%+]))")
_PLACE: Final = re.compile(r"\d+:\d+(?:[:\s]|$)")
_QUOTE: Final = re.compile(r"\\*+[\"']")
_QUOTED: Final = {quote: re.compile(rf"(?:[^{quote}\\]++|\\.)*+", re.DOTALL) for quote in "\"'"}
_IN_PATH: Final = re.compile(r"[\w.-]/$")
_VERB: Final = re.compile(r"(?:[a-z]++(?=(?:[:_-][a-z]++)*+(?:\s|$)))?")
_NEXT_ELEMENT: Final = re.compile(r"[\"']\s{0,9},\s{0,9}[\"']")
_NEXT_KEY: Final = re.compile(r"[;&,|]\s{0,2}[\"']?[A-Za-z_][\w. -]{0,40}[\"']?[=:]")
_NEXT_FIELD: Final = re.compile(r"(?:[;&,]\s{0,2}|\s{1,2})[A-Za-z_][\w.-]{0,40}=")
_BARE: Final = re.compile(r"[^\s\"'`\\]*+(?:\\[^\s\"'`][^\s\"'`\\]*+)*+")
_LINE: Final = re.compile(r"[^\"'\n\\]*+")
_REST_OF_LINE: Final = re.compile(r"[^\n]*+")
_CLOSERS: Final = {")": "(", "}": "{", "]": "[", "/": "/", ";": "", ",": "", "|": ""}


class _Value(NamedTuple):
    start: int
    end: int
    quote: str = ""


def secrets_after_names(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, rule) of every secret that a name announces."""
    known = 0
    for key in _KEY.finditer(text):
        meaning = meaning_of(key["name"] or key["field"])
        if (
            meaning is Meaning.PLAIN
            or key.start() < known
            or text[max(0, key.start() - 2) : key.start()] in ("${", "//")
            or (text[key.start() - 1 : key.start()] == "$" and not _is_literal(text, key))
        ):
            continue
        for start, end in _after(text, key, meaning):
            known = end
            yield start, end, f"name.{meaning.name.lower()}"


def _is_literal(text: str, key: re.Match[str]) -> bool:
    """`$password = 'x'` gives the variable a value; anything else about `$password` does not show one."""
    if key["op"] != "=" or key["close"]:
        return False
    return (key.start() == 1 and key.end() == key.end("op")) or text[key.end() : key.end() + 1] in ("'", '"')


def _after(text: str, key: re.Match[str], meaning: Meaning) -> Iterator[tuple[int, int]]:
    begin = key.end()
    if begin >= len(text) or _SUBSTITUTED.match(text, begin) or _is_mount_or_prose(text, key, meaning):
        return
    listed = text.startswith(('["', "['"), begin)
    value: _Value | None = _value(text, key, meaning, begin + listed)
    while value:
        inner = _secret(text, value, meaning)
        if inner and value.end >= value.start + _JUDGED:
            value = _value(text, key, meaning, begin + listed, len(text))
            inner = value.start + (inner[0] - value.start), value.end
        if inner:
            yield inner
        more = _NEXT_ELEMENT.match(text, value.end) if listed else None
        value = _quoted(text, more.end(), more[0][-1], more.end() + _JUDGED) if more else None


def _secret(text: str, value: _Value, meaning: Meaning) -> tuple[int, int] | None:
    said = text[value.start : value.end]
    inner = secret_within(meaning, said)
    if inner is None or (meaning in (Meaning.SECRET, Meaning.SWITCHED) and len(said) < 4 and is_quantity(said)):
        return None
    return value.start + inner[0], value.start + inner[1]


def _is_mount_or_prose(text: str, key: re.Match[str], meaning: Meaning) -> bool:
    """`token:/run/t:ro`, `secret:1.2`, `arn:x:secret:y` and `invalid token: expected` announce nothing."""
    if key["op"] != ":" or key["close"]:
        return False
    before, after = text[max(0, key.start() - 40) : key.start()], text[key.end() : key.end() + 80]
    if key.end() == key.end("op"):
        return before.endswith(":") or bool(_IN_PATH.search(before)) or _is_place_or_task(key["name"], after)
    if meaning in (Meaning.HEADER, Meaning.JAR):
        return False
    words = after.split(maxsplit=2)
    if not words or not words[0].strip("\"')").isalpha():
        return False
    if len(words) == 1 and (len(words[0]) == 1 or words[0].strip("\"')").lower() in STATES):
        return True
    in_sentence = before.endswith(" ") and before.rpartition("\n")[2].rstrip()[-1:].isalpha()
    return in_sentence or (len(words) > 1 and not words[1].endswith(":") and "\n" not in after[: len(words[0]) + 1])


def _is_place_or_task(name: str, after: str) -> bool:
    """`token.ts:12:5`, `tokens:purge`, `secret:1.2`."""
    if is_tag_or_path(after) or _PLACE.match(after) or _VERB.match(after)[0] in VERBS:  # type: ignore[index]
        return True
    return after.isdigit() and "pass" not in name.lower()


def _value(text: str, key: re.Match[str], meaning: Meaning, begin: int, limit: int = 0) -> _Value:
    limit = min(limit or begin + _JUDGED, len(text))
    quote = _QUOTE.match(text, begin)
    if quote and (key["close"] or not _closes(text, key, quote[0])):
        return _quoted(text, quote.end(), quote[0], limit)
    whole = key.start() == 0 or text[: key.start()] == "/"
    if meaning in (Meaning.HEADER, Meaning.JAR):
        return _Value(begin, (_REST_OF_LINE if whole else _LINE).match(text, begin, limit).end())  # type: ignore[union-attr]
    if key["field"] or (whole and begin == key.end("op")):
        return _Value(begin, _end_of_argument(text, key, begin, limit))
    return _Value(begin, _end_of_bare(text, begin, limit))


def _closes(text: str, key: re.Match[str], quote: str) -> bool:
    """In `echo "password: "; x` the quote after the name ends something that began before it."""
    return text.count(quote, max(0, key.start() - _JUDGED), key.start()) % 2 == 1


def _quoted(text: str, start: int, quote: str, limit: int) -> _Value:
    if len(quote) == 1:
        return _Value(start, _QUOTED[quote].match(text, start, min(limit, len(text))).end(), quote)  # type: ignore[union-attr]
    close = text.find(quote, start, limit)
    return _Value(start, close if close >= 0 else min(limit, len(text)), quote)


def _end_of_argument(text: str, key: re.Match[str], begin: int, limit: int) -> int:
    """The argument is the assignment: the value goes on to its end, unless more fields follow."""
    name = key["name"] or ""
    if name.startswith("-") or name.isupper():
        return limit
    more = (_NEXT_FIELD if name else _NEXT_KEY).search(text, begin, limit)
    return more.start() if more else limit


def _end_of_bare(text: str, begin: int, limit: int) -> int:
    end = _BARE.match(text, begin, limit).end()  # type: ignore[union-attr]  # the pattern matches nothing at least
    more = _NEXT_KEY.search(text, begin, end)
    if more:
        return more.start()
    while end > begin + 1 and _closes_around(text, begin, end):
        end -= 1
    return end


def _closes_around(text: str, begin: int, end: int) -> bool:
    """Whether the last character ends what surrounds the value, and is not part of it."""
    opener = _CLOSERS.get(text[end - 1])
    return opener is not None and (not opener or text.find(opener, begin, end - 1) < 0)
