"""What a frame carries: ``mark | length of the sender's name | sender's name | body``, the first two of one byte each.

The sender stands before the body, so that a peer which lies about itself is refused before anything it says is decoded.
The mark says how the body is written. Most inboxes take the pickles of ``vocabulary.py``; a role may have a codec of
its own instead (``Site.inboxes``), written by hand for its few messages: then nothing else is ever decoded in its
process, and whoever writes to it encodes with that codec, because the role is in the address.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from daemoneye.actors.transport.addresses import BadAddressError, UnixAddress
from daemoneye.actors.transport.vocabulary import UnknownTypeError


class Codec(Protocol):
    @property
    def mark(self) -> bytes:
        """One byte that no other codec has."""
        ...

    def encode(self, value: object) -> bytes:
        """Raise ``UnknownTypeError`` for what this inbox does not take."""
        ...

    def decode(self, pickled: bytes, /) -> object:
        """Raise a ``Refused`` for anything but the encoding of a value that this inbox takes."""
        ...


class Envelope(NamedTuple):
    mark: bytes
    sender: UnixAddress
    body: bytes


def seal(sender: UnixAddress, message: object, codec: Codec) -> bytes:
    name = sender.name.encode("ascii")
    return codec.mark + bytes([len(name)]) + name + codec.encode(message)


def unseal(payload: bytes) -> Envelope:
    start = 2 + (payload[1] if len(payload) > 1 else 0)
    if len(payload) < start:
        raise BadAddressError(f"actor message: {len(payload)} bytes: expected the sender's address in them")
    try:
        sender = UnixAddress(payload[2:start].decode("ascii"))
    except UnicodeDecodeError as error:
        raise BadAddressError("actor message: sender is not ASCII: expected an actor address") from error
    return Envelope(payload[:1], sender, payload[start:])


def read(envelope: Envelope, codec: Codec) -> object:
    """The message, if it is written the way this inbox is written to."""
    if envelope.mark != codec.mark:
        raise UnknownTypeError(f"actor message: written as {envelope.mark!r}: expected {codec.mark!r}")
    return codec.decode(envelope.body)
