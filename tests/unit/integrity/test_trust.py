"""Nothing gets into the store of what is trusted that is no path, or no digest."""

from __future__ import annotations

import pytest

from daemoneye.integrity.trust import flaw
from daemoneye.model.trust import LONGEST_PATH, Trust

SHA = "ab" * 32
GOOD = [
    Trust(path="/usr/bin/x"),
    Trust(path="/a b\n\u00e4 (deleted)", namespace="container:0f", sha256=SHA),
    Trust(path="/" + "x" * (LONGEST_PATH - 1), sha256=SHA, ssdeep="3:abc:d"),
    Trust(path="/x", sha256=SHA, ssdeep="3221225472::"),
]
BAD = [
    (Trust(), "path ''", "an absolute path"),
    (Trust(path="usr/bin/x"), "path 'usr/bin/x'", "an absolute path"),
    (Trust(path="/" + "x" * LONGEST_PATH), "path '/xxx", "at most 16384 bytes"),
    (Trust(path="/a\0b"), r"path '/a\x00b'", "a name that a file can have"),
    (Trust(path="/a\ud800"), r"path '/a\ud800'", "a name that a file can have"),
    (Trust(path="/x", namespace="mnt:7"), "namespace 'mnt:7'", "container:"),
    (Trust(path="/x", namespace="container:"), "namespace 'container:'", "and its id"),
    (Trust(path="/x", namespace="container:\x1b"), r"namespace 'container:\x1b'", "and its id"),
    (Trust(path="/x", namespace="container:" + "f" * 300), "namespace 'container:fff", "and its id"),
    (Trust(path="/x", ssdeep="3:a:b"), "ssdeep without sha256", "both"),
    (Trust(path="/x", sha256=""), "sha256 ''", "64 hex digits"),
    (Trust(path="/x", sha256=SHA[1:]), "sha256 'babab", "64 hex digits"),
    (Trust(path="/x", sha256=SHA.upper()), "sha256 'ABAB", "small letters"),
    (Trust(path="/x", sha256=SHA + "\n"), "sha256 'abab", "64 hex digits"),
    (Trust(path="/x", sha256=SHA, ssdeep=""), "ssdeep ''", "BLOCKSIZE:STRING:STRING"),
    (Trust(path="/x", sha256=SHA, ssdeep="4:a:b"), "ssdeep '4:a:b'", "3, 6, 12"),
    (Trust(path="/x", sha256=SHA, ssdeep='3:a:b,"name"'), "ssdeep '3:a:b,", "and no more"),
    (Trust(path="/x", sha256=SHA, ssdeep="03:a:b"), "ssdeep '03:a:b'", "and no more"),
]


@pytest.mark.parametrize("trust", GOOD)
def test_what_can_be_written_down_has_no_flaw(trust: Trust) -> None:
    """Every name that a file can have is taken."""
    assert flaw(trust) is None


@pytest.mark.parametrize(("trust", "found", "expected"), BAD)
def test_what_cannot_be_is_named(trust: Trust, found: str, expected: str) -> None:
    """In one line, safe to print, with what would have been right."""
    wrong = flaw(trust)
    assert wrong
    assert wrong.found.startswith(found)
    assert expected in wrong.expected
    assert (wrong.found + wrong.expected).isprintable()
