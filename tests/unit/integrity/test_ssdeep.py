"""The digest as a whole: the traps of the format, large inputs, and what it costs in memory."""

from __future__ import annotations

import random
import sys
import tracemalloc
from pathlib import Path

import ppdeep
import pytest

from daemoneye.integrity import ssdeep
from tests.fakes import libfuzzy
from tests.fakes.libfuzzy import needs_libfuzzy

NOISE = random.Random(7).randbytes(6 << 20)  # noqa: S311 - a content to hash, no secret
WRAPS = bytes.fromhex("7f1abe38feb138")  # after these the rolling value is 2**32 - 1
ZERO = bytes.fromhex("ec7d5f18fef4f5")  # after these it is 0, though no byte is
KNOWN = {  # as C ssdeep 2.14.1 prints them
    b"": "3::",
    b"a": "3:E:E",
    b"hello world": "3:iKFSMPn:rJPn",
    bytes(range(256)) * 40: f"192:z{'n' * 62}b:n",
}


def digest(data: bytes, *, size_known: bool = True) -> str:
    engine = ssdeep.Engine(len(data) if size_known else None)
    engine.update(data)
    return engine.digest()


def executable() -> bytes:
    return Path(sys.executable).read_bytes()


@pytest.mark.parametrize(("data", "expected"), KNOWN.items())
def test_known_digests(data: bytes, expected: str) -> None:
    """The digests everybody knows."""
    assert digest(data) == expected


TRAPS = {
    "a value that wraps is no cut": WRAPS,
    "nor in the middle": NOISE[:100] + WRAPS + NOISE[:100],
    "a last value of zero ends without a character": NOISE[:500] + bytes(7),
    "six zeros are not enough for that": NOISE[:500] + bytes(6),
    "nor are zero bytes needed": NOISE[:500] + ZERO,
    "one byte": b"x",
    "a window": b"1234567",
    "one less": b"123456",
    "zeros": bytes(5000),
    "seventy pieces, then zeros: the last cut is spelt": NOISE[:6100] + bytes(7),
    "the first guess has too few cuts": NOISE[:3000] + bytes(60_000),
    "a cut at every byte": b"A" * 100_000,
    "a cut at every byte, then none": b"A" * 50_000 + bytes(50_000),
    "cuts that crowd at a high level": bytes(range(256)) * 400,
    **{f"{size} bytes, where guesses change": NOISE[:size] for guess in (192, 384, 768) for size in (guess, guess + 1)},
}


@pytest.mark.parametrize("data", TRAPS.values(), ids=TRAPS.keys())
def test_the_traps_of_the_format(data: bytes) -> None:
    """Where implementations differ from the C program, this one does not."""
    assert digest(data) == ppdeep.hash(data)
    assert digest(data, size_known=False) == ppdeep.hash(data)


def test_a_program_larger_than_a_window() -> None:
    """Digests of programs are those of ppdeep, in spite of the windows they are read in."""
    data = (executable() + NOISE)[: ssdeep.WINDOW + 70_000]
    assert digest(data) == ppdeep.hash(data)


LARGE = {
    "one window exactly": NOISE[: ssdeep.WINDOW],
    "a byte more": NOISE[: ssdeep.WINDOW + 1],
    "noise": NOISE * 2 + NOISE[5:],
    "zeros": bytes(9 << 20),
    "noise, then zeros": NOISE[: 5 << 20] + bytes(8 << 20),
    "zeros, then noise": bytes(8 << 20) + NOISE[: 5 << 20],
    "a cut at every byte": b"A" * (5 << 20),
    "a few cuts only": bytes(6 << 20) + b"\x01\x02\x03" * 40 + bytes(3 << 20),
    "programs": executable() * 2,
}


@needs_libfuzzy
@pytest.mark.parametrize("size_known", [True, False])
@pytest.mark.parametrize("data", LARGE.values(), ids=LARGE.keys())
def test_large_contents(data: bytes, size_known: bool) -> None:
    """Block sizes are dropped and kept as the C library does it."""
    assert digest(data, size_known=size_known) == libfuzzy.digest(data)


@pytest.mark.parametrize(
    ("size", "block_size"),
    [(0, 3), (1, 3), (192, 3), (193, 6), (384, 6), (385, 12), (2**32, 3 << 25), (5 << 30, 3 << 25),
     ((6 << 30), 3 << 25), ((6 << 30) + 1, 3 << 26), (ssdeep.LARGEST, 3 << 30), (ssdeep.LARGEST + 1, 3 << 31)],
)  # fmt: skip
def test_the_first_guess_at_a_block_size(size: int, block_size: int) -> None:
    """Sizes that no test can write out are reckoned with the same rule: 64 pieces should suffice."""
    assert 3 << ssdeep.guess(size) == block_size


@pytest.mark.parametrize("data", [NOISE, b"A" * (5 << 20), bytes(5 << 20)], ids=["noise", "crowded", "zeros"])
@pytest.mark.parametrize("size_known", [True, False])
def test_memory_does_not_depend_on_the_content(data: bytes, size_known: bool) -> None:
    """No file, however made, takes more than 32 MB."""
    tracemalloc.start()
    try:
        engine = ssdeep.Engine(5 * len(data) if size_known else None)
        for _ in range(5):
            for start in range(0, len(data), 1 << 18):
                engine.update(data[start : start + (1 << 18)])
        engine.digest()
        assert tracemalloc.get_traced_memory()[1] < 32_000_000
    finally:
        tracemalloc.stop()
