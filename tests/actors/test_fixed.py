"""The inbox that is no pickle: what it takes, and that there is nothing else in it."""

from __future__ import annotations

import contextlib
import struct
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("thespian")

from thespian.actors import ActorExitRequest

from daemoneye.actors.transport.fixed import MAX_ITEMS, MAX_TEXT, FixedInbox
from daemoneye.actors.transport.refusals import Refused
from daemoneye.actors.transport.vocabulary import MalformedValueError, UnknownTypeError
from daemoneye.messages.hashing import Digested, FileDigest
from daemoneye.messages.supervision import (
    ApplySettings,
    AskHeartbeat,
    Begin,
    CollectorSettings,
    GatewaySettings,
    Introduce,
)

COLLECTORS = {"settings": CollectorSettings}
INBOX = FixedInbox(
    b"C",
    (Begin, ApplySettings, Introduce, AskHeartbeat, Digested),
    concrete={Begin: COLLECTORS, ApplySettings: COLLECTORS},
)
TYPES = {Begin, ApplySettings, Introduce, AskHeartbeat, Digested, CollectorSettings, ActorExitRequest}

integers = st.integers(-(2**127), 2**127 - 1)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
settings = st.builds(
    CollectorSettings,
    interval_s=st.floats(allow_nan=False, allow_infinity=False),
    enhanced=st.booleans(),
    environment=st.lists(texts, max_size=8).map(tuple),
    process_timeout_s=st.floats(0, 100),
    proc=texts,
    mask=st.booleans(),
    correlation_key=st.binary(max_size=64),
    record_max_age_s=st.floats(0, 1e9),
    record_max_bytes=integers,
)
digests = st.builds(
    FileDigest,
    **dict.fromkeys(("dev", "ino", "size", "mtime_ns", "ctime_ns", "status"), integers),
    **dict.fromkeys(("sha256", "ssdeep"), texts),
    ssdeep_missing=st.booleans(),
)
messages = (
    st.builds(Begin, generation=integers, config=integers, settings=settings)
    | st.builds(ApplySettings, config=integers, settings=settings)
    | st.builds(Introduce, role=texts, address=texts)
    | st.builds(AskHeartbeat, generation=integers)
    | st.builds(Digested, number=integers, files=st.lists(digests, max_size=4).map(tuple))
)
SAMPLE = CollectorSettings(
    interval_s=5.0,
    enhanced=True,
    environment=("PATH", "LANG"),
    process_timeout_s=1.0,
    proc="/proc",
    mask=True,
    correlation_key=b"k" * 32,
    record_max_age_s=2592000.0,
    record_max_bytes=1 << 30,
)


@given(messages)
def test_what_is_said_is_what_arrives(message: object) -> None:
    """Nothing is lost, and the types are the same."""
    assert INBOX.decode(INBOX.encode(message)) == message


@pytest.mark.parametrize("recursive", [True, False])
def test_it_can_be_asked_to_stop(recursive: bool) -> None:
    """Thespian's own way of stopping an actor works as with any other inbox."""
    request = INBOX.decode(INBOX.encode(ActorExitRequest(recursive)))
    assert isinstance(request, ActorExitRequest)
    assert request.isRecursive is recursive


@given(messages)
def test_every_message_cut_short_is_refused(message: object) -> None:
    """There is no half a message, and nothing may follow a whole one."""
    body = INBOX.encode(message)
    for kept in range(len(body)):
        with pytest.raises(MalformedValueError):
            INBOX.decode(body[:kept])
    with pytest.raises(MalformedValueError, match="expected"):
        INBOX.decode(body + b"\0")


@given(st.binary(max_size=200))
def test_bytes_of_a_stranger_are_refused_or_a_listed_message(body: bytes) -> None:
    """Whatever they are, nothing outside the list comes of them."""
    for candidate in (body, bytes([len(body) % 7]) + body):
        with contextlib.suppress(Refused):
            assert type(INBOX.decode(candidate)) in TYPES


@given(messages, st.data())
def test_a_message_changed_on_its_way_is_refused_or_a_listed_message(message: object, data: st.DataObject) -> None:
    """A wrong byte is as harmless as noise."""
    body = bytearray(INBOX.encode(message))
    body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(Refused):
        decoded = INBOX.decode(bytes(body))
        assert type(decoded) in TYPES
        assert type(getattr(decoded, "settings", SAMPLE)) is CollectorSettings


@pytest.mark.parametrize("length", [MAX_TEXT + 1, 2**31, 2**32 - 1])
def test_a_length_is_judged_before_anything_is_made_of_it(length: int) -> None:
    """A few bytes that announce gigabytes cost a few bytes."""
    with pytest.raises(MalformedValueError, match=f"length {length}: expected at most {MAX_TEXT}"):
        INBOX.decode(b"\x03" + struct.pack("<I", length) + b"x" * 100)


def number(value: int) -> bytes:
    return value.to_bytes(16, "little", signed=True)


def test_a_list_announces_at_most_a_thousand_items() -> None:
    """Its length is judged alone, too, and every item after it."""
    before = b"\x01" + number(1) * 2 + struct.pack("<d?", 1.0, True)
    with pytest.raises(MalformedValueError, match=f"expected at most {MAX_ITEMS}"):
        INBOX.decode(before + struct.pack("<I", MAX_ITEMS + 1) + bytes(5000))
    with pytest.raises(MalformedValueError, match="bytes: expected at least"):
        INBOX.decode(before + struct.pack("<I", MAX_ITEMS) + bytes(400))


def test_numbers_and_text_are_what_they_should_be() -> None:
    """No infinity, no third truth value, no broken text."""
    head = b"\x01" + number(1) * 2
    for wrong, what in (
        (head + struct.pack("<d", float("inf")), "finite"),
        (head + struct.pack("<d", float("nan")), "finite"),
        (head + struct.pack("<d", 1.0) + b"\x02", "0 or 1"),
        (b"\x03" + struct.pack("<I", 2) + b"\xff\xfe", "UTF-8"),
        (b"\x03" + struct.pack("<I", 3) + b"\xed\xb3\xbf", "UTF-8"),
    ):
        with pytest.raises(MalformedValueError, match=what):
            INBOX.decode(wrong)


def test_a_type_that_is_not_listed_neither_leaves_nor_arrives() -> None:
    """Not even one that is a part of a listed one."""
    for value in (SAMPLE, object(), "text", Begin):
        with pytest.raises(UnknownTypeError, match="expected a type of this inbox"):
            INBOX.encode(value)
    with pytest.raises(UnknownTypeError, match="type 6: expected at most 5"):
        INBOX.decode(b"\x06")


def other_settings() -> GatewaySettings:
    return GatewaySettings(
        max_frame=1, max_clients=1, allow_users=(), allow_groups=(), user_uid=0, state_dir="", metrics_textfile=""
    )


@pytest.mark.parametrize(
    "message",
    [
        Begin(generation=2**127, config=0, settings=SAMPLE),
        Begin(generation=True, config=0, settings=SAMPLE),
        ApplySettings(config=0, settings=other_settings()),
        Introduce(role="x" * (MAX_TEXT + 1), address=""),
        Introduce(role="\udcff", address=""),
        Introduce(role=b"x", address=""),  # type: ignore[arg-type]
    ],
    ids=["too large", "no integer", "settings of another role", "too long", "no UTF-8", "no text"],
)
def test_what_no_peer_would_take_stays_with_its_sender(message: object) -> None:
    """Our own mistake is found where it is made."""
    with pytest.raises(ValueError, match=r"in the place of|surrogates not allowed"):
        INBOX.encode(message)


def test_a_whole_number_of_seconds_is_seconds() -> None:
    """Where a fraction is expected, an integer will do, as everywhere in Python."""
    whole = Inner(7)
    inbox = FixedInbox(b"I", (Inner,))
    assert inbox.decode(inbox.encode(whole)) == Inner(7.0)


@dataclass(frozen=True)
class Inner:
    share: float

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 10:
            raise ValueError("share: expected 0 to 10")


@dataclass
class Thawed:
    number: int


@dataclass(frozen=True)
class Odd:
    held: dict[str, int]


@dataclass(frozen=True)
class Endless:
    inner: Endless


def test_what_a_message_promises_about_itself_holds_for_what_arrives() -> None:
    """The constructor has its say."""
    with pytest.raises(MalformedValueError, match="Inner: ValueError"):
        FixedInbox(b"I", (Inner,)).decode(b"\x01" + struct.pack("<d", 11.0))


@pytest.mark.parametrize("kind", [Thawed, Odd, Endless, Begin, int | str])
def test_an_inbox_that_cannot_be_is_refused_when_it_is_made(kind: Any) -> None:
    """Not when the first message comes."""
    with pytest.raises(TypeError, match="expected"):
        FixedInbox(b"X", (kind,))


def test_an_inbox_has_a_mark_of_its_own() -> None:
    """So that no message is ever read in the wrong way."""
    for mark in (b"P", b"", b"CC"):
        with pytest.raises(ValueError, match="a byte of its own"):
            FixedInbox(mark, (AskHeartbeat,))
