"""What is imported is checked line by line, and every mistake is named with its line, as a person would say it."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemoneye.cli import importing
from daemoneye.cli.importing import read
from daemoneye.cli.trusted import document
from daemoneye.errors import IOFailedError, NoInputError
from daemoneye.model.trust import LONGEST_PATH, MOST_TRUSTS, BaselineEntry, Trust

if TYPE_CHECKING:
    from pathlib import Path

SHA = "ab" * 32
LINE = {"path": "/a", "sha256": SHA}
EXPORT = "expected an object of `baseline export`"


def lines(*objects: Any) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in objects)


def said(data: bytes) -> tuple[list[Trust], list[str]]:
    return importing._read(io.BytesIO(data), "f")


def test_an_export_is_an_import() -> None:
    """Every line that can be exported can be read again; what is only told about it is passed over."""
    entries = [
        BaselineEntry(path="/a", sha256=SHA, source="seeded", since_ms=1),
        BaselineEntry(path="/a", namespace="container:0f", sha256=SHA, ssdeep="3:a:b", package="p", open=True),
        BaselineEntry(path="/\\xff \u202e", sha256=SHA),
    ]
    trusts, mistakes = said(lines(*map(document, entries)))
    assert mistakes == []
    assert trusts == [
        Trust(path=each.path, namespace=each.namespace, sha256=SHA, ssdeep=each.ssdeep) for each in entries
    ]


def test_the_least_that_a_line_needs() -> None:
    """A list can be written by hand: with empty lines, digests in capitals, and without the last line feed."""
    assert said(b"\n" + lines({"path": "/a", "sha256": SHA.upper()}).rstrip()) == ([Trust(path="/a", sha256=SHA)], [])
    assert said(b"") == ([], [])


@pytest.mark.parametrize(
    ("line", "mistake"),
    [
        (b"{", f"not JSON: {EXPORT}"),
        (b"\xff", f"not UTF-8: {EXPORT}"),
        (b"[" * 30_000, f"not JSON: {EXPORT}"),
        (b"1" * 5000, f"not JSON: {EXPORT}"),
        (b"[]", f"[]: {EXPORT}"),
        (b"null", f"None: {EXPORT}"),
        (b'{"path": "/a", "path": "/b"}', "key 'path' twice: expected each once"),
        (lines(LINE | {"sha265": ""}), "key 'sha265': expected only those of `baseline export`"),
        (lines({"sha256": SHA}), "no path: expected an absolute path"),
        (lines(LINE | {"path": 7}), "path 7: expected an absolute path"),
        (lines({"path": "/a"}), "no sha256: expected 64 hex digits"),
        (lines(LINE | {"sha256": None}), "sha256 None: expected 64 hex digits"),
        (lines(LINE | {"sha256": "x"}), "sha256 'x': expected 64 hex digits in small letters"),
        (lines(LINE | {"ssdeep": 7}), "ssdeep 7: expected a digest, or null"),
        (
            lines(LINE | {"ssdeep": "7:a:b"}),
            "ssdeep '7:a:b': expected BLOCKSIZE:STRING:STRING: no ssdeep block size is",
        ),
        (lines(LINE | {"namespace": "mnt:7"}), "namespace 'mnt:7': expected none, or container: and its id"),
        (
            b'{"path": "/\\ud800", "sha256": "%s"}' % SHA.encode(),
            r"path '/\ud800': expected a name that a file can have",
        ),
    ],
)
def test_a_mistake_is_named_with_its_line(line: bytes, mistake: str) -> None:
    """What was found, and what was expected; nothing of such a list is sent."""
    _, mistakes = said(lines({"path": "/first", "sha256": SHA}) + line)
    assert len(mistakes) == 1
    assert mistakes[0].startswith(f"f:2: {mistake}")
    assert mistakes[0].isprintable()


def test_all_mistakes_are_named() -> None:
    """Not one at a time, with a try for each."""
    _, mistakes = said(b"x\n" + lines(LINE) + b"y\n" + lines(LINE))
    assert [each.split(": ")[0] for each in mistakes] == ["f:1", "f:3", "f:4"]
    assert mistakes[-1] == "f:4: the program of line 2 again: expected each once"


def test_there_is_room_for_as_many_as_are_kept() -> None:
    """One more is refused with that number, and what comes behind it is not read."""
    full = lines(*({"path": f"/{number}", "sha256": SHA} for number in range(MOST_TRUSTS)))
    trusts, mistakes = said(full)
    assert (len(trusts), mistakes) == (MOST_TRUSTS, [])
    stream = io.BytesIO(full + lines(LINE, LINE, LINE))
    _, mistakes = importing._read(stream, "f")
    assert mistakes == ["f:10001: one program more than there is room for: expected at most 10,000"]
    assert stream.read().count(b"\n") == 2


def test_mistakes_are_bounded_too() -> None:
    """Whatever is fed in."""
    _, mistakes = said(b"x\n" * (MOST_TRUSTS + 100))
    assert len(mistakes) == MOST_TRUSTS + 1


def test_what_is_too_long_is_not_read_to_its_end() -> None:
    """A line, and all of them together."""
    stream = io.BytesIO(b"x" * 10_000_000)
    _, mistakes = importing._read(stream, "f")
    assert mistakes == [f"f:1: more than {importing._LONGEST_LINE} bytes: {EXPORT}"]
    assert stream.tell() < 100_000
    long = ({"path": "/" + str(number).zfill(LONGEST_PATH - 1), "sha256": SHA} for number in range(250))
    _, mistakes = said(lines(*long))
    assert len(mistakes) == 1
    assert mistakes[0].endswith("too much at once: expected at most 3 MiB of paths")


@given(st.binary(max_size=60) | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(lines))
def test_whatever_is_fed_in_is_understood_or_named(data: bytes) -> None:
    """No line ends in a traceback."""
    trusts, mistakes = said(data)
    assert all(isinstance(each, Trust) for each in trusts)
    assert all(each.isprintable() for each in mistakes)


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    """With its name."""
    with pytest.raises(NoInputError, match="no such file: lines of `baseline export`"):
        read(tmp_path / "missing")
    with pytest.raises(IOFailedError, match="is a directory"):
        read(tmp_path)
    (tmp_path / "f").write_bytes(lines(LINE))
    assert read(tmp_path / "f") == ([Trust(path="/a", sha256=SHA)], [])
