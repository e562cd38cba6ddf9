"""Makes text from the host safe to print: what a terminal, a log reader or an eye could misread becomes visible."""

from __future__ import annotations

import re
from typing import Final

from daemoneye.sanitize.limits import cut

# printable to Python, invisible to people: fillers, joiners, selectors, blank letters
_UNSEEN: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_UNDECODABLE: Final = re.compile("[\ud800-\udfff]")


def printable(text: str, limit: int | None = None) -> str:
    r"""Show control, bidirectional and invisible characters as ``\xNN`` or ``\uNNNN``; keep ``limit`` bytes."""
    if limit is not None:
        text = cut(text, limit)
    if text.isprintable() and not _UNSEEN.search(text):
        return text
    return "".join(c if c.isprintable() and not _UNSEEN.match(c) else _visible(c) for c in text)


def decodable(text: str) -> str:
    r"""Replace what cannot be written as UTF-8: a stray byte becomes ``\xNN``, half a surrogate pair ``\uNNNN``."""
    return _UNDECODABLE.sub(lambda found: _visible(found[0]), text)


def _visible(character: str) -> str:
    number = ord(character)
    if 0xDC80 <= number <= 0xDCFF:  # how Python carries a byte that is not UTF-8
        return f"\\x{number - 0xDC00:02x}"
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
