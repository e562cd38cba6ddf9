"""Our ssdeep says what the C program and ppdeep say, whatever it is given and however that comes."""

from __future__ import annotations

import random
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, NamedTuple
from unittest.mock import patch

import ppdeep
from hypothesis import given, settings
from hypothesis import strategies as st

from daemoneye.errors import HostileInput
from daemoneye.integrity import rolling, ssdeep
from daemoneye.integrity.fuzzy import FuzzyDigest
from daemoneye.integrity.similarity import compare
from tests.fakes import libfuzzy
from tests.fakes.libfuzzy import needs_libfuzzy

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZES = st.sampled_from([0, 1, 2, 6, 7, 8, 63, 64, 65, 191, 192, 193, 384, 385, 4095, 4096, 4097]) | st.integers(
    0, 40_000
)
WORDS = [b"the ", b"quick\n", b"\x7fELF", b"\x00\x00\x00\x00", b"brown fox ", b"\xff\xff", b"}\n\n", b"return 0;"]


class Part(NamedTuple):
    """A stretch of one kind of content."""

    kind: str
    size: int
    seed: int

    def content(self) -> bytes:
        dice = random.Random(self.seed)  # noqa: S311 - contents to hash, not secrets
        if self.kind == "random":
            return dice.randbytes(self.size)
        if self.kind == "text":
            return b"".join(dice.choices(WORDS, k=self.size // 2 + 1))[: self.size]
        period = {"zeros": b"\0", "one byte": dice.randbytes(1), "repeat": dice.randbytes(dice.randint(2, 300))}[
            self.kind
        ]
        return (period * (self.size // len(period) + 1))[: self.size]


PARTS = st.builds(
    Part,
    kind=st.sampled_from(["random", "text", "zeros", "one byte", "repeat"]),
    size=SIZES,
    seed=st.integers(0, 2**20),
)
CONTENTS = st.lists(PARTS, max_size=5).map(lambda parts: b"".join(part.content() for part in parts)[:70_000])


def digest(data: bytes, *, size_known: bool = True, pieces: Iterator[int] | None = None) -> str:
    engine = ssdeep.Engine(len(data) if size_known else None)
    start = 0
    while pieces and start < len(data):
        size = next(pieces)
        engine.update(data[start : start + size])
        start += size
    engine.update(data[start:])
    return engine.digest()


def endless(sizes: list[int]) -> Iterator[int]:
    while True:
        yield from sizes


@settings(max_examples=60, deadline=None)
@given(CONTENTS)
def test_it_is_the_digest_of_ppdeep(data: bytes) -> None:
    """A digest made here can be looked up in what others made in Python."""
    assert digest(data) == ppdeep.hash(data)


@needs_libfuzzy
@settings(max_examples=200, deadline=None)
@given(CONTENTS)
def test_it_is_the_digest_of_the_c_library(data: bytes) -> None:
    """A digest made here can be looked up in what ssdeep made."""
    assert digest(data) == libfuzzy.digest(data)


@settings(max_examples=60, deadline=None)
@given(CONTENTS, st.lists(st.integers(1, 9_000), min_size=1, max_size=4), st.booleans())
def test_neither_pieces_nor_windows_show(data: bytes, sizes: list[int], size_known: bool) -> None:
    """What does not fit in memory at once gets the digest it would have in one piece."""
    whole = digest(data)
    with ExitStack() as smaller:
        for module, name, value in (
            (ssdeep, "WINDOW", 4096),
            (ssdeep, "_TILE", 4096),
            (rolling, "_REGION", 1024),
            (rolling, "_TILE", 512),
            (rolling, "_WIDE_TILE", 256),
        ):
            smaller.enter_context(patch.object(module, name, value))
        assert digest(data, size_known=size_known, pieces=endless(sizes)) == whole


ALPHABET = "ABab+"  # few letters: then strings have something in common
STRINGS = st.text(ALPHABET, max_size=64)
LEVELS = st.integers(0, 8)


@st.composite
def edited(draw: st.DrawFn, strings: list[str]) -> str:
    """One of the strings after some changes, as related contents have them."""
    text = draw(st.sampled_from(strings))
    for place in draw(st.lists(st.integers(0, 64), max_size=5)):
        text = text[:place] + draw(st.text(ALPHABET, max_size=2)) + text[place + draw(st.integers(0, 2)) :]
    return text[:64]


@st.composite
def pairs(draw: st.DrawFn) -> tuple[FuzzyDigest, FuzzyDigest]:
    level = draw(LEVELS)
    strings = [draw(STRINGS), draw(STRINGS)]
    one = FuzzyDigest(3 << level, *strings)
    other = FuzzyDigest(3 << level + draw(st.sampled_from([0, 0, 1, 2])), draw(edited(strings)), draw(edited(strings)))
    return (one, other) if draw(st.booleans()) else (other, one)


@needs_libfuzzy
@settings(max_examples=500, deadline=None)
@given(pairs())
def test_scores_are_those_of_the_c_library(pair: tuple[FuzzyDigest, FuzzyDigest]) -> None:
    """A score means here what it means to an analyst."""
    one, other = pair
    assert (compare(one, other).score or 0) == libfuzzy.score(str(one), str(other))


@settings(max_examples=200, deadline=None)
@given(pairs())
def test_scores_are_never_above_those_of_ppdeep(pair: tuple[FuzzyDigest, FuzzyDigest]) -> None:
    """Where ppdeep counts an exchanged character once, ssdeep counts it twice; all else is the same."""
    one, other = pair
    ours, theirs = compare(one, other).score or 0, ppdeep.compare(str(one), str(other))
    assert ours <= theirs
    assert bool(ours) <= bool(theirs)


@settings(max_examples=100, deadline=None)
@given(pairs())
def test_the_order_of_two_digests_does_not_matter(pair: tuple[FuzzyDigest, FuzzyDigest]) -> None:
    """A is as much like B as B is like A."""
    one, other = pair
    assert compare(one, other).score == compare(other, one).score


@given(st.text(max_size=40) | st.from_regex(r"\d{1,12}:[A-z0-9+/]*:[A-z0-9+/]*"))
def test_any_text_is_a_digest_or_one_named_error(text: str) -> None:
    """A digest from outside is taken as it is or refused."""
    with suppress(HostileInput):
        assert text.lstrip("0").startswith(str(FuzzyDigest.parse(text)))
