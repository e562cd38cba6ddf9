from __future__ import annotations

import time
import tracemalloc

import google_crc32c
import pytest

from daemoneye.wire.errors import (
    ChecksumError,
    EmptyFrameError,
    FrameError,
    FrameTooLargeError,
    TruncatedFrameError,
)
from daemoneye.wire.framing import MAX_FRAME, FrameDecoder, encode_frame

# 9 bytes, lowest byte first; 0xe3069283 is the check value that every catalogue gives for CRC-32C of these nine digits
GOLDEN = b"\x09\x00\x00\x00" + b"\x83\x92\x06\xe3" + b"123456789"


def taken(decoder: FrameDecoder, data: bytes = b"") -> list[bytes]:
    """What a right caller does with each piece."""
    decoder.feed(data)
    return list(iter(decoder.next_frame, None))


def crc32c(data: bytes) -> int:
    """The definition, bit by bit: polynomial 0x1edc6f41 reflected, all ones in, all ones out."""
    register = 0xFFFFFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (0x82F63B78 if register & 1 else 0)
    return register ^ 0xFFFFFFFF


def test_a_frame_is_byte_for_byte_what_the_contract_says() -> None:
    """A client written against the contract reads our frames, and we read its."""
    assert encode_frame(b"123456789") == GOLDEN
    assert taken(FrameDecoder(), GOLDEN) == [b"123456789"]


@pytest.mark.parametrize("payload", [b"\x00", b"\xff" * 33, bytes(range(256)), b"\x0a\x02t1"])
def test_the_checksum_is_castagnoli_s(payload: bytes) -> None:
    """The checksum is the one the code of existing clients computes, not the one old documents name."""
    assert encode_frame(payload)[4:8] == crc32c(payload).to_bytes(4, "little")


def test_the_checksum_is_computed_in_c() -> None:
    """A mebibyte is checked in a fraction of a millisecond; the pure fallback needs hundreds of times as long."""
    assert google_crc32c.implementation == "c"


@pytest.mark.parametrize("size", [0, 9])
def test_a_payload_no_peer_would_take_is_not_sent(size: int) -> None:
    """We never make a peer close the connection on us."""
    with pytest.raises(ValueError, match=f"frame: {size} bytes of payload: expected 1 to 8"):
        encode_frame(bytes(size), max_frame=8)


def test_the_largest_frame_is_a_mebibyte_unless_said_otherwise() -> None:
    """The limit is the contract's, counted on the payload."""
    assert MAX_FRAME == 2**20
    payload = bytes(MAX_FRAME)
    assert taken(FrameDecoder(), encode_frame(payload)) == [payload]
    with pytest.raises(FrameTooLargeError, match="frame: length 1048577: expected 1 to 1048576"):
        taken(FrameDecoder(), (2**20 + 1).to_bytes(4, "little") + bytes(4))


def test_frames_come_out_in_order_and_the_rest_waits() -> None:
    """Several frames may arrive at once, and half a frame is no frame."""
    decoder = FrameDecoder()
    assert taken(decoder, encode_frame(b"a") + encode_frame(b"b") + GOLDEN[:-1]) == [b"a", b"b"]
    assert taken(decoder, b"") == []
    assert taken(decoder, GOLDEN[-1:]) == [b"123456789"]
    decoder.close()


BAD = {
    "length 0": (bytes(8), EmptyFrameError, "frame: length 0: expected 1 to 16"),
    "too large": (b"\x11\0\0\0" + bytes(4), FrameTooLargeError, "frame: length 17: expected 1 to 16"),
    "4 GiB": (b"\xff" * 8, FrameTooLargeError, "frame: length 4294967295: expected 1 to 16"),
    "checksum": (GOLDEN[:-1] + b"8", ChecksumError, "frame: checksum 0x[0-9a-f]{8}: expected 0xe3069283"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_was_right_is_delivered_before_what_is_wrong_is_raised(case: str) -> None:
    """A task that arrived whole is not lost because of what came after it."""
    bad, error, message = BAD[case]
    decoder = FrameDecoder(max_frame=16)
    decoder.feed(encode_frame(b"good") + bad + encode_frame(b"never seen"))
    assert decoder.next_frame() == b"good"
    with pytest.raises(error, match=message):
        decoder.next_frame()


@pytest.mark.parametrize("case", BAD)
def test_after_an_error_nothing_is_read_any_more(case: str) -> None:
    """No byte after a broken frame can be taken for a frame: the same error comes again and the connection closes."""
    bad, error, _ = BAD[case]
    decoder = FrameDecoder(max_frame=16)
    with pytest.raises(error) as first:
        taken(decoder, bad)
    for _ in range(30):
        with pytest.raises(error) as again:
            taken(decoder, encode_frame(b"good"))
        assert again.value is first.value
        assert len(again.traceback) < 10  # its story does not grow with every attempt
    with pytest.raises(error):
        decoder.close()


@pytest.mark.parametrize(
    ("cut", "expected"),
    [(1, "1 bytes: expected 8"), (7, "7 bytes: expected 8"), (8, "0 bytes: expected 9"), (16, "8 bytes: expected 9")],
)
def test_an_end_inside_a_frame_is_an_error(cut: int, expected: str) -> None:
    """A message cut off by a dying peer is never mistaken for a whole one."""
    decoder = FrameDecoder()
    assert taken(decoder, GOLDEN[:cut]) == []
    with pytest.raises(TruncatedFrameError, match=f"frame: ends after {expected}"):
        decoder.close()
    with pytest.raises(FrameError):
        taken(decoder, GOLDEN[cut:])


def test_the_size_is_checked_before_memory_is_taken() -> None:
    """A peer that announces four gigabytes costs nothing."""
    decoder = FrameDecoder()
    tracemalloc.start()
    with pytest.raises(FrameTooLargeError):
        taken(decoder, b"\xff" * 8)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10_000


def test_no_more_than_one_frame_is_ever_kept() -> None:
    """A peer that never finishes a frame cannot make us grow."""
    decoder = FrameDecoder(max_frame=1000)
    stream = (encode_frame(bytes(1000)) * 3)[:-1]
    for start in range(0, len(stream), 7):
        taken(decoder, stream[start : start + 7])
        assert len(decoder._pending) <= 1008


def test_feeding_twice_before_taking_loses_nothing() -> None:
    """Bytes are kept when they are fed, not when somebody asks for them."""
    decoder = FrameDecoder()
    decoder.feed(encode_frame(b"a") + GOLDEN[:5])
    decoder.feed(GOLDEN[5:])
    assert taken(decoder) == [b"a", b"123456789"]


def test_who_feeds_and_never_takes_is_stopped_and_loses_nothing() -> None:
    """The memory is bounded by the decoder, not by the care of its caller."""
    decoder = FrameDecoder(max_frame=16)
    for _ in range(3):  # of eleven bytes, where 24 are a frame of the largest size
        decoder.feed(encode_frame(b"one"))
    with pytest.raises(BufferError, match=r"33 bytes not taken: expected next_frame\(\)"):
        decoder.feed(b"x")
    with pytest.raises(BufferError, match="not taken"):
        decoder.close()
    assert list(iter(decoder.next_frame, None)) == [b"one"] * 3
    decoder.close()


def test_the_end_inside_a_wrong_header_is_that_error() -> None:
    """A close does not hide what was wrong before it."""
    decoder = FrameDecoder()
    decoder.feed(bytes(8))
    with pytest.raises(EmptyFrameError):
        decoder.close()


def test_the_work_grows_with_the_bytes_and_not_with_their_square() -> None:
    """A peer that drips and one that floods with tiny frames cost what their bytes are worth, and no more."""
    flood = encode_frame(b"x") * 300_000
    drip = encode_frame(bytes(500_000))
    started = time.process_time()
    assert len(taken(FrameDecoder(), flood)) == 300_000
    decoder = FrameDecoder()
    assert sum(len(payload) for byte in drip for payload in taken(decoder, bytes([byte]))) == 500_000
    # measured: 0.3 s together; work that grows with the square of the bytes takes minutes
    assert time.process_time() - started < 10
