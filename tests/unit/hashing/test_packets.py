"""What a worker and its parent say to each other: what is said arrives, and nothing else means anything."""

from __future__ import annotations

import contextlib
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemoneye.hashing.packets import (
    LONGEST,
    Alive,
    Asks,
    GarbledError,
    LastWords,
    More,
    Order,
    Ping,
    Report,
    Task,
    Word,
    decode_order,
    decode_word,
    encode,
)
from daemoneye.hashing.values import Known
from daemoneye.model.alert import Content
from daemoneye.model.process import FileIdentity, HashStatus

COUNTS = st.integers(0, 2**64 - 1)
TEXTS = st.text(st.characters(codec="ascii", exclude_categories=["C"]), max_size=150)
SOME_TEXT = TEXTS.filter(bool)
FILES = st.builds(
    FileIdentity,
    dev=COUNTS,
    ino=COUNTS,
    size=COUNTS,
    mtime_ns=st.integers(-(2**90), 2**90),
    ctime_ns=st.integers(-(2**90), 2**90),
)
CONTENTS = st.builds(Content, sha256=SOME_TEXT, ssdeep=st.none() | SOME_TEXT)
KNOWN = st.builds(Known, content=CONTENTS, no_ssdeep=TEXTS, md5=st.none() | SOME_TEXT)
ORDERS = (
    st.builds(Task, COUNTS, COUNTS, COUNTS, COUNTS, st.floats(0, 1e6), st.booleans(), st.booleans())
    | st.builds(More, COUNTS, COUNTS)
    | st.builds(Ping, COUNTS)
)
REPORTS = st.builds(Report, COUNTS, st.sampled_from(HashStatus), COUNTS, TEXTS, st.none() | KNOWN, st.none() | FILES)
WORDS = (
    st.builds(Alive, COUNTS)
    | st.builds(Asks, COUNTS, st.integers(-(2**63), 2**63 - 1))
    | REPORTS
    | st.builds(LastWords, TEXTS)
)


@given(ORDERS)
def test_an_order_arrives_as_it_was_given(order: Order) -> None:
    """Whatever its numbers."""
    assert decode_order(encode(order)) == order


@given(WORDS)
def test_a_word_arrives_as_it_was_said(word: Word) -> None:
    """In one packet, and of the same type."""
    packet = encode(word)
    assert len(packet) <= LONGEST
    decoded = decode_word(packet)
    assert (type(decoded), decoded) == (type(word), word)


@given(WORDS, st.data())
def test_a_word_that_was_cut_or_lengthened_is_none(word: Word, data: st.DataObject) -> None:
    """Every byte is accounted for."""
    packet = encode(word)
    for wrong in (packet[: data.draw(st.integers(0, len(packet) - 1))], packet + b"\0"):
        with pytest.raises(GarbledError):
            decode_word(wrong)


@given(st.binary(max_size=300), st.integers(0, 8))
def test_noise_is_nothing_or_a_word(noise: bytes, tag: int) -> None:
    """Whatever a worker sends, what comes of it is a word of this language, or the end of the worker."""
    for packet in (noise, bytes([tag]) + noise):
        with contextlib.suppress(GarbledError):
            assert isinstance(decode_word(packet), get_args(Word))


@given(WORDS)
def test_a_worker_cannot_give_orders(word: Word) -> None:
    """Nor is an order taken for its word."""
    with pytest.raises(GarbledError):
        decode_order(encode(word))
    with pytest.raises(GarbledError):
        decode_word(encode(Ping(1)))


def test_texts_are_made_harmless_and_kept_short() -> None:
    """A reason may hold what a file is called, and that may be anything."""
    report = Report(1, HashStatus.UNSPECIFIED, 0, reason="\x1b[2J" + "x" * 1000)
    decoded = decode_word(encode(report))
    assert isinstance(decoded, Report)
    assert decoded.reason.startswith("\\x1b[2Jxxx")
    assert len(decoded.reason) < 220


@pytest.mark.parametrize("file", ["", "1:2:3:4", "1:2:3:4:5:6", "a:2:3:4:5", "-1:2:3:4:5", "1:2:3:4:" + "9" * 40])
def test_a_file_is_five_numbers(file: str) -> None:
    """Of which the first three have no sign."""
    packet = encode(Report(1, HashStatus.HASHED, 0, file=FileIdentity(dev=1, ino=2, size=3, mtime_ns=4, ctime_ns=5)))
    wrong = packet[: -len("1:2:3:4:5") - 1] + bytes([len(file)]) + file.encode()
    if file:
        with pytest.raises(GarbledError):
            decode_word(wrong)
    else:
        decoded = decode_word(wrong)
        assert isinstance(decoded, Report)
        assert decoded.file is None
