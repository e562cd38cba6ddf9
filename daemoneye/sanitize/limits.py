"""How much of a command line is kept, and how a cut is shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

ARGUMENT_BYTES: Final = 4096  # the contract: each argument
TOTAL_BYTES: Final = 32 * 1024  # the contract: all of them
_CUT: Final = re.compile(r"(.*)…truncated \d+ bytes", re.DOTALL)


def size_of(text: str) -> int:
    """Count the bytes of a text in UTF-8."""
    return len(text) if text.isascii() else len(text.encode(errors="surrogatepass"))


def cut(text: str, limit: int, beyond: int = 0) -> str:
    """Keep at most ``limit`` bytes of the text and say how many went, with the ``beyond`` that are not even in it.

    A text that was cut before keeps its mark, and is not cut for having it.
    """
    if not beyond and (len(text) * 4 <= limit or size_of(_unmarked(text)) <= limit):  # four: the longest character
        return text
    raw = text.encode(errors="surrogatepass")
    end = min(limit, len(raw))
    while end < len(raw) and raw[end] & 0xC0 == 0x80:  # never inside a character
        end -= 1
    return f"{raw[:end].decode(errors='surrogatepass')}…truncated {len(raw) - end + beyond} bytes"


def cut_all(arguments: Sequence[str], beyond: int = 0) -> tuple[str, ...]:
    """Keep ``TOTAL_BYTES`` of arguments that are cut already; ``beyond`` bytes of further ones are not among them.

    An argument without bytes counts as one, so that their number is bounded too.
    """
    left = TOTAL_BYTES
    for number, argument in enumerate(arguments):
        size = max(1, size_of(_unmarked(argument)))
        if size > left and not (number == len(arguments) - 1 and _CUT.fullmatch(argument)):
            first = (cut(argument, left),) if left else ()
            return (*arguments[:number], *first, *_mark(arguments[number + len(first) :], beyond))
        left -= size
    return (*arguments, *_mark((), beyond))


def _mark(gone: Sequence[str], beyond: int) -> tuple[str, ...]:
    return (f"…truncated {sum(map(size_of, gone)) + beyond} bytes",) if gone or beyond else ()


def _unmarked(text: str) -> str:
    mark = _CUT.fullmatch(text) if text.endswith(" bytes") else None
    return mark[1] if mark else text
