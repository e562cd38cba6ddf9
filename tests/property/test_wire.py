"""Whatever arrives is a value or one named error, costs no more than its size says, and changes nothing."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from daemoneye.wire.codec import decode, encode
from daemoneye.wire.errors import FrameError, MessageError
from daemoneye.wire.framing import FrameDecoder, encode_frame
from daemoneye.wire.jsonform import from_json, to_json
from tests.fakes.nouns import ANY_NOUN, NOUNS

MAX_FRAME = 64
PAYLOADS = st.lists(st.binary(min_size=1, max_size=MAX_FRAME), max_size=6)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def cut(data: bytes, sizes: list[int]) -> list[bytes]:
    """``data`` in pieces of the sizes given, the rest in one."""
    pieces, start = [], 0
    for size in sizes:
        pieces.append(data[start : start + size])
        start += size
    return [*pieces, data[start:]]


def drain(decoder: FrameDecoder, pieces: list[bytes], limit: int) -> tuple[list[bytes], str]:
    """What comes out of a decoder, and how it ended."""
    frames: list[bytes] = []
    try:
        for piece in pieces:
            decoder.feed(piece)
            while payload := decoder.next_frame():
                frames.append(payload)
            assert len(decoder._pending) <= limit + 8
        decoder.close()
    except FrameError as error:
        return frames, str(error)
    return frames, ""


def spoil(whole: bytes, place: int, replacement: bytes) -> bytes:
    at = place % (len(whole) + 1)
    return whole[:at] + replacement + whole[at + len(replacement) :]


@settings(max_examples=150)
@given(noun=ANY_NOUN)
def test_nothing_is_lost_between_a_noun_and_its_bytes(noun: Any) -> None:
    """What was said is what is heard, to the last field, for every message."""
    assert decode(type(noun), encode(noun)) == noun


@settings(max_examples=150)
@given(noun=ANY_NOUN)
def test_nothing_is_lost_between_a_noun_and_its_json(noun: Any) -> None:
    """What was written is what is read, and what was written is standard JSON."""
    assert from_json(type(noun), json.loads(json.dumps(to_json(noun), allow_nan=False))) == noun


@settings(max_examples=200)
@given(noun=st.sampled_from(NOUNS), payload=st.binary(max_size=64))
def test_any_bytes_are_a_noun_or_a_named_error(noun: type[Any], payload: bytes) -> None:
    """A peer cannot crash us with bytes; what it sent is passed on as it was understood."""
    try:
        found = decode(noun, payload)
    except MessageError:
        return
    again = encode(found)
    assert encode(decode(noun, again)) == again


@settings(max_examples=200)
@given(noun=ANY_NOUN, place=st.integers(0, 10_000), replacement=st.binary(max_size=4))
def test_a_spoiled_message_is_a_noun_or_a_named_error_and_changes_nothing(
    noun: Any, place: int, replacement: bytes
) -> None:
    """One bad message does not colour the next good one."""
    whole = encode(noun)
    try:
        encode(decode(type(noun), spoil(whole, place, replacement)))
    except MessageError:
        assert decode(type(noun), whole) == noun


@settings(max_examples=200)
@given(noun=st.sampled_from(NOUNS), form=JSON)
def test_any_json_is_a_noun_or_a_named_error(noun: type[Any], form: object) -> None:
    """A file of JSON cannot crash us, and what is wrong with it is said."""
    try:
        found = from_json(noun, form)
    except MessageError as refusal:
        reason = str(refusal).removeprefix(f"{noun.__name__}: ").removesuffix(": expected the JSON form of proto/")
        said = bool(reason)
    else:
        said = type(found) is noun
    assert said


@settings(max_examples=200)
@given(noun=ANY_NOUN, key=st.integers(0, 40), value=JSON)
def test_spoiled_json_is_a_noun_or_a_named_error_and_changes_nothing(noun: Any, key: int, value: object) -> None:
    """One wrong value in a file is refused or read for what it says; the file as it was still reads."""
    form = to_json(noun)
    if not form:
        return
    name = sorted(form)[key % len(form)]
    try:
        from_json(type(noun), {**form, name: value})
    except MessageError:
        assert from_json(type(noun), form) == noun


@settings(max_examples=200)
@given(payloads=PAYLOADS, sizes=st.lists(st.integers(0, 40), max_size=30))
def test_frames_are_the_same_however_they_are_cut(payloads: list[bytes], sizes: list[int]) -> None:
    """The network may deliver in any pieces it likes."""
    stream = b"".join(encode_frame(payload, MAX_FRAME) for payload in payloads)
    assert drain(FrameDecoder(MAX_FRAME), cut(stream, sizes), MAX_FRAME) == (payloads, "")


@settings(max_examples=300)
@given(
    payloads=PAYLOADS,
    place=st.integers(0, 10_000),
    replacement=st.binary(max_size=9),
    sizes=st.lists(st.integers(0, 40), max_size=30),
)
def test_a_spoiled_stream_gives_what_was_whole_and_then_one_error(
    payloads: list[bytes], place: int, replacement: bytes, sizes: list[int]
) -> None:
    """Where the pieces are cut decides neither what is delivered nor which error ends it."""
    stream = spoil(b"".join(encode_frame(payload, MAX_FRAME) for payload in payloads), place, replacement)
    whole = drain(FrameDecoder(MAX_FRAME), [stream], MAX_FRAME)
    assert drain(FrameDecoder(MAX_FRAME), cut(stream, sizes), MAX_FRAME) == whole
    assert all(payload in payloads or encode_frame(payload, MAX_FRAME) in stream for payload in whole[0])


@settings(max_examples=200)
@given(pieces=st.lists(st.binary(max_size=40), max_size=12))
def test_any_stream_is_frames_or_a_named_error_that_stays(pieces: list[bytes]) -> None:
    """Noise closes a connection; it does not crash it, fill it, or come back to life."""
    decoder = FrameDecoder(MAX_FRAME)
    frames, error = drain(decoder, pieces, MAX_FRAME)
    assert all(0 < len(frame) <= MAX_FRAME for frame in frames)
    if error:
        assert drain(decoder, [encode_frame(b"good", MAX_FRAME)], MAX_FRAME) == ([], error)
