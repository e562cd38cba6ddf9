"""Settings files on their way from the process that may read them to the one that understands them.

The main process can open files that the account of the agent cannot, and it parses nothing; so it packs what it read,
or why it could not, into one piece of memory. Netstrings: a length, a colon, the bytes, a comma.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from daemoneye.errors import OperatorError
from daemoneye.settings.files import Source, gather

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_DAMAGED: Final = b"settings: damaged on their way from the main process: expected them whole"
_LENGTH: Final = re.compile(rb"(0|[1-9][0-9]{0,8}):")


class UnreadableError(Exception):
    """The sender could not read the files; the text says which and why."""


def pack(config: Path | None) -> bytes:
    try:
        sources, problem = gather(config), ""
    except OperatorError as error:
        sources, problem = (), str(error)
    texts = [problem.encode("utf-8", "backslashreplace")]
    for source in sources:
        texts += [source.name.encode("utf-8", "surrogateescape"), source.data]
    return b"".join(b"%d:%b," % (len(text), text) for text in texts)


def unpack(parcel: bytes) -> tuple[Source, ...]:
    problem, *texts = [*_strings(parcel)] or [_DAMAGED]
    if problem or len(texts) % 2:
        raise UnreadableError((problem or _DAMAGED).decode("utf-8", "replace"))
    names, data = texts[::2], texts[1::2]
    return tuple(Source(name.decode("utf-8", "surrogateescape"), each) for name, each in zip(names, data, strict=True))


def _strings(parcel: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(parcel):
        found = _LENGTH.match(parcel, at)
        if not found or parcel[found.end() + int(found[1]) :][:1] != b",":
            raise UnreadableError(_DAMAGED.decode("ascii"))
        at = found.end() + int(found[1]) + 1
        yield parcel[found.end() : at - 1]
