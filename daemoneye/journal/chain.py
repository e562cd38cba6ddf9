"""The hash chain, over bytes and values only.

Entries of one stream and one severity form a *lane*, and every lane is a chain of its own: what is given up first is
old and of low severity, which is always the beginning of a lane, so pruning never breaks a chain in the middle. An
entry has two numbers: its ``sequence`` in the stream and its ``ordinal`` in the lane, both without gaps. The last
sequence of a stream is therefore the sum of the last ordinals of its lanes: take something away, and the sum tells.

What is hashed are the stored bytes, each field behind its length, so that no two entries have the same input.
"""

from __future__ import annotations

import struct
from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from daemoneye.journal.entry import Severity, Stream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemoneye.journal.entry import Entry

STREAM_SHIFT: Final = 56  # a place is the stream above the sequence: the order of the table is the order of the streams
SEQUENCE_MASK: Final = (1 << STREAM_SHIFT) - 1
DIGEST_BYTES: Final = 32
_ENTRY: Final = b"daemoneye.journal.entry.v1\0"
_LANE: Final = b"daemoneye.journal.lane.v1\0"
# the digest before; place, severity, ordinal; the id; two clocks; pid; the lengths of what follows
_FIXED: Final = struct.Struct(">32sQBQ16sQQq7i")
_ABSENT: Final = -1  # as a length or a pid: not the same as empty

# Place, severity, ordinal, id, wall ms, monotonic ns, pid; texts as bytes: kind, boot, entity, parent, name, sha256;
# last the body. A plain tuple, because a hundred thousand are looked at in a second.
Text: TypeAlias = "bytes | None"
Content: TypeAlias = tuple[bytes, int, int, "int | None", bytes, bytes, Text, Text, Text, Text, bytes]
Fields: TypeAlias = tuple[int, int, int, bytes, int, int, "int | None", bytes, bytes, Text, Text, Text, Text, bytes]


class Lane(NamedTuple):
    stream: int
    severity: int

    @property
    def word(self) -> str:
        return f"{Stream(self.stream).word}/{Severity(self.severity).word}"


LANES: Final = tuple(Lane(stream, severity) for stream in Stream for severity in Severity)
LANE_OF: Final = {lane.word: lane for lane in LANES}


class Head(NamedTuple):
    """The last entry of a lane, or where the lane begins."""

    ordinal: int
    sequence: int
    digest: bytes


def place(stream: int, sequence: int) -> int:
    return stream << STREAM_SHIFT | sequence


def origin(chain: str, lane: Lane) -> Head:
    """Begin a lane so that its entries fit into no other lane and no other chain."""
    return Head(0, 0, sha256(_LANE + bytes.fromhex(chain) + bytes(lane)).digest())


def link(previous: bytes, fields: Fields) -> bytes:
    """Return the digest of an entry that follows the entry with the digest ``previous``."""
    where, severity, ordinal, id_, wall, monotonic, pid, kind, boot, entity, parent, name, digest, body = fields
    fixed = _FIXED.pack(
        previous,
        where,
        severity,
        ordinal,
        id_,
        wall,
        monotonic,
        _ABSENT if pid is None else pid,
        len(kind),
        len(boot),
        _ABSENT if entity is None else len(entity),
        _ABSENT if parent is None else len(parent),
        _ABSENT if name is None else len(name),
        _ABSENT if digest is None else len(digest),
        len(body),
    )
    texts = (_ENTRY, fixed, kind, boot, entity or b"", parent or b"", name or b"", digest or b"", body)
    return sha256(b"".join(texts)).digest()


class Chain:
    """The heads of all lanes, moving."""

    def __init__(self, heads: Mapping[Lane, Head]) -> None:
        self.heads = dict(heads)
        self._last = {stream: last_sequence(heads, stream) for stream in Stream}

    def extend(self, entry: Entry) -> tuple[Fields, bytes]:
        lane = Lane(entry.stream, entry.severity)
        head = self.heads[lane]
        sequence = self._last[entry.stream] + 1
        fields = (place(entry.stream, sequence), int(entry.severity), head.ordinal + 1, *content(entry))
        digest = link(head.digest, fields)
        self.heads[lane] = Head(head.ordinal + 1, sequence, digest)
        self._last[entry.stream] = sequence
        return fields, digest


def filled(heads: Mapping[Lane, Head]) -> dict[Lane, Head]:
    """Leave out the lanes without entries: there is nothing to say about them."""
    return {lane: head for lane, head in heads.items() if head.ordinal}


def last_sequence(heads: Mapping[Lane, Head], stream: int) -> int:
    return sum(head.ordinal for lane, head in heads.items() if lane.stream == stream)


def content(entry: Entry) -> Content:
    return (
        bytes.fromhex(entry.id.replace("-", "")),
        entry.occurred.wall_ms,
        entry.occurred.monotonic_ns,
        entry.pid,
        entry.kind.encode(),
        entry.occurred.boot_id.encode(),
        _bytes(entry.entity_id),
        _bytes(entry.parent_entity_id),
        _bytes(entry.name),
        _bytes(entry.sha256),
        entry.body,
    )


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else text.encode()
