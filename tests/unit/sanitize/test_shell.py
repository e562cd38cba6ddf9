"""Splitting scripts without losing track of where things were."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemoneye.sanitize.shell import Word, commands_in


def split(script: str) -> list[list[str]]:
    return [[word.value for word in command.words] for command in commands_in(Word(script, 0, range(len(script))))]


@pytest.mark.parametrize(
    ("script", "commands"),
    [
        ("a b", [["a", "b"]]),
        ("a 'b c' \"d e\"", [["a", "b c", "d e"]]),
        ("a\\ b", [["a b"]]),
        ('"a\\"b\\c"', [['a"b\\c']]),
        ("a;b&&c||d|e&f\ng", [["a"], ["b"], [], ["c"], ["d"], ["e"], ["f"], ["g"]]),
        ("a >x 2>&1 <y b", [["a", "b"]]),
        ("a # b\nc", [["a"], ["c"]]),
        ("a#b", [["a#b"]]),
        ("x=$(a b)", [["x=$"], ["a", "b"], []]),
        ("`a b`", [[], ["a", "b"], []]),
        ("it's", [["it's"]]),
        ("", [[]]),
        ("''", [[""]]),
        ("$'a' $\"b\"", [["a", "b"]]),
        ("a \\\nb", [["a", "b"]]),
    ],
)
def test_commands_and_words_are_those_of_a_shell(script: str, commands: list[list[str]]) -> None:
    """Quotes, escapes, separators, redirections and comments mean what they mean to sh."""
    assert [c for c in split(script) if c] == [c for c in commands if c]


def test_here_strings_and_pipes_are_remembered() -> None:
    """What is fed to a command is known to be."""
    script = "a | b <<< secret"
    first, second = commands_in(Word(script, 0, range(len(script))))
    assert first.piped
    assert not second.piped
    assert [word.value for word in second.here] == ["secret"]


@given(st.lists(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), max_size=12), max_size=6))
def test_what_a_shell_would_quote_is_read_back(words: list[str]) -> None:
    """Any argument survives quoting and splitting."""
    assert split(shlex.join(words)) == [words]


@given(st.text(max_size=60))
def test_every_character_of_a_word_points_to_itself(script: str) -> None:
    """A secret is replaced where it stands, never beside it."""
    for command in commands_in(Word(script, 0, range(len(script)))):
        for word in (*command.words, *command.here):
            assert len(word.at) == len(word.value)
            assert "".join(script[spot] for spot in word.at) == word.value
            assert list(word.at) == sorted(word.at)
