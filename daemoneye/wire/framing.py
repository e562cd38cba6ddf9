"""Frames: ``u32 LE length | u32 LE CRC32C of the payload | payload``. No socket in here.

A frame carries no mark to search for, so after one wrong byte nobody can say where the next frame begins: the decoder
stays broken, and its connection is closed. Whoever takes all frames before feeding more has it keep one frame and the
last piece at most; whoever does not is stopped before that grows, and nothing is lost either way.
"""

from __future__ import annotations

import struct

import google_crc32c

from daemoneye.wire.errors import ChecksumError, EmptyFrameError, FrameError, FrameTooLargeError, TruncatedFrameError

MAX_FRAME = 1024 * 1024  # the contract's default of ipc.max_frame, in payload bytes
_HEADER = struct.Struct("<II")


def encode_frame(payload: bytes, max_frame: int = MAX_FRAME) -> bytes:
    """One frame. A payload that no peer would accept is our own mistake, hence ``ValueError``."""
    if not 0 < len(payload) <= max_frame:
        raise ValueError(f"frame: {len(payload)} bytes of payload: expected 1 to {max_frame}")
    return _HEADER.pack(len(payload), google_crc32c.value(payload)) + payload


class FrameDecoder:
    """``feed`` what arrived, then ``while payload := decoder.next_frame()``; ``close`` when the peer is done."""

    def __init__(self, max_frame: int = MAX_FRAME) -> None:
        self._max_frame = max_frame
        self._pending = bytearray()  # taking from its front costs no copy of the rest
        self._failure: FrameError | None = None

    def feed(self, data: bytes) -> None:
        """Keep ``data`` for ``next_frame``. Feeding on and on without taking is our own mistake: ``BufferError``."""
        self._check()
        if len(self._pending) >= _HEADER.size + self._max_frame:
            raise BufferError(f"frame: {len(self._pending)} bytes not taken: expected next_frame() before more is fed")
        self._pending += data

    def next_frame(self) -> bytes | None:
        """The next payload; ``None`` when more has to be fed. What is wrong is raised after all that was right."""
        self._check()
        header = self._header()
        if header is None:
            return None
        length, expected = header
        end = _HEADER.size + length
        if len(self._pending) < end:
            return None
        with memoryview(self._pending) as held, held[_HEADER.size : end] as view:  # a slice would be one copy more
            payload = bytes(view)
        if (checksum := google_crc32c.value(payload)) != expected:
            self._fail(ChecksumError(f"frame: checksum {checksum:#010x}: expected {expected:#010x}"))
        del self._pending[:end]
        return payload

    @property
    def held(self) -> int:
        """Bytes fed and not taken: of half a frame, or of frames that nobody has asked for."""
        return len(self._pending)

    def close(self) -> None:
        """The peer will send no more: what was fed has to end with a frame, and every frame has to have been taken."""
        self._check()
        if not self._pending:
            return
        held, wanted = len(self._pending), _HEADER.size
        if header := self._header():
            held, wanted = held - _HEADER.size, header[0]
            if held >= wanted:
                raise BufferError("frame: one not taken: expected next_frame() until None")
        self._fail(TruncatedFrameError(f"frame: ends after {held} bytes: expected {wanted}"))

    def _header(self) -> tuple[int, int] | None:
        if len(self._pending) < _HEADER.size:
            return None
        length, checksum = _HEADER.unpack_from(self._pending)
        # as soon as it is known: the length is the peer's word
        if length == 0:
            self._fail(EmptyFrameError(f"frame: length 0: expected 1 to {self._max_frame}"))
        if length > self._max_frame:
            self._fail(FrameTooLargeError(f"frame: length {length}: expected 1 to {self._max_frame}"))
        return length, checksum

    def _check(self) -> None:
        if self._failure:
            raise self._failure.with_traceback(None)  # or every call would leave its frames on it

    def _fail(self, failure: FrameError) -> None:
        self._failure = failure
        self._pending.clear()
        raise failure
