"""How much of the end of a file of JSON lines is whole.

A crash leaves the beginning of a line; a power cut can leave a run of zeros where data should have gone. Nothing else
is ever cut: lines of somebody else stay, and an end that cannot be of a line of ours means that the file is not ours.
"""

from __future__ import annotations

import json
from typing import NamedTuple

from daemoneye.errors import HostileInput


class Foreign(HostileInput):
    """What is there was not written by us."""


class Tail(NamedTuple):
    keep: int  # how many of the bytes are whole lines
    lacks_line_feed: bool = False  # the last of them is complete but for its end


def mend(end: bytes) -> Tail:
    """``end`` begins anywhere in the file and goes to its end."""
    written = end.rstrip(b"\0")
    start = written.rfind(b"\n") + 1
    rest = written[start:]
    if not rest:
        return Tail(start)
    if not rest.startswith(b"{"):
        raise Foreign("its end is no JSON line")
    return Tail(len(written), lacks_line_feed=True) if is_record(rest) else Tail(start)


def last_record(end: bytes) -> bytes | None:
    """Return the last whole line that is a record."""
    return next((line for line in reversed(end.split(b"\n")) if line and is_record(line)), None)


def is_record(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):  # a thousand brackets are not ours either
        return False
