r"""What the machine calls things, as text that every consumer can read.

Names, paths and arguments are bytes on most systems, and a hostile one need not be UTF-8. Bytes that are not appear as
``\xNN``; everything else stays what it is. Both collectors use this one file, so that the same process reads the same.
"""

from __future__ import annotations


def decode(raw: bytes) -> str:
    r"""Bytes as the kernel gave them."""
    return raw.decode("utf-8", "backslashreplace")


def from_surrogates(text: str) -> str:
    """Text in which Python hid the bytes it could not decode, as os and psutil return it."""
    try:
        raw = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        # Windows names are UTF-16 and may hold half a pair, which stands for no byte
        raw = text.encode("utf-8", "backslashreplace")
    return decode(raw)
