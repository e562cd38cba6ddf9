"""Whatever bytes an rpm database holds for a header: an answer or ``HeaderError``, and never more than was there."""

from __future__ import annotations

import struct
import tracemalloc
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from daemoneye.host.packages.rpm_header import File, Header, HeaderError
from tests.fakes.rpm_database import Brought, header, package

FILES = {f"/usr/{place}/{name}": Brought() for place in ("bin", "lib", "share/doc") for name in ("a", "bb", "ccc")}
RIGHT = header(package("tool", FILES, evr=(1, "2", "3")))
TAGS = (1000, 1001, 1002, 1003, 1027, 1029, 1035, 1037, 1045, 1116, 1117, 1118, 5011)
ANY_32 = st.integers(0, 2**32 - 1) | st.integers(0, 40) | st.integers(0, len(RIGHT) + 8)


def read(blob: bytes) -> None:
    """Ask for all there is."""
    with suppress(HeaderError):
        found = Header(blob)
        for path in list(found.paths())[:3]:
            assert path.count(b"\0") == 0
            assert len(path) <= len(blob)
            with suppress(HeaderError):
                assert isinstance(found.file(path, bytes), File)
        with suppress(HeaderError):
            assert found.name.isascii()
            assert found.version.isprintable()


@given(st.binary(max_size=400))
def test_any_bytes(blob: bytes) -> None:
    """Noise is refused or means nothing."""
    read(blob)


@given(
    st.lists(st.tuples(st.sampled_from(TAGS), st.integers(0, 10), ANY_32, ANY_32), max_size=14), st.binary(max_size=99)
)
@settings(max_examples=300)
def test_any_table(entries: list[tuple[int, int, int, int]], data: bytes) -> None:
    """A table in good order may still point anywhere, and count anything."""
    table = b"".join(struct.pack(">IIII", *entry) for entry in entries)
    read(struct.pack(">II", len(entries), len(data)) + table + data)


@given(st.integers(0, len(RIGHT) - 1))
def test_any_piece(end: int) -> None:
    """A header that was cut off is none."""
    try:
        Header(RIGHT[:end])
    except HeaderError:
        return
    raise AssertionError


@given(st.lists(st.tuples(st.integers(0, len(RIGHT) - 4), ANY_32), min_size=1, max_size=4))
@settings(max_examples=300)
def test_any_mutation(changes: list[tuple[int, int]]) -> None:
    """Nor does a right header with wrong words in it do any harm."""
    blob = bytearray(RIGHT)
    for place, word in changes:
        blob[place : place + 4] = word.to_bytes(4, "big")
    read(bytes(blob))


def test_counts_that_nothing_stands_behind() -> None:
    """Nobody is made to set aside room for what is not there."""
    huge = 0xFFFFFFFF
    table = b"".join(struct.pack(">IIII", tag, kind, 0, huge) for tag, kind in zip(TAGS, [8, 4] * 7, strict=False))
    blob = struct.pack(">II", len(TAGS), 64) + table + bytes(64)
    tracemalloc.start()
    try:
        read(blob)
        read(struct.pack(">II", huge, huge) + bytes(64))
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


def test_the_right_one() -> None:
    """What the others are made of is not refused."""
    found = Header(RIGHT)
    assert set(found.paths()) == {path.encode() for path in FILES}
    assert (found.name, found.version) == ("tool", "1:2-3")
