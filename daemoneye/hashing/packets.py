"""What a worker and its parent say to each other: packets of a few numbers and short texts, and nothing else.

    u8 tag | numbers, little-endian, as the table says | for each text: u8 length, UTF-8

A worker has read what anybody may have written, so nothing that it says is made into anything but a value of these
types. What is not exactly one of them is ``GarbledError``, and the end of the worker that said it.
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias, TypeVar

from daemoneye.errors import HostileInput
from daemoneye.hashing.values import Known, key_of
from daemoneye.model.alert import Content
from daemoneye.model.process import FileIdentity, HashStatus
from daemoneye.sanitize.hostile import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")

LONGEST: Final = 2048  # bytes of a packet: at most six texts and some numbers
_LONGEST_TEXT: Final = 200  # bytes; an ssdeep digest has at most 148, and our reasons are shorter
# Device, inode, size and times as text: some file systems have numbers beyond 64 bits.
_FILE: Final = re.compile(r"(\d{1,20}):(\d{1,20}):(\d{1,20}):(-?\d{1,30}):(-?\d{1,30})", re.ASCII)


class GarbledError(HostileInput):
    """No word of this language."""


class Task(NamedTuple):
    """To the worker, with the open file."""

    job: int
    granted: int
    piece: int
    max_size: int
    timeout_s: float
    want_ssdeep: bool
    want_md5: bool


class More(NamedTuple):
    """To the worker: so many bytes may be read now; none: end it."""

    job: int
    amount: int


class Ping(NamedTuple):
    """To a worker that has nothing in hand: are you there?"""

    number: int


class Alive(NamedTuple):
    """From the worker: the answer to that ping; its first word, unasked, has 0."""

    number: int


class Asks(NamedTuple):
    """From the worker, which waits for ``More``."""

    job: int
    left: int


class Report(NamedTuple):
    """From the worker: how it went."""

    job: int
    status: HashStatus
    bytes_read: int
    reason: str = ""
    known: Known | None = None
    file: FileIdentity | None = None


class LastWords(NamedTuple):
    """From the worker: what it came upon, and ends of."""

    text: str


Order: TypeAlias = Task | More | Ping
Word: TypeAlias = Alive | Asks | Report | LastWords
_TAG: Final = struct.Struct("<B")
_ORDERS: Final[Mapping[int, tuple[Callable[..., Order], struct.Struct]]] = {
    1: (Task, struct.Struct("<QQQQd??")),
    2: (More, struct.Struct("<QQ")),
    3: (Ping, struct.Struct("<Q")),
}
_WORDS: Final[Mapping[int, tuple[Callable[..., Word], struct.Struct]]] = {
    4: (Alive, struct.Struct("<Q")),
    5: (Asks, struct.Struct("<Qq")),
}
_TAGS: Final = {kind: (tag, form) for tag, (kind, form) in (*_ORDERS.items(), *_WORDS.items())}
_REPORT, _LAST_WORDS = 6, 7
_REPORTED: Final = struct.Struct("<QBQ")
_TEXTS_OF_A_REPORT: Final = 6


def encode(said: Order | Word) -> bytes:
    match said:
        case Report(job, status, bytes_read):
            return _TAG.pack(_REPORT) + _REPORTED.pack(job, status, bytes_read) + _texts(*_told(said))
        case LastWords(text):
            return _TAG.pack(_LAST_WORDS) + _texts(text)
        case _:
            tag, form = _TAGS[type(said)]
            return _TAG.pack(tag) + form.pack(*said)


def decode_order(packet: bytes) -> Order:
    """In the worker, of its parent; anything else is a mistake of ours."""
    return _decode_numbers(packet, _ORDERS)


def decode_word(packet: bytes) -> Word:
    """In the parent, of a worker; ``GarbledError``."""
    match packet[:1]:
        case b"\x06":
            return _decode_report(packet)
        case b"\x07":
            return LastWords(_read_texts(packet, _TAG.size, 1)[0])
        case _:
            return _decode_numbers(packet, _WORDS)


def _decode_numbers(packet: bytes, known: Mapping[int, tuple[Callable[..., T], struct.Struct]]) -> T:
    if not packet or packet[0] not in known:
        raise GarbledError(f"a packet of {len(packet)} bytes with tag {packet[:1].hex() or 'none'}")
    kind, form = known[packet[0]]
    if len(packet) != _TAG.size + form.size:
        raise GarbledError(f"tag {packet[0]} with {len(packet)} bytes")
    return kind(*form.unpack_from(packet, _TAG.size))


def _decode_report(packet: bytes) -> Report:
    if len(packet) < _TAG.size + _REPORTED.size:
        raise GarbledError(f"Report of {len(packet)} bytes")
    job, status, bytes_read = _REPORTED.unpack_from(packet, _TAG.size)
    texts = _read_texts(packet, _TAG.size + _REPORTED.size, _TEXTS_OF_A_REPORT)
    reason, sha256, ssdeep, no_ssdeep, md5, file = texts
    known = Known(Content(sha256=sha256, ssdeep=ssdeep or None), no_ssdeep, md5 or None) if sha256 else None
    return Report(job, HashStatus(status), bytes_read, reason, known, _file(file) if file else None)


def _told(report: Report) -> tuple[str, ...]:
    known, file = report.known or Known(Content(sha256="")), report.file
    content = (known.content.sha256, known.content.ssdeep or "", known.no_ssdeep, known.md5 or "")
    return (report.reason, *content, ":".join(map(str, key_of(file))) if file else "")


def _texts(*texts: str) -> bytes:
    raw = [text.encode("utf-8", "backslashreplace")[:_LONGEST_TEXT] for text in texts]
    return b"".join(_TAG.pack(len(each)) + each for each in raw)


def _read_texts(packet: bytes, position: int, count: int) -> list[str]:
    """Exactly so many, and nothing after them; what cannot be shown is shown as what it is."""
    texts = []
    for _ in range(count):
        length = packet[position] if position < len(packet) else _LONGEST_TEXT + 1
        end = position + 1 + length
        if length > _LONGEST_TEXT or end > len(packet):
            raise GarbledError(f"a text beyond the end of {len(packet)} bytes, or too long")
        texts.append(printable(packet[position + 1 : end].decode("utf-8", "backslashreplace")))
        position = end
    if position != len(packet):
        raise GarbledError(f"{len(packet) - position} bytes too many")
    return texts


def _file(text: str) -> FileIdentity:
    found = _FILE.fullmatch(text)
    if found is None:
        raise GarbledError("a file that is none")
    dev, ino, size, mtime_ns, ctime_ns = map(int, found.groups())
    return FileIdentity(dev=dev, ino=ino, size=size, mtime_ns=mtime_ns, ctime_ns=ctime_ns)
