"""What a value may be, kind by kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from daemoneye.settings.accounts import NameOrNumber
from daemoneye.settings.kinds import Boolean, Choice, FilePath, Integer, Kind, ListOf, OrNone, Text
from daemoneye.settings.nodes import Mapping, Mark, Node, Refusal, Scalar, Sequence, Style, node_of

WORD = Text("a word", "[a-z]+")
NAME_OR_NUMBER = Text("a name or a number", "[a-z0-9]+", numbers=True)
ACCOUNT = NameOrNumber().expected
UNDER = FilePath(under="d").expected


def plain(text: str) -> Scalar:
    return Scalar(text, Style.PLAIN)


def quoted(text: str) -> Scalar:
    return Scalar(text, Style.QUOTED)


def refused(kind: Kind[Any], node: Node) -> list[str]:
    with pytest.raises(Refusal) as error:
        kind.read(node)
    return [f"{fault.found}: {fault.expected}" for fault in error.value.faults]


@pytest.mark.parametrize(
    ("kind", "node", "value"),
    [
        (Boolean(), plain("true"), True),
        (Boolean(), Scalar("false"), False),
        (Integer(-5, 5), plain("-3"), -3),
        (Integer(0, 5), plain("0"), 0),
        (Choice(("a", "b")), quoted("b"), "b"),
        (WORD, plain("word"), "word"),
        (WORD, quoted("true"), "true"),
        (NAME_OR_NUMBER, plain("1000"), "1000"),
        (FilePath(), plain("/var/./lib/"), Path("/var/lib")),
        (FilePath(under="x"), plain("a/b"), Path("a/b")),
        (FilePath(under="x"), quoted("true"), Path("true")),
        (FilePath(under="x"), Scalar("5"), Path("5")),
        (NameOrNumber(), quoted("true"), "true"),
        (NameOrNumber(), plain("0"), "0"),
        (NameOrNumber(), plain("4294967294"), "4294967294"),
        (NameOrNumber(), plain("null_user"), "null_user"),
        (OrNone(WORD), quoted(""), None),
        (OrNone(WORD), plain("a"), "a"),
        (ListOf(WORD, 2), Sequence((plain("a"), plain("b"))), ("a", "b")),
        (ListOf(FilePath(), 2), Sequence((plain("/bin"), plain("/usr/bin"))), (Path("/bin"), Path("/usr/bin"))),
    ],
)
def test_right_values_are_taken(kind: Kind[Any], node: Node, value: object) -> None:
    """Each kind has its plain spelling."""
    assert kind.read(node) == value


@pytest.mark.parametrize(
    ("kind", "node", "complaint"),
    [
        (Boolean(), plain("yes"), "'yes': true or false, without quotes (did you mean true?)"),
        (Boolean(), plain("Off"), "'Off': true or false, without quotes (did you mean false?)"),
        (Boolean(), quoted("true"), "'true': true or false, without quotes (did you mean true?)"),
        (Boolean(), plain("1"), "'1': true or false"),
        (Boolean(), Mapping(()), "a mapping: true or false"),
        (Integer(1, 99), plain("0"), "'0': a whole number from 1 to 99"),
        (Integer(1, 99), plain("100"), "'100': a whole number from 1 to 99"),
        (Integer(1, 99), plain("010"), "'010': a whole number from 1 to 99, in digits"),
        (Integer(1, 99), plain("1e1"), "'1e1': a whole number from 1 to 99, in digits"),
        (Integer(1, 99), plain("9" * 5000), f"'{'9' * 60}…': a whole number from 1 to 99"),
        (Integer(1, 99), quoted("5"), "'5': a whole number from 1 to 99, without quotes"),
        (Integer(1, 99), plain("٣"), "'٣': a whole number from 1 to 99, in digits"),
        (
            NAME_OR_NUMBER,
            plain("true"),
            "'true', which YAML takes for no text: a name or a number, in quotes if meant so",
        ),
        (
            NAME_OR_NUMBER,
            plain("1.5"),
            "'1.5', which YAML takes for no text: a name or a number, in quotes if meant so",
        ),
        (NAME_OR_NUMBER, plain("null"), "no value: a name or a number"),
        (NameOrNumber(), plain("yes"), f"'yes', which YAML takes for no text: {ACCOUNT}, in quotes if meant so"),
        (NameOrNumber(), plain("1e3"), f"'1e3', which YAML takes for no text: {ACCOUNT}, in quotes if meant so"),
        (NameOrNumber(), plain("-1"), f"'-1', which YAML takes for no text: {ACCOUNT}, in quotes if meant so"),
        (NameOrNumber(), plain("4294967295"), f"'4294967295': {ACCOUNT}"),
        (NameOrNumber(), quoted("4294967295"), f"'4294967295': {ACCOUNT}"),
        (NameOrNumber(), plain("010"), f"'010': {ACCOUNT}"),
        (NameOrNumber(), quoted("1.5"), f"'1.5': {ACCOUNT}"),
        *(
            (
                FilePath(under="d"),
                plain(text),
                f"{text!r}, which YAML takes for no text: {UNDER}, in quotes if meant so",
            )
            for text in ("true", "5", "1.0", "false", "-1", "No", "0x10", "0o7", ".inf", ".NaN")
        ),
        (Choice(("ecs", "ocsf")), plain("ECS"), "'ECS': one of ecs, ocsf (did you mean 'ecs'?)"),
        (Choice(("ecs", "ocsf")), Sequence(()), "a list: one of ecs, ocsf"),
        (WORD, plain("true"), "'true', which YAML takes for no text: a word, in quotes if meant so"),
        (WORD, plain("1.5"), "'1.5', which YAML takes for no text: a word, in quotes if meant so"),
        (WORD, plain("a b"), "'a b': a word"),
        (WORD, quoted("a\x1b[2J"), "'a\\x1b[2J': a word"),
        (WORD, plain("~"), "no value: a word"),
        (FilePath(), plain("var"), "'var': an absolute path, starting with /"),
        (FilePath(), plain("/a/../b"), "'/a/../b': an absolute path, without '..'"),
        (FilePath(), plain("/"), "'/': an absolute path"),
        (FilePath(), quoted("/a\0"), "'/a\\x00': a path of at most 4095 bytes without control characters"),
        (FilePath(), Scalar("/\udcff"), "'/\\xff': a path of at most 4095 bytes without control characters"),
        (
            FilePath(),
            plain("/" + "ä" * 2100),
            f"'/{'ä' * 59}…': a path of at most 4095 bytes without control characters",
        ),
        (FilePath(under="d"), plain("../x"), "'../x': an absolute path, or a name under d, without '..'"),
        (OrNone(WORD), plain(""), "no value: a word"),
        (ListOf(WORD, 2), plain("a"), "'a': a list, each of it a word"),
        (ListOf(WORD, 1), node_of(["a", "b"]), "a list of 2: a list of at most 1, each a word"),
        (ListOf(WORD, 3), node_of(["a", "b", "a"]), "'a' again: each once"),
    ],
)
def test_wrong_values_are_named_and_answered(kind: Kind[Any], node: Node, complaint: str) -> None:
    """What was found, fit to print, and what would have been right."""
    assert refused(kind, node) == [complaint]


def test_every_wrong_entry_of_a_list_is_reported_at_its_place() -> None:
    """A list of ten with three mistakes takes one run to mend."""
    node = Sequence(
        tuple(Scalar(text, Style.PLAIN, Mark(1, at)) for at, text in enumerate(("a", "B", "c", "D"), start=1))
    )
    with pytest.raises(Refusal) as error:
        ListOf(WORD, 9).read(node)
    assert [(fault.mark.column, fault.found) for fault in error.value.faults] == [(2, "'B'"), (4, "'D'")]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Boolean(), True),
        (Integer(1, 9), 3),
        (Choice(("a",)), "a"),
        (WORD, "a"),
        (FilePath(), Path("/a")),
        (OrNone(WORD), None),
        (OrNone(WORD), "a"),
        (ListOf(WORD, 3), ("a", "b")),
    ],
)
def test_what_is_written_reads_back(kind: Kind[Any], value: object) -> None:
    """A value that is shown can be pasted into a file."""
    assert kind.read(node_of(kind.write(value))) == value


def test_only_what_yaml_can_spell_becomes_a_node() -> None:
    """A default of another type is a mistake of the programmer, found at import."""
    with pytest.raises(TypeError, match="float"):
        node_of(0.5)
