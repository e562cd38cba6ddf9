"""ssdeep digests as values."""

from __future__ import annotations

import pytest

from daemoneye.errors import HostileInput
from daemoneye.integrity.fuzzy import FuzzyDigest

LONG = "A" * 64


@pytest.mark.parametrize("text", ["3::", "3:a:", "192:abc+/09:Z", f"{3 << 30}:{LONG}:{LONG}"])
def test_a_digest_is_read_and_written_unchanged(text: str) -> None:
    """What ssdeep printed is what comes out again."""
    assert str(FuzzyDigest.parse(text)) == text


def test_the_file_name_that_ssdeep_appends_is_let_pass() -> None:
    """A line of ssdeep's output can be pasted as it is."""
    assert FuzzyDigest.parse('6:ab:c,"/tmp/a "b",\n"') == FuzzyDigest(6, "ab", "c")


@pytest.mark.parametrize(
    "text",
    [
        *("", "3", "3:", "3:a", "3:a:b:c", ":a:b", "-3:a:b", "3:a-:b", f"3:{LONG}A:"),
        *("3:a:b ", " 3:a:b", "3:a:b\n", "٣:a:b", "3:é:", '3:a:b,"x'),
    ],
)
def test_other_text_is_refused(text: str) -> None:
    """What only looks like a digest is not taken for one."""
    with pytest.raises(HostileInput, match="not of the form"):
        FuzzyDigest.parse(text)


@pytest.mark.parametrize("size", [0, 1, 2, 4, 9, 97, 3 << 31, 9999999999])
def test_a_block_size_that_ssdeep_does_not_have_is_refused(size: int) -> None:
    """A number nobody computed is said to be one."""
    with pytest.raises(HostileInput, match=f"no ssdeep block size is {size}"):
        FuzzyDigest.parse(f"{size}:abc:d")


def test_it_cannot_stand_for_an_identity() -> None:
    """Two different programs can share an ssdeep digest: no cache or set can be keyed by one."""
    with pytest.raises(TypeError):
        {FuzzyDigest.parse("3::")}
