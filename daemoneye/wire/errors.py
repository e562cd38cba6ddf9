"""What a peer can do wrong on the wire.

A ``FrameError`` ends the connection: where the next frame starts is not known any more. A ``MessageError`` is about one
payload; the next frame is as good as any.
"""

from __future__ import annotations

from daemoneye.errors import HostileInput


class WireError(HostileInput):
    """Bytes or JSON from a peer that are not what the contract says."""


class FrameError(WireError):
    pass


class EmptyFrameError(FrameError):
    pass


class FrameTooLargeError(FrameError):
    pass


class ChecksumError(FrameError):
    pass


class TruncatedFrameError(FrameError):
    pass


class MessageError(WireError):
    pass
