"""From bytes to a tree: what is wrong with a file is said with its place, and costs little."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING

import pytest
import yaml

from daemoneye.settings import reading as module
from daemoneye.settings.builder import MAX_DEPTH, MAX_NODES
from daemoneye.settings.document import MAX_BYTES, Document
from daemoneye.settings.nodes import Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from daemoneye.settings.nodes import Node


@pytest.fixture(autouse=True, params=["libyaml", "pure"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both of PyYAML's parsers: the fast one may not have been built."""
    if request.param == "pure":
        monkeypatch.setattr(module, "_LOADER", yaml.SafeLoader)


def faults(data: bytes) -> list[tuple[str, str]]:
    return [(problem.place.where, problem.found) for problem in Document("f", data).problems]


def plain(node: Node) -> object:
    match node:
        case Scalar(text=text):
            return text
        case Sequence(items=items):
            return [plain(item) for item in items]
        case Mapping(entries=entries):
            return {key.text: plain(value) for key, value in entries}


def test_scalars_stay_the_text_that_was_written() -> None:
    """Nothing is taken for an octal number, a time, a date or a boolean."""
    document = Document("f", b"a: [010, 1:30, yes, 2024-01-01, 1e3, 0x10]\nb: {c: ~}\n")
    assert [plain(root) for root in document.roots] == [
        {"a": ["010", "1:30", "yes", "2024-01-01", "1e3", "0x10"], "b": {"c": "~"}}
    ]
    assert document.problems == []


@pytest.mark.parametrize("data", [b"", b"# only a comment\n", b"---\n", b"\n\n", b"\xef\xbb\xbf", b"--- # x\n...\n"])
def test_a_file_that_says_nothing_is_no_mistake(data: bytes) -> None:
    """Everything may be commented out."""
    assert faults(data) == []


@pytest.mark.parametrize("data", [b"\xef\xbb\xbfa: b\r\nc: d\r\n", b"a: b\nc: d"])
def test_files_from_other_editors_are_read(data: bytes) -> None:
    """A byte order mark and Windows line ends change nothing."""
    document = Document("f", data)
    assert (faults(data), plain(document.roots[0])) == ([], {"a": "b", "c": "d"})


@pytest.mark.parametrize(
    ("data", "where", "found"),
    [
        (b"a: 1\nb: {c: 1, c: 2}\n", "f:2:11", "the key 'c' again (first in line 2)"),
        (b"a: 1\nb: 2\na: 3\n", "f:3:1", "the key 'a' again (first in line 1)"),
        (b"a: &x b\n", "f:1:4", "the anchor '&x'"),
        (b"a: *x\n", "f:1:4", "the alias '*x'"),
        (b"a: !!python/object:os.system b\n", "f:1:4", "the tag 'tag:yaml.org,2002:python/object:os.system'"),
        (b"a: !mine {b: c}\n", "f:1:4", "the tag '!mine'"),
        (b"? [a]\n: b\n", "f:1:3", "a key that is a list or a mapping"),
        (b"a: b\n---\nc: d\n", "f:2:1", "a second document"),
        (b"%YAML 1.1\n---\na: b\n", "f:1:1", "a YAML directive"),
        (b"a:\n\tb: c\n", "f:2:1", "a tab in the indentation"),
        (b"a:\n  \tb: c\n", "f:2:3", "a tab in the indentation"),
        (b"a: b\nc: \xe9t\xe9\n", "f:2:4", "the byte 0xe9"),
        ("ä: \x00\n".encode(), "f:1:4", "the character '\\x00'"),
        ("a: b\u2028c\n".encode(), "f:1:5", "the character '\\u2028'"),
        (b"a: b\rc\n", "f:1:5", "the character '\\r'"),
        ("a: b".encode("utf-16"), "f:1:1", "UTF-16"),
        (b"\xfe\xff\0a", "f:1:1", "UTF-16"),
        ("a: b".encode("utf-32"), "f:1:1", "UTF-32"),
        (b"\0\0\xfe\xff\0\0\0a", "f:1:1", "UTF-32"),
        (b"a" * (MAX_BYTES + 1), "f:1:1", "more than 1 MiB"),
        (b"a: 1\n\xe2\x80\xa8\n", "f:2:1", "the character '\\u2028'"),  # a line of its own, though nothing shows
    ],
)
def test_what_no_settings_file_needs_is_refused_at_its_place(data: bytes, where: str, found: str) -> None:
    """Line and column are those an editor shows."""
    assert faults(data) == [(where, found)]


@pytest.mark.parametrize(
    ("data", "where"),
    [
        (b"a: b: c\n", "f:1:5"),
        (b"a:\n  b: 'open\n", "f:2:6"),
        (b"a: [1, 2\n", "f:1:4"),
        (b"a: @b\n", "f:1:4"),
        (b"- a\nb: c\n", "f:2:1"),
        (b"a:\n  b: true\n  c 5s\nd:\n  e: 0\n", "f:3:3"),
        (b"a:\n  b: true\n  c:5s\nd:\n  e: 0\n", "f:3:3"),
        (b"a:\n  b: true\n  c 5s # why\n", "f:3:3"),
        (b"a:\n  b: true\n  c:5s", "f:3:3"),
        (b"a:\n  c 5s\n  b: true\n", "f:2:3"),
        (b"a 5s\n\nb: true\n", "f:1:1"),
        (b"a\n  b: true\n", "f:1:1"),
        (b"a: 5s\n    b: true\n", "f:2:5"),
        (b"a: {b: [1\n\n\n", "f:1:8"),
        (b"{", "f:1:1"),
        (b"a: [\n\n", "f:1:4"),
        (b"a: [b: c\n", "f:1:4"),
        (b"a: [b:\n", "f:1:4"),
        (b"a: 'b' c\n", "f:1:8"),
    ],
)
def test_a_syntax_error_is_reported_where_it_began(data: bytes, where: str) -> None:
    """An unclosed quote is shown at the quote and not at the end of the file."""
    found = faults(data)
    assert [(found[0][0], found[0][1].startswith("not YAML"))] == [(where, True)]


@pytest.mark.parametrize("text", ["\\q", "\\U0011ffff", "\\x4"])
def test_an_escape_that_means_nothing_is_a_syntax_error(text: str) -> None:
    """Also one that no character has the number of; what is behind it is read all the same."""
    problem, other = Document("f", f'x: 1\na: "{text}"\nb: 1\nb: 2\n'.encode()).problems
    assert problem.place.where.startswith("f:2:")
    assert problem.found.startswith("not YAML")
    assert problem.expected == "two backslashes for one, or single quotes around the text"
    assert other.place.where == "f:4:1"


def test_reading_goes_on_after_mistakes() -> None:
    """One run shows the mistakes of every section, not only the first."""
    data = b"a: {b: 1\nc:\n\td: 1\n  e: 1\nf: g: h\ni: @j\nk: {l: 1, l: 2}\n"
    found = faults(data)
    assert [where for where, _ in found] == ["f:1:4", "f:3:1", "f:5:5", "f:6:4", "f:7:11"]


@pytest.mark.parametrize(
    "broken",
    ["b 5s", "b:5s", "b: c: d", "b: @c", "b: [1, 2", "b: 'x", "b: ]", 'b: "\\q"', "b: [1,\n    2,", "b: *", "b: |q"],
)
def test_one_broken_line_hides_nothing_but_itself(broken: str) -> None:
    """What else is wrong in its section, and in the next, is shown in the same run."""
    text = f"s:\n  a: 1\n  {broken}\n  a: 2\nt:\n  a: 1\n  a: 2\n"
    line = 3 + broken.count("\n")
    places = [where for where, _ in faults(text.encode())]
    assert places[0].startswith("f:3:")
    assert places[1:] == [f"f:{line + 1}:3", f"f:{line + 4}:3"]


def test_a_broken_line_is_not_called_empty_or_incomplete_as_well() -> None:
    """One mistake is one complaint: nobody knows what the line held."""
    assert [where for where, _ in faults(b"s:\n  a: b: c\nt: 1\n")] == ["f:2:7"]


def test_more_syntax_errors_than_anyone_mends_at_once_are_not_kept_quiet() -> None:
    """Whoever mends twenty is not told that there were only twenty."""
    bad = b"".join(b"a%d: b: c\n" % number for number in range(30))
    found = faults(bad)
    assert len(found) == module.MAX_RESTARTS + 1
    assert found[-1] == ("f:21:7", "… and more, unread from here on")
    assert len(faults(bad[: bad.index(b"a20")] + b"z: 1\n")) == module.MAX_RESTARTS


@pytest.mark.parametrize(
    "data", [b"a: [1\n\n\n", b"a:\n\n\n  b\n\n c: d\n\n", b"a: 'b\n\n", b"a: |\n b\nc\n\n\n", b"?\n\n"]
)
def test_a_mistake_is_shown_where_there_is_text(data: bytes) -> None:
    """A caret under an empty line, or behind the end of the file, shows nothing."""
    for problem in Document("f", data).problems:
        assert problem.place.source
        assert problem.place.source.strip()


def test_what_is_wrong_inside_a_repeated_key_is_reported_too() -> None:
    """Removing the repetition does not bring up the next mistake."""
    assert faults(b"a: {b: 1}\na: {c: 1, c: 2}\n") == [
        ("f:2:1", "the key 'a' again (first in line 1)"),
        ("f:2:11", "the key 'c' again (first in line 2)"),
    ]


def test_a_mended_tab_keeps_the_columns_of_its_line() -> None:
    """What is behind a tab is still shown where the editor has it."""
    document = Document("f", b"a:\n\tb: c\n  d: e\n")
    entries = document.roots[0].entries[0][1].entries  # type: ignore[union-attr]
    assert [(key.text, *key.mark) for key, _ in entries] == [("b", 2, 2), ("d", 3, 3)]


def test_a_tab_before_a_comment_or_inside_text_is_no_mistake() -> None:
    """Only where a tab decides what belongs to what does it do harm."""
    assert faults(b"a:\n\t# why\n  b: 'c\td'\n") == []


@pytest.mark.parametrize("data", [b"[" * MAX_BYTES, b"- " * (MAX_BYTES // 2), b"{a: " * (MAX_BYTES // 4)])
def test_deep_nesting_is_refused_before_it_costs_anything(data: bytes) -> None:
    """A megabyte of brackets does not reach the interpreter's stack."""
    assert f"nesting deeper than {MAX_DEPTH} levels" in [found for _, found in faults(data)]


def test_the_number_of_values_is_bounded() -> None:
    """A list of a million entries ends at the bound."""
    assert f"{MAX_NODES} values and more" in [found for _, found in faults(b"- a\n" * (MAX_NODES + 1))]


def test_both_bounds_at_once_are_no_accident() -> None:
    """Nesting that ends where the number ends is refused like either."""
    for short in range(0, 20, 3):
        data = b"a: [" + b"1," * (MAX_NODES - short) + b"[" * (MAX_DEPTH + 1)
        assert len(faults(data)) >= 1


@pytest.mark.parametrize("line", [b"\xff\n", b"\ta: b\n", b"a: &b c\n", b"a: 1\n", b"\x00\n", b"a: b: c\n", b"a: *b\n"])
def test_a_flood_of_mistakes_costs_bounded_memory(line: bytes) -> None:
    """What is beyond two hundred mistakes is only counted."""
    data = line * (MAX_BYTES // 32 // len(line))
    tracemalloc.start()
    try:
        document = Document("f", data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 0 < len(document.problems) <= 200
    assert peak < 10 * 1024 * 1024
