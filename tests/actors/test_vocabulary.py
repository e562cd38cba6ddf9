"""What can be said: the list of types, the grammar of the pickles, the frames around them. No socket in here."""

from __future__ import annotations

import contextlib
import pickle
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemoneye.actors.transport.addresses import BadAddressError, UnixAddress
from daemoneye.actors.transport.envelope import read, seal, unseal
from daemoneye.actors.transport.frames import FrameError, Inbound, encode_frame
from daemoneye.actors.transport.opcodes import ForgedPickleError, check
from daemoneye.actors.transport.policy import ANYONE, ANYTHING, CHILD, PARENT, NotPermittedError, Policy, Rule, Speaker
from daemoneye.actors.transport.refusals import WINDOW_S, Refusal, Refusals, Refused
from daemoneye.actors.transport.vocabulary import MalformedValueError, Shape, UnknownTypeError, Vocabulary


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True, kw_only=True)
class Painted:
    what: str
    colour: Colour
    inner: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.what, str):
            raise TypeError("what: expected text")


@dataclass(frozen=True, slots=True)
class Unlisted:
    number: int


@dataclass(frozen=True, slots=True)
class Appendable:
    def append(self, _value: object) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Album:
    cover: Painted | None
    pages: tuple[Painted, ...]
    mood: Colour | str = ""
    within: Album | None = None  # as deep as it likes
    unresolved: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketched:
    colour: OnlyForTypeCheckers  # type: ignore[name-defined] # noqa: F821 - as if imported for type checkers only


class Pair(NamedTuple):
    left: int
    colour: Colour | None


@dataclass(frozen=True)
class Shelf:
    pairs: tuple[Pair, ...]
    loose: object = None


def paint(what: str, held: list[Any]) -> Painted:
    return Painted(what=what, colour=Colour.RED, inner=tuple(held))


WORDS = Vocabulary((Painted, Colour, Album))
SENDER = UnixAddress("echo.12.0123abcd")
ATOMS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
VALUES = st.recursive(
    ATOMS | st.just(Colour.RED),
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text(), inner)
        | st.builds(paint, st.text(), st.lists(inner))
    ),
    max_leaves=20,
)


PAINTED = st.builds(paint, st.text(), st.lists(ATOMS))
ALBUMS = st.recursive(
    st.just(Album(cover=None, pages=())),
    lambda inner: st.builds(
        Album,
        cover=st.none() | PAINTED,
        pages=st.lists(PAINTED).map(tuple),
        mood=st.just(Colour.RED) | st.text(),
        within=st.none() | inner,
        unresolved=st.lists(st.tuples(st.text(), st.text())).map(tuple),
    ),
    max_leaves=3,
)


@given(ALBUMS)
def test_what_is_in_a_message_comes_back_as_what_it_was(album: Album) -> None:
    """Records in a message, of a type that its annotation names, are of that type on the other side."""
    assert WORDS.decode(WORDS.encode(album)) == album


def test_a_type_that_an_annotation_names_is_named_no_more() -> None:
    """A thousand records cost their fields, and not a thousand names."""
    page = Painted(what="x", colour=Colour.RED)
    one, many = (len(WORDS.encode(Album(cover=None, pages=(page,) * count))) for count in (1, 1001))
    assert (many - one) / 1000 < len("tests.actors.test_vocabulary")


def test_a_named_tuple_is_one_on_the_other_side() -> None:
    """And no bare tuple, whether an annotation names it or not."""
    words = Vocabulary((Shelf, Pair, Colour))
    shelf = Shelf((Pair(1, Colour.RED), Pair(2, None)), loose=Pair(3, None))
    back = words.decode(words.encode(shelf))
    assert back == shelf
    assert isinstance(back, Shelf)
    assert {type(each) for each in (*back.pairs, back.loose)} == {Pair}
    with pytest.raises(TypeError):
        words.encode(Shelf(((1, Colour.RED),)))  # type: ignore[arg-type]


def test_an_annotation_for_type_checkers_only_leaves_the_value_to_speak_for_itself() -> None:
    """It travels as it would anywhere."""
    words = Vocabulary((Sketched, Colour))
    assert words.decode(words.encode(Sketched(colour=Colour.RED))) == Sketched(colour=Colour.RED)


def test_only_the_promised_type_leaves() -> None:
    """Our own mistake is found where it is made."""
    for wrong in (
        Album(cover=Colour.RED, pages=()),  # type: ignore[arg-type]
        Album(cover=None, pages=[]),  # type: ignore[arg-type]
        Album(cover=None, pages=(None,)),  # type: ignore[arg-type]
        Painted(what="x", colour="red"),  # type: ignore[arg-type]
    ):
        with pytest.raises(TypeError, match="in the place of"):
            WORDS.encode(wrong)


@pytest.mark.parametrize(
    "row",
    [
        ("abc", (), "", None, ()),
        ((), (), "", None, ()),
        (None, "abc", "", None, ()),
        (None, ("abc",), "", None, ()),
        (None, (Colour.RED,), "", None, ()),
        (None, (("x", "blue", ()),), "", None, ()),
        (None, ((7, "red", ()),), "", None, ()),
        (None, (("x", [], ()),), "", None, ()),
        (None, ()),
    ],
)
def test_what_stands_in_the_place_of_a_record_is_one_or_is_refused(row: tuple[Any, ...]) -> None:
    """A peer that writes something else there gets nothing made of it."""
    forger = WORDS | Vocabulary(shapes={Album: Shape(lambda _: row, Album)})
    with pytest.raises(MalformedValueError):
        WORDS.decode(forger.encode(Album(cover=None, pages=())))


@given(VALUES)
def test_what_is_said_is_what_arrives(value: object) -> None:
    """Encoding loses nothing, and its own grammar never refuses what it wrote."""
    assert WORDS.decode(WORDS.encode(value)) == value


@pytest.mark.parametrize("size", [0, 1, 255, 256, 65_535, 65_536, 100_000])
def test_text_and_bytes_of_every_length_arrive(size: int) -> None:
    """Lengths are written in three ways, and frames within the pickle come from 64 KiB on."""
    for value in ("x" * size, b"x" * size, bytearray(b"x" * size), ("é" * size,), {1, "x" * size}, frozenset([size])):
        assert WORDS.decode(WORDS.encode(value)) == value


@given(st.binary(max_size=200))
def test_bytes_of_a_stranger_are_refused_or_a_value(body: bytes) -> None:
    """Nothing else can come of them, whatever they are."""
    for candidate in (body, b"\x80\x05" + body + b"."):
        with contextlib.suppress(Refused):
            WORDS.decode(candidate)


@given(VALUES, st.data())
def test_a_message_changed_on_its_way_is_refused_or_a_value(value: object, data: st.DataObject) -> None:
    """One wrong byte in a good message is as harmless as noise."""
    body = bytearray(WORDS.encode(value))
    position = data.draw(st.integers(0, len(body) - 1))
    body[position] = data.draw(st.integers(0, 255))
    with contextlib.suppress(Refused):
        WORDS.decode(bytes(body))


@given(VALUES, st.integers(0, 100))
def test_a_message_cut_short_is_refused(value: object, kept: int) -> None:
    """There is no half a message."""
    body = WORDS.encode(value)
    with pytest.raises(Refused):
        WORDS.decode(body[: min(kept, len(body) - 1)])


def test_a_type_that_is_not_listed_neither_leaves_nor_arrives() -> None:
    """Both sides know the list."""
    for value in (Unlisted(1), object(), len, Unlisted, timedelta(1), ValueError()):
        with pytest.raises(UnknownTypeError):
            WORDS.encode(value)
    with pytest.raises(UnknownTypeError, match="Unlisted"):
        WORDS.decode(Vocabulary((Unlisted,)).encode(Unlisted(1)))


def test_a_message_is_built_by_its_own_constructor() -> None:
    """What it promises about itself holds for what arrives."""
    honest = WORDS.encode(Painted(what="door", colour=Colour.RED))
    assert honest.count(b"\x8c\x04door") == 1
    with pytest.raises(MalformedValueError):
        WORDS.decode(honest.replace(b"\x8c\x04door", b"K\x01"))
    with pytest.raises(MalformedValueError):
        WORDS.decode(honest.replace(b"\x8c\x03red", b"\x8c\x03sad"))


def test_only_what_our_encoder_writes_is_executed_at_all() -> None:
    """Every opcode that names, calls or changes things is refused before the first one runs."""
    allowed = set(b"N\x88\x89)]}\x8f(t\x85\x86\x87aesu\x90\x91KMJG\x93R\x8cC\x8a\x95XB\x96.")
    for opcode in range(256):
        if opcode in allowed:
            continue
        with pytest.raises(ForgedPickleError):
            check(b"\x80\x05N" + bytes([opcode]) + b"\x00" * 300 + b".")


def test_pickles_of_other_protocols_are_refused() -> None:
    """There is one way to write."""
    for protocol in range(5):
        with pytest.raises(ForgedPickleError, match="protocol 5"):
            check(pickle.dumps(1, protocol))


def test_a_type_with_methods_that_a_pickle_can_call_is_not_listed() -> None:
    """APPENDS and its like call what they find, so they find nothing."""
    with pytest.raises(TypeError, match="append"):
        Vocabulary((Appendable,))
    with pytest.raises(TypeError, match="an enum, a dataclass or a named tuple"):
        Vocabulary((object,))


def test_a_shape_of_its_own_lists_a_foreign_type() -> None:
    """What is neither enum nor dataclass says how it travels."""
    words = WORDS | Vocabulary(shapes={timedelta: Shape(lambda span: (span.days,), timedelta)})
    assert words.decode(words.encode(timedelta(3))) == timedelta(3)
    assert words.kinds == {Painted, Colour, Album, timedelta}


@given(st.lists(st.binary(min_size=1, max_size=50), min_size=1), st.integers(1, 60))
def test_frames_arrive_whole_however_they_are_cut(payloads: list[bytes], piece: int) -> None:
    """A stream knows no frames; the reader finds them, and never takes a byte of the next."""
    stream = b"".join(encode_frame(payload, 100) for payload in payloads)
    for payload in payloads:
        frame = Inbound(100)
        while wanted := min(frame.wanted, piece):
            frame.feed(stream[:wanted])
            stream = stream[wanted:]
            assert frame.begun
        assert frame.payload == payload
    assert stream == b""


@pytest.mark.parametrize("length", [0, 101, 2**32 - 1])
def test_a_length_is_judged_before_anything_is_allocated(length: int) -> None:
    """Four bytes are all that a huge frame costs."""
    with pytest.raises(FrameError, match="expected 1 to 100"):
        Inbound(100).feed(length.to_bytes(4, "little"))


def test_misusing_a_frame_is_our_own_mistake() -> None:
    """Which is another kind of error than a peer's."""
    with pytest.raises(ValueError, match="expected at most 4"):
        Inbound(100).feed(b"12345")
    for payload in (b"", b"x" * 101):
        with pytest.raises(ValueError, match="expected 1 to 100"):
            encode_frame(payload, 100)


@given(st.binary(max_size=80))
def test_an_envelope_has_a_sender_or_is_refused(payload: bytes) -> None:
    """And it is found without decoding what the sender says."""
    try:
        envelope = unseal(payload)
    except BadAddressError:
        return
    assert UnixAddress(envelope.sender.name) == envelope.sender


def test_an_envelope_is_read_by_the_codec_of_its_inbox_only() -> None:
    """A mark that is not the inbox's is not tried."""
    envelope = unseal(seal(SENDER, Colour.RED, WORDS))
    assert (envelope.sender, read(envelope, WORDS)) == (SENDER, Colour.RED)
    with pytest.raises(UnknownTypeError, match="written as b'W'"):
        read(envelope._replace(mark=b"W"), WORDS)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Admin",
        "echo",
        "echo.1",
        "echo.0.0123abcd",
        "echo.1.0123ABCD",
        "../x.1.0123abcd",
        "echo.1.0123abcd\n",
        "a" * 33 + ".1.00000000",
        "echo.٣.0123abcd",
    ],
)
def test_an_address_is_a_name_and_nothing_else(name: str) -> None:
    """Nobody is led anywhere by it."""
    with pytest.raises(BadAddressError):
        UnixAddress(name)


def test_an_address_says_its_role_and_process() -> None:
    """And nobody has the same one twice."""
    fresh = UnixAddress.fresh("echo")
    assert (SENDER.role, SENDER.pid, str(SENDER)) == ("echo", 12, "echo.12.0123abcd")
    assert (UnixAddress("admin").role, UnixAddress("admin").pid) == ("admin", None)
    assert fresh != UnixAddress.fresh("echo")


def test_what_is_not_in_the_table_is_refused() -> None:
    """By role, by relation, by type, and by listener; each alone is not enough."""
    policy = Policy((Rule("a", Colour, "b"), Rule(PARENT, Painted, ANYONE), Rule(CHILD, ANYTHING, "b")))
    assert policy.permits(Speaker("a"), Colour, "b")
    assert policy.permits(Speaker("x", is_parent=True), Painted, "c")
    assert policy.permits(Speaker("x", is_child=True), Unlisted, "b")
    for speaker, message, listener in (
        (Speaker("x"), Colour, "b"),
        (Speaker("a"), Painted, "b"),
        (Speaker("a"), Colour, "c"),
        (Speaker("x", is_child=True), Painted, "c"),
        (Speaker(ANYONE), Unlisted, ANYONE),
    ):
        with pytest.raises(NotPermittedError, match="not in the table"):
            policy.check(speaker, message, listener)
    with pytest.raises(NotPermittedError):
        Policy(()).check(Speaker("a"), Colour, "b")


def test_refusals_are_counted_always_and_told_once_in_a_window() -> None:
    """The line after the window says how many were not told."""
    now, lines = [100.0], list[str]()
    refusals = Refusals(lines.append, lambda: now[0])
    for _ in range(5):
        refusals.add(Refusal.POLICY, "no")
    refusals.add(Refusal.FRAME, "what")
    now[0] += WINDOW_S
    refusals.add(Refusal.POLICY, "still no")
    assert lines == [
        "refused (policy): no",
        "refused (frame): what",
        "refused (policy): still no; 4 more since the last line",
    ]
    assert refusals.counts == {Refusal.POLICY: 6, Refusal.FRAME: 1}


def test_a_line_that_cannot_be_written_ends_nobody() -> None:
    """A full disk does not turn garbage from a peer into a crash; it is counted all the same."""

    def full(_line: str) -> None:
        raise OSError(28, "No space left on device")

    refusals = Refusals(full, lambda: 0.0)
    refusals.add(Refusal.FRAME, "what")
    assert refusals.counts == {Refusal.FRAME: 1}
