"""Finds secrets in command lines: what a name, a flag, a place or a program says about the argument beside it."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from daemoneye.sanitize.arguments import secrets_of
from daemoneye.sanitize.chain import KNOWN, Link, embedded, links
from daemoneye.sanitize.fed import Feed
from daemoneye.sanitize.names import meaning_of
from daemoneye.sanitize.programs import PROGRAMS, Rules, program_name
from daemoneye.sanitize.rules.row import Meaning
from daemoneye.sanitize.rules.values import KEYWORDS
from daemoneye.sanitize.rules.wrappers import NAMERS, POWERSHELLS, SEARCHERS
from daemoneye.sanitize.shell import Word, commands_in
from daemoneye.sanitize.text import Looks, is_plain, shapes_in, spans_in
from daemoneye.sanitize.values import is_quantity, is_reference, looks_typed, secret_within

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_FLAG: Final = re.compile(r"--?[A-Za-z][\w.-]+")
_OPENED: Final = re.compile(r"[\[({\"']*(?:[\w.,-]+[=:]+[\[({\"']*)*")  # `ssh_command=sshpass`, `{"commands":["mysql`
_SECRET_OF_ID: Final = re.compile(r"[A-Za-z0-9/+]{40}")  # of an AWS access key
DEEPEST: Final = 4  # scripts within scripts; each level is read once more, and people stop at two


class Finding(NamedTuple):
    """A secret: where it is in which argument, what it is without its quoting, and which rule found it."""

    home: int
    start: int
    end: int
    secret: str
    rule: str


def search(arguments: Sequence[str], looks: Looks, suspicious: Callable[[str], bool]) -> Iterator[Finding]:
    """Yield the secrets of a command line.

    ``looks`` are the shapes that can occur in it; ``suspicious`` says cheaply whether a text is worth splitting.
    """
    words = [Word(argument, number, range(len(argument))) for number, argument in enumerate(arguments)]
    yield from _Search(suspicious, looks).command(words, 0)


class _Search:
    def __init__(self, suspicious: Callable[[str], bool], looks: Looks) -> None:
        self._suspicious = suspicious
        self._looks = looks
        self._ids = next((pattern for rule, pattern in looks if rule == "shape.aws-id"), None)

    def command(self, words: list[Word], depth: int) -> Iterator[Finding]:
        chain = list(links(words))
        rows = [rules for link in chain for rules in PROGRAMS.get(link.name, ())]
        taken = set[int]()
        for link in chain:
            for word, span, rule in secrets_of(link):
                taken.add(id(word))
                yield from _finding(word, span, rule)
        yield from _after_flags(words, frozenset[str]().union(*[rules.prompts for rules in rows]), taken)
        if self._ids:
            yield from self._after_ids(words)
        if not rows and not any(link.name in NAMERS for link in chain):
            yield from _after_keywords(words)
        yield from self._each(words, chain, rows, depth)
        if depth < DEEPEST:
            for link in chain:
                if link.script is not None:
                    yield from self._script(link.script, depth + 1)

    def _each(self, words: list[Word], chain: list[Link], rows: list[Rules], depth: int) -> Iterator[Finding]:
        """Look into the arguments one by one, each for what it is: a script, a pattern, a sentence, or any text."""
        scripts = [link.script for link in chain if link.script is not None]
        quoted = [link.script for link in chain if link.script is not None and link.name not in POWERSHELLS]
        prose = _valued(words, [begin for rules in rows for begin in rules.prose])
        harmless = _valued(words, [begin for rules in rows for begin in rules.harmless])
        searching = any(link.name in SEARCHERS for link in chain)
        for word in words:
            if id(word) in prose:
                yield from (finding for finding in self._in_word(word) if not _is_said(finding))
                continue
            if self._looks or not is_plain(word.value):
                yield from self._in_word(word, plain=searching or id(word) in harmless or _is_among(word, quoted))
            if depth < DEEPEST and _is_several(word.value) and not _is_among(word, scripts):
                yield from self._guess(word, depth + 1)

    def _in_word(self, word: Word, *, plain: bool = False) -> Iterator[Finding]:
        for start, end, rule in (shapes_in if plain else spans_in)(word.value, self._looks):
            yield from _finding(word, (start, end), rule)

    def _after_ids(self, words: list[Word]) -> Iterator[Finding]:
        """`s3-list AKIA… wJalrXUt…`: an identifier that is known by its shape is followed by its secret."""
        for word, following in pairwise(words):
            if self._ids and self._ids.fullmatch(word.value) and _SECRET_OF_ID.fullmatch(following.value):
                yield from _finding(following, (0, len(following.value)), "shape.aws-secret")

    def _script(self, script: Word, depth: int) -> Iterator[Finding]:
        feed = Feed()
        for command in commands_in(script):
            yield from self.command(command.words, depth)
            for word, span, rule in feed.secrets_of(command):
                yield from _finding(word, span, rule)

    def _guess(self, text: Word, depth: int) -> Iterator[Finding]:
        """The text may hold a command line: it begins with a flag or a known program, or such a one has flags in it."""
        if not self._suspicious(text.value):
            return
        feed = Feed()
        for command in commands_in(text):
            for word, span, rule in feed.secrets_of(command):
                yield from _finding(word, span, rule)
            if words := _command_among(command.words):
                yield from self.command(words, depth)
            elif depth < DEEPEST:
                spoken = _after_flags(command.words, frozenset(), set())
                yield from (finding for finding in spoken if looks_typed(finding.secret))
                for word in command.words:
                    if _is_several(word.value):
                        yield from self._guess(word, depth + 1)


def _valued(words: list[Word], begins: list[str]) -> set[int]:
    """Name the words that carry the value of such a flag, together with it or after it."""
    if not begins:
        return set()
    after = {id(following) for word, following in pairwise(words) if f"{word.value}=" in begins}
    return after | {id(word) for word in words if word.value.startswith(tuple(begins))}


def _is_said(finding: Finding) -> bool:
    """In a sentence, `password: fix` gives no password away; `password: hunter2` does."""
    return finding.rule.startswith("name.") and not looks_typed(finding.secret)


def _is_among(word: Word, scripts: list[Word]) -> bool:
    return any(
        script.value and word.value and word.home == script.home and word.at[-1] == script.at[-1] for script in scripts
    )


def _is_several(value: str) -> bool:
    return " " in value or "\n" in value or "\t" in value


def _command_among(words: list[Word]) -> list[Word]:
    if not words:
        return []
    opened = _OPENED.match(words[0].value).end()  # type: ignore[union-attr]  # the pattern matches nothing at least
    if opened and program_name(words[0].value[opened:]) in KNOWN:
        return [words[0].part(opened), *words[1:]]
    if _is_command(words[0].value):
        return words
    hidden = embedded("", words)
    return [] if hidden is None else words[hidden:]


def _is_command(value: str) -> bool:
    return value.startswith(("-", "./", "/")) or "=" in value or program_name(value) in KNOWN


def _finding(word: Word, span: tuple[int, int], rule: str) -> Iterator[Finding]:
    start, end = span
    secret = word.value[start:end]
    if start < end and not is_reference(secret):
        yield Finding(word.home, word.at[start], word.at[end - 1] + 1, secret, rule)


def _after_flags(words: list[Word], prompts: frozenset[str], taken: set[int]) -> Iterator[Finding]:
    """`--password x`: the name decides, whatever the program; unless that took the flag for a value."""
    for word, following in pairwise(words):
        name = word.value
        if not _FLAG.fullmatch(name) or name in prompts or id(word) in taken:
            continue
        meaning = meaning_of(name)
        value = following.value
        if (
            meaning in (Meaning.PLAIN, Meaning.SWITCHED)
            or value.startswith("-")
            or (is_quantity(value) and len(value) < 4)
        ):
            continue
        inner = secret_within(meaning, value)
        if inner and not ("tokens" in name and value.isdigit()):
            yield from _finding(following, inner, f"flag.{meaning.name.lower()}")


def _after_keywords(words: list[Word]) -> Iterator[Finding]:
    """`app password hunter2`: without a dash the name decides only together with the value."""
    for word, following in pairwise(words[1:]):
        if word.value.lower() in KEYWORDS and looks_typed(following.value):
            yield from _finding(following, (0, len(following.value)), "keyword")
